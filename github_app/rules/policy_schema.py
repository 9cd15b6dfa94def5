"""The policy file as people write it: `.github/failure-review.yml`, its fields and their meaning."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from github_app.rules.policy_signatures import MOST, NAME, SignatureEntry
from github_app.rules.verdicts import Mode, Permission
from pytest_failure_review.report import Category, is_at_or_below

SCHEMA: Final = 1
FAMILIES: Final = ("test", "security", "infra")
"""Parents of categories; no failure is of them alone, but what they say holds for everything below."""

MAX_DURATION_S: Final = 366 * 24 * 3600
_UNITS: Final = {"m": 60, "h": 3600, "d": 86400}


class Tier(StrEnum):
    """How fast people are told (C05)."""

    IMMEDIATE = "immediate"
    STANDARD = "standard"  # a ticket after four hours at the latest
    DIGEST = "digest"


class SlaClass(StrEnum):
    """What kind of promise a deadline is (S1-057, S1-060, S1-063)."""

    CRITICAL_PATH = "critical_path"
    STANDARD = "standard"
    COMPLEX = "complex"


Case = Literal["critical", "high", "medium", "low", "simple", "complex", "small", "large"]


def seconds_of(text: str) -> int:
    """Read a duration such as `30m`, `4h` or `7d` as seconds; ValueError says what to write instead."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if found is None or (seconds := int(found[1]) * _UNITS[found[2]]) > MAX_DURATION_S:
        raise ValueError(f"`{text}` is no duration: write one such as 30m, 4h or 7d, at most 366d")
    return seconds


def _duration(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("write a duration such as 30m, 4h or 7d")  # noqa: TRY004  (pydantic turns ValueError into a sentence)
    return seconds_of(value)


def _target(value: Any) -> int | str:
    return value if value == "none" else _duration(value)


def _words(value: Any) -> Any:
    """A list may be written as the decision record does: `backend_dev, frontend_dev`."""
    return [word.strip() for word in value.split(",")] if isinstance(value, str) else value


def _without_at(name: str) -> str:
    return name.removeprefix("@")


def _category(name: str) -> str:
    if name in FAMILIES or any(is_at_or_below(name, category) for category in Category):
        return name
    known = ", ".join((*FAMILIES, *Category))
    raise ValueError(f"no such category; use one of {known}, or a kind below one")


def _table_or_value(value: Any) -> str:
    return "table" if isinstance(value, dict) else "value"


T = TypeVar("T")
PerCase = Annotated[
    Annotated[T, Tag("value")] | Annotated[dict[Case, T], Field(min_length=1), Tag("table")],
    Discriminator(_table_or_value),
]
"""One value for all cases, or a table by severity, complexity or size of the regression."""

_DURATION_JSON: Final = {"type": "string", "pattern": "^[1-9][0-9]{0,5}[mhd]$", "examples": ["30m", "4h", "7d"]}
_TARGET_JSON: Final = {**_DURATION_JSON, "pattern": "^(none|[1-9][0-9]{0,5}[mhd])$"}

ROLE: Final = r"^[a-z][a-z0-9_]{0,63}$"
CATEGORY: Final = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"
LOGIN: Final = r"^@?[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$"
TEAM: Final = r"^@?[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+$"
LINK: Final = r"^https?://[^\s<>\"']+$"
SLACK: Final = r"^[#@]?[\w.-]{1,80}$"
LINEAR: Final = r"^[A-Za-z0-9_-]{1,64}$"
RESOLUTION: Final = r"^C[0-9]{2}$"

SHAPES: Final = {
    ROLE: "a role is a word of small letters, digits and `_`, such as backend_dev",
    CATEGORY: "a category is words with dots between them, such as build.compile",
    LOGIN: "this is no GitHub login",
    TEAM: "a team is written as organisation/team",
    LINK: "a link starts with https:// and has no spaces",
    SLACK: "a Slack channel is written as `#channel`",
    LINEAR: "a Linear team is written by its key, such as ENG",
    RESOLUTION: "a resolution is written as C01",
    NAME: "this is a word of small letters, digits, `-` and `_`, such as flaky-vpn",
}
"""What a text has to look like, in the words of the person who wrote something else."""

Duration = Annotated[int, BeforeValidator(_duration), WithJsonSchema(_DURATION_JSON)]
Target = Annotated[int | Literal["none"], BeforeValidator(_target), WithJsonSchema(_TARGET_JSON)]
Role = Annotated[str, Field(pattern=ROLE)]
_WORDS_JSON: Final = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}
Roles = Annotated[list[Role], Field(min_length=1), BeforeValidator(_words), WithJsonSchema(_WORDS_JSON)]
CategoryName = Annotated[str, Field(pattern=CATEGORY, max_length=128), AfterValidator(_category)]
Login = Annotated[str, Field(pattern=LOGIN), AfterValidator(_without_at)]
Team = Annotated[str, Field(pattern=TEAM), AfterValidator(_without_at)]
Glob = Annotated[str, Field(min_length=1, max_length=256)]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]
Link = Annotated[str, Field(pattern=LINK, max_length=500)]


class Entry(BaseModel):
    """A mapping of the policy file; a key that is not listed is a mistake, not something to ignore."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


class CategoryEntry(Entry):
    """What holds for a category, or for a kind below one; what is not said comes from the category above."""

    owner: PerCase[Roles] | None = Field(None, description="Roles: the first is accountable, the rest are informed.")
    inform: PerCase[Roles] | None = Field(None, description="Further roles that are told of every such failure.")
    sla: PerCase[Target] | None = Field(None, description="Time to resolution, or `none`.")
    at_risk: PerCase[Duration] | None = Field(None, description="When to warn once that the deadline is at risk.")
    sla_class: PerCase[Annotated[SlaClass, Field(strict=False)]] | None = Field(
        None, alias="class", description="Which kind of promise the deadline is."
    )
    tier: PerCase[Annotated[Tier, Field(strict=False)]] | None = Field(None, description="How fast people are told.")
    override: PerCase[Annotated[Permission, Field(strict=False)]] | None = Field(
        None, description="Whether the gate may be opened in spite of the failure."
    )
    why: PerCase[Sentence] | None = Field(None, description="The reason that people read with the override rule.")
    needs: PerCase[list[Sentence]] | None = Field(None, description="What a request for an override must state.")
    approver: PerCase[Role] | None = Field(None, description="The role that approves, beside QA who validates.")
    runbook: PerCase[Link] | None = Field(None, description="Where the response procedure is written down.")
    blocks_all: PerCase[bool] | None = Field(None, description="Whether it holds up all development.")
    qa: PerCase[Sentence] | None = Field(None, description="What QA does about the fix.")
    source: dict[str, Sentence] = Field(default_factory=dict, description="Where each value comes from.")


class RoleEntry(Entry):
    """Who fills a role of the matrix here."""

    users: list[Login] = Field(default_factory=list)
    teams: list[Team] = Field(default_factory=list, description="As `organisation/team`.")
    slack: Annotated[str, Field(pattern=SLACK)] | None = None
    linear_team: Annotated[str, Field(pattern=LINEAR)] | None = None


class FallbackEntry(Entry):
    """Who is responsible when a role is filled by nobody."""

    users: list[Login] = Field(default_factory=list)
    teams: list[Team] = Field(default_factory=list)


class GateEntry(Entry):
    """Which jobs count for the gate; patterns are compared with `workflow / job` and with the job's name."""

    jobs: list[Glob] | None = None
    ignore: list[Glob] | None = None
    settle: Duration | None = Field(None, description="How long to wait for a first job.")


class EvidenceEntry(Entry):
    """What else tells why a job failed, beside its log and the artifacts of our own Action."""

    artifacts: Annotated[list[Glob], Field(max_length=20)] = Field(
        default_factory=list,
        description="Names of artifacts that hold test reports, scans or benchmarks, such as `test-results*`.",
    )


class ContractsEntry(Entry):
    """The descriptions of the repository's API: when generated files have drifted, what changed in them is told."""

    openapi: Annotated[list[Annotated[str, Field(min_length=1, max_length=500)]], Field(max_length=3)] = Field(
        default_factory=list, description="Paths of OpenAPI documents, JSON or YAML, of at most 1 MB each."
    )
    components: dict[Glob, Sentence] = Field(
        default_factory=dict, description="Pattern on names of schemas to the component that uses them."
    )


class VerificationEntry(Entry):
    """What proves a fix beside the job that had failed; patterns are compared as those of `gate`."""

    contract_checks: Annotated[list[Glob], Field(max_length=20)] = Field(
        default_factory=list,
        description="Checks of the API's contract: once all of them are green, a drift counts as verified.",
    )
    test_jobs: Annotated[list[Glob], Field(max_length=20)] = Field(
        default_factory=list,
        description="The jobs that run tests, which a fixed build has to pass; without it their names tell.",
    )


Routed = Literal[
    "security_secrets",
    "infrastructure_critical",
    "generator_drift",
    "test_failures",
    "build_errors",
    "security_standard",
    "performance_regression",
    "complex_integration",
]
Domain = Literal["generator_drift", "security_scan", "test_failure", "infrastructure", "build_error", "performance"]


class RoutingEntry(Entry):
    """The decision record's tiers; `investigation` is tier standard with class complex (C05).

    The names mean: security_secrets `security.secret`; infrastructure_critical `infra.runner` and `infra.database`;
    test_failures `test`; build_errors `build`; security_standard `security.vulnerability` of high and medium severity;
    performance_regression `performance` from the limit on; complex_integration `test.integration`.
    """

    immediate: list[Routed] = Field(default_factory=list)
    standard: list[Routed] = Field(default_factory=list)
    investigation: list[Routed] = Field(default_factory=list)


class DetectionEntry(Entry):
    """The decision record's own block (S1-080 to S1-088): owners per domain and tiers per kind, under its names.

    The domains mean: security_scan `security`; test_failure `test`; infrastructure `infra`; build_error `build`. What
    `categories` says about a category wins over what the block says about its family (C14).
    """

    categorization: list[Annotated[dict[Domain, Roles], Field(min_length=1)]] = Field(default_factory=list)
    notification_routing: RoutingEntry = Field(default_factory=RoutingEntry)


class Document(Entry):
    """The whole policy file.

    What it does not say comes from the organisation's file or the built-in matrix.
    """

    version_of_schema: Literal[1] = Field(SCHEMA, alias="schema", description="Version of this format.")
    name: Sentence | None = None
    version: Sentence | None = None
    decided_on: Annotated[date, Field(strict=False)] | None = None
    participants: list[Sentence] | None = None
    status: Sentence | None = None
    related: list[Sentence] | None = None
    review_by: Annotated[date, Field(strict=False)] | None = None
    mode: Annotated[Mode, Field(strict=False)] | None = None
    gate: GateEntry = Field(default_factory=GateEntry)
    evidence: EvidenceEntry = Field(default_factory=EvidenceEntry)
    contracts: ContractsEntry = Field(default_factory=ContractsEntry)
    verification: VerificationEntry = Field(default_factory=VerificationEntry)
    roles: dict[Role, RoleEntry] = Field(default_factory=dict)
    fallback: FallbackEntry | None = None
    categories: dict[CategoryName, CategoryEntry] = Field(default_factory=dict)
    signatures: Annotated[list[SignatureEntry], Field(max_length=MOST)] = Field(
        default_factory=list, description="Lines by which tools of your own say that they failed."
    )
    components: dict[Glob, Role] = Field(default_factory=dict, description="Benchmark or path pattern to role.")
    protected_paths: dict[Role, list[Glob]] = Field(default_factory=dict, description="No override is given here.")
    schema_paths: list[Glob] | None = Field(None, description="A change here makes a database failure complex.")
    regression_limit_percent: Annotated[Decimal, Field(strict=False, gt=0, le=1000)] | None = None
    confirmed: list[Annotated[str, Field(pattern=RESOLUTION)]] = Field(default_factory=list)
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    failure_detection: DetectionEntry | None = None
    source: dict[str, Sentence] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the policy file, for editors."""
    schema = Document.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Failure Review policy (.github/failure-review.yml)",
        **{key: value for key, value in schema.items() if key != "title"},
    }
