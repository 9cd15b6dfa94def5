"""What is decided about a failure: its kind, whose it is, by when, and whether it may be overridden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import PlainSerializer

from github_app.rules.model import (
    Person,
)
from pytest_failure_review.report import Category, Severity, State

Measures = Annotated[Mapping[str, str], PlainSerializer(dict)]
"""Figures that were read with a verdict; read-only here, a plain object in JSON."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a verdict rests on; `line` is its 1-based number in the job's log, 0 when it is not from the log."""

    line: int
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another kind of failure that the same evidence speaks of; `regression` is in percent, "" when none was measured.

    A severity that nobody named and a regression that nobody measured count as the worst, as they do in a verdict.
    """

    category: Category
    subcategory: str | None = None
    severity: Severity | None = None
    regression: str = ""
    binds: bool = False  # a signature's word that a likeness set aside: the stricter of both holds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What kind of failure it is, and why we think so."""

    category: Category
    reason: str  # the sentence that people read
    rule: str  # id of the signature or rule; part of the fingerprint
    source: str  # report | file | facts | log | output | none
    confidence: float
    state: State | None = None
    subcategory: str | None = None
    severity: Severity | None = None
    evidence: tuple[Line, ...] = ()
    region: tuple[int, int] | None = None
    runner_up: str | None = None  # "infra.network, by rule `dns`"
    description: str = ""
    causes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    measures: Measures = field(default_factory=lambda: MappingProxyType({}))  # "regression_percent": "23.40"
    also: tuple[Other, ...] = ()
    replay: str = ""  # a command that runs the worst reported test again as it was

    @property
    def rests_on_fact(self) -> bool:
        """Whether GitHub itself said so, which no text of a change can imitate."""
        return self.rule.startswith("fact:")


TOLD_PRIVATELY = "the committer (told privately)"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who can be made responsible or told: a role of the matrix, and whoever fills it here."""

    role: str
    people: tuple[Person, ...] = ()
    teams: tuple[str, ...] = ()
    note: str = ""  # "nobody is mapped to backend_dev: add roles.backend_dev"
    private: bool = False  # its names and its note are for private channels alone (S1-017)

    @property
    def empty(self) -> bool:
        return not self.people and not self.teams

    @property
    def public(self) -> Party:
        """The party as everybody may see it."""
        return replace(self, people=(), teams=(), note="") if self.private else self

    @property
    def names(self) -> tuple[str, ...]:
        """Logins and teams as everybody may see them; the role when nobody fills it."""
        if self.private:
            return (TOLD_PRIVATELY,)
        return (*(person.login for person in self.people), *self.teams) or (self.role,)


@dataclass(frozen=True, slots=True)
class Owner:
    """Exactly one accountable party, any number informed, and the steps tried on the way (S1-003, C24)."""

    accountable: Party
    informed: tuple[Party, ...] = ()
    steps: tuple[str, ...] = ()
    private_steps: tuple[str, ...] = ()  # by which a private party was found; shown nowhere in public


@dataclass(frozen=True, slots=True)
class Clock:
    """A resolution clock (S1-041, C59): how much of the target is spent, and whether it runs.

    Times are UTC, durations seconds. `target_s` None means that this kind has no deadline.
    """

    anchor_at: datetime
    target_s: int | None
    spent_s: float = 0.0
    running_since: datetime | None = None
    calendar: str = "24x7"
    generation: int = 1
    outcome: str | None = None  # met | breached | overridden | obsolete
    breached_at: datetime | None = None
    explanation: str = ""
    held_at: datetime | None = None  # a miss that no change of target takes back (C36)
    by_retarget: bool = False  # the change of target itself put the deadline into the past; counted apart
    working_due_at: datetime | None = None  # what is asked for then: one full new target from the change on


class Answer(StrEnum):
    """How a failure compares with something else; whoever does not know says so (never "new")."""

    NOT_COMPARED = "not_compared"
    NEW = "new"  # it is not there
    SEEN = "seen"  # it is there as well, though nothing failed
    ALREADY_RED = "already_red"  # the same failure was there before
    OTHER_RED = "other_red"  # red there too, but not known to be for the same reason
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison: its answer, the sentence that people read, where to look, and whose the failure is there.

    `branch` is the base of the pull request when it was compared, "" where that does not matter.
    """

    answer: Answer = Answer.NOT_COMPARED
    sentence: str = ""
    sha: str = ""
    url: str = ""
    owner: Owner | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether a failure is new, as far as was known when it was judged. It never opens the gate."""

    green: Compared = Compared(sentence="Not compared with a green run.")  # the last of the same job on the base branch
    base: Compared = Compared(sentence="Not compared with a base branch.")  # that a pull request is to be merged into

    @property
    def is_inherited(self) -> bool:
        """Whether the author found it broken: then it is not the author's."""
        return self.base.answer is Answer.ALREADY_RED


class Mode(StrEnum):
    """Whether the gate may hold a merge back, or only says what it would do."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class Permission(StrEnum):
    """Whether the gate may be opened in spite of a failure."""

    NEVER = "never"
    APPROVAL = "approval"
    HOTFIX = "hotfix"  # approval, and only for a critical production hotfix with a ticket


@dataclass(frozen=True, slots=True)
class Override:
    """Whether a failure may be overridden, which policy line says so, and the sentence that people read."""

    permission: Permission
    reason: str
    policy_line: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """What people say a failure is, until they take it back or `lasting` ends it; `was` is what the App said (X73)."""

    category: Category
    by: tuple[Person, ...]
    at: datetime
    was: Category
    owner_was: Party
    kind: str | None = None
    reason: str = ""

    @property
    def names(self) -> str:
        return " and ".join(person.login for person in self.by)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody would call a failure who may not decide it alone; `category` None is the App's own word.

    `counts` says that it is one of the two voices that a secret takes, `security` that it is that role's (C03), `ended`
    why a correction or a voice became a mere proposal.
    """

    category: Category | None
    by: Person
    at: datetime
    kind: str | None = None
    reason: str = ""
    counts: bool = False
    security: bool = False
    ended: str = ""
