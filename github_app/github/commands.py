"""From a comment or review to the commands in it, with who gives them and what they may: asked anew each time (T6).

Only what a person wrote, when they wrote it, is read: not an edit, not a bot's word, not our own (X49, X52). What a
later edit or deletion does is written down, nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from github_app.github import facts
from github_app.github.client import Api, GitHub
from github_app.github.known import Known
from github_app.github.payloads import (
    Envelope,
    IssuePayload,
    MembershipPayload,
    PermissionPayload,
    PullRef,
    PullRequest,
    RemarkPayload,
)
from github_app.github.publishing import MARK
from github_app.github.reading import Reading
from github_app.inbox import GONE, Delivery
from github_app.outcomes import GiveUp
from github_app.rules.commands import Said, parse
from github_app.rules.corrections import roles_that_matter
from github_app.rules.events import Actor, CommandsGiven, Event, Makers, RemarkChanged
from github_app.rules.model import Person, Repo
from github_app.rules.records import Remark, reply_id
from github_app.rules.redaction import redact

SPOKEN = frozenset({"created", "submitted"})
MOST_TEAMS = 20
MOST_AN_HOUR = 20
"""Comments of one person on one pull request that are obeyed within an hour."""

HOUR = timedelta(hours=1)
MEMBERS = {"members": "read"}
METADATA = {"metadata": "read"}

_KINDS = {
    "issue_comment": ("comment", "comment"),
    "pull_request_review": ("review", "review"),
    "pull_request_review_comment": ("review_comment", "comment"),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """A remark as the delivery tells of it."""

    remark: Remark
    number: int
    text: str
    by: Person
    action: str


@dataclass(frozen=True, slots=True)
class CommandReader:
    """Turns deliveries about comments and reviews into events.

    Raises as the client does: what GitHub cannot say just now is asked again; what it refuses to say counts as no.
    """

    github: GitHub
    known: Known
    reading: Reading
    secrets: Sequence[str]

    async def events(self, repo: Repo, delivery: Delivery, payload: Mapping[str, Any]) -> list[Event]:
        told = _told(delivery, payload)
        if told is None:
            return []
        if told.action not in SPOKEN:
            return await self._changed(repo, delivery, told)
        said = parse(redact(told.text, self.secrets).text) if "/" in told.text else ()
        if not said or await self.known.reply(reply_id(repo.id, told.remark)) is not None:
            return []
        since = delivery.received_at - HOUR
        answered = await self.known.answered(repo.id, f"pull/{told.number}", told.by.id, since)
        if answered >= MOST_AN_HOUR:
            return []  # and nothing is asked of GitHub (T29)
        try:
            shown = await self.reading.shown_pull(told.number)
        except GiveUp as gone:
            if gone.status in GONE:
                return []  # there is no place left to answer (F22)
            raise
        event = await self._given(repo, delivery, told, said, shown)
        return [replace(event, is_last=answered == MOST_AN_HOUR - 1)]

    async def _changed(self, repo: Repo, delivery: Delivery, told: _Told) -> list[Event]:
        if await self.known.reply(reply_id(repo.id, told.remark)) is None:
            return []
        return [
            RemarkChanged(
                repo=repo,
                cause=delivery.guid,
                received_at=delivery.received_at,
                remark=told.remark,
                action=told.action,
                by=told.by,
            )
        ]

    async def _given(
        self, repo: Repo, delivery: Delivery, told: _Told, said: tuple[Said, ...], shown: PullRequest
    ) -> CommandsGiven:
        return CommandsGiven(
            repo=repo,
            cause=delivery.guid,
            received_at=delivery.received_at,
            pull=facts.pull_of(shown),
            remark=told.remark,
            actor=await self._actor(repo, told, said),
            said=said,
            locked=shown.locked,
            makers=await self._makers(told.number, shown.head.sha),
        )

    async def _makers(self, number: int, head_sha: str) -> Makers:
        """Return who made the commits of a pull request (X53)."""
        try:
            found = await self.reading.commits_of(number)
        except (GiveUp, ValidationError):
            return Makers(gap="GitHub does not tell who made its commits")
        return facts.makers_of(found, head_sha)

    async def _actor(self, repo: Repo, told: _Told, said: tuple[Said, ...]) -> Actor:
        policy = self.known.book(await self.known.policy_source(repo.id)).policy
        failures = await self.known.failures_on(repo.id, f"pull/{told.number}")
        roles = roles_that_matter(said, failures, policy)
        teams = tuple(dict.fromkeys(team for role in roles for team in policy.roles[role].teams))
        role, problem = await self._role(repo, told.by)
        found = {team: await self._is_in(repo, team, told.by) for team in teams[:MOST_TEAMS]}
        return Actor(
            told.by,
            role,
            teams=tuple(team for team, is_in in found.items() if is_in),
            unsure=tuple(team for team, is_in in found.items() if is_in is None) + teams[MOST_TEAMS:],
            problem=problem,
        )

    async def _role(self, repo: Repo, person: Person) -> tuple[str | None, str]:
        """Return what GitHub calls somebody's role now, else why it is not known (X54, X55, G28)."""
        api = self._api(repo, METADATA)
        template = "/repos/{owner}/{repo}/collaborators/{login}/permission"
        try:
            told = await api.get(template, owner=repo.owner, repo=repo.name, login=person.login)
        except GiveUp as refused:
            return None, refused.reason
        answer = PermissionPayload.model_validate(told)
        if answer.user is None or answer.user.id != person.id:
            return None, "the login belongs to somebody else now"
        return answer.role_name, ""

    async def _is_in(self, repo: Repo, team: str, person: Person) -> bool | None:
        """Return whether somebody is in a team; None when GitHub does not say, for a 404 may mean either (X55)."""
        org, _, slug = team.partition("/")
        api = self._api(repo, MEMBERS)
        try:
            told = await api.get("/orgs/{org}/teams/{team}/memberships/{login}", org=org, team=slug, login=person.login)
        except GiveUp:
            return None
        return MembershipPayload.model_validate(told).state == "active"

    def _api(self, repo: Repo, permissions: Mapping[str, str]) -> Api:
        return self.github.installation(repo.installation_id, repo.id, permissions)


def _told(delivery: Delivery, payload: Mapping[str, Any]) -> _Told | None:
    """Read a delivery; None when it is not about a pull request, or not a person's own word."""
    kind, key = _KINDS[delivery.event]
    number = _number(delivery.event, payload)
    if number is None or not isinstance(payload.get(key), dict):
        return None
    envelope, told = Envelope.model_validate(payload), RemarkPayload.model_validate(payload[key])
    sender = facts.person_of(envelope.sender)
    at = told.created_at or told.submitted_at
    if at is None or told.body.startswith(MARK):
        return None
    by = facts.person_of(told.user)
    if envelope.action in SPOKEN and (sender.id != by.id or not by.human or told.performed_via_github_app):
        return None  # T9: only who wrote it can have given a command
    return _Told(Remark(kind, told.id, at, told.html_url), number, told.body, sender, envelope.action)


def _number(event: str, payload: Mapping[str, Any]) -> int | None:
    told = payload.get("issue" if event == "issue_comment" else "pull_request")
    if not isinstance(told, dict):
        return None
    if event == "issue_comment":
        issue = IssuePayload.model_validate(told)
        return issue.number if issue.pull_request is not None else None
    return PullRef.model_validate(told).number
