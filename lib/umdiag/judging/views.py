"""Views of the facts of one investigation, and the judgement over them.

Two views of an estate of which whole workspaces gave no row. Say law-a answers and law-b refuses. In the view
*answering*, law-b was never asked for: law-a's machines are judged as if they were all. In the view *whole*,
law-b's rows are missing: nothing that needs them is certain. A finding on a machine that law-a knows comes
from the first view; everything else, such as "this running machine sent no row to any workspace", from the
second. Where every workspace answers there is only one view.

In both, what belongs to a service alone that is not looked at is whole and without a row, and nobody who
derives or judges need know of it. Which services these are is decided from the facts as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from umdiag.errors import Unavailable
from umdiag.frames.shared.text import identity
from umdiag.judging.accepting import Acceptances
from umdiag.judging.accounts import accounted
from umdiag.judging.derivation import Derivation
from umdiag.judging.facts import Facts
from umdiag.judging.names import Named
from umdiag.judging.needs import data_of, needs, queries_of, required_behind
from umdiag.judging.seen import Seen, of_answering, of_rows, together
from umdiag.judging.services import Services
from umdiag.judging.verdicts import combined, judge, not_asked, verdict_of
from umdiag.model import UPDATE_MANAGEMENT, UPDATE_MANAGER, Diagnosis, Finding, Rows, State, Verdict
from umdiag.queries.belonging import service_of
from umdiag.queries.kql import Value, empty, queries
from umdiag.scenarios import Scenario
from umdiag.words.once import Once
from umdiag.words.services import CALLED, left_out

_SPELLINGS = ("subject_id", "source_computer_id", "name", "arm_key")


class Views:
    """Judges scenarios over the facts of one investigation, under the parameters `named`.

    `prepared` returns a frame that need not be derived (None: it must).
    """

    def __init__(
        self,
        facts: Facts,
        named: Mapping[str, Any],
        services: Services,
        accepted: Acceptances,
        prepared: Callable[[str], Seen | None] = lambda name: None,
    ) -> None:
        accounted()
        self._facts = facts
        self._named = dict(named)
        self._services = services
        self.accepted = accepted
        self._prepared = prepared
        self._once = Once()
        self._undecided = self._derivation(services.ruled_out)
        self._whole = Derivation(lambda name: of_rows(self.rows(name)), named)
        self.named = Named(named, self.seen, lambda: UPDATE_MANAGEMENT not in self.not_asked)

    @property
    def not_asked(self) -> Mapping[str, str]:
        """Services that are not looked at, each with the reason."""
        return self._once.do("not asked", lambda: self._services.not_asked(self._undecided.seen))

    @property
    def answering(self) -> Derivation:
        """The first view. What was derived before the services were decided serves on if it still holds."""
        if self.not_asked.keys() == self._services.ruled_out.keys():
            return self._undecided
        return self._once.do("answering", lambda: self._derivation(self.not_asked))

    def fetched(self, name: str) -> bool:
        """Tell whether a query is asked at all: not where its service is ruled out whatever it says."""
        return _service(name) not in self._services.ruled_out

    def rows(self, name: str, **values: Value) -> Rows:
        """Return the rows of one query; whole and none where its service is not looked at."""
        decided = _service(name) not in self._services.open
        return self._rows(self._services.ruled_out if decided else self.not_asked, name, **values)

    def seen(self, name: str, **values: Value) -> Seen:
        """Return a fact (`values` fill its parameters) or frame of the first view."""
        if name in queries():
            return of_answering(self.rows(name, **values))
        return self.answering.seen(name)

    def frame(self, name: str) -> pd.DataFrame:
        """Return a fact or frame as far as it was seen. Raises Unavailable where nothing was."""
        seen = self.seen(name)
        if seen.frame is None:
            raise Unavailable(seen.reason)
        return seen.frame

    def left_out(self, function: Callable[..., Any]) -> str:
        """Say that what `function` shows belongs to services that are not looked at, "" where some does not.

        What it cannot do without decides, else all that it rests on.
        """
        required = (required_behind(need.name) for need in data_of(function) if not need.optional)
        services = _services(set().union(*required)) or _services(queries_of(function))
        told = {service: reason for service, reason in self.not_asked.items() if service in services}
        return left_out(told) if services and services == told.keys() else ""

    def call(self, function: Callable[..., Any], **extra: Any) -> Any:
        """Call `function` with its parameters filled by name: facts, frames, parameters, then `extra`.

        What is only shown may be shown as far as it was seen. Raises Unavailable where data that it must
        have could not be seen at all, and Inconclusive as `function` does.
        """
        data = [(need, self.seen(need.name, **extra)) for need in data_of(function)]
        if lacking := [seen.reason for need, seen in data if seen.frame is None and not need.optional]:
            raise Unavailable(together(lacking))
        given = self._named | extra
        named = {need.name: given[need.name] for need in needs(function) if not need.is_data}
        return function(*(seen.frame for _, seen in data), **named)

    def judge(self, scenario: Scenario) -> Diagnosis:
        """Return the diagnosis of one scenario; of machines that are not there nothing is HEALTHY."""
        if self.not_asked.keys() >= set(scenario.services):
            return not_asked(scenario, {service: self.not_asked[service] for service in scenario.services})
        diagnosis = self._judge(scenario)
        if doubt := self.named.doubt(scenario):
            reason = together([doubt, diagnosis.reason])
            diagnosis = replace(diagnosis, verdict=verdict_of(diagnosis.findings, reason), reason=reason)
        accepted = sum(finding.accepted is not None for finding in diagnosis.findings)
        if not accepted or diagnosis.verdict is not Verdict.HEALTHY:
            return diagnosis
        return replace(diagnosis, reason=together([f"{accepted:,} accepted", diagnosis.reason]))

    def _known(self, scenario: Scenario, finding: Finding) -> Finding:
        """Return a finding under the name that the logs give its machine, marked where it is accepted."""
        # Of what rests on logs alone every finding has the name that the logs give.
        named = self._as_logged(finding) if UPDATE_MANAGER in scenario.services else finding
        return self.accepted.mark(scenario.name, [named])[0]

    def _as_logged(self, finding: Finding) -> Finding:
        """Call a machine as its log rows do; what judges resources knows it by its resource's name."""
        name = self._once.do("names", self._logged_names).get(identity(finding.subject.id))
        if finding.subject.kind != "machine" or not name:
            return finding
        return replace(finding, subject=replace(finding.subject, name=name))

    def _logged_names(self) -> Mapping[str, str]:
        machines = None if UPDATE_MANAGEMENT in self.not_asked else self.answering.seen("machines").frame
        if machines is None:
            return {}
        known = machines[machines["arm_key"] != ""].sort_values("last_heartbeat", na_position="first")
        return dict(zip(known["arm_key"], known["computer"], strict=True))

    def _judge(self, scenario: Scenario) -> Diagnosis:
        names = [name for name in sorted(queries_of(scenario.judge)) if _service(name) not in self.not_asked]
        uses = [self._facts.use(name) for name in names]
        # A judge of both services is told which of them are looked at, not which were asked for.
        named = self._named | {"services": [service for service in CALLED if service not in self.not_asked]}
        called = partial(self._known, scenario)
        answering = judge(scenario, self.answering.seen, named, uses, called)
        answers = [self._facts.rows(name) for name in names]
        silent = {workspace for answer in answers for workspace in answer.unseen}
        if not silent:
            return answering
        whole = judge(scenario, self._whole.seen, named, uses, called)
        gaps = [answer.reason for answer in answers if answer.unseen]
        return combined(answering, whole, lambda finding: self._is_known(finding, silent), gaps)

    def _derivation(self, without: Mapping[str, str]) -> Derivation:
        return Derivation(lambda name: of_answering(self._rows(without, name)), self._named, self._prepared)

    def _rows(self, without: Mapping[str, str], name: str, **values: Value) -> Rows:
        if _service(name) not in without:
            return self._facts.rows(name, **values)
        query = queries()[name]
        return Rows(name=name, text=query.text, frame=empty(query), state=State.COMPLETE, tables=query.tables)

    def _is_known(self, finding: Finding, silent: set[str]) -> bool:
        """Whether rows of a workspace that answered may speak of a finding's subject."""
        if finding.subject.kind == "workspace":
            return finding.subject.name not in silent
        if finding.subject.kind != "machine":
            return True
        machines = self.answering.seen("machines").frame
        if machines is None:
            return False
        spelled = {finding.subject.id.strip().lower(), finding.subject.name.strip().lower()}
        return any(machines[column].str.lower().isin(spelled).any() for column in _SPELLINGS)


def _service(name: str) -> str:
    """Return the service that a query asks for alone, "" for none."""
    return service_of(queries()[name].tables)


def _services(names: Iterable[str]) -> set[str]:
    """Return the services that these queries ask for alone."""
    return set(map(_service, names)) - {""}
