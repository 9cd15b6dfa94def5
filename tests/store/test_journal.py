"""The journal cannot be changed, and a change by force does not stay hidden."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from databases import NOW
from hypothesis import assume, given
from hypothesis import strategies as st

from github_app.engine import Change, Entry
from github_app.store import Finding, Head, SqlStore
from github_app.store.journal import COVERED, START, _line, first_problem

Line = dict[str, object]


def an_entry(subject: str, installation_id: int = 7, detail: str = '{"role": "qa"}') -> Entry:
    return Entry(subject, "opened", NOW, "octocat", "job failed", installation_id, 70, "delivery:1", detail)


async def write(store: SqlStore, *subjects: str, installation_id: int = 7) -> None:
    for subject in subjects:
        assert await store.commit(Change(entries=[an_entry(subject, installation_id)]), NOW)


async def force(store: SqlStore, statement: str) -> None:
    """Change the journal as somebody who owns the database can."""

    def work(conn: sa.Connection) -> None:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("DROP TRIGGER IF EXISTS journal_no_update")
            conn.exec_driver_sql("DROP TRIGGER IF EXISTS journal_no_delete")
        else:
            conn.exec_driver_sql("ALTER TABLE journal DISABLE TRIGGER USER")
        conn.exec_driver_sql(statement)

    await store._db.write(work)


async def test_an_untouched_journal_has_no_findings(store: SqlStore) -> None:
    await write(store, "a", "b", "c")
    await write(store, "x", installation_id=8)
    assert await store.journal.verify() == []
    head = await store.journal.head(7)
    assert head is not None
    assert head.seq == 3
    assert await store.journal.head(9) is None


async def test_many_commits_at_once_make_one_chain(store: SqlStore) -> None:
    changes = [Change(entries=[an_entry(f"s{number}", 7 + number % 2)]) for number in range(30)]
    await asyncio.gather(*(store.commit(change, NOW) for change in changes))
    assert await store.journal.verify() == []
    heads = [await store.journal.head(installation_id) for installation_id in (7, 8)]
    assert [head and head.seq for head in heads] == [15, 15]


async def test_entries_read_back_in_the_order_they_were_written(store: SqlStore) -> None:
    await store.commit(Change(entries=[an_entry("a", detail="1"), an_entry("b"), an_entry("a", detail="2")]), NOW)
    assert await store.journal.about("a") == [an_entry("a", detail="1"), an_entry("a", detail="2")]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal",
        "UPDATE journal SET kind = 'nothing happened'",
        "UPDATE journal SET detail = '{}'",
        "UPDATE journal SET detail = NULL, actor = 'nobody'",
        "UPDATE journal SET seq = seq + 10, detail = NULL",
    ],
)
async def test_the_database_itself_refuses_to_change_a_line(store: SqlStore, statement: str) -> None:
    """T27."""
    await write(store, "a")
    with pytest.raises(sa.exc.DBAPIError, match="the journal is append-only"):
        await store._db.write(lambda conn: conn.exec_driver_sql(statement).close())
    assert await store.journal.about("a") == [an_entry("a")]


async def test_postgresql_refuses_to_empty_the_journal(postgres_database_url: str) -> None:
    """T27: TRUNCATE fires no trigger of DELETE."""
    store = await SqlStore.open(postgres_database_url)
    with pytest.raises(sa.exc.DBAPIError, match="the journal is append-only"):
        await store._db.write(lambda conn: conn.exec_driver_sql("TRUNCATE journal").close())
    await store.close()


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE journal SET actor = 'nobody' WHERE seq = 2", (2, "line 2 was edited, or stands in another's place")),
        ("UPDATE journal SET detail = '{}' WHERE seq = 2", (2, "line 2: the detail was edited")),
        ("DELETE FROM journal WHERE seq = 2", (2, "lines 2 to 2 are missing")),
        ("DELETE FROM journal WHERE seq <= 2", (1, "lines 1 to 2 are missing")),
        ("DELETE FROM journal WHERE seq > 2", (3, "the end is missing: lines 3 to 4 were cut off")),
        ("DELETE FROM journal", (1, "every line is missing")),
        ("DELETE FROM journal_heads", (1, "its head is missing")),
        (
            "UPDATE journal SET seq = CASE seq WHEN 2 THEN 102 WHEN 3 THEN 103 ELSE seq END",
            (2, "lines 2 to 3 are missing"),
        ),
    ],
)
async def test_a_change_by_force_is_found_and_named(store: SqlStore, statement: str, finding: tuple[int, str]) -> None:
    """T27, P18. The other installation's chain still holds."""
    await write(store, "a", "b", "c", "d")
    await write(store, "x", "y", installation_id=8)
    await force(store, f"{statement} {'AND' if 'WHERE' in statement else 'WHERE'} installation_id = 7")
    assert await store.journal.verify() == [Finding(7, *finding)]


async def test_lines_that_changed_places_are_found(store: SqlStore) -> None:
    """T27."""
    await write(store, "a", "b", "c")
    for step in ("seq + 100 WHERE seq IN (1, 2)", "202 - seq WHERE seq = 101", "202 - seq - 99 WHERE seq = 102"):
        await force(store, f"UPDATE journal SET seq = {step}")
    [finding] = await store.journal.verify()
    assert finding.installation_id == 7


async def test_an_end_that_was_cut_off_together_with_its_head_shows_against_the_published_one(
    store: SqlStore,
) -> None:
    """T27, P18."""
    await write(store, "a", "b", "c")
    published = await store.journal.head(7)
    assert published is not None
    lines = await store._db.read(lambda conn: conn.exec_driver_sql("SELECT hash FROM journal ORDER BY seq").fetchall())
    await force(store, "DELETE FROM journal WHERE seq = 3")
    await force(store, f"UPDATE journal_heads SET seq = 2, hash = '{lines[1][0]}'")
    assert await store.journal.verify() == []
    assert await store.journal.verify({7: published}) == [
        Finding(7, 3, "the end is missing: lines 3 to 3 were cut off")
    ]
    await write(store, "another c")
    rewritten = "line 3 is not the one whose hash was published: the chain was rewritten"
    assert await store.journal.verify({7: published}) == [Finding(7, 3, rewritten)]


async def test_a_detail_can_be_erased_and_the_chain_still_holds(store: SqlStore) -> None:
    await write(store, "a", "b")
    await store._db.write(lambda conn: conn.exec_driver_sql("UPDATE journal SET detail = NULL WHERE seq = 1").close())
    assert await store.journal.verify() == []
    assert await store.journal.about("a") == [replace(an_entry("a", detail="{}"), reason="")]


def chain(subjects: list[str]) -> tuple[list[Line], Head]:
    lines: list[Line] = []
    head = Head(0, START)
    for number, subject in enumerate(subjects):
        entry = Entry(subject, "kind", NOW + timedelta(seconds=number), "actor", "reason", 7, 70, "cause", subject)
        lines.append(_line(entry, head))
        head = Head(head.seq + 1, str(lines[-1]["hash"]))
    return lines, head


subjects = st.lists(st.text(max_size=5), min_size=1, max_size=8)


def other(value: object) -> object:
    return value + 1 if isinstance(value, int) else NOW - timedelta(1) if not isinstance(value, str) else value + "!"


@given(subjects)
def test_every_chain_that_was_only_appended_to_holds(words: list[str]) -> None:
    lines, head = chain(words)
    assert first_problem(7, lines, [head]) is None


@given(subjects, st.data())
def test_no_field_of_any_line_can_change_unseen(words: list[str], data: st.DataObject) -> None:
    """T27, P18."""
    lines, head = chain(words)
    index = data.draw(st.integers(0, len(lines) - 1))
    name = data.draw(st.sampled_from([*COVERED, "detail", "hash"]))
    changed: Mapping[str, object] = {**lines[index], name: other(lines[index][name])}
    assert first_problem(7, [*lines[:index], changed, *lines[index + 1 :]], [head]) is not None


@given(subjects, st.data())
def test_no_line_can_go_unseen(words: list[str], data: st.DataObject) -> None:
    """T27, P18."""
    lines, head = chain(words)
    index = data.draw(st.integers(0, len(lines) - 1))
    assert first_problem(7, lines[:index] + lines[index + 1 :], [head]) is not None


@given(subjects, st.data())
def test_no_two_lines_can_change_places_unseen(words: list[str], data: st.DataObject) -> None:
    """T27, P18: with or without their numbers."""
    lines, head = chain(words)
    one, two = data.draw(st.tuples(*[st.integers(0, len(lines) - 1)] * 2))
    assume(one != two)
    swapped = list(lines)
    swapped[one], swapped[two] = lines[two], lines[one]
    renumbered = [{**line, "seq": number + 1} for number, line in enumerate(swapped)]
    assert first_problem(7, swapped, [head]) is not None
    assert first_problem(7, renumbered, [head]) is not None
