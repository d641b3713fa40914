"""What the lists of maintenance configurations do with updates: install them, or never."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from umdiag.frames.shared.text import folded, letters

#: What a configuration does with an update; it is not judged where it sets nothing for the system.
NOT_JUDGED, INSTALLS, EXCLUDES, LEAVES_OUT = range(4)
Verdicts = npt.NDArray[np.int8]
#: What decides what lists do with an update.
FEATURES = ("linux", "kb", "title", "version", "classes")


def distinct(updates: pd.DataFrame) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    """Return for each update its place among the distinct ones (by FEATURES), and these."""
    codes = updates.groupby(list(FEATURES), sort=False, dropna=False).ngroup().to_numpy()
    return codes, updates.iloc[np.unique(codes, return_index=True)[1]].reset_index(drop=True)


def verdicts(configurations: pd.DataFrame, updates: pd.DataFrame) -> Verdicts:
    """Return what each configuration (row) does with each update (column).

    An exclusion beats an inclusion. An update is in a class if one of its classes holds the class's name.
    """
    told = np.zeros((len(configurations), len(updates)), dtype=np.int8)
    linux = updates["linux"].to_numpy(dtype=bool)
    names = _Names(updates)
    for place, configuration in enumerate(configurations.itertuples()):
        for system, rows in (("linux", linux), ("windows", ~linux)):
            classes = getattr(configuration, f"{system}_classes")
            if classes is None:
                continue
            kind = "masks" if system == "linux" else "kb"
            out, into = (
                names.named(kind, getattr(configuration, f"{kind}_{how}")) for how in ("excluded", "included")
            )
            said = np.where(into | names.classed(classes), INSTALLS, LEAVES_OUT)
            told[place, rows] = np.where(out, EXCLUDES, said)[rows]
    return told


class _Names:
    """What lists may call each update."""

    def __init__(self, updates: pd.DataFrame) -> None:
        self._kb = folded(updates["kb"])
        self._title = folded(updates["title"])
        self._versioned = self._title + "_" + folded(updates["version"])
        self._classes = updates["classes"].str.split("\n").map(_lettered)
        self._known: dict[str, npt.NDArray[np.bool_]] = {}

    def named(self, kind: str, listed: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Say which updates a list names: KB numbers, or masks of a package or of one version of it."""
        if not listed:
            return np.zeros(len(self._kb), dtype=bool)
        pattern = "|".join(re.escape(mask).replace(r"\*", ".*") for mask in listed)
        if kind == "kb":
            return self._matching(self._kb, pattern)
        return self._matching(self._title, pattern) | self._matching(self._versioned, pattern)

    def classed(self, classes: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Say which updates are in one of these classes."""
        found = np.zeros(len(self._kb), dtype=bool)
        for word in letters(pd.Series(list(classes), dtype="str")):
            if word and word not in self._known:
                holds = self._classes.str.contains(word, regex=False)
                self._known[word] = holds.to_numpy(dtype=bool)
            found |= self._known.get(word, False)
        return found

    @staticmethod
    def _matching(names: pd.Series[Any], pattern: str) -> npt.NDArray[np.bool_]:
        return names.str.fullmatch(f"(?:{pattern})").to_numpy(dtype=bool)


def _lettered(classes: list[str]) -> str:
    return " ".join(re.sub(r"[^a-z0-9]", "", word) for word in classes)
