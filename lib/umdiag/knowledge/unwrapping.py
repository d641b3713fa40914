"""Find the error codes of Azure Resource Manager in what its clients print around them."""

from __future__ import annotations

import re

from umdiag.knowledge.cleaning import cleaned

_WORD = r"(?P<code>[A-Z][A-Za-z0-9]*(?:[._][A-Za-z0-9]+)*)"
_FRAMES = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        # JSON, Code="…", ErrorCode: …
        rf"[\"']?(?:[eE]rror ?_?)?[cC]ode[\"']?\s*[:=]\s*\\*[\"']?{_WORD}(?=[\"'\\\s,}}]|$)",
        rf"^\s*(?:ERROR: )?\({_WORD}\) ",  # Azure CLI
        rf"with error: {_WORD}: ",  # Terraform
        rf"^[│\s]*(?:ERROR|RESPONSE|Error)(?: CODE)?: (?:\d{{3}}: )?{_WORD}$",  # clients written in Go
        r"^\s*(?:Error: )?(?P<code>[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]+)+): ",  # code: message
    )
)
_ALONE = re.compile(r"\W*([A-Z]+[a-z0-9]+[A-Z][A-Za-z0-9]*|[A-Z]{3,}(?:_[A-Z0-9]+)+)\W*")
_NO_CODES = frozenset({"Success", "Succeeded", "OK", "Failed", "Error", "Exception", "None", "Null"})
_STATUS = re.compile(
    r"(?:status(?:[ _]?code)?\W{1,4}|http(?:/[\d.]+)?(?: error| code| status)*\W{1,3}|\()([1-5]\d\d)\b",
    re.IGNORECASE,
)


def code_words(text: str) -> list[str]:
    """Return the words that are where an error code is, the innermost last, each once."""
    text = cleaned(text)
    alone = _ALONE.fullmatch(text)
    if alone:
        return [alone[1]]
    found = {place.start("code"): place["code"] for frame in _FRAMES for place in frame.finditer(text)}
    words = [found[start] for start in sorted(found)]
    return [word for word in dict.fromkeys(words) if word not in _NO_CODES and not word.startswith("0x")]


def http_status(text: str) -> int | None:
    """Return the first HTTP status of a text that says failure."""
    return next((int(number) for number in _STATUS.findall(cleaned(text)) if number >= "400"), None)
