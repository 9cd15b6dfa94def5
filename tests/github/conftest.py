"""A hostile GitHub and the client that has to live with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from hostile import PEM, Clock, Hostile

from github_app.github.client import GitHub, open_session


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[Hostile]:
    hostile = Hostile(clock)
    running = await hostile.start()
    yield hostile
    await running.close()


@pytest.fixture
async def elsewhere(clock: Clock) -> AsyncIterator[Hostile]:
    """A second server, for what must not, or may, be asked there."""
    hostile = Hostile(clock)
    running = await hostile.start()
    yield hostile
    await running.close()


@pytest.fixture
async def connect(server: Hostile, clock: Clock) -> AsyncIterator[Callable[..., GitHub]]:
    async with open_session() as session:

        def made(**changes: object) -> GitHub:
            settings = {"api_url": server.url, "app_id": 42, "private_key": PEM, "now": clock} | changes
            return GitHub(session, **settings)  # type: ignore[arg-type]  # any mixture, on purpose

        yield made


@pytest.fixture
async def github(connect: Callable[..., GitHub]) -> GitHub:
    return connect()


@pytest.fixture
async def hurried(connect: Callable[..., GitHub]) -> GitHub:
    """One that gives up soon; even on a busy machine a connection to loopback takes less."""
    return connect(timeout=aiohttp.ClientTimeout(total=0.8, sock_read=0.4))
