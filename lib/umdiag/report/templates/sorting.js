// How tables are sorted: by number where there are numbers; what is not known is last, whichever way.
(function () {
  "use strict";

  function key(text) {
    var number = text.replace(/,/g, "");
    return /^-?\d+(\.\d+)?$/.test(number) ? Number(number) : text.toLowerCase();
  }

  function unknown(value) { return Number(value === "" || value === "—"); }

  // Compares pairs that begin with their keys.
  function order(falling) {
    return function (left, right) {
      var last = unknown(left[0]) - unknown(right[0]);
      if (last || left[0] === right[0]) { return last; }
      var before = typeof left[0] !== typeof right[0] ? typeof left[0] === "number" : left[0] < right[0];
      return before === falling ? 1 : -1;
    };
  }

  // Makes a button of each head, which tells its column and the way: down at first, then up and down.
  function buttons(heads, clicked) {
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () {
        var falling = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        clicked(column, falling);
      });
    });
  }

  window.umdiagSorting = { key: key, order: order, buttons: buttons };
})();
