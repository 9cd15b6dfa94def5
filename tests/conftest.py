"""What many tests start from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from contract.github_description import violations
from hypothesis import settings

from github_app.sandbox.scenario import Sandbox

# Time is measured in the benchmarks; on a busy machine it says nothing about a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

pytest_plugins = ["pytester", "databases", "marks"]


@pytest.fixture
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """A running GitHub; every request that the test made of it must have been one that GitHub describes."""
    github = Sandbox()
    await github.start()
    yield github
    await github.stop()
    if "wrong_on_purpose" not in request.fixturenames:
        assert violations(github.requests) == []


@pytest.fixture
def wrong_on_purpose() -> None:
    """Ask for this in a test whose requests to the sandbox are not to be judged."""
