// Reads machines.js: columns in which what repeats is written once, made into machines and their findings.
(function () {
  "use strict";

  var UNSEEN = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

  function clean(text) { return text.replace(UNSEEN, " "); }

  // A column as a function from the number of a row to its value.
  function column(data) {
    return Array.isArray(data)
      ? function (row) { return data[row]; }
      : function (row) { return data.values[data.at[row]]; };
  }

  function moment(seconds) {
    return seconds === null ? "" : new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
  }

  function resources(data) {
    var folder = column(data.folder);
    return function (row) {
      var last = data.resource[row];
      if (last === 0) { last = data.computer[row]; }
      if (last === 1) { last = data.computer[row].split(".")[0].toLowerCase(); }
      return folder(row) + last;
    };
  }

  // A part of a resource's folder; there are few folders, and each is looked at once.
  function partOf(data, name) {
    var pattern = new RegExp("/" + name + "/([^/]+)", "i");
    var parts = data.folder.values.map(function (folder) { return (pattern.exec(folder) || ["", ""])[1]; });
    return function (row) { return parts[data.folder.at[row]]; };
  }

  // Where the findings of each machine begin, and where the evidence of each finding does.
  function starts(counts) {
    var all = new Int32Array(counts.length + 1);
    for (var place = 0; place < counts.length; place += 1) { all[place + 1] = all[place] + counts[place]; }
    return all;
  }

  function read(data) {
    var kinds = data.kinds.values;
    var first = starts(data.count);
    var evidence = starts(data.kinds.at.map(function (kind) { return kinds[kind].length - 3; }));
    var of = { severity: column(data.severity), accepted: column(data.accepted), portal: column(data.portal), evidence: column(data.evidence) };
    var states = column(data.state);
    var services = column(data.service);

    function finding(number) {
      var kind = kinds[data.kinds.at[number]];
      return {
        scenario: kind[0],
        cause: kind[1],
        sentence: kind[2],
        severity: of.severity(number),
        accepted: clean(of.accepted(number)),
        portal: of.portal(number),
        evidence: kind.slice(3).map(function (key, place) { return [key, clean(of.evidence(evidence[number] + place))]; })
      };
    }

    return {
      length: data.computer.length,
      longest: data.longest,
      scenarios: data.scenarios,
      states: data.states,
      name: function (row) { return data.computer[row]; },
      agent: function (row) { return data.source_computer_id[row]; },
      resource: resources(data),
      group: partOf(data, "resourcegroups"),
      subscription: partOf(data, "subscriptions"),
      state: states,
      stateSaid: function (row) { return (data.states[states(row)] || [states(row) || "unknown"])[0]; },
      colour: function (row) { return (data.states[states(row)] || ["", ""])[1]; },
      service: function (row) {
        var service = services(row);
        return service === null ? "unknown" : data.services[service] || service || "none";
      },
      os: function (row) { return column(data.os_type)(row) || "unknown"; },
      workspace: function (row) { return column(data.workspace)(row) || ""; },
      number: function (name, row) { return data[name][row]; },
      moment: function (name, row) { return moment(data[name][row]); },
      count: function (row) { return data.count[row]; },
      first: function (row) { return first[row]; },
      severity: of.severity,
      isAccepted: function (number) { return of.accepted(number) !== ""; },
      scenarioOf: function (number) { return kinds[data.kinds.at[number]][0]; },
      causeOf: function (number) { return kinds[data.kinds.at[number]][1]; },
      sentenceOf: function (number) { return kinds[data.kinds.at[number]][2]; },
      findings: function (row) {
        var all = [];
        for (var number = first[row]; number < first[row + 1]; number += 1) { all.push(finding(number)); }
        return all;
      }
    };
  }

  window.umdiagMachineData = { read: read, clean: clean };
})();
