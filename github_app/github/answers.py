"""What GitHub's answer means for the work that asked, in the words of `outcomes` and in sentences for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from github_app.outcomes import GiveUp, Retry

MOVED = frozenset({301, 307, 308})
FOUND_ELSEWHERE = 302
GOOD = frozenset({200, 201, 202, 204})

_VERBS = {"GET": "read", "POST": "create", "PATCH": "change", "PUT": "set", "DELETE": "delete"}
_NOUNS = {
    "access_tokens": "the token of the installation",
    "annotations": "the annotations",
    "artifacts": "the artifact",
    "branches": "the branch",
    "check-runs": "the check run",
    "check-suites": "the check suite",
    "collaborators": "the collaborator",
    "comments": "the comment",
    "commits": "the commit",
    "contents": "the file",
    "deliveries": "the delivery",
    "installations": "the installation",
    "issues": "the issue",
    "jobs": "the job",
    "labels": "the label",
    "logs": "the log",
    "memberships": "the membership",
    "permission": "the person's permission",
    "pulls": "the pull request",
    "rerun": "the re-run",
    "rerun-failed-jobs": "the re-run",
    "rules": "the branch rules",
    "runs": "the workflow run",
    "statuses": "the commit status",
    "teams": "the team",
    "reactions": "the reaction",
    "repos": "the repository",
    "repositories": "the repository",
}

_REFUSALS = {
    "301": "GitHub says {noun} has moved",
    "307": "GitHub says {noun} has moved",
    "308": "GitHub says {noun} has moved",
    "403": "GitHub does not let the App {deed}",
    "404": "GitHub says {noun} does not exist or is hidden from the App",
    "POST 404": "GitHub cannot {deed}: what it belongs to is gone or hidden from the App",
    "409": "GitHub says that to {deed} conflicts with the present state",
    "410": "GitHub says {noun} is gone",
    "422": "GitHub does not accept the request to {deed}",
    "451": "GitHub withholds {noun} for legal reasons",
}


class Unauthorized(Exception):  # noqa: N818  (a turn of the conversation; it never leaves this room)
    """GitHub answered 401: the token is expired, revoked or wrong."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of GitHub, read to its end; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as far as a sentence needs it: `path` is the address without query."""

    method: str
    path: str

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def noun(self) -> str:
        parts = reversed(self.path.split("/"))
        return next((_NOUNS[part] for part in parts if part in _NOUNS), "what was asked for")

    @property
    def deed(self) -> str:
        return f"{_VERBS.get(self.method, self.method)} {self.noun}"


def judge(question: Question, answer: Answer) -> Answer:
    """The answer, if it is a good one, a move, or "not modified".

    Raises Unauthorized, Retry or GiveUp for all others. Rate limits are told apart before (see `limits`).
    """
    status = answer.status
    if status in GOOD:
        return _readable(question, answer)
    if status in {304, FOUND_ELSEWHERE} or (status in MOVED and not question.writes):
        return answer
    if status == 401:  # noqa: PLR2004
        raise Unauthorized
    if status >= 500 or status == 408:  # noqa: PLR2004
        # A gateway may give up after the work behind it was done (L17).
        raise Retry(f"GitHub failed to {question.deed} ({status})", effect_unknown=question.writes)
    raise GiveUp(_refusal(question, status) + _words(answer.body), status)


def unreadable(question: Question) -> Retry:
    return Retry(
        f"GitHub's answer was cut short or garbled when we tried to {question.deed}", effect_unknown=question.writes
    )


def lost(question: Question, error: Exception) -> Retry:
    """What a broken connection means: only one that was never made is known to have had no effect (L17)."""
    unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
    if isinstance(error, unsent):
        return Retry(f"GitHub could not be reached to {question.deed}")
    how = "took too long" if isinstance(error, TimeoutError) else "broke off"
    return Retry(f"The connection to GitHub {how} when we tried to {question.deed}", effect_unknown=question.writes)


def _readable(question: Question, answer: Answer) -> Answer:
    may_be_empty = question.writes or answer.status != 200  # noqa: PLR2004
    if not answer.body and not may_be_empty:
        raise unreadable(question)
    return answer


def _refusal(question: Question, status: int) -> str:
    key = "POST 404" if (question.method, status) == ("POST", 404) else str(status)
    sentence = _REFUSALS.get(key, "GitHub refuses to {deed}")
    return f"{sentence.format(noun=question.noun, deed=question.deed)} ({status})"


def _words(body: bytes) -> str:
    """GitHub's own message, on one line and short, because strangers can influence it."""
    try:
        message = json.loads(body)["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(message)).split())
    return f": {text[:200]}" if text else ""
