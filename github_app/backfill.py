"""`failure-review classify --backfill`: what the present rules would say of the failures that are kept.

It only reads. A verdict that people have seen is never changed behind their backs; the next failure is judged anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from github_app.classify import Rulebook
from github_app.classify_text import clipped, wrapped
from github_app.documents import to_record
from github_app.rules.records import Failure, PolicySource, policy_id
from github_app.rules.rejudging import Again, judged_again
from github_app.rules.signatures import Signatures
from github_app.rules.verdicts import Verdict
from github_app.store import SqlStore

CAUTION: Final = (
    "Nothing was changed. Of a log one stretch and at most five lines of evidence are kept: what else it said is not "
    "considered here."
)
_COMPARED: Final = (
    "Lines that a green run shows too were set aside then; which they were is not kept, so they count here."
)
_OLD: Final = "its record cannot be read by this version"
_KIND: Final = 34  # columns of a kind in the table: two of them fit into a line
_EVERY: Final = 500  # failures between two words of progress


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failures: of one repository (owner/name), and red at or after a moment."""

    repo: str = ""
    since: datetime | None = None

    def includes(self, failure: Failure) -> bool:
        at = max((leg.at for leg in failure.legs), default=failure.opened_at)
        is_there = self.repo.lower() in {"", failure.repo.full_name.lower()}
        return is_there and (self.since is None or at >= self.since)


@dataclass(slots=True)
class Outcome:
    """What was found; `unread` are ids of records that could not be read."""

    same: int = 0
    other_rule: int = 0
    changed: list[Again] = field(default_factory=list)
    corrected: list[Again] = field(default_factory=list)  # by people: whatever the rules say, theirs stands
    lacking: list[Again] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, again: Again) -> None:
        if again.corrected:
            self.corrected.append(again)
        elif again.after is None:
            self.lacking.append(again)
        elif again.changed:
            self.changed.append(again)
        else:
            self.same += 1
            self.other_rule += again.other_rule

    @property
    def total(self) -> int:
        return self.same + len(self.changed) + len(self.corrected) + len(self.lacking) + len(self.unread)

    @property
    def table(self) -> list[tuple[str, str, int]]:
        """How many would go from one kind to another, most first."""
        moves = Counter((_kind(again.before), _kind(again.after)) for again in self.changed if again.after)
        return [(before, after, count) for (before, after), count in sorted(moves.items(), key=lambda m: (-m[1], m[0]))]


async def backfill(url: str, wanted: Wanted, rulebook: Rulebook, say: Callable[[str], None]) -> Outcome:
    """Judge the kept failures of a database again, each under its repository's policy; `say` hears how far it is.

    Raises StoreRefused and StoreUnavailable.
    """
    outcome = Outcome()
    store = await SqlStore.open(url)
    try:
        read, known = 0, dict[int, Signatures]()
        async for document in store.every("failure"):
            read += 1
            if read % _EVERY == 0:
                say(f"{read:,} failures read")
            try:
                failure = to_record(document)
            except ValidationError:
                outcome.unread.append(document.id)
                continue
            if isinstance(failure, Failure) and wanted.includes(failure):
                repo_id = failure.repo.id
                if repo_id not in known:
                    known[repo_id] = rulebook.signatures(await _source(store, repo_id))
                outcome.add(judged_again(failure, known[repo_id]))
    finally:
        await store.close()
    return outcome


async def _source(store: SqlStore, repo_id: int) -> PolicySource | None:
    """Return what a repository's policy is made of, None when it was never read."""
    found = [to_record(document) for document in await store.get([policy_id(repo_id)])]
    return next((record for record in found if isinstance(record, PolicySource)), None)


# --- what is printed --------------------------------------------------------------------------------------------------


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Give what `--json` prints."""
    return {
        "failures": outcome.total,
        "same": outcome.same,
        "same_by_another_rule": outcome.other_rule,
        "changed": [_changed_as_json(again) for again in outcome.changed],
        "table": [{"before": before, "after": after, "count": count} for before, after, count in outcome.table],
        "corrected": [_corrected_as_json(again) for again in outcome.corrected],
        "not_judged_again": [
            *({"id": again.failure.id, "why": again.lacks} for again in outcome.lacking),
            *({"id": failure_id, "why": _OLD} for failure_id in outcome.unread),
        ],
    }


def _changed_as_json(again: Again) -> dict[str, Any]:
    failure, after = again.failure, again.after or again.before
    return {
        "id": failure.id,
        "repo": failure.repo.full_name,
        "ref": failure.ref,
        "job": failure.job,
        "before": _verdict_as_json(again.before),
        "after": _verdict_as_json(after),
        "reason": after.reason,
        "compared_with_green_run": again.compared,
    }


def _corrected_as_json(again: Again) -> dict[str, Any]:
    return {
        "id": again.failure.id,
        "people": str(again.failure.verdict.category),
        "before": _verdict_as_json(again.before),
        "after": _verdict_as_json(again.after) if again.after else None,
    }


def _verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    words = {name: getattr(verdict, name) for name in ("category", "state", "subcategory", "severity", "rule")}
    return {name: None if word is None else str(word) for name, word in words.items()}


def as_text(outcome: Outcome) -> list[str]:
    """Give the same for people, in lines of at most 80 columns."""
    return [
        *_counts(outcome),
        *_moves(outcome.table),
        *(line for again in outcome.changed for line in _changed(again)),
        *(line for again in outcome.corrected for line in _corrected(again)),
        *_not_judged(outcome),
        "",
        *wrapped(CAUTION),
    ]


def _counts(outcome: Outcome) -> list[str]:
    by_rule = f", {outcome.other_rule:,} of them by another rule" if outcome.other_rule else ""
    judged = outcome.same + len(outcome.changed)
    noun = "failure" if outcome.total == 1 else "failures"
    corrected = f"; {len(outcome.corrected):,} corrected by people" if outcome.corrected else ""
    rest = len(outcome.lacking) + len(outcome.unread)
    return wrapped(
        f"{outcome.total:,} {noun}: {judged:,} judged again, of which {len(outcome.changed):,} would change and "
        f"{outcome.same:,} stay the same{by_rule}; {rest:,} not judged again{corrected}."
    )


def _moves(table: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    if not table:
        return
    width = max(len(clipped(before, _KIND)) for before, _, _ in table)
    yield ""
    for before, after, count in table:
        yield f"{count:>6,}  {clipped(before, _KIND):<{width}} -> {clipped(after, _KIND)}"


def _changed(again: Again) -> Iterator[str]:
    failure, after = again.failure, again.after
    if after is None:
        return
    yield ""
    yield from wrapped(f"{failure.id} {failure.repo.full_name} {failure.ref}, job `{failure.job}`")
    yield from (f"  was {line}" for line in wrapped(f"{_kind(again.before)}: {again.before.reason}", 74))
    yield from (f"  now {line}" for line in wrapped(f"{_kind(after)}: {after.reason}", 74))
    if again.compared:
        yield from (f"  {line}" for line in wrapped(_COMPARED, 78))


def _corrected(again: Again) -> Iterator[str]:
    failure = again.failure
    now = f"the rules would now say {_kind(again.after)}" if again.after else f"not judged again: {again.lacks}"
    yield ""
    yield from wrapped(
        f"{failure.id} {failure.repo.full_name} {failure.ref}, job `{failure.job}`: people say "
        f"{failure.verdict.category}, and that stands; the App said {_kind(again.before)}, and {now}."
    )


def _not_judged(outcome: Outcome) -> Iterator[str]:
    why = Counter([*(again.lacks for again in outcome.lacking), *(_OLD for _ in outcome.unread)])
    for reason, count in why.most_common():
        yield ""
        yield from wrapped(f"Not judged again, {count:,}: {reason}.")


def _kind(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    more = [str(each) for each in (verdict.state, verdict.subcategory, verdict.severity) if each]
    return f"{verdict.category} ({', '.join(more)})" if more else str(verdict.category)
