"""Decides of which kind a failure is, whose, and how soon it must be fixed.

In this order: the marker, the project's rules, hooks, then what the plugin and the matrix know. An answer of a hook
that is no answer becomes a note on the record, and the next is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from . import circumstances
from .asking import Asker, implemented
from .categorise import SNAPSHOTS, Facts, Verdict, categorise
from .evidence import fingerprints, short_hash
from .exceptions import ancestry, fixture_wanted, without_notes
from .happening import Happening, Read
from .matrix import SOURCE, answerable, entry_of
from .owners import Owners, is_test_path
from .report import Owner, Sla, is_category
from .rules import Rule, Seen
from .terms import hours_of

if TYPE_CHECKING:
    from .values import FailedTest

_HOOK_CONFIDENCE: Final = 0.9


class Decided(NamedTuple):
    """What a record says beyond what was read."""

    verdict: Verdict
    owner: Owner
    suspect: Owner | None
    suspect_path: str
    sla_terms: Sla
    fingerprint: str
    fingerprint_root: str


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that has a say in one run."""

    owners: Owners
    rules: Sequence[Rule] = ()
    hooks: Any = None
    """pluggy's, for failures without a test at hand."""
    asker: Asker = field(default_factory=Asker)

    def decide(self, happening: Happening, read: Read) -> Decided:
        """What is decided about a failure; notes that come up on the way are added to `read.notes`."""
        case = _Case(self, happening, read)
        verdict = categorise(case.facts(), case.categories())
        suspect = next(
            (s["path"] for s in reversed(read.frames) if s["in_repo"] and not is_test_path(s["path"], read.test_path)),
            "",
        )
        # The name stands in quotes, which no fingerprint reads; another fixture is another failure.
        kind = read.exception + fixture_wanted(read.root)
        exact, rough = fingerprints(kind, read.frames, without_notes(read.root, read.message))
        decided = Decided(
            verdict=verdict,
            owner=case.owner(verdict) or answerable(verdict.category, self.owners.of(read.test_path)),
            suspect=self.owners.of(suspect) if suspect else None,
            suspect_path=suspect,
            sla_terms=case.sla(verdict),
            fingerprint=case.fingerprint(verdict) or exact,
            fingerprint_root=rough,
        )
        read.notes.extend(self.asker.take_notes())
        return decided


class _Case:
    """One failure while it is being decided."""

    def __init__(self, judge: Judge, happening: Happening, read: Read) -> None:
        self._judge = judge
        self._happening = happening
        self._read = read
        self._rules = self._matching() if judge.rules else []

    def _matching(self) -> list[Rule]:
        read, happening = self._read, self._happening
        seen = Seen(
            ancestries=[frozenset(ancestry(type(each))) for each in (*read.links, *read.leaves)],
            module=happening.nodeid.partition("::")[0],
            phase=happening.phase,
            message=read.message,
            fixture=read.fixture["name"] if read.fixture else "",
            fixtures=read.fixtures,
            keywords=circumstances.keywords_of(happening.node),
        )
        return [rule for rule in self._judge.rules if rule.holds(seen)]

    def facts(self) -> Facts:
        read, fixture = self._read, self._read.fixture
        return Facts(
            exceptions=[*read.links, *read.leaves],
            phase=self._happening.phase,
            path=read.test_path,
            fixture=(fixture["name"], fixture["scope"]) if fixture else None,
            marked=self._happening.marker.category,
            crashed=self._happening.outcome == "crashed",
            interrupted=self._happening.outcome == "interrupted",
            snapshot=self._snapshot(),
        )

    def _snapshot(self) -> str:
        names = SNAPSHOTS.keys() & self._read.fixtures
        if not names:
            return ""
        packages = circumstances.packages_of(self._happening.node, names)
        return next((name for name, package in packages.items() if package in SNAPSHOTS[name]), "")

    def categories(self) -> Iterator[Verdict]:
        for rule in self._rules:
            if rule.category:
                yield Verdict(rule.category, rule.words, rule.confidence)
        node, excinfo = self._happening.node, self._happening.excinfo
        for who, answer in self._answers("categorise", None, item=node, excinfo=excinfo):
            if is_category(answer):
                yield Verdict(str(answer), who, _HOOK_CONFIDENCE)
            else:
                self._refuse(who, "no category")

    def owner(self, verdict: Verdict) -> Owner | None:
        marked = self._happening.marker.owners
        if marked:
            return Owner(names=list(marked), source="marker", line=None)
        for rule in self._rules:
            if rule.owner:
                return Owner(names=list(rule.owner), source="rules", line=None)
        for who, answer in self._answers("owner", verdict, path=self._read.test_path):
            from .values import Owner as Answer  # noqa: PLC0415  (only where a hook answers)

            names = answer.names if type(answer) is Answer else None
            if type(names) in (tuple, list) and names and all(type(name) is str for name in names):
                return Owner(names=list(names), source="hook", line=None)
            self._refuse(who, "no Owner with names")
        return None

    def sla(self, verdict: Verdict) -> Sla:
        entry = entry_of(verdict.category)
        hours, source = self._hours(verdict) or (entry.hours, SOURCE)
        return Sla(hours=hours, tier=entry.tier, source=source)

    def _hours(self, verdict: Verdict) -> tuple[float, str] | None:
        hours = hours_of(self._happening.marker.sla)
        if hours is not None:
            return hours, "marker"
        for rule in self._rules:
            if rule.sla is not None:
                return rule.sla, "rules"
        for who, answer in self._answers("sla", verdict, category=verdict.category):
            from .values import Sla as Answer  # noqa: PLC0415

            hours = hours_of(answer.hours) if type(answer) is Answer else None
            if hours is not None:
                return hours, "hook"
            self._refuse(who, "no Sla with hours")
        return None

    def fingerprint(self, verdict: Verdict) -> str:
        for who, answer in self._answers("fingerprint", verdict):
            if type(answer) is str and answer:
                return short_hash(answer)
            self._refuse(who, "no text")
        return ""

    def _answers(self, name: str, verdict: Verdict | None, **given: Any) -> Iterator[tuple[str, Any]]:
        caller = implemented(self._judge.hooks, self._happening.node, f"pytest_failure_review_{name}")
        if caller is None:
            return iter(())
        return self._judge.asker.answers(caller, failure=self._failed_test(verdict), **given)

    def _refuse(self, who: str, what: str) -> None:
        self._judge.asker.notes.append(f"{who} was passed over: it gave {what}")

    def _failed_test(self, verdict: Verdict | None) -> FailedTest:
        from .values import FailedTest, Step  # noqa: PLC0415

        happening, read = self._happening, self._read
        return FailedTest(
            nodeid=happening.nodeid,
            phase=happening.phase,
            attempt=happening.attempt,
            worker=happening.worker,
            outcome=happening.outcome,
            exception=read.exception,
            message=read.message,
            path=read.path,
            line=read.line or 1,
            test_path=read.test_path,
            steps=tuple(Step(**frame) for frame in read.frames),
            fixture=read.fixture["name"] if read.fixture else "",
            fixtures=tuple(read.fixtures),
            markers=tuple(read.markers),
            params=MappingProxyType(dict(read.params)),
            category=verdict.category if verdict else "",
            rule=verdict.rule if verdict else "",
            confidence=verdict.confidence if verdict else 0.0,
        )
