"""Tell which machines a scope misses by one word of a tag that is spelled a little otherwise."""

from __future__ import annotations

from functools import cache

import numpy as np

from fleet.model import Bools, Ints
from fleet.update_manager.expect.known import Known
from fleet.update_manager.model import Scope
from fleet.update_manager.reach import TAGS, predicates

SHORTEST, FURTHEST = 3, 2


def distance(one: str, other: str) -> int:
    """Return how many letters have to be changed, added or left out."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, there in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != there))
    return row[-1]


@cache
def is_near(word: str, wanted: str) -> bool:
    """Tell whether a word is meant to be another; words that differ in digits alone are not."""
    word, wanted = word.lower(), wanted.lower()
    if word == wanted or min(len(word), len(wanted)) < SHORTEST:
        return False
    bare = ["".join(letter for letter in one if not letter.isdigit()) for one in (word, wanted)]
    return bare[0] != bare[1] and distance(word, wanted) <= FURTHEST


def missed_by_a_word(known: Known, machines: Ints) -> Bools:
    """Tell which of some machines a living scope misses by one word."""
    found = np.zeros(len(known.there), dtype=np.bool_)
    if not len(machines):
        return found
    tags = {tag: known.estate.texts(tag)[machines] for tag in TAGS}
    for configuration in known.estate.configurations:
        if not known.lives(configuration):
            continue
        for scope in configuration.scopes:
            told = predicates(known.estate, scope, known.estate.asked, machines)
            rest = np.logical_and.reduce([right for name, right in told.items() if name != "tags"])
            for place in np.flatnonzero(rest & ~told["tags"]):
                mine = {tag: str(words[place]).lower() for tag, words in tags.items() if words[place]}
                found[machines[place]] |= _fails_by_a_word(scope, mine)
    return found


def _fails_by_a_word(scope: Scope, mine: dict[str, str]) -> bool:
    """Tell whether the tags of a machine fail a scope by one word."""
    failing = []
    for key, values in scope.tags.items():
        wanted = [value.lower() for value in values]
        has = mine.get(key.lower())
        if has is None or (wanted and has not in wanted):
            failing.append((key.lower(), wanted, has))
    if scope.operator == "All" and len(failing) != 1:
        return False
    for key, wanted, has in failing:
        if has is not None and any(is_near(has, word) for word in wanted):
            return True
        if any(is_near(name, key) and value in wanted for name, value in mine.items()):
            return True
    return False
