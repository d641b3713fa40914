// Draws the charts of a page, makes its tables sortable and says how old the report is.
(function () {
  "use strict";

  function read(id) {
    var element = document.getElementById(id);
    return element ? JSON.parse(element.textContent) : null;
  }

  function draw(place) {
    var figure = read("figure-" + place.dataset.figure);
    if (!window.Plotly && document.getElementById("um-plotly")) { return; } // it is still packed
    if (!window.Plotly) {
      place.textContent = "plotly.min.js is missing beside this page: without it no chart can be drawn.";
      return;
    }
    var layout = figure.layout || {};
    if (figure.template !== undefined) {
      layout.template = read("template-" + figure.template);
    }
    layout.autosize = true;
    delete layout.width;
    var config = {
      responsive: true,
      displaylogo: false,
      displayModeBar: "hover",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
      toImageButtonOptions: { filename: place.dataset.name }
    };
    window.Plotly.newPlot(place, figure.data || [], layout, config).then(function () {
      place.dataset.drawn = "yes";
    });
  }

  function sortable(table) {
    var body = table.tBodies[0];
    var heads = table.tHead ? Array.from(table.tHead.rows[0].cells) : [];
    if (!body || body.rows.length < 3 || table.tBodies.length > 1 || body.querySelector("[rowspan],[colspan]")) {
      return;
    }
    window.umdiagSorting.buttons(heads, function (column, falling) {
      Array.from(body.rows)
        .map(function (row) {
          var cell = row.cells[column];
          return [window.umdiagSorting.key(cell ? cell.dataset.sort || cell.textContent.trim() : ""), row];
        })
        .sort(window.umdiagSorting.order(falling))
        .forEach(function (pair) { body.appendChild(pair[1]); });
    });
  }

  function age(element) {
    var days = Math.floor((Date.now() - Date.parse(element.dataset.askedAt)) / 86400000);
    if (days >= 2) {
      element.querySelector("[data-days]").textContent = days.toLocaleString("en");
      element.hidden = false;
    }
  }

  // The code behind a page is for few: one button shows all of it.
  function code() {
    var side = document.querySelector("nav.side");
    if (!side || !document.querySelector("details.code")) { return; }
    document.body.classList.add("scripted");
    var button = document.createElement("button");
    button.type = "button";
    button.className = "code";
    button.textContent = "Show the code";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", function () {
      var shown = document.body.classList.toggle("with-code");
      button.textContent = shown ? "Hide the code" : "Show the code";
      button.setAttribute("aria-pressed", String(shown));
    });
    side.appendChild(button);
  }

  // On a narrow page the list of its sections would fill the first screen.
  function side() {
    if (window.matchMedia("(max-width: 63.9rem)").matches) {
      document.querySelectorAll("nav.side > details").forEach(function (list) { list.open = false; });
    }
  }

  // What is done with a page, or with one that comes into the document later.
  window.umdiag = [function (root) {
    side();
    code();
    root.querySelectorAll("[data-figure]").forEach(draw);
    root.querySelectorAll("main table:not(.um-findings)").forEach(sortable);
    root.querySelectorAll("[data-asked-at]").forEach(age);
  }];
  document.addEventListener("DOMContentLoaded", function () {
    window.umdiag.forEach(function (part) { part(document); });
  });
  // A printed page shows its code closed and its charts as they are; only their width follows the paper.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("[data-drawn]").forEach(function (place) { window.Plotly.Plots.resize(place); });
  });
})();
