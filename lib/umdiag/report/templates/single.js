// One file that holds a whole report: its pages lie in it packed, and one at a time is unpacked and shown.
(function () {
  "use strict";

  var pages = null;
  var first = null;
  var drawing = null;

  function unpacked(id) {
    var packed = atob(document.getElementById(id).textContent.trim());
    var bytes = Uint8Array.from(packed, function (sign) { return sign.charCodeAt(0); });
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  // The charts' library is large: it is unpacked for the first page that has a chart.
  function library() {
    drawing = drawing || unpacked("um-plotly").then(function (text) {
      var script = document.createElement("script");
      script.textContent = text;
      document.head.appendChild(script);
    });
    return drawing;
  }

  function show(name, anchor) {
    var place = document.querySelector(".columns");
    place.innerHTML = name === "index" ? first : pages[name];
    document.querySelectorAll("header.top nav a").forEach(function (link) {
      if (link.getAttribute("href") === "#" + name) {
        link.setAttribute("aria-current", "page");
      } else {
        link.removeAttribute("aria-current");
      }
    });
    var ready = place.querySelector("[data-figure]") ? library() : Promise.resolve();
    ready.then(function () {
      window.umdiag.forEach(function (part) { part(place); });
      var target = anchor && document.getElementById(anchor);
      if (target) { target.scrollIntoView(); } else { window.scrollTo(0, 0); }
    });
  }

  function route() {
    var parts = window.location.hash.slice(1).split("/");
    var name = parts[0] || "index";
    if (name === "index" || Object.prototype.hasOwnProperty.call(pages, name)) { show(name, parts[1]); }
  }

  document.addEventListener("DOMContentLoaded", function () {
    first = document.querySelector(".columns").innerHTML;
    if (!window.DecompressionStream) {
      var note = document.createElement("p");
      note.textContent = "This browser cannot unpack the other pages: open the report's folder, or use a newer one.";
      document.querySelector("main").prepend(note);
      return;
    }
    if (document.querySelector("[data-figure]")) {
      library().then(function () { window.umdiag.forEach(function (part) { part(document.querySelector(".columns")); }); });
    }
    unpacked("um-pages").then(function (text) {
      pages = JSON.parse(text);
      window.addEventListener("hashchange", route);
      if (window.location.hash) { route(); }
    });
  });
})();
