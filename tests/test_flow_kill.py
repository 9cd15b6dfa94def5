"""kill -9 at every failpoint of the running App: afterwards the pull request shows what it should, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import psycopg
import pytest
from killed_app import Outcome, scene

from github_app.failpoints import NAMES

AT_ONCE = 4
SHARED = tuple(name for name in NAMES if name.partition(".")[0] in {"inbox", "store", "outbox"})
"""The points whose code differs between the databases."""


Outcomes = dict[str, Outcome | BaseException]


async def outcomes(urls: Mapping[str, str]) -> Outcomes:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, url: str) -> Outcome:
        async with turn, scene(url, overdue=name.startswith("timers.")) as made:
            return await made.outcome(name)

    found = await asyncio.gather(*(one(name, url) for name, url in urls.items()), return_exceptions=True)
    return dict(zip(urls, found, strict=True))


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder = tmp_path_factory.mktemp("killed")
    return asyncio.run(outcomes({name: f"sqlite:///{folder}/{name}.db" for name in NAMES}))


@pytest.fixture(scope="module")
def on_postgres(postgres_url: str) -> Iterator[Outcomes]:
    databases = {name: f"killed_{number}" for number, name in enumerate(SHARED)}
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        for database in databases.values():
            conn.execute(f"CREATE DATABASE {database} TEMPLATE template STRATEGY file_copy")
        urls = {name: postgres_url.replace("/postgres?", f"/{database}?") for name, database in databases.items()}
        yield asyncio.run(outcomes(urls))
        for database in databases.values():
            conn.execute(f"DROP DATABASE {database} WITH (FORCE)")


def check(found: Outcome | BaseException, *, overdue: bool) -> None:
    if isinstance(found, BaseException):
        pytest.fail(f"it did not come to rest: {found!r}")
    assert found.death == -9
    assert [conclusion for conclusion, _ in found.gates] == ["failure"]
    assert (len(found.marks), set(found.marks.values())) == (60, {1})
    [comment] = found.comments
    [reply] = found.replies
    assert "You have no open failure to fix in this repository." in reply
    assert comment.count("overdue since") == 2 * overdue
    assert found.labels == ("failure-review:infra.runner", "failure-review:test.unit")
    assert set(found.deliveries) <= {"done", "ignored"}
    assert set(found.outbox) == {"done"}
    assert found.journal > 0
    assert (found.findings, found.violations) == ((), ())


@pytest.mark.parametrize("name", NAMES)
def test_a_kill_at_any_point_leaves_the_pull_request_right(on_sqlite: Outcomes, name: str) -> None:
    """F1-F6, L17."""
    check(on_sqlite[name], overdue=name.startswith("timers."))


@pytest.mark.parametrize("name", SHARED)
def test_so_it_does_on_postgresql(on_postgres: Outcomes, name: str) -> None:
    check(on_postgres[name], overdue=False)
