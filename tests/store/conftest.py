"""A store on each database, closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from github_app.store import SqlStore


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(database_url)
    yield store
    await store.close()
