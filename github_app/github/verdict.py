"""The machine-readable verdict in the gate's text: what other programs read, published as JSON Schema."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from github_app.rules.around import Around
from github_app.rules.comparison import NAMED
from github_app.rules.gate import Gate
from github_app.rules.impact import Impact
from github_app.rules.records import Failure
from github_app.rules.sla import deadline
from github_app.rules.verdicts import Answer, Party, Permission

SCHEMA = 1


class ComparedVerdict(BaseModel):
    """How the failure compares: `new`, `seen`, `already_red`, `other_red`, `not_run` or `not_compared`."""

    model_config = ConfigDict(extra="forbid")

    green: Answer = Field(description="with the last green run of the job on the base branch")
    base: Answer = Field(description="with the branch that the pull request is to be merged into")
    elsewhere: list[int] = Field([], description="other people's pull requests of the last 7 days with this failure")
    flips: int = Field(0, description="times in the last 7 days that it was red and then green on one commit")


class ImpactVerdict(BaseModel):
    """Whom the failure holds up, this pull request included."""

    model_config = ConfigDict(extra="forbid")

    pulls: list[int]
    branches: list[str]
    teams: list[str] = Field(description="owners of what is held up")
    everybody: bool = Field(description="whether all development is held up")


class CorrectionVerdict(BaseModel):
    """What people said, and what the App had said."""

    model_config = ConfigDict(extra="forbid")

    by: list[str] = Field(description="logins")
    at: datetime
    reason: str
    was: str = Field(description="the category that the App had found")
    was_because: str


class FailureVerdict(BaseModel):
    """One failure; names are roles, logins and teams, times are UTC."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="stands in the address of the failure's page")
    job: str
    category: str
    subcategory: str | None
    severity: str | None
    owner: str = Field(description="exactly one accountable party")
    informed: list[str]
    deadline: datetime | None = Field(description="null: no deadline, or the clock stands still")
    override: Permission
    reason: str
    fingerprint: str
    compared: ComparedVerdict | None = None
    impact: ImpactVerdict | None = None
    corrected: CorrectionVerdict | None = Field(None, description="null: the category is the App's own")


class GateVerdict(BaseModel):
    """The gate of one commit."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(SCHEMA, serialization_alias="schema", description="of this format; refuse a higher one")
    head_sha: str
    conclusion: Literal["success", "failure", "neutral"] | None = Field(
        description="null while the gate is in progress"
    )
    failures: list[FailureVerdict]
    omitted: int = Field(0, description="failures left out because the text has a limit")


def verdict_json(gate: Gate, limit: int) -> str:
    """Return the verdict as JSON of at most `limit` bytes; failures that do not fit are counted as omitted.

    It is ASCII without backticks, angle brackets and ampersands, so nothing in it can end the block that it stands in.
    """
    shown = [_failure(failure, gate.around.get(failure.id)) for failure in gate.failures]
    total = len(shown)
    while True:
        verdict = GateVerdict(
            version=SCHEMA,
            head_sha=gate.sha,
            conclusion=gate.conclusion,
            failures=shown,
            omitted=total - len(shown),
        )
        text = json.dumps(verdict.model_dump(mode="json", by_alias=True), indent=1)
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("`", "\\u0060")
        if len(text) <= limit or not shown:
            return text
        shown = shown[: len(shown) * 3 // 4]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the verdict."""
    schema = GateVerdict.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _failure(failure: Failure, around: Around | None) -> FailureVerdict:
    verdict = failure.verdict
    return FailureVerdict(
        id=failure.id,
        job=f"{failure.workflow} / {failure.job}" if failure.workflow else failure.job,
        category=verdict.category,
        subcategory=verdict.subcategory,
        severity=verdict.severity,
        owner=_name(failure.owner.accountable),
        informed=[_name(party) for party in failure.owner.informed],
        deadline=deadline(failure.clock),
        override=failure.override.permission,
        reason=verdict.reason,
        fingerprint=failure.fingerprint,
        compared=_compared(failure, around) if around else None,
        impact=_impact(failure, around.impact) if around else None,
        corrected=_corrected(failure),
    )


def _compared(failure: Failure, around: Around) -> ComparedVerdict:
    told = failure.comparison
    others = list(around.elsewhere.pulls[:NAMED])
    return ComparedVerdict(green=told.green.answer, base=told.base.answer, elsewhere=others, flips=around.flips)


def _impact(failure: Failure, told: Impact) -> ImpactVerdict:
    return ImpactVerdict(
        pulls=list(told.pulls[: NAMED + 1]),
        branches=list(told.branches[:NAMED]),
        teams=list(told.teams[:NAMED]),
        everybody=told.everybody is not None or failure.blocks_all,
    )


def _corrected(failure: Failure) -> CorrectionVerdict | None:
    word, machine = failure.correction, failure.machine
    if word is None or machine is None:
        return None
    by = [person.login for person in word.by]
    return CorrectionVerdict(by=by, at=word.at, reason=word.reason, was=machine.category, was_because=machine.reason)


def _name(party: Party) -> str:
    return ", ".join(party.names)
