"""The journal against heads that were kept elsewhere: whatever was noted once has to be in it still (T27)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from github_app import audit
from github_app.engine import Change, Entry
from github_app.store import Head, SqlStore

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


async def heads_after_each_line(url: str, *installations: int) -> list[audit.Noted]:
    store = await SqlStore.open(url)
    noted: list[audit.Noted] = []
    for count, installation_id in enumerate(installations):
        entry = Entry(f"failure:{count}", "opened", NOW, "App", "a job failed", installation_id, 70, "delivery")
        assert await store.commit(Change(entries=[entry]), NOW)
        head = await store.journal.head(installation_id)
        assert head
        noted.append((installation_id, head))
    await store.close()
    return noted


async def test_every_head_that_a_journal_ever_had_is_found_in_it(database_url: str) -> None:
    noted = await heads_after_each_line(database_url, 7, 8, 7, 7)
    assert await audit.verify(database_url, noted) == []
    assert await audit.present_heads(database_url) == [noted[3], noted[1]]


async def test_one_foreign_head_among_true_ones_shows(database_url: str) -> None:
    """A journal that was rewritten between two days still holds the head of the second."""
    noted = await heads_after_each_line(database_url, 7, 7, 7)
    foreign = (7, Head(2, "0" * 64))
    for order in ([*noted, foreign], [foreign, *noted]):
        [finding] = await audit.verify(database_url, order)
        assert (finding.installation_id, finding.seq) == (7, 2)
        assert finding.problem.endswith("the chain was rewritten")


async def test_an_installation_that_was_taken_out_whole_shows(database_url: str) -> None:
    await heads_after_each_line(database_url, 7)
    [finding] = await audit.verify(database_url, [(9, Head(1, "0" * 64))])
    assert (finding.installation_id, finding.problem) == (9, "every line is missing")


def test_a_written_head_is_read_as_itself() -> None:
    noted = (7, Head(12, "ab" * 32))
    assert audit.heads_of(f"\n{audit.written(noted)}\n\n") == [noted]


@pytest.mark.parametrize("text", ["", "7", "7:1", "7:0:" + "a" * 64, "7:1:" + "g" * 64, "\u0667:1:" + "a" * 64])
def test_what_is_no_head_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is no head: one is written INSTALLATION:LINE:HASH"):
        audit.head_of(text)
