// Findings on a page: search, filter, sort, unfold, copy. The page holds only the rows that are looked at.
(function () {
  "use strict";

  var made = window.umdiagCopying.made;
  var csv = window.umdiagCopying.csv;
  var copying = window.umdiagCopying.copying;
  var AT_ONCE = 15;
  var FEW = 4;
  var SEVERITIES = ["critical", "high", "medium", "low", "info"];

  function key(text) {
    var place = SEVERITIES.indexOf(text);
    return place >= 0 ? place : window.umdiagSorting.key(text);
  }

  // A finding that is on the page already.
  function written(row) {
    var cells = Array.from(row.cells);
    return {
      row: row,
      texts: cells.map(function (cell) {
        var details = cell.querySelector("details");
        return details ? "" : (cell.querySelector("a, span") || cell).textContent.trim();
      }),
      all: row.textContent.toLowerCase()
    };
  }

  // A finding of the data: severity, name, cells, and what is in no column.
  function stored(data, keys, first) {
    var pairs = (data[3] || []).map(function (pair) { return [keys[pair[0]], pair[1]]; });
    return {
      data: data,
      pairs: pairs,
      linked: Boolean(first.querySelector('a[href^="machines.html"]')),
      texts: [data[0], data[1]].concat(data[2]),
      all: [data[0], data[1]].concat(data[2], pairs.map(function (pair) { return pair[1]; })).join(" ").toLowerCase()
    };
  }

  function rowOf(item, folds) {
    if (item.row) { return item.row; }
    var row = made("tr");
    row.appendChild(made("td")).appendChild(made("span", "um-badge um-" + item.data[0], item.data[0]));
    var name = made(item.linked ? "a" : "span", "", item.data[1]);
    if (item.linked) { name.href = "machines.html#m=" + encodeURIComponent(item.data[1]); }
    row.appendChild(made("td")).appendChild(name);
    item.data[2].forEach(function (text) { row.appendChild(made("td", "", text)); });
    if (folds) {
      var cell = row.appendChild(made("td"));
      if (item.pairs.length) {
        var details = cell.appendChild(made("details"));
        details.appendChild(made("summary", "", "details"));
        var list = details.appendChild(made("dl", "um-pairs"));
        item.pairs.forEach(function (pair) {
          list.appendChild(made("dt", "", pair[0]));
          list.appendChild(made("dd", "", pair[1]));
        });
      }
    }
    item.row = row;
    return row;
  }

  // What is folded away takes the whole width once it is unfolded.
  function unfold(event) {
    var details = event.target;
    if (details.tagName !== "DETAILS" || !details.parentNode.matches("td")) { return; }
    var row = details.closest("tr");
    if (details.open) {
      var below = made("tr", "um-more");
      var cell = below.appendChild(made("td"));
      cell.colSpan = row.cells.length;
      while (details.children.length > 1) { cell.appendChild(details.children[1]); }
      row.after(below);
    } else {
      foldUp(row);
    }
  }

  function foldUp(row) {
    var below = row.nextElementSibling;
    var details = row.querySelector("td > details");
    if (!details || !below || !below.matches(".um-more")) { return; }
    Array.from(below.cells[0].children).forEach(function (child) { details.appendChild(child); });
    below.remove();
    details.open = false;
  }

  function findings(table) {
    var body = table.tBodies[0];
    var heads = Array.from(table.tHead.rows[0].cells);
    var folds = heads[heads.length - 1].textContent === "Details";
    var columns = folds ? heads.slice(0, -1) : heads;
    var rows = Array.from(body.rows);
    if (body.querySelector(":scope > .um-more") || rows.length < 2) { return; }
    var items = rows.map(written);
    var source = table.nextElementSibling;
    if (source && source.matches("script.um-rows")) {
      var content = JSON.parse(source.textContent);
      content.rows.forEach(function (data) { items.push(stored(data, content.keys, rows[0])); });
      var left = source.nextElementSibling;
      if (left && left.dataset.left) {
        var more = Number(left.dataset.left) - content.rows.length;
        left.hidden = more <= 0;
        left.querySelector("[data-number]").textContent = more.toLocaleString("en");
      }
    }
    body.addEventListener("toggle", unfold, true);
    var state = { words: "", severity: "", column: -1, falling: false, limit: AT_ONCE };

    var bar = made("div", "um-tools");
    var said = made("span", "um-soft");
    said.setAttribute("role", "status");
    var more = made("button", "um-button", "Show more");
    more.type = "button";
    more.addEventListener("click", function () { state.limit += 10 * AT_ONCE; show(); });

    function chosen() {
      var words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
      return items.filter(function (item) {
        return (!state.severity || item.texts[0] === state.severity) &&
          words.every(function (word) { return item.all.indexOf(word) >= 0; });
      });
    }

    function show() {
      var found = chosen();
      if (state.column >= 0) {
        found = found
          .map(function (item) { return [key(item.texts[state.column] || ""), item]; })
          .sort(window.umdiagSorting.order(state.falling))
          .map(function (sorted) { return sorted[1]; });
      }
      Array.from(body.querySelectorAll(":scope > tr:not(.um-more)")).forEach(foldUp);
      body.replaceChildren.apply(body, found.slice(0, state.limit).map(function (item) { return rowOf(item, folds); }));
      var shown = Math.min(found.length, state.limit);
      var all = items.length.toLocaleString("en");
      var of = found.length.toLocaleString("en");
      said.textContent = !found.length ? "nothing found in " + all
        : found.length < items.length ? shown.toLocaleString("en") + " of " + of + " found (" + all + " in all) shown"
          : shown < items.length ? shown.toLocaleString("en") + " of " + all + " shown" : "";
      more.hidden = shown >= found.length;
    }

    function asCsv() {
      var lines = [columns.map(function (head) { return head.textContent.trim(); }).concat(folds ? ["Details"] : [])];
      chosen().forEach(function (item) {
        var cells = item.texts.slice(0, columns.length);
        if (folds) { cells.push(told(item)); }
        lines.push(cells);
      });
      return csv(lines);
    }

    function told(item) {
      if (item.pairs) { return item.pairs.map(function (pair) { return pair[0] + ": " + pair[1]; }).join("; "); }
      var below = item.row.nextElementSibling;
      var place = below && below.matches(".um-more") ? below : item.row;
      return Array.from(place.querySelectorAll("dt")).map(function (term) {
        return term.textContent + ": " + term.nextElementSibling.textContent;
      }).join("; ");
    }

    window.umdiagSorting.buttons(columns, function (column, falling) {
      state.column = column;
      state.falling = falling;
      show();
    });

    if (items.length >= FEW) {
      var search = made("input");
      search.type = "search";
      search.placeholder = "Search these findings";
      search.setAttribute("aria-label", "Search these findings");
      search.addEventListener("input", function () { state.words = search.value; state.limit = AT_ONCE; show(); });
      bar.appendChild(search);
      var severities = SEVERITIES.filter(function (severity) {
        return items.some(function (item) { return item.texts[0] === severity; });
      });
      if (severities.length > 1) {
        var select = made("select");
        select.setAttribute("aria-label", "Severity");
        [""].concat(severities).forEach(function (severity) {
          var option = select.appendChild(made("option", "", severity || "every severity"));
          option.value = severity;
        });
        select.addEventListener("change", function () { state.severity = select.value; state.limit = AT_ONCE; show(); });
        bar.appendChild(select);
      }
    }
    bar.appendChild(copying("Copy as CSV", asCsv));
    bar.appendChild(said);
    table.before(bar);
    (source && source.matches("script.um-rows") ? source : table).after(more);
    show();
  }

  // A query can be copied, and opened where it was asked.
  function query(place) {
    var text = place.textContent;
    var bar = made("span", "um-tools");
    bar.appendChild(copying("Copy KQL", function () { return text; }));
    var page = document.body.dataset;
    var graph = (page.graph || "").split(" ").indexOf(place.dataset.query) >= 0;
    var logs = (page.logs || "").split(" ").indexOf(place.dataset.query) >= 0;
    var address = graph ? "/#view/HubsExtension/ArgQueryBlade/query/" + encodeURIComponent(text)
      : logs && page.workspace ? "/#blade/Microsoft_Azure_Monitoring_Logs/LogsBlade/resourceId/" +
        encodeURIComponent(page.workspace) + "/source/LogsBlade.AnalyticsShareLinkToQuery/query/" + encodeURIComponent(text)
        : "";
    if (address && page.portal) {
      var link = made("a", "", "Open in the portal");
      link.href = page.portal + address;
      link.rel = "noopener noreferrer";
      bar.appendChild(link);
    }
    place.before(bar);
  }

  window.umdiag.push(function (root) {
    root.querySelectorAll("table.um-findings").forEach(findings);
    root.querySelectorAll("pre.um-query").forEach(query);
  });
})();
