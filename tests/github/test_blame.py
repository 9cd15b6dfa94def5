"""Who committed a line, followed back through a file's changes on a sandbox GitHub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from verdicts import JOB, log

from github_app.github.blame import CHANGES, Blame
from github_app.github.client import GitHub, open_session
from github_app.github.reading import Reading
from github_app.rules.hands import WROTE
from github_app.rules.model import Hand, Person, Repo
from github_app.sandbox.scenario import Sandbox

PATH = "config/pay.py"


@dataclass
class Desk:
    """A repository whose file has a history, and whoever asks about it."""

    sandbox: Sandbox
    repo: Any
    blame: Blame

    async def write(self, author: str, *lines: str) -> str:
        text = "".join(f"{line}\n" for line in lines)
        return await self.sandbox.put_files(self.repo, {PATH: text}, "main", author=author)

    async def committers(self, sha: str, *printed: str) -> tuple[Hand, ...]:
        told = await self.blame.told(replace(JOB, evidence=log("gitleaks", *printed)), sha)
        assert told.evidence is not None
        return told.evidence.committers

    async def names(self, sha: str, *printed: str) -> list[str]:
        return [hand.person.login for hand in await self.committers(sha, *printed)]


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    credentials = sandbox.register_app(None)
    repo = sandbox.create_repo("octo", "shop", private=True)
    installation = await sandbox.install(credentials.app_id, repo)
    async with open_session() as http:
        github = GitHub(
            http,
            api_url=sandbox.base_url,
            app_id=credentials.app_id,
            private_key=credentials.private_key_pem,
            now=lambda: datetime.now(UTC),
        )
        api = github.installation(installation, repo.id, {"contents": "read"})
        reading = Reading(api, Repo(repo.id, installation, "octo", "shop"), (), lambda: datetime.now(UTC))
        yield Desk(sandbox, repo, Blame(reading))


@pytest.mark.requirement("S1-017")
async def test_a_line_is_whose_who_wrote_it_however_it_moved_since(desk: Desk) -> None:
    await desk.write("ada", "one", "two")
    leak = await desk.write("bea", "one", "two", "key")
    head = await desk.write("cal", "zero", "one", "key")
    assert await desk.committers(head, f"Fingerprint: {PATH}:rule:3") == (
        Hand(Person(desk.sandbox.user("bea").id, "bea"), f"wrote line 3 of {PATH} in commit {leak[:7]}", WROTE),
    )


async def test_a_commit_that_the_scanner_names_is_asked_for_itself(desk: Desk) -> None:
    leak = await desk.write("bea", "key")
    head = await desk.write("cal", "gone")
    assert await desk.names(head, f"Fingerprint: {leak}:{PATH}:rule:1") == ["bea"]


async def test_without_a_line_the_last_who_changed_the_file_is_told(desk: Desk) -> None:
    await desk.write("bea", "key")
    head = await desk.write("cal", "key", "more")
    assert await desk.names(head, f"File: {PATH}", "Line: ?") == ["cal"]


async def test_a_line_older_than_what_is_followed_is_nobody_s(desk: Desk) -> None:
    await desk.write("bea", "key")
    for number in range(CHANGES):
        head = await desk.write("cal", "key", str(number))
    assert await desk.names(head, f"Fingerprint: {PATH}:rule:1") == []


@pytest.mark.parametrize("place", [f"Fingerprint: {'f' * 40}:{PATH}:rule:1", "Fingerprint: no/such.py:rule:1"])
async def test_what_github_does_not_know_is_nobody_s(desk: Desk, place: str) -> None:
    head = await desk.write("bea", "key")
    assert await desk.names(head, place) == []
