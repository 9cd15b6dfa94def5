"""How often the App was right, by what people said about it (S1-135, S1-171, C32).

Only closed records count. Somebody has looked at one when they have named it in a command that counted, and it was
corrected when people's word at its end is another category than the App's. A correction that a record took over from
the one before it is counted there, not twice. Where there is nothing to go by there is no figure, neither 0 nor 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from github_app.rules.records import Failure, FailureState


@dataclass(frozen=True, slots=True)
class Figures:
    """Closed records: all of them, those looked at, and of these the corrected and the given to somebody else."""

    closed: int = 0
    looked_at: int = 0
    corrected: int = 0
    rerouted: int = 0

    @property
    def accuracy(self) -> float | None:
        """Return 1 - corrected / looked at."""
        return 1 - self.corrected / self.looked_at if self.looked_at else None

    @property
    def routing(self) -> float | None:
        """Return 1 - rerouted / closed."""
        return 1 - self.rerouted / self.closed if self.closed else None


def figures(failures: Iterable[Failure]) -> Figures:
    """Count records; others than closed ones are passed over."""
    ended = [failure for failure in failures if failure.state is FailureState.CLOSED]
    seen = [failure for failure in ended if failure.looked_by]
    return Figures(
        closed=len(ended),
        looked_at=len(seen),
        corrected=sum(1 for failure in seen if _is_corrected(failure)),
        rerouted=sum(1 for failure in seen if _is_rerouted(failure)),
    )


def among(told: Figures, closed: int) -> Figures:
    """Return the figures of records that were looked at among as many closed ones in all."""
    return replace(told, closed=closed)


def _is_corrected(failure: Failure) -> bool:
    word = failure.correction
    return word is not None and word.at >= failure.opened_at and word.category is not word.was


def _is_rerouted(failure: Failure) -> bool:
    word, now = failure.correction, failure.owner.accountable
    if word is None or word.at < failure.opened_at:
        return False
    was = word.owner_was
    return (was.role, was.people, was.teams) != (now.role, now.people, now.teams)
