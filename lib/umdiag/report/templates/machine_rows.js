// The page of all machines: search, filter, sort, unfold, copy. Only one page of rows is in the document.
(function () {
  "use strict";

  var made = window.umdiagCopying.made;
  var copying = window.umdiagCopying.copying;
  var clean = window.umdiagMachineData.clean;
  var AT_ONCE = 50;
  var SEVERITIES = ["critical", "high", "medium", "low", "info"];
  var OF_CSV = ["last_heartbeat", "last_assessed"];
  var MISSING = ["missing_critical", "missing_security", "missing_other", "unapproved_security"];

  function said(number) { return number === null ? "—" : number.toLocaleString("en"); }

  function pending(machines, row) {
    var value = machines.number("reboot_pending", row);
    return value === null ? "unknown" : value ? "yes" : "no";
  }

  // The most urgent severity of a machine's findings, "accepted" where all are, "" where there is none.
  function worst(machines, row) {
    var least = SEVERITIES.length;
    var first = machines.first(row);
    for (var number = first; number < first + machines.count(row); number += 1) {
      if (!machines.isAccepted(number)) { least = Math.min(least, SEVERITIES.indexOf(machines.severity(number))); }
    }
    return least < SEVERITIES.length ? SEVERITIES[least] : machines.count(row) ? "accepted" : "";
  }

  function weight(machines, row) {
    var severity = worst(machines, row);
    if (!severity) { return null; }
    var place = SEVERITIES.indexOf(severity);
    return (place < 0 ? 0 : SEVERITIES.length - place) * 1000000 + machines.count(row);
  }

  // Each column: its head, what a cell says, by what it is sorted, whether the largest comes first, how wide a page it needs.
  function columnsOf(machines) {
    var states = Object.keys(machines.states);
    function text(head, say, wide) {
      return { head: head, wide: wide, say: say, key: function (row) { return say(row).toLowerCase() || null; } };
    }
    function count(head, name) {
      return {
        head: head, wide: "um-wide-1", number: true, falls: true,
        say: function (row) { return said(machines.number(name, row)); },
        key: function (row) { return machines.number(name, row); }
      };
    }
    function time(head, name, wide) {
      return {
        head: head, wide: wide, kept: true,
        say: function (row) { return machines.moment(name, row) || "—"; },
        key: function (row) { return machines.number(name, row); }
      };
    }
    return [
      text("Machine", function (row) { return clean(machines.name(row)); }),
      {
        head: "State", kept: true, say: machines.stateSaid,
        key: function (row) { return states.indexOf(machines.state(row)); },
        fill: function (cell, row) {
          var swatch = cell.appendChild(made("span", "um-swatch"));
          swatch.style.background = machines.colour(row);
          cell.append(" " + clean(machines.stateSaid(row)));
        }
      },
      {
        head: "Findings", falls: true, kept: true,
        say: function (row) { return String(machines.count(row)); },
        key: function (row) { return weight(machines, row); },
        fill: function (cell, row) {
          var severity = worst(machines, row);
          if (!severity) { cell.textContent = "—"; return; }
          cell.appendChild(made("span", "um-badge um-" + (severity === "accepted" ? "info" : severity), severity));
          if (machines.count(row) > 1) { cell.append(" " + said(machines.count(row))); }
        }
      },
      count("Missing critical", "missing_critical"),
      count("Missing security", "missing_security"),
      time("Last heartbeat", "last_heartbeat", "um-wide-1"),
      time("Last assessed", "last_assessed", "um-wide-2"),
      Object.assign(text("Service", machines.service, "um-wide-2"), { kept: true }),
      text("System", machines.os, "um-wide-2"),
      text("Resource group", function (row) { return clean(machines.group(row)); }, "um-wide-2")
    ];
  }

  // All rows in the order of a column, those without a value apart: they come last either way.
  function ordered(machines, column) {
    var keys = [];
    var rows = [];
    var without = [];
    for (var row = 0; row < machines.length; row += 1) {
      keys.push(column.key(row));
      (keys[row] === null ? without : rows).push(row);
    }
    rows.sort(function (left, right) {
      return keys[left] < keys[right] ? -1 : keys[left] > keys[right] ? 1 : left - right;
    });
    var falling = null;
    return function (falls) {
      if (!falls) { return rows.concat(without); }
      falling = falling || rows.slice().sort(function (left, right) {
        return keys[left] > keys[right] ? -1 : keys[left] < keys[right] ? 1 : left - right;
      });
      return falling.concat(without);
    };
  }

  // What a machine is found by, folded; made when it is first needed.
  function searchable(machines) {
    var texts = null;
    return function (row) {
      if (!texts) {
        texts = [];
        for (var place = 0; place < machines.length; place += 1) {
          texts.push((machines.name(place) + "\n" + machines.resource(place) + "\n" + machines.agent(place)).toLowerCase());
        }
      }
      return texts[row];
    };
  }

  function hasFinding(machines, row, wanted) {
    if (wanted === "none") { return machines.count(row) === 0; }
    var first = machines.first(row);
    for (var number = first; number < first + machines.count(row); number += 1) {
      var scenario = machines.scenarioOf(number);
      if (wanted === "any" || (wanted === "accepted" && machines.isAccepted(number)) ||
          wanted === scenario + "/" || wanted === scenario + "/" + machines.causeOf(number)) {
        return true;
      }
    }
    return false;
  }

  function option(select, value, text) {
    var made_ = made("option", "", clean(text));
    made_.value = value;
    return select.appendChild(made_);
  }

  function select(label, every, values) {
    var box = made("select");
    box.setAttribute("aria-label", label);
    option(box, "", every);
    values.forEach(function (value) { option(box, value[0], value[1]); });
    return box;
  }

  function counted(machines, say) {
    var counts = new Map();
    for (var row = 0; row < machines.length; row += 1) { counts.set(say(row), (counts.get(say(row)) || 0) + 1); }
    return Array.from(counts).sort(function (left, right) { return right[1] - left[1]; })
      .map(function (pair) { return [pair[0], pair[0] + " (" + said(pair[1]) + ")"]; });
  }

  // Scenarios and their causes, with the number of machines that each concerns.
  function findingSelect(machines) {
    var counts = new Map();
    var sentences = new Map();
    for (var row = 0; row < machines.length; row += 1) {
      var keys = new Set();
      for (var number = machines.first(row); number < machines.first(row) + machines.count(row); number += 1) {
        var key = machines.scenarioOf(number) + "/" + machines.causeOf(number);
        keys.add(key);
        keys.add(machines.scenarioOf(number) + "/");
        sentences.set(key, machines.sentenceOf(number));
      }
      keys.forEach(function (each) { counts.set(each, (counts.get(each) || 0) + 1); });
    }
    var box = select("Findings", "with or without findings", [
      ["any", "with a finding"], ["none", "without a finding"], ["accepted", "with an accepted finding"]
    ]);
    Object.keys(machines.scenarios).forEach(function (scenario) {
      if (!counts.has(scenario + "/")) { return; }
      var group = box.appendChild(made("optgroup"));
      group.label = machines.scenarios[scenario][0];
      option(group, scenario + "/", "any cause (" + said(counts.get(scenario + "/")) + ")");
      sentences.forEach(function (sentence, each) {
        if (each.indexOf(scenario + "/") === 0) { option(group, each, sentence + " (" + said(counts.get(each)) + ")"); }
      });
    });
    return box;
  }

  function pairs(list, facts) {
    facts.forEach(function (fact) {
      if (!fact[1]) { return; }
      list.appendChild(made("dt", "", fact[0]));
      list.appendChild(made("dd", "", clean(fact[1])));
    });
  }

  function outward(address, text) {
    var link = made("a", "", text);
    link.href = address;
    link.rel = "noopener noreferrer";
    return link;
  }

  function portalOf(machines, row) {
    var resource = machines.resource(row);
    var portal = document.body.dataset.portal;
    return portal && /^\/subscriptions\//i.test(resource)
      ? portal + "/#resource" + resource.split("/").map(encodeURIComponent).join("/") + "/overview"
      : "";
  }

  function findingItem(machines, finding) {
    var item = made("li");
    var severity = finding.accepted ? "info" : finding.severity;
    item.appendChild(made("span", "um-badge um-" + severity, finding.severity));
    item.append(" " + clean(finding.sentence));
    if (finding.accepted) { item.append(" "); item.appendChild(made("b", "", finding.accepted + ".")); }
    if (finding.evidence.length) {
      item.appendChild(made("br"));
      item.appendChild(made("span", "um-soft", finding.evidence.map(function (pair) { return pair.join(": "); }).join(" · ")));
    }
    item.appendChild(made("br"));
    var told = machines.scenarios[finding.scenario] || [finding.scenario, ""];
    if (told[1]) {
      var link = item.appendChild(made("a", "", told[0]));
      link.href = told[1] + ".html#um-" + finding.scenario;
    } else {
      item.appendChild(made("span", "um-soft", told[0]));
    }
    if (/^https:\/\//.test(finding.portal)) {
      item.append(" · ");
      item.appendChild(outward(finding.portal, "Open in the portal"));
    }
    return item;
  }

  // Everything known of one machine, for the row below its own.
  function unfolded(machines, row, width) {
    var below = made("tr", "um-more");
    var cell = below.appendChild(made("td"));
    cell.colSpan = width;
    var findings = machines.findings(row);
    if (findings.length) {
      var list = cell.appendChild(made("ul", "um-of-machine"));
      findings.forEach(function (finding) { list.appendChild(findingItem(machines, finding)); });
    } else {
      cell.appendChild(made("p", "", "There is no finding on this machine."));
    }
    var facts = cell.appendChild(made("dl", "um-pairs"));
    pairs(facts, [
      ["service", machines.service(row)],
      ["operating system", machines.os(row)],
      ["last heartbeat", machines.moment("last_heartbeat", row) && machines.moment("last_heartbeat", row) + " UTC"],
      ["last assessed", machines.moment("last_assessed", row) && machines.moment("last_assessed", row) + " UTC"],
      ["missing updates", "critical " + said(machines.number(MISSING[0], row)) + " · security " +
        said(machines.number(MISSING[1], row)) + " · other " + said(machines.number(MISSING[2], row))],
      ["not approved", machines.number(MISSING[3], row) ? said(machines.number(MISSING[3], row)) + " security updates" : ""],
      ["restart pending", pending(machines, row)],
      ["workspace", machines.workspace(row)],
      ["resource group", machines.group(row)],
      ["subscription", machines.subscription(row)],
      ["ARM id", machines.resource(row)],
      ["agent id", machines.agent(row)]
    ]);
    var links = cell.appendChild(made("p"));
    var portal = portalOf(machines, row);
    if (portal) {
      links.appendChild(outward(portal, "Open this machine in the portal"));
      links.append(" · ");
    }
    var own = links.appendChild(made("a", "", "Address of this machine"));
    own.href = "#m=" + encodeURIComponent(machines.name(row));
    return below;
  }

  // The name in the page's address, as names are compared; null where there is none.
  function addressed(machines) {
    var found = /^#m=(.*)$/.exec(window.location.hash);
    if (!found) { return null; }
    var name = found[1];
    try { name = decodeURIComponent(name); } catch (error) { /* not written by this report: taken as it is */ }
    if (Array.from(name).length > machines.longest) { name = Array.from(name).slice(0, machines.longest - 1).join("") + "…"; }
    return name;
  }

  function fold(name) { return name.trim().toLowerCase(); }

  function rowsPage(place, machines) {
    var columns = columnsOf(machines);
    var orders = [];
    var text = searchable(machines);
    var state = { column: 2, falling: true, begin: 0 };

    var search = made("input");
    search.type = "search";
    search.placeholder = "Name, resource id or group";
    search.setAttribute("aria-label", "Search machines by name, resource id or resource group");
    var filters = {
      state: select("State", "every state", counted(machines, machines.stateSaid)),
      service: select("Service", "every service", counted(machines, machines.service)),
      os: select("Operating system", "every system", counted(machines, machines.os)),
      finding: findingSelect(machines)
    };
    var bar = place.appendChild(made("div", "um-tools"));
    bar.appendChild(search);
    Object.values(filters).forEach(function (box) { bar.appendChild(box); });
    var clear = made("button", "um-button", "Show all machines");
    clear.type = "button";
    bar.appendChild(clear);
    bar.appendChild(copying("Copy as CSV", asCsv));
    var status = place.appendChild(made("p", "um-count"));
    status.setAttribute("role", "status");
    var table = place.appendChild(made("table", "um-machines"));
    var head = table.appendChild(made("thead")).appendChild(made("tr"));
    var body = table.appendChild(made("tbody"));
    var pager = place.appendChild(made("p", "um-tools"));
    var back = step("Previous " + AT_ONCE, -AT_ONCE);
    var on = step("Next " + AT_ONCE, AT_ONCE);

    function step(label, by) {
      var button = pager.appendChild(made("button", "um-button", label));
      button.type = "button";
      button.addEventListener("click", function () {
        state.begin += by;
        show();
        table.scrollIntoView();
      });
      return button;
    }

    var heads = columns.map(function (column, number) {
      var cell = head.appendChild(made("th", [column.wide || "", column.number ? "number" : ""].join(" ").trim()));
      cell.scope = "col";
      var button = cell.appendChild(made("button", "sort", column.head));
      button.type = "button";
      button.addEventListener("click", function () {
        state.falling = state.column === number ? !state.falling : Boolean(column.falls);
        state.column = number;
        changed();
      });
      return cell;
    });

    function chosen() {
      var only = addressed(machines);
      var order = orders[state.column] = orders[state.column] || ordered(machines, columns[state.column]);
      if (only !== null) {
        only = fold(only);
        return order(state.falling).filter(function (row) { return fold(machines.name(row)) === only; });
      }
      var words = fold(search.value).split(/\s+/).filter(Boolean);
      return order(state.falling).filter(function (row) {
        return (!filters.state.value || machines.stateSaid(row) === filters.state.value) &&
          (!filters.service.value || machines.service(row) === filters.service.value) &&
          (!filters.os.value || machines.os(row) === filters.os.value) &&
          (!filters.finding.value || hasFinding(machines, row, filters.finding.value)) &&
          words.every(function (word) { return text(row).indexOf(word) >= 0; });
      });
    }

    function line(row, open) {
      var tr = made("tr");
      columns.forEach(function (column, number) {
        var cell = tr.appendChild(made(number ? "td" : "th", [column.wide || "", column.number ? "number" : "", column.kept ? "um-k" : ""].join(" ").trim()));
        if (!number) {
          cell.scope = "row";
          var button = cell.appendChild(made("button", "um-unfold", column.say(row) || "(no name)"));
          button.type = "button";
          button.setAttribute("aria-expanded", "false");
          button.addEventListener("click", function () { toggle(tr, button, row); });
          if (open) { setTimeout(function () { toggle(tr, button, row); }); }
        } else if (column.fill) {
          column.fill(cell, row);
        } else {
          cell.textContent = clean(column.say(row)) || "—";
        }
      });
      return tr;
    }

    function toggle(tr, button, row) {
      var is_open = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!is_open));
      if (is_open) { tr.nextElementSibling.remove(); } else { tr.after(unfolded(machines, row, columns.length)); }
    }

    function show() {
      var found = chosen();
      var only = addressed(machines);
      state.begin = Math.max(0, Math.min(state.begin, found.length - 1));
      var shown = found.slice(state.begin, state.begin + AT_ONCE);
      body.replaceChildren.apply(body, shown.map(function (row) { return line(row, only !== null); }));
      status.textContent = said(found.length) + " of " + said(machines.length) + " machines" +
        (only !== null ? (found.length ? " named " : ": none is named ") + clean(only)
          : found.length > shown.length ? ", " + said(state.begin + 1) + " to " + said(state.begin + shown.length) + " shown" : "");
      heads.forEach(function (cell, number) {
        if (number === state.column) {
          cell.setAttribute("aria-sort", state.falling ? "descending" : "ascending");
        } else {
          cell.removeAttribute("aria-sort");
        }
      });
      back.disabled = state.begin === 0;
      on.disabled = state.begin + AT_ONCE >= found.length;
      pager.hidden = found.length <= AT_ONCE;
      clear.hidden = only === null && !search.value && !Object.values(filters).some(function (box) { return box.value; });
    }

    function changed() {
      state.begin = 0;
      show();
    }

    // A machine that an address names is shown alone, until something else is looked for.
    function asked() {
      if (addressed(machines) === null) { changed(); } else { window.location.hash = ""; }
    }

    function asCsv() {
      var rows = [["computer", "state", "service", "os_type", "workspace", "resource_group", "resource_id", "source_computer_id"]
        .concat(OF_CSV, MISSING, ["reboot_pending", "findings"])];
      chosen().forEach(function (row) {
        rows.push([machines.name(row), machines.state(row) || "", machines.service(row), machines.os(row), machines.workspace(row), machines.group(row), machines.resource(row), machines.agent(row)].concat(
          OF_CSV.map(function (name) { return machines.moment(name, row); }),
          MISSING.map(function (name) { var number = machines.number(name, row); return number === null ? "" : String(number); }),
          [pending(machines, row), machines.findings(row).map(function (finding) {
            return finding.scenario + ": " + finding.cause + " (" + (finding.accepted || finding.severity) + ")";
          }).join("; ")]
        ));
      });
      return window.umdiagCopying.csv(rows);
    }

    search.addEventListener("input", asked);
    Object.values(filters).forEach(function (box) { box.addEventListener("change", asked); });
    clear.addEventListener("click", function () {
      search.value = "";
      Object.values(filters).forEach(function (box) { box.value = ""; });
      asked();
      search.focus();
    });
    window.addEventListener("hashchange", changed);
    show();
  }

  document.addEventListener("DOMContentLoaded", function () {
    var place = document.getElementById("um-machines");
    if (!place) { return; }
    if (window.umdiagMachines) {
      rowsPage(place, window.umdiagMachineData.read(window.umdiagMachines));
    } else {
      place.textContent = "machines.js is missing beside this page: without it no machine can be shown. machines.csv has them all.";
    }
  });
})();
