"""The report format and its vocabulary: the one contract between the plugin and the App.

It imports no pytest and nothing of the App, so that either side can change alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, Literal, TypedDict

SCHEMA: Final = 1
"""Version of the report's records; a reader refuses a higher one and ignores unknown fields."""

FILE_PREFIX: Final = "failure-review"
"""Report files are `failure-review-<run>-<worker>.jsonl`; artifacts `failure-review-<job>-<index>-<attempt>`."""


class Category(StrEnum):
    """What kind of failure it is. A policy may name kinds below these, separated by dots (`build.compile.cpp`)."""

    GENERATOR_DRIFT = "generator_drift"
    TEST_UNIT = "test.unit"
    TEST_INTEGRATION = "test.integration"
    TEST_DATABASE = "test.database"
    SECURITY_SECRET = "security.secret"  # noqa: S105  (a category, not a password)
    SECURITY_VULNERABILITY = "security.vulnerability"
    INFRA_RUNNER = "infra.runner"
    INFRA_CONTAINER = "infra.container"
    INFRA_DATABASE = "infra.database"
    INFRA_NETWORK = "infra.network"
    INFRA_TEST_ENVIRONMENT = "infra.test_environment"
    BUILD = "build"
    BUILD_COMPILE = "build.compile"
    BUILD_LINT = "build.lint"
    BUILD_DEPENDENCIES = "build.dependencies"
    PERFORMANCE = "performance"
    UNKNOWN = "unknown"


class State(StrEnum):
    """Why there is no category to speak of; stands beside `Category.UNKNOWN`, never instead of it."""

    NO_LOG = "no_log"
    NO_MATCH = "no_match"
    NOT_RUN = "not_run"
    CANCELLED = "cancelled"
    AWAITING_APPROVAL = "awaiting_approval"


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def is_at_or_below(category: str, ancestor: str) -> bool:
    """Whether `category` is `ancestor` or a kind below it (`build.compile` is below `build`)."""
    return category == ancestor or category.startswith(f"{ancestor}.")


WORST_FIRST: Final = (
    Category.SECURITY_SECRET,
    Category.SECURITY_VULNERABILITY,
    Category.GENERATOR_DRIFT,
    Category.UNKNOWN,
    Category.TEST_DATABASE,
    Category.BUILD,
    Category.BUILD_COMPILE,
    Category.BUILD_DEPENDENCIES,
    Category.BUILD_LINT,
    Category.TEST_INTEGRATION,
    Category.TEST_UNIT,
    Category.PERFORMANCE,
    Category.INFRA_DATABASE,
    Category.INFRA_RUNNER,
    Category.INFRA_CONTAINER,
    Category.INFRA_NETWORK,
    Category.INFRA_TEST_ENVIRONMENT,
)
"""Categories by how little a wrong guess may cost: what must never be waved through stands first (T15)."""


def worst(categories: Iterable[str]) -> str:
    """The category that a reader should hear of first; an empty sentence when there is none."""

    def rank(category: str) -> int:
        matching = [place for place, known in enumerate(WORST_FIRST) if is_at_or_below(category, known)]
        return max(matching, default=WORST_FIRST.index(Category.UNKNOWN))

    return min(categories, key=rank, default="")


class GitHub(TypedDict):
    """Where the run says it ran, as the runner's GITHUB_* variables tell; a claim, to be checked against GitHub (T16).

    `sha` is GITHUB_SHA: on `pull_request` events the merge commit, not the head of the branch.
    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """

    repository: str
    run_id: str
    run_attempt: str
    job: str
    sha: str
    workflow: str


class Start(TypedDict):
    """First record of every file."""

    record: Literal["start"]
    schema: int
    run_id: str
    """The same in all files of one run: 16 hexadecimal digits."""
    worker: str
    """`main`, or the name that pytest-xdist gave the worker (`gw0`)."""
    started_at: str
    """UTC, ISO 8601 with seconds, ending in Z."""
    python: str
    platform: str
    pytest: str
    plugin: str
    argv: list[str]
    github: GitHub | None
    """None when the run is not one of GitHub Actions."""


class Owner(TypedDict):
    """Who answers for the test, and where that is written."""

    names: list[str]
    """`@user`, `@org/team` or an address; empty when nobody is named."""
    source: str
    """`marker`, the CODEOWNERS file's path, or empty when neither names anybody."""
    line: int | None


class Frame(TypedDict):
    """One step of the traceback, outermost first."""

    path: str
    """Relative to the repository, with slashes, when `in_repo`; else as Python gives it."""
    line: int
    function: str
    in_repo: bool


class Failure(TypedDict):
    """One failing phase of one attempt of one test; a test that also fails in teardown has two.

    Keyed by (nodeid, phase, attempt, worker); sub-tests share a key and differ in message. When a file cannot be
    collected every worker says so: of records with phase `collect`, one per nodeid counts.
    """

    record: Literal["failure"]
    nodeid: str
    phase: Literal["collect", "setup", "call", "teardown"]
    attempt: int
    """1, or which try it was under pytest-rerunfailures."""
    worker: str
    outcome: Literal["failed", "error", "crashed", "interrupted"]
    """`failed` in call, `error` in other phases, `crashed` when its worker died, `interrupted` when it was stopped."""
    category: str
    rule: str
    """Why this category, in words."""
    confidence: float
    """0 to 1."""
    owner: Owner
    sla: str | None
    """The marker's `sla=` as it was written; the App alone sets deadlines."""
    exception: str
    """Qualified type of the exception at the root of the chain; empty when nothing was raised."""
    message: str
    path: str
    """Where to point at: the deepest frame in the repository, else the test. Relative to the repository."""
    line: int
    """From 1."""
    frames: list[Frame]
    text: str
    """The end of the traceback as pytest shows it, without local variables."""
    fingerprint: str
    """Equal for failures that look the same apart from numbers, paths, quoted values and line numbers."""


class Counts(TypedDict):
    """What happened to the tests, counted as pytest's last line does."""

    passed: int
    failed: int
    error: int
    skipped: int
    xfailed: int
    xpassed: int


class Finish(TypedDict):
    """Last record of every file; a file without it belongs to a process that died."""

    record: Literal["finish"]
    exit_status: int
    """pytest's exit status."""
    counts: Counts
    """In the file of `main` those of the whole run, in a worker's file its own part of them."""
    failures: int
    """How many failure records this file holds."""
    truncated: int
    """How many more were seen after the file had reached `MAX_FILE_BYTES`."""
    redactions: int
    """How many values were replaced by `***`."""
    sha256: str
    """Of all bytes of the file before this record, hexadecimal."""


class Internal(TypedDict):
    """The plugin itself failed; at most one per file. The run went on without it."""

    record: Literal["internal"]
    where: str
    error: str


Record = Start | Failure | Finish | Internal

MAX_FIELD_BYTES: Final = 16 * 1024
"""A longer string keeps its beginning and its end."""
MAX_RECORD_BYTES: Final = 64 * 1024
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""Later failures are counted, not written; all files of a run must fit into the artifact that the App reads (T17)."""

# Bytes per string and items per list, tried in order; the tightest makes every record fit.
_CAPS: Final = ((MAX_FIELD_BYTES, 200), (4096, 50), (1024, 20))
_TIGHTEST: Final = (256, 8)


def encode(record: Record) -> bytes:
    """The record as one line of ASCII JSON, at most `MAX_RECORD_BYTES` long."""
    for string_bytes, items in _CAPS:
        line = _line(_capped(record, string_bytes, items))
        if len(line) <= MAX_RECORD_BYTES:
            return line
    return _line(_capped(record, *_TIGHTEST))


def _line(record: Any) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


def _capped(value: Any, string_bytes: int, items: int) -> Any:
    if isinstance(value, str):
        return cut(value, string_bytes)
    if isinstance(value, Mapping):
        return {key: _capped(item, string_bytes, items) for key, item in value.items()}
    if isinstance(value, list):
        kept = value if len(value) <= items else value[: items // 2] + value[-(items // 2) :]
        return [_capped(item, string_bytes, items) for item in kept]
    return value


def cut(text: str, limit: int) -> str:
    """The text, or its first third and its end, so that its JSON takes at most `limit` bytes (quotes not counted)."""
    shown, keep = text, min(limit - 16, len(text))
    while len(shown) > limit or len(json.dumps(shown)) - 2 > limit:
        head = keep // 3
        shown = f"{text[:head]}\n... cut ...\n{text[len(text) - (keep - head) :]}"
        keep = keep * 3 // 4
    return shown
