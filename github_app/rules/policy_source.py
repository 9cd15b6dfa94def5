"""What a repository's policy is made of: the last good file stays in force when the present one is broken (X76).

A reading that is handled after a newer one only fills what that one lacks; which of several such readings was the last
good one is then not known, and the first that is heard of is taken.
"""

from __future__ import annotations

from dataclasses import replace

from github_app.rules.events import PolicyRead
from github_app.rules.policy import Policy
from github_app.rules.policy_file import ORGANISATION, REPOSITORY, PolicyFile, parse
from github_app.rules.policy_layers import resolve
from github_app.rules.records import PolicySource
from github_app.rules.roster import Roster


def taken_in(known: PolicySource | None, event: PolicyRead) -> PolicySource:
    """Return the source with the files that were read."""
    if known is not None and event.received_at < known.read_at:
        return _filled(known, event)
    text, problems = _checked(event.text, known.text if known else None, REPOSITORY)
    org_text, org_problems = _checked(event.org_text, known.org_text if known else None, ORGANISATION)
    return PolicySource(
        repo=event.repo,
        sha=event.sha,
        read_at=event.received_at,
        text=text,
        org_text=org_text,
        problems=(*problems, *org_problems),
        codeowners=event.codeowners,
        admins=event.admins,
        ever_had_file=event.text is not None or (known is not None and known.ever_had_file),
        roster=event.roster or (known.roster if known else Roster()),
    )


def _filled(known: PolicySource, event: PolicyRead) -> PolicySource:
    return replace(
        known,
        text=known.text if known.text is not None else _checked(event.text, None, REPOSITORY)[0],
        org_text=known.org_text if known.org_text is not None else _checked(event.org_text, None, ORGANISATION)[0],
        ever_had_file=known.ever_had_file or event.text is not None,
    )


def is_news(known: PolicySource | None, source: PolicySource) -> bool:
    """Whether a reading told anything new, beside when and at which commit it was made."""
    if known is None:
        return True
    roster = replace(source.roster, at=known.roster.at)
    return replace(source, read_at=known.read_at, sha=known.sha, roster=roster) != known


def policy_of(source: PolicySource | None, builtin: PolicyFile) -> Policy:
    """Return the policy in force for a repository; the built-in one while nothing was read."""
    if source is None:
        return resolve(builtin)
    return resolve(builtin, _file(source.org_text), _file(source.text))


def _checked(text: str | None, last_good: str | None, origin: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the text to go by, and why the present one cannot be used; a removed file keeps the last good one."""
    if text is None:
        return last_good, ()
    parsed = parse(text, origin)
    if isinstance(parsed, PolicyFile):
        return text, ()
    return last_good, tuple(str(problem) for problem in parsed)


def _file(text: str | None) -> PolicyFile | None:
    parsed = parse(text) if text is not None else None
    return parsed if isinstance(parsed, PolicyFile) else None
