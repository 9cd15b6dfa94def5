"""The journal against heads that were kept elsewhere: whoever edits the database can cut the end off and its head too.

A head is written `INSTALLATION:LINE:HASH`. Heads that were noted on different days are all compared, since a journal
that was rewritten in between holds only the later one (T27).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import closing
from typing import Final

import sqlalchemy as sa

from github_app.store import Finding, Head, SqlStore
from github_app.store.schema import journal_heads
from github_app.store.upgrade import database_url

_HEAD: Final = re.compile(r"([0-9]{1,18}):([1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)

Noted = tuple[int, Head]
"""An installation, and the head that its journal once had."""


def head_of(text: str) -> Noted:
    """Read one head. Raises ValueError with a sentence for anything else."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"`{text.strip()[:80]}` is no head: one is written INSTALLATION:LINE:HASH, as `audit heads` prints it"
        )
    return int(found[1]), Head(int(found[2]), found[3])


def heads_of(text: str) -> list[Noted]:
    """Read a file of heads, one a line. Raises ValueError with a sentence for a line that is none."""
    return [head_of(line) for line in text.splitlines() if line.strip()]


def written(noted: Noted) -> str:
    """Write a head as `head_of` reads it."""
    installation_id, head = noted
    return f"{installation_id}:{head.seq}:{head.hash}"


async def verify(url: str, noted: Iterable[Noted]) -> list[Finding]:
    """Return where the journal at `url` does not hold, by itself or against the noted heads.

    Raises StoreRefused for a database that cannot be used and StoreUnavailable for one that does not answer.
    """
    store = await SqlStore.open(url)
    try:
        found = [each for published in _rounds(noted) for each in await store.journal.verify(published)]
    finally:
        await store.close()
    return sorted(set(found), key=lambda each: (each.installation_id, each.seq, each.problem))


async def present_heads(url: str) -> list[Noted]:
    """Return the head of every installation's journal. Raises StoreRefused for a database that cannot be used."""
    await (await SqlStore.open(url)).close()  # it refuses what is no database of this version
    return await asyncio.to_thread(_read_heads, url)


def _read_heads(url: str) -> list[Noted]:
    engine = sa.create_engine(database_url(url))
    try:
        with closing(engine.connect()) as conn:
            rows = conn.execute(sa.select(journal_heads).order_by(journal_heads.c.installation_id))
            return [(row.installation_id, Head(row.seq, row.hash)) for row in rows]
    finally:
        engine.dispose()


def _rounds(noted: Iterable[Noted]) -> list[dict[int, Head]]:
    """Part the heads so that each round has at most one of an installation; without heads there is one round."""
    rounds: list[dict[int, Head]] = [{}]
    for installation_id, head in dict.fromkeys(noted):
        free = next((each for each in rounds if installation_id not in each), None)
        if free is None:
            rounds.append(free := {})
        free[installation_id] = head
    return rounds
