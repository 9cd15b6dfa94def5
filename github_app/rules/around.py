"""What is known around a failure at the moment that it is shown: it changes while the failure itself stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from github_app.rules.comparison import Elsewhere, Sibling, elsewhere, flakiness, mended
from github_app.rules.impact import Impact, impact
from github_app.rules.records import Failure, Ref


@dataclass(frozen=True, slots=True)
class Around:
    """Where else a failure is, whom it holds up, and how often it flipped in the last 7 days.

    `news` are the sentences of every comparison, also of those that could not be made.
    """

    elsewhere: Elsewhere
    impact: Impact
    flips: int
    news: tuple[str, ...]

    @property
    def flaky(self) -> str:
        """The sentence about flips, empty without any."""
        times = "once" if self.flips == 1 else f"{self.flips} times"
        return f"Flaky: flipped {times} in 7 days, red and then green on one commit." if self.flips else ""


def around(failure: Failure, ref: Ref | None, siblings: Sequence[Sibling], now: datetime) -> Around:
    """Look around a failure on a line of work; `ref` is None when nothing is kept of that any more."""
    others = elsewhere(failure, ref, siblings, now)
    compared = failure.comparison
    told = (compared.green.sentence, compared.base.sentence, mended(failure, ref, siblings), others.sentence)
    flips = flakiness(failure, siblings, now)
    return Around(others, impact(failure, ref, siblings), flips, tuple(sentence for sentence in told if sentence))
