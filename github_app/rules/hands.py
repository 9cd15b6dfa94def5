"""Who had a hand in a change, in the order in which they answer for it: opened, assigned, merged, wrote (C52)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from github_app.rules.model import Hand, Person, Pull

NOBODY: Final = Person(0, "", human=False)
"""Stands for an author whom GitHub knows no account of."""

OPENED, ASSIGNED, MERGED, WROTE = 0, 100, 200, 300

ASSIGNEES: Final = 10
"""As many as GitHub allows (GitHub docs, "Assigning issues and pull requests")."""


def pull_hands(pull: Pull) -> tuple[Hand, ...]:
    """Return who answers for a pull request, the first the first."""
    name = f"pull request #{pull.number}"
    assigned = enumerate(pull.assignees[:ASSIGNEES])
    merged = (Hand(pull.merged_by, f"merged {name}", MERGED),) if pull.merged_by else ()
    return (
        Hand(pull.author, f"opened {name}", OPENED),
        *(Hand(person, f"is assigned to {name}", ASSIGNED + place) for place, person in assigned),
        *merged,
    )


def writer(person: Person | None, sha: str) -> Hand:
    """Return the hand of a commit's author; None for one without an account on GitHub."""
    return Hand(person or NOBODY, f"wrote commit {sha[:7]}", WROTE)


def in_order(hands: Iterable[Hand]) -> tuple[Hand, ...]:
    """Return the hands in the order in which they answer, each once, however they were heard of (F26)."""
    return tuple(sorted(set(hands), key=lambda hand: (hand.rank, hand.deed, hand.person.id, hand.person.login)))


def wrote(hands: Iterable[Hand]) -> tuple[Hand, ...]:
    """Return the authors of commits among some hands."""
    return tuple(hand for hand in hands if hand.rank == WROTE)
