"""The report format and its vocabulary: the one contract between the plugin and the App.

It imports no pytest and nothing of the App, so that either side can change alone.
"""

# No `from __future__ import annotations`: of these shapes' fields each would be compiled apart, at every start.

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, Literal, NotRequired, TypedDict

from .report_checkpoints import Afterwards as Afterwards  # noqa: PLC0414  (shapes of the format, told here)
from .report_checkpoints import Checkpoint as Checkpoint  # noqa: PLC0414
from .report_checkpoints import Kind as Kind  # noqa: PLC0414
from .report_checkpoints import StoredFile as StoredFile  # noqa: PLC0414

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


_CATEGORY: Final = re.compile(r"[a-z_]+(\.[a-z_0-9-]+)*")


def is_at_or_below(category: str, ancestor: str) -> bool:
    """Whether `category` is `ancestor` or a kind below it (`build.compile` is below `build`)."""
    return category == ancestor or category.startswith(f"{ancestor}.")


def is_category(value: Any) -> bool:
    """Whether the value is a category or a kind below one, written as records may carry it."""
    return (
        isinstance(value, str)
        and _CATEGORY.fullmatch(value) is not None
        and any(is_at_or_below(value, known) for known in Category)
    )


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


def rank(category: str) -> int:
    """The place of a category in `WORST_FIRST`: the lower, the sooner a reader should hear of it."""
    matching = [place for place, known in enumerate(WORST_FIRST) if is_at_or_below(category, known)]
    return max(matching, default=WORST_FIRST.index(Category.UNKNOWN))


def worst(categories: Iterable[str]) -> str:
    """The category of which a wrong guess would cost most; an empty text when there is none."""
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


class Git(TypedDict):
    """What was checked out."""

    sha: str
    dirty: bool
    """Whether tracked files were changed since."""


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
    rootdir: NotRequired[str]
    """pytest's rootdir relative to the repository, with slashes; `.` when they are the same. Node ids start there."""
    git: NotRequired[Git | None]
    """None where git knows nothing of the folder."""
    dist: NotRequired[str]
    """pytest-xdist's way of handing out tests, or `no`."""
    seeds: NotRequired[dict[str, str]]
    """What must be set again to see the same run: `PYTHONHASHSEED`, `randomly`, `xdist` worker count and the like."""
    program: NotRequired[str]
    """How pytest was started: `pytest`, or `python -m pytest`, which looks for modules in the current folder too."""
    replay: NotRequired[str]
    """The command that would run the file's first failure again: that of a test in which this process dies."""


class Owner(TypedDict):
    """Who answers for the test, and where that is written."""

    names: list[str]
    """`@user`, `@org/team`, an address or a role; empty when nobody is named."""
    source: str
    """`marker`, `rules`, `hook`, the CODEOWNERS file's path, or `matrix`, whose names are roles."""
    line: int | None


class Frame(TypedDict):
    """One step of the traceback, outermost first."""

    path: str
    """Relative to the repository, with slashes, when `in_repo`; else as Python gives it."""
    line: int
    function: str
    in_repo: bool


class Cause(TypedDict):
    """One exception of a chain or of a group."""

    type: str
    """Qualified, as in `Failure.exception`."""
    message: str


class Fixture(TypedDict):
    """The fixture whose function the traceback passes through."""

    name: str
    scope: str


class Sla(TypedDict):
    """How soon it must be fixed, as the test run can know it: the deadline itself is the App's."""

    hours: float
    tier: str
    """How fast people are told: `immediate`, `standard` or `digest`."""
    source: NotRequired[str]
    """Where the hours come from: `marker`, `rules`, `hook` or `matrix`."""


class Failure(TypedDict):
    """One failing phase of one attempt of one test; a test that also fails in teardown has two.

    Keyed by (nodeid, phase, attempt, worker); sub-tests share a key and differ in message. When a file cannot be
    collected every worker says so: of records with phase `collect`, one per nodeid counts.
    """

    record: Literal["failure"]
    nodeid: str
    node_hash: NotRequired[str]
    """Of the node id as pytest gives it: the same in every run, also where a secret was taken out of `nodeid`."""
    phase: Literal["collect", "setup", "call", "teardown"]
    attempt: int
    """1, or which try it was under pytest-rerunfailures, pytest-retry or flaky."""
    worker: str
    outcome: Literal["failed", "error", "crashed", "interrupted"]
    """`failed` in call, `error` in other phases, `crashed` when its process died, `interrupted` when it was stopped."""
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
    line: int | None
    """From 1; None when the process died and the test's file does not say where it stands."""
    frames: list[Frame]
    text: str
    """The end of the traceback as pytest shows it, without local variables."""
    fingerprint: str
    """Equal for failures that look the same apart from numbers, paths, quoted values and line numbers."""
    fingerprint_root: NotRequired[str]
    """The coarser one: equal for failures with the same root exception and message, wherever they were raised."""
    group: NotRequired[str]
    """Equal for records of one cause: call and teardown of one test, or all tests that one shared fixture failed."""
    chain: NotRequired[list[Cause]]
    """Root first."""
    leaves: NotRequired[list[Cause]]
    """The leaves of exception groups."""
    crash_line: NotRequired[str]
    """`path:line: Type`, what an editor jumps to; without the line where that is not known."""
    fixture: NotRequired[Fixture | None]
    fixtures: NotRequired[list[str]]
    """Names of all fixtures that the test uses."""
    params: NotRequired[dict[str, str]]
    markers: NotRequired[list[str]]
    suspect: NotRequired[Owner | None]
    """Who owns the deepest frame in the repository that is no test's; None when there is no such frame."""
    suspect_path: NotRequired[str]
    sla_terms: NotRequired[Sla | None]
    checkpoints: NotRequired[list[Checkpoint]]
    captured: NotRequired[dict[str, str]]
    """Ends of what was captured, by section: `stdout`, `stderr`, `log`."""
    locals: NotRequired[dict[str, str]]
    """Of the deepest frame in the repository; only with `failure_review_locals = true`."""
    before: NotRequired[list[str]]
    """Tests that ran in the same process before it and after the failure before it, oldest first; at most 200."""
    evidence: NotRequired[dict[str, Any]]
    """What hooks added."""
    notes: NotRequired[list[str]]
    """What could not be read or was not used, in sentences: a hook that raised, an object that cannot be shown."""
    replay: NotRequired[str]
    """The exact command that runs this test again as it was."""
    duration: NotRequired[float]
    """Seconds that the failing phase took."""


class Flaky(TypedDict):
    """A test that passed in the end, after attempts that did not; its failing attempts are failure records."""

    record: Literal["flaky"]
    nodeid: str
    worker: str
    attempts: int
    """All of them, the passing one included."""


class Crash(TypedDict):
    """A process that died while a test ran; written by whoever outlived it."""

    record: Literal["crash"]
    worker: str
    nodeid: str
    """The test that ran; empty when none did."""
    phase: str
    how: str
    """In words: the signal, the exit status, or that it is not known."""
    c_stack: str
    """What faulthandler wrote, or empty."""
    last_checkpoint: str
    """The newest label, or empty."""
    attempt: NotRequired[int]
    """Which try of the test it was."""
    before: list[str]
    """The tests that ran before it in the same process, oldest first, at most 256."""


class Group(TypedDict):
    """What one cause did beyond its first failure record: the tests it failed stand here, not in their own records."""

    record: Literal["group"]
    group: str
    count: int
    """How many failures, the recorded one included."""
    nodeids: list[str]
    """The first of them."""


class Gate(TypedDict):
    """A named quality gate and how it ended (S2-059 to S2-062): `pytest` at the end of a run, others in their own file.

    Of several with one name in a file the last counts: a gate stands there as failed from its start.
    """

    record: Literal["gate"]
    name: str
    passed: bool
    summary: str
    """One sentence."""
    details: dict[str, Any]


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
    """pytest's exit status; of a file of gates the worst of theirs."""
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


Record = Start | Failure | Afterwards | Flaky | Crash | Group | Gate | Finish | Internal
