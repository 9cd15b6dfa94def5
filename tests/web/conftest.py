"""The world of the pages, as most tests want it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from web_world import World, a_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as it:
        yield it
