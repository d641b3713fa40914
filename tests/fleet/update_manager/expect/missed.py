"""Expect the machines that schedules should have taken and did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fleet.model import DAY, HOUR, NEVER, Bools, Planted, Texts
from fleet.model import known as is_text
from fleet.update_manager.expect.findings import expect_machines, first_that_fits
from fleet.update_manager.expect.known import Known
from fleet.update_manager.model import Configuration, ScheduleRun
from fleet.update_manager.reach import is_client, named, registered, schedulable, selected, selects
from fleet.update_manager.schedule import living

SCENARIO = "scheduled_run_missed_machine"
CAUSES = (
    "provider_not_registered", "assignment_lost_by_move", "machine_deleted", "machine_recreated",
    "machine_unavailable", "patch_mode_not_schedulable", "changed_too_late", "changed_before_run",
    "schedule_conflict", "scope_limit_reached", "workload_not_supported", "filter_excludes_machine",
    "taken_by_other_runs", "never_taken", "unknown",
)  # fmt: skip
SEVERITIES = ("info", "low", "medium")
UNDECIDED = ("InProgress", "Pending", "NotStarted", "Cancel", "Cancelled", "Canceled")
LATE = 15 * 60
TOGETHER = 5 * 60
MOST_IN_SCOPE = 1000


@dataclass(frozen=True, kw_only=True)
class Held:
    """Hold a configuration, the run of it that decides, and those before and beside it."""

    number: int
    configuration: Configuration
    run: ScheduleRun
    place: int
    before: int | None
    inside: tuple[int, ...]


def expect_missed(known: Known) -> Iterator[Planted]:
    """Yield whom the schedules left out, and why."""
    rank = np.full(len(known.there), len(CAUSES), dtype=np.int64)
    worst = np.zeros(len(known.there), dtype=np.int64)
    for held in decided(known):
        missed = expected(known, held) & ~took(known, held.number, held.place) & ~known.blind_runs
        if not missed.any():
            continue
        cause = _cause(known, held)
        place = np.array([CAUSES.index(one) for one in cause])
        severity = np.array([SEVERITIES.index(one) for one in _severity(known, held, cause)])
        nearer = missed & (place < rank)
        worst = np.where(
            nearer, severity, np.where(missed & (place == rank), np.maximum(worst, severity), worst)
        )
        rank = np.where(missed, np.minimum(rank, place), rank)
    patched = np.zeros(len(rank), dtype=np.bool_)
    rows = known.machine_runs
    patched[rows.loc[rows["scheduled"] > known.estate.start, "machine"]] = True
    for machine in known.estate.suspects:
        if rank[machine] == len(CAUSES) and not patched[machine] and not known.reached[machine]:
            rank[machine], worst[machine] = CAUSES.index("filter_excludes_machine"), 2
    found = np.array([*CAUSES, None], dtype=object)[rank]
    severities = np.array(SEVERITIES, dtype=object)[worst]
    readable = ~known.estate.flags("unread")
    yield from expect_machines(known, is_text(found) & readable, SCENARIO, found, severities)
    yield from _hidden_scopes(known)


def decided(known: Known) -> Iterator[Held]:
    """Yield for each configuration the run that decides."""
    for number, configuration in enumerate(known.estate.configurations):
        if not known.seen(configuration):
            continue
        runs = configuration.runs
        real = [
            place for place, run in enumerate(runs)
            if run.status not in UNDECIDED and (number, place) in known.takers
        ]  # fmt: skip
        inside = tuple(place for place in real if runs[place].stamp > known.estate.start)
        if inside:
            place = inside[-1]
            earlier = [at for at in real if at < place]
            yield Held(
                number=number, configuration=configuration, run=runs[place], place=place,
                before=earlier[-1] if earlier else None, inside=inside,
            )  # fmt: skip


def took(known: Known, number: int, place: int) -> Bools:
    """Tell whom a run took."""
    found = np.zeros(len(known.there), dtype=np.bool_)
    found[known.takers.get((number, place), [])] = True
    return found


def _had(known: Known, number: int, place: int) -> Bools:
    """Tell whom a run took under the id that they had then."""
    found = np.zeros(len(known.there), dtype=np.bool_)
    found[known.earlier_takers.get((number, place), [])] = True
    return found


def expected(known: Known, held: Held) -> Bools:
    """Tell whom a run should have taken."""
    estate, configuration, at = known.estate, held.configuration, held.run.stamp
    listed = named(estate, configuration) & (estate.column("created") <= at)
    there = known.there & (estate.column("created") <= at)
    now = _matches(known, configuration, at) & there & ~is_client(estate)
    found = (listed | now) & ~estate.flags("scale_set") & (known.there | (estate.column("deleted") < NEVER))
    found |= _lost(known, configuration)
    if held.before is not None:
        since = configuration.runs[held.before].stamp
        had = _had(known, held.number, held.before)
        gone = _between(known, "deleted", since, at)
        left = (_between(known, "changed", since, at) | _between(known, "moved", since, at)) & ~now & ~listed
        found |= had & (gone | (left & known.there & ~known.reached))
    return found


def _lost(known: Known, configuration: Configuration) -> Bools:
    """Tell which machines moved away from their assignment and are not reached at their new place."""
    found = np.zeros(len(known.there), dtype=np.bool_)
    found[configuration.lost] = True
    return found & known.there & ~selected(known.estate, configuration, known.estate.asked)


def _matches(known: Known, configuration: Configuration, at: int) -> Bools:
    """Tell which machines the scopes that can be seen selected at a moment."""
    found = np.zeros(len(known.there), dtype=np.bool_)
    for scope in configuration.scopes:
        found |= selects(known.estate, scope, at)
    return found


def _between(known: Known, column: str, since: int, until: int) -> Bools:
    """Tell to whom something happened after a moment and before a run."""
    moment = known.estate.column(column)
    found: Bools = (moment > since) & (moment <= until)
    return found


def _cause(known: Known, held: Held) -> Texts:
    """Return why each machine would have been missed by a run; the first that fits."""
    estate, configuration, at = known.estate, held.configuration, held.run.stamp
    since = at - DAY if held.before is None else min(configuration.runs[held.before].stamp, at - DAY)
    matching = _matches(known, configuration, at)
    changed = _between(known, "changed", since, at) | _between(known, "moved", since, at)
    client = is_client(estate)
    wide = np.zeros(len(matching), dtype=np.bool_)
    for scope in configuration.scopes:
        chosen = selects(estate, scope, at)
        if chosen.sum() > MOST_IN_SCOPE:
            wide |= chosen
    return first_that_fits(
        known,
        [
            ("workload_not_supported", client),
            ("provider_not_registered", ~registered(estate, "Microsoft.Maintenance")),
            ("assignment_lost_by_move", _lost(known, configuration)),
            ("machine_deleted", estate.column("deleted") < NEVER),
            ("machine_recreated", _between(known, "recreated", at - 12 * HOUR, at)),
            ("machine_unavailable", known.off | estate.flags("unheard")),
            ("patch_mode_not_schedulable", ~schedulable(estate)),
            ("changed_too_late", matching & ~_matches(known, configuration, at - LATE)),
            ("changed_before_run", changed & ~matching & ~named(estate, configuration)),
            ("schedule_conflict", _together(known, held)),
            ("scope_limit_reached", wide),
            ("taken_by_other_runs", _in_runs(known, held, held.inside) > 0),
            ("never_taken", _in_runs(known, held, range(len(configuration.runs))) == 0),
        ],
        "unknown",
    )


def _together(known: Known, held: Held) -> Bools:
    """Tell whom another configuration took at the same time."""
    rows = known.machine_runs
    near = (rows["scheduled"] - held.run.stamp).abs() <= TOGETHER
    found = np.zeros(len(known.there), dtype=np.bool_)
    found[rows.loc[near & (rows["configuration"] != held.number), "machine"]] = True
    return found


def _in_runs(known: Known, held: Held, places: range | tuple[int, ...]) -> np.ndarray:
    """Return in how many runs of a configuration each machine took part."""
    counted = np.zeros(len(known.there), dtype=np.int64)
    for place in places:
        counted += took(known, held.number, place)
    return counted


def _severity(known: Known, held: Held, cause: Texts) -> Texts:
    """Return how bad each miss is."""
    power = known.estate.texts("power")
    listed = np.zeros(len(cause), dtype=np.bool_)
    for configuration in known.estate.configurations:
        if living(configuration, known.estate.asked):
            listed |= named(known.estate, configuration)
    missed_once = _in_runs(known, held, held.inside) >= len(held.inside) - 1
    by_scope = np.zeros(len(cause), dtype=np.int64)
    for scope in held.configuration.scopes:
        counted = np.zeros(len(cause), dtype=np.int64)
        for place in held.inside:
            chosen = selects(known.estate, scope, held.configuration.runs[place].stamp)
            counted += chosen & bool((chosen & took(known, held.number, place)).any())
        by_scope = np.maximum(by_scope, counted)
    text = lambda word: np.array(word, dtype=object)  # noqa: E731
    return np.select(
        [
            cause == "machine_deleted",
            (cause == "machine_unavailable") & known.off,
            cause == "taken_by_other_runs",
            cause == "never_taken",
        ],
        [
            np.where(listed, text("low"), text("info")),
            np.where(power == "PowerState/deallocated", text("info"), text("low")),
            np.where(missed_once, text("info"), text("low")),
            np.where(by_scope >= 2, text("low"), text("info")),
        ],
        default=text("medium"),
    )


def _hidden_scopes(known: Known) -> Iterator[Planted]:
    """Yield the subscriptions that a dynamic scope names and nobody can see."""
    named_ = {s.subscription for c in known.estate.configurations if known.seen(c) for s in c.scopes}
    for number in sorted(named_):
        place = known.estate.subscriptions[number]
        if not place.visible:
            yield Planted(
                scenario=SCENARIO, cause="scope_not_visible", kind="subscription", severity="medium",
                name=place.id, id=f"/subscriptions/{place.id}",
            )  # fmt: skip
