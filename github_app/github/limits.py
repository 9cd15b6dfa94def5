"""How much of GitHub an installation may use now: pauses that GitHub asks for, and our own budget of writes.

The law: a pause holds one installation's lane and no other, and while it lasts no request goes out (G14, F17).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from github_app.github.answers import Answer
from github_app.outcomes import Wait

CONCURRENT = 10
"""Requests in flight per installation; GitHub allows 100 in all (G13)."""

WRITE_BUDGETS = ((60, timedelta(minutes=1)), (400, timedelta(hours=1)))
"""Content-creating writes per installation, below GitHub's 80 a minute and 500 an hour (P20)."""

LEAST_PAUSE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(hours=1)
_LIMIT_WORDS = ("rate limit", "abuse detection")


def pause_asked(answer: Answer, now: datetime, strikes: int) -> datetime | None:
    """Until when (UTC) this refusal asks us to wait; None if it is no limit but a real refusal.

    `strikes` counts the limits in a row that named no time; each doubles the pause.
    Source: GitHub docs, "Rate limits for the REST API", "Exceeding the rate limit".
    """
    if answer.status not in {403, 429}:
        return None
    named = _retry_after(answer.headers, now) or _reset_when_exhausted(answer.headers, now)
    if named is not None:
        return min(named, now + LONGEST_PAUSE)
    text = answer.body[:4096].decode("utf-8", "replace").lower()
    if answer.status == 403 and not any(words in text for words in _LIMIT_WORDS):  # noqa: PLR2004
        return None
    return now + min(LEAST_PAUSE * (1 << min(strikes, 10)), LONGEST_PAUSE)


def _retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    seconds = _number(headers.get("retry-after"))
    return None if seconds is None else now + timedelta(seconds=max(seconds, 1))


def _reset_when_exhausted(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The reset time if nothing remains; one in the past says that the clocks disagree, so it is no answer."""
    reset = _number(headers.get("x-ratelimit-reset"))
    if _number(headers.get("x-ratelimit-remaining")) != 0 or reset is None:
        return None
    until = datetime.fromtimestamp(reset, UTC)
    return until if until > now else None


def _number(text: str | None) -> int | None:
    digits = text is not None and text.isascii() and text.isdecimal() and len(text) <= 10  # noqa: PLR2004
    return int(text) if text is not None and digits else None


class Lane:
    """One installation's way to GitHub: at most ten requests at once, none during a pause."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._paused_until: datetime | None = None
        self._strikes = 0
        self._writes: deque[datetime] = deque(maxlen=max(count for count, _ in WRITE_BUDGETS))
        self._slots = asyncio.Semaphore(CONCURRENT)

    @asynccontextmanager
    async def turn(self, *, creates: bool) -> AsyncIterator[None]:
        """The right to send one request; `creates` charges it to the budget of writes.

        Raises Wait at once, before anything is sent.
        """
        self._refuse_while_paused()
        async with self._slots:
            self._refuse_while_paused()  # a pause may have begun while this request stood in line
            if creates:
                self._charge()
            yield

    def learn(self, answer: Answer) -> None:
        """Takes from an answer what it says about limits.

        Raises Wait if the request itself was refused for a limit: it had no effect.
        """
        until = pause_asked(answer, self._now(), self._strikes)
        if until is not None:
            self._strikes += 1
            self._pause(until)
            raise Wait(f"GitHub asked us to wait until {_clock(until)} (rate limit, {answer.status})", until)
        if answer.status < 400:  # noqa: PLR2004
            self._strikes = 0
            self._heed_exhaustion(answer)

    def _heed_exhaustion(self, answer: Answer) -> None:
        until = _reset_when_exhausted(answer.headers, self._now())
        if until is not None and answer.headers.get("x-ratelimit-resource", "core") == "core":
            self._pause(min(until, self._now() + LONGEST_PAUSE))

    def _pause(self, until: datetime) -> None:
        self._paused_until = max(until, self._paused_until or until)

    def _refuse_while_paused(self) -> None:
        until = self._paused_until
        if until is not None and until > self._now():
            raise Wait(f"GitHub asked us to wait until {_clock(until)} (rate limit)", until)

    def _charge(self) -> None:
        now = self._now()
        for count, span in WRITE_BUDGETS:
            free = self._writes[-count] + span if len(self._writes) >= count else now
            if free > now:
                raise Wait(f"We keep below GitHub's limit of writes: the next is due at {_clock(free)}", free)
        self._writes.append(now)


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
