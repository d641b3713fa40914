// Elements that hold text alone, and buttons that copy: rows as CSV that a spreadsheet opens without running it.
(function () {
  "use strict";

  // The same as report/records.py: signs that begin a formula, where a cell may begin, what steers a terminal.
  var FORMULA = /(?:^|(?<=[;\t\n]))(?=[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\u207c\u207a\u207b\u208c\u208a\u208b\ufb29\u2212])|^(?=\t)/g;
  var CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

  function made(tag, className, text) {
    var element = document.createElement(tag);
    if (className) { element.className = className; }
    if (text !== undefined) { element.textContent = text; }
    return element;
  }

  function cell(value) {
    var text = value.replace(/\r\n?/g, "\n").replace(CONTROL, "").replace(FORMULA, "'");
    return '"' + text.replace(/"/g, '""') + '"';
  }

  function csv(rows) {
    return rows.map(function (cells) { return cells.map(cell).join(","); }).join("\r\n") + "\r\n";
  }

  function copy(text, button, said) {
    function done(fine) {
      button.textContent = fine ? "Copied" : "Could not be copied";
      setTimeout(function () { button.textContent = said; }, 2000);
    }
    function byHand() {
      var area = made("textarea");
      area.value = text;
      document.body.appendChild(area);
      area.select();
      var fine = document.execCommand("copy");
      area.remove();
      done(fine);
    }
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(function () { done(true); }, byHand);
    } else {
      byHand();
    }
  }

  function copying(said, text) {
    var button = made("button", "um-button", said);
    button.type = "button";
    button.addEventListener("click", function () { copy(text(), button, said); });
    return button;
  }

  window.umdiagCopying = { made: made, csv: csv, copying: copying };
})();
