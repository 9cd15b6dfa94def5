"""Says what kind of failure it is, by which rule, and how sure that is.

The first that knows decides: the marker, the project's rules, a hook, the types of the exceptions (of the root of the
chain alone where that is a failed assertion), the fixture that failed, the folder of the test, a failed assertion or
whatever else the code raised; else `unknown`. Types are compared by name, so that no database driver is imported to be
recognised.
Messages are read by the project's own rules only (and pytest-timeout's, which has no type): whoever writes a test
writes its messages, and a word in one must not make a broken test the infrastructure's (T15).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from .exceptions import ancestry, is_group, qualified_name
from .marker import MISREAD
from .report import Category, is_category


class Facts(NamedTuple):
    """All that a category is decided from."""

    exceptions: Sequence[BaseException]
    """The chain from its root to what pytest caught, then the leaves of its groups."""
    phase: str
    path: str
    """The test's file, relative to the repository."""
    fixture: tuple[str, str] | None = None
    """Name and scope of the fixture whose code was running in setup or teardown."""
    marked: str | None = None
    """What `@pytest.mark.failure_review(category=...)` says."""
    crashed: bool = False
    """The process that ran it died."""
    interrupted: bool = False
    """Ctrl-C or `pytest.exit` ended the run while the test ran."""
    snapshot: str = ""
    """The fixture of `SNAPSHOTS` that the test compares with, or empty."""


class Verdict(NamedTuple):
    """A category with the rule that chose it, in words, and how sure it is, from 0 to 1."""

    category: str
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a name in the exception's ancestry and, if `codes` are given, the start of its code.

    A name that begins with `*.` is one of any module.
    """

    names: tuple[str, ...]
    category: Category
    confidence: float
    words: str
    codes: tuple[str, ...] = ()
    phase: str = ""


# PostgreSQL's error codes: none (the server was never reached), connection lost, shutting down, too many connections.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_AWAY: Final = ("", "08", "57P", "53300")
# https://dev.mysql.com/doc/mysql-errors/8.4/en/client-error-reference.html and 1040, too many connections
_MYSQL_AWAY: Final = ("1040", "2002", "2003", "2005", "2006", "2013")
_NO_SPACE_OR_HANDLES: Final = ("ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM")

# First match wins, so the narrower line stands first: a refused connection inside a driver's error is the database.
TABLE: Final = (
    Row(("ImportError",), Category.BUILD_DEPENDENCIES, 0.8, "an import failed while collecting", phase="collect"),
    Row(("SyntaxError",), Category.BUILD_COMPILE, 0.95, "the file is not valid Python", phase="collect"),
    Row(("sqlite3.Error",), Category.TEST_DATABASE, 0.9, "SQLite refused; it has no server that could be away"),
    Row(
        ("psycopg.OperationalError", "psycopg2.OperationalError"),
        Category.INFRA_DATABASE,
        0.9,
        "PostgreSQL could not be reached or went away",
        _POSTGRES_AWAY,
    ),
    Row(
        ("asyncpg.exceptions._base.PostgresError",),
        Category.INFRA_DATABASE,
        0.9,
        "PostgreSQL could not be reached or went away",
        _POSTGRES_AWAY[1:],
    ),
    Row(
        ("pymysql.err.OperationalError", "MySQLdb.OperationalError"),
        Category.INFRA_DATABASE,
        0.9,
        "MySQL could not be reached or went away",
        _MYSQL_AWAY,
    ),
    Row(
        (
            "psycopg.Error",
            "psycopg2.Error",
            "asyncpg.exceptions._base.PostgresError",
            "pymysql.err.Error",
            "MySQLdb.Error",
        ),
        Category.TEST_DATABASE,
        0.9,
        "the database answered with an error",
    ),
    Row(
        (
            "sqlalchemy.exc.OperationalError",
            "sqlalchemy.exc.InterfaceError",
            "django.db.utils.OperationalError",
            "pymongo.errors.ConnectionFailure",
            "redis.exceptions.ConnectionError",
        ),
        Category.INFRA_DATABASE,
        0.8,
        "the database could not be reached",
    ),
    Row(
        (
            "sqlalchemy.exc.DBAPIError",
            "django.db.utils.Error",
            "pymongo.errors.PyMongoError",
            "redis.exceptions.RedisError",
        ),
        Category.TEST_DATABASE,
        0.8,
        "the database answered with an error",
    ),
    # Every Python database driver names its errors alike: https://peps.python.org/pep-0249/#exceptions
    Row(
        ("*.OperationalError", "*.InterfaceError"),
        Category.INFRA_DATABASE,
        0.7,
        "a database driver could not work with its server",
    ),
    Row(
        ("docker.errors.DockerException", "testcontainers.core.exceptions.ContainerStartException"),
        Category.INFRA_CONTAINER,
        0.85,
        "a container could not be started or reached",
    ),
    Row(
        ("selenium.common.exceptions.SessionNotCreatedException",),
        Category.INFRA_TEST_ENVIRONMENT,
        0.8,
        "the browser did not start",
    ),
    Row(
        ("OSError",),
        Category.INFRA_RUNNER,
        0.85,
        "the machine ran out of space, memory or handles",
        _NO_SPACE_OR_HANDLES,
    ),
    Row(("MemoryError",), Category.INFRA_RUNNER, 0.7, "the machine ran out of memory"),
    Row(
        (
            "ConnectionError",
            "socket.gaierror",
            "requests.exceptions.ConnectionError",
            "requests.exceptions.Timeout",
            "urllib3.exceptions.HTTPError",
            "botocore.exceptions.HTTPClientError",
            "aiohttp.client_exceptions.ClientConnectionError",
            "httpx.TransportError",
        ),
        Category.INFRA_NETWORK,
        0.7,
        "a connection failed",
    ),
    Row(("TimeoutError",), Category.INFRA_NETWORK, 0.5, "waiting for an answer took too long"),
    Row(
        ("hypothesis.errors.DeadlineExceeded", "*.PerformanceRegression"),
        Category.PERFORMANCE,
        0.8,
        "it took longer than it may",
    ),
    Row(
        ("*.TaintedSnapshotError", "*.SnapshotNotFound"),
        Category.GENERATOR_DRIFT,
        0.7,
        "a stored snapshot is not as it was",
    ),
    Row(("Failed",), Category.PERFORMANCE, 0.6, "pytest-timeout stopped the test", ("timeout",)),
)

_PLACES: Final[dict[str, list[int]]] = {}
for _place, _row in enumerate(TABLE):
    for _known in _row.names:
        _PLACES.setdefault(_known, []).append(_place)

SNAPSHOTS: Final = {
    "snapshot": ("syrupy", "pytest_insta", "pytest_snapshot", "snapshottest"),
    **dict.fromkeys(("data_regression", "file_regression", "num_regression"), ("pytest_regressions",)),
}
"""Fixtures that compare with what is stored, and the packages that bring them; their failures are plain assertions."""

FOLDERS: Final = {
    "unit": Category.TEST_UNIT,
    "integration": Category.TEST_INTEGRATION,
    "e2e": Category.TEST_INTEGRATION,
    "db": Category.TEST_DATABASE,
    "database": Category.TEST_DATABASE,
    "migrations": Category.TEST_DATABASE,
    "security": Category.SECURITY_VULNERABILITY,
    "performance": Category.PERFORMANCE,
    "benchmarks": Category.PERFORMANCE,
}

_ASSERTIONS: Final = frozenset({"AssertionError", "Failed"})
_STOPS: Final = frozenset({"KeyboardInterrupt", "_pytest.outcomes.Exit"})
_SHARED_SCOPES: Final = frozenset({"session", "package", "module"})


def categorise(facts: Facts, said: Iterable[Verdict] = ()) -> Verdict:
    """The verdict of the first that knows the failure; never none. `said` is what rules and hooks say, in order."""
    doubt = ""
    if facts.marked is not None:
        if is_category(facts.marked):
            return Verdict(facts.marked, "the test's failure_review marker", 1.0)
        doubt = f" ({MISREAD}names {facts.marked!r}, which is no category)"
    verdict = next(iter(said), None) or _judge(facts)
    return Verdict(verdict.category, verdict.rule + doubt, verdict.confidence)


def _judge(facts: Facts) -> Verdict:
    if facts.crashed:
        return Verdict(Category.INFRA_RUNNER, "the process died while running it", 0.5)
    if facts.interrupted or _stopped_all(facts.exceptions):
        return Verdict(Category.UNKNOWN, "the run was interrupted while it ran", 0.0)
    return (
        _by_exception(facts)
        or _by_snapshot(facts)
        or _by_fixture(facts)
        or _by_folder(facts)
        or _by_assertion(facts)
        or Verdict(Category.UNKNOWN, "no rule knows this failure", 0.0)
    )


def _stopped_all(exceptions: Sequence[BaseException]) -> bool:
    """Whether what pytest caught was meant for the whole run; under `--pdb` it is a test's failure nevertheless."""
    return bool(exceptions) and not _STOPS.isdisjoint(ancestry(type(exceptions[-1])))


def _by_exception(facts: Facts) -> Verdict | None:
    known = [(exception, rows) for exception in _candidates(facts.exceptions) if (rows := _rows_of(exception))]
    if not known:
        return None
    for place in sorted({place for _, rows in known for place in rows}):
        row = TABLE[place]
        if row.phase not in ("", facts.phase):
            continue
        for exception, rows in known:
            if place in rows and _has_code(exception, row.codes):
                return Verdict(row.category, f"{row.words} ({qualified_name(type(exception))})", row.confidence)
    return None


def _candidates(exceptions: Sequence[BaseException]) -> Sequence[BaseException]:
    """Those whose type may decide: where the root, or any leaf, is a failed assertion, what came after does not."""
    if len(exceptions) == 1:
        return exceptions
    leaves = [exception for exception in exceptions if not is_group(exception)]
    root_is_group = bool(exceptions) and is_group(exceptions[0])
    for exception in leaves if root_is_group else leaves[:1]:
        if _is_assertion(exception):
            return (exception,)
    return exceptions


def _is_assertion(exception: BaseException) -> bool:
    return not _ASSERTIONS.isdisjoint(ancestry(type(exception)))


def _rows_of(exception: BaseException) -> frozenset[int]:
    """The lines of the table that name its type or one that it is derived from."""
    return _rows_naming(ancestry(type(exception)))


@lru_cache(maxsize=256)
def _rows_naming(names: tuple[str, ...]) -> frozenset[int]:
    every = [*names, *(f"*.{name.rpartition('.')[2]}" for name in names)]
    return frozenset(place for name in every for place in _PLACES.get(name, ()))


def _has_code(exception: BaseException, codes: tuple[str, ...]) -> bool:
    if not codes:
        return True
    code = _code(exception)
    return any(code.startswith(known) if known else not code for known in codes)


def _code(exception: BaseException) -> str:
    """What the exception says beside its type: an SQLSTATE, the name of an errno, MySQL's number, or `timeout`."""
    state = getattr(exception, "sqlstate", None) or getattr(exception, "pgcode", None)
    if state:
        return str(state)
    if isinstance(exception, OSError):
        import errno  # noqa: PLC0415  (small, but only a failure needs it)

        return errno.errorcode.get(exception.errno or 0, "")
    first = exception.args[0] if exception.args else None
    if isinstance(first, int):
        return str(first)
    return "timeout" if str(first).startswith("Timeout ") else ""


def _by_snapshot(facts: Facts) -> Verdict | None:
    if not facts.snapshot or facts.phase != "call" or not any(_is_assertion(each) for each in facts.exceptions):
        return None
    words = f"an assertion failed in a test that compares with what is stored (fixture {facts.snapshot!r})"
    return Verdict(Category.GENERATOR_DRIFT, words, 0.5)


def _by_fixture(facts: Facts) -> Verdict | None:
    if facts.fixture is None or facts.phase not in ("setup", "teardown"):
        return None
    name, scope = facts.fixture
    words = f"fixture {name!r} of scope {scope} failed in {facts.phase}"
    if scope in _SHARED_SCOPES:
        return Verdict(Category.INFRA_TEST_ENVIRONMENT, f"{words}: what many tests share did not come up", 0.5)
    return Verdict(Category.TEST_INTEGRATION, words, 0.4)


def _by_folder(facts: Facts) -> Verdict | None:
    *folders, _ = facts.path.split("/")
    for folder in reversed(folders):
        if folder in FOLDERS:
            return Verdict(FOLDERS[folder], f"the test stands in a folder named {folder!r}", 0.6)
    return None


_OF_SURROUNDINGS: Final = frozenset({"OSError", "ImportError"})
"""What a file, a machine or an installation may be to blame for as well as the code."""


def _by_assertion(facts: Facts) -> Verdict | None:
    if facts.phase != "call":
        return None
    if not facts.exceptions:
        return Verdict(Category.TEST_UNIT, "a failure was expected and did not come, in a test that names no kind", 0.4)
    names = {name for exception in facts.exceptions for name in ancestry(type(exception))}
    if not names.isdisjoint(_ASSERTIONS):
        return Verdict(Category.TEST_UNIT, "an assertion failed, in a test that names no kind", 0.4)
    if not names.isdisjoint(_OF_SURROUNDINGS):
        return None
    raised = f"the test raised {qualified_name(type(facts.exceptions[0]))}, and names no kind"
    return Verdict(Category.TEST_UNIT, raised, 0.3)
