"""Who of a policy's people is still there, as a sandbox GitHub tells, and what is not held against anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from policies import builtin, layered

from github_app.github.client import GitHub, open_session
from github_app.github.policy_files import read_policy
from github_app.github.rosters import AGE, MOST_NAMES, people_findings, with_roster
from github_app.rules.events import PolicyRead
from github_app.rules.model import Repo
from github_app.rules.policy_source import policy_of, taken_in
from github_app.rules.records import PolicySource
from github_app.rules.roster import Absent
from github_app.sandbox.scenario import Sandbox

POLICY = """schema: 1
roles:
  backend_dev: {users: [alice, bob]}
  qa_analyst: {teams: [octo/qa, octo/empty, octo/none, elsewhere/qa]}
"""
LEFT = "has no access any more"


@dataclass
class Office:
    """An organisation's repository, its policy, and the App's view of who is there."""

    sandbox: Sandbox
    github: GitHub
    repo: Any
    installation_id: int
    at: datetime = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    async def read(self, known: PolicySource | None = None) -> PolicyRead:
        repo = Repo(self.repo.id, self.installation_id, "octo", "shop", private=self.repo.private)
        read = await read_policy(self.github, repo, "guid", self.at)
        return await with_roster(self.github, read, policy_of(taken_in(known, read), builtin()), known)

    async def known(self) -> PolicySource:
        return taken_in(None, await self.read())


@pytest.fixture(params=[True, False], ids=["private", "public"])
async def office(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Office]:
    credentials = sandbox.register_app(None)
    repo = sandbox.create_repo("octo", "shop", org=True, private=request.param)
    sandbox.set_role(repo, "alice", "write")
    sandbox.user("bob")
    sandbox.team("octo", "qa", ["quinn"], shop="write")
    sandbox.team("octo", "empty", [])
    await sandbox.put_file(repo, ".github/failure-review.yml", POLICY)
    await sandbox.put_file(repo, ".github/CODEOWNERS", "* @alice @octo/qa\n/docs/ @octo/gone @bob # @no\n")
    installation = await sandbox.install(credentials.app_id, repo)
    async with open_session() as http:
        github = GitHub(
            http,
            api_url=sandbox.base_url,
            app_id=credentials.app_id,
            private_key=credentials.private_key_pem,
            now=lambda: datetime.now(UTC),
        )
        yield Office(sandbox, github, repo, installation)


async def test_who_is_gone_is_known_with_the_reason_and_who_is_there_with_a_number(office: Office) -> None:
    """G28."""
    roster = (await office.read()).roster
    assert roster is not None
    assert [(person.login, person.id) for person in roster.people] == [("alice", office.sandbox.user("alice").id)]
    assert roster.absent == (
        Absent("bob", LEFT),
        Absent("octo/empty", "has no members"),
        Absent("octo/none", "does not exist"),
    )
    assert (roster.teams, roster.unsure) == (("octo/qa",), ("elsewhere/qa",))


async def test_whom_codeowners_names_in_vain_github_says_itself(office: Office) -> None:
    roster = (await office.read()).roster
    assert roster is not None
    assert [absent.name for absent in roster.unknown_owners] == ["octo/gone", "bob"]


async def test_the_same_names_are_not_asked_for_again_within_an_hour(office: Office) -> None:
    known = await office.known()
    office.at += AGE - timedelta(seconds=1)
    assert (await office.read(known)).roster is None
    office.at += timedelta(seconds=1)
    office.sandbox.set_role(office.repo, "alice", None)
    later = taken_in(known, await office.read(known))
    assert later.roster.absence("Alice") == Absent("alice", LEFT)


async def test_a_changed_policy_is_asked_about_at_once(office: Office) -> None:
    known = await office.known()
    await office.sandbox.put_file(office.repo, ".github/failure-review.yml", POLICY.replace("bob", "carl"))
    roster = (await office.read(known)).roster
    assert roster is not None
    assert roster.absence("carl") == Absent("carl", LEFT)


async def test_a_login_that_somebody_else_took_over_is_nobody_s(office: Office) -> None:
    """G28: the old login is anybody's to claim."""
    known = await office.known()
    office.at += AGE
    office.sandbox.rename_user("alice", "alicia")
    office.sandbox.set_role(office.repo, "alice", "write")
    later = taken_in(known, await office.read(known))
    assert later.roster.absence("alice") == Absent("alice", "is another account than when the policy was read first")
    assert later.roster.person("alice") == known.roster.person("alice")


async def test_what_github_refuses_or_fails_to_tell_is_not_held_against_anybody(office: Office) -> None:
    office.sandbox.fault("status", "GET", r".*/collaborators/alice/permission", status=403, times=9)
    office.sandbox.fault("status", "GET", r".*/teams/qa/members", status=502, times=9)
    office.sandbox.fault("status", "GET", r".*/codeowners/errors", status=403, times=9)
    roster = (await office.read()).roster
    assert roster is not None
    assert roster.unsure == ("alice", "octo/qa", "elsewhere/qa")
    assert (roster.absence("alice"), roster.unknown_owners) == (None, ())


async def test_an_app_that_may_not_see_teams_takes_them_for_there(office: Office) -> None:
    """Older installations have not accepted `members: read` yet."""
    del office.sandbox.installation(office.installation_id).permissions["members"]
    roster = (await office.read()).roster
    assert roster is not None
    assert roster.unsure == ("octo/qa", "octo/empty", "octo/none", "elsewhere/qa")
    assert [absent.name for absent in roster.absent] == ["bob"]


async def test_of_very_many_names_the_first_are_asked_for(office: Office) -> None:
    names = ", ".join(f"person{number}" for number in range(MOST_NAMES + 5))
    await office.sandbox.put_file(
        office.repo, ".github/failure-review.yml", f"schema: 1\nfallback: {{users: [{names}]}}"
    )
    roster = (await office.read()).roster
    assert roster is not None
    assert len(roster.names) == MOST_NAMES


async def test_the_doctor_names_who_left_and_says_when_nobody_stands_in(office: Office) -> None:
    read = await office.read()
    policy = layered(POLICY)
    assert [(finding.sentence, finding.is_note) for finding in people_findings(read, policy)] == [
        (f"roles.backend_dev names bob, who {LEFT}", False),
        ("roles.qa_analyst names team octo/empty, which has no members", False),
        ("roles.qa_analyst names team octo/none, which does not exist", False),
        ("GitHub does not tell whether elsewhere/qa can still answer; whoever is not known to be gone counts", True),
    ]
    *_, last = people_findings(replace(read, codeowners=None, admins=()), policy)
    assert last.sentence.startswith("Nobody stands in for a missing owner")
