"""Who made a commit of a merge group: the pull request in its branch's name is asked for, in two calls (X40)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from stories import at, job, pull, seen

from github_app import builtin
from github_app.github.client import GitHub, open_session
from github_app.github.people import People, queued_pull
from github_app.github.reading import Reading
from github_app.rules.failures import Book
from github_app.rules.model import Repo
from github_app.rules.policy_layers import resolve
from github_app.rules.records import Commit, Failure, Installation, PolicySource, Ref, Reply
from github_app.sandbox.scenario import Sandbox


@dataclass(frozen=True, slots=True)
class Knows:
    """What the App knows of one commit."""

    refs: tuple[Ref, ...] = ()

    async def commit(self, repo_id: int, sha: str) -> Commit | None:
        return None

    async def refs_at(self, repo_id: int, sha: str) -> Sequence[Ref]:
        return self.refs

    async def policy_source(self, repo_id: int) -> PolicySource | None:
        return None

    async def installation(self, installation_id: int) -> Installation | None:
        return None

    async def reply(self, key: str) -> Reply | None:
        return None

    async def failures_on(self, repo_id: int, ref: str) -> Sequence[Failure]:
        return ()

    def book(self, source: PolicySource | None) -> Book:
        return Book(resolve(builtin.builtin_policy()), builtin.signatures(), source)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("queue/main/pr-12-" + "a" * 40, 12),
        ("queue/release/1.x/pr-7-" + "b" * 40, 7),
        ("queue/main/pr-x-1", None),
        ("queue/main", None),
        ("branch/main/pr-12-1", None),
    ],
)
def test_a_merge_group_s_name_says_which_pull_request_it_is_for(name: str, number: int | None) -> None:
    assert queued_pull(name) == number


async def test_a_merge_group_is_answered_for_by_its_pull_request(sandbox: Sandbox) -> None:
    """C52, X40."""
    credentials = sandbox.register_app(None)
    repo = sandbox.create_repo("octo", "shop", private=True)
    installation = await sandbox.install(credentials.app_id, repo)
    opened = await sandbox.open_pull(repo, "cart", author="bea", title="Sum the cart")
    sha = await sandbox.merge_group(repo, [opened])
    ref = Ref(Repo(repo.id, installation, "octo", "shop"), f"queue/main/pr-{opened.number}-{'a' * 40}", sha, at(0))
    async with open_session() as http:
        github = GitHub(
            http,
            api_url=sandbox.base_url,
            app_id=credentials.app_id,
            private_key=credentials.private_key_pem,
            now=lambda: datetime.now(UTC),
        )
        reads = {"contents": "read", "pull_requests": "read"}
        api = github.installation(installation, repo.id, reads)
        reading = Reading(api, ref.repo, (), lambda: datetime.now(UTC))
        before = len(sandbox.requests)
        told = await People(reading, Knows((ref,))).made(seen(sha, job()))
        green = await People(reading, Knows((ref,))).made(seen(sha, job("success")))
        on_pull = await People(reading, Knows()).made(seen(sha, job(), pulls=(pull(sha),)))
    assert [f"{hand.person.login} {hand.deed}" for hand in told.hands] == [
        f"bea opened pull request #{opened.number}",
        f"octo wrote commit {sha[:7]}",
    ]
    assert green.hands == ()
    assert [hand.person.login for hand in on_pull.hands] == ["octo"]
    assert sum(1 for each in sandbox.requests[before:] if each.method == "GET") == 3
