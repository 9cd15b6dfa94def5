"""What GitHub really sends goes through the whole App: answered, and handled or set aside with a reason."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from deliveries import Receiving, headers_for, receiving_app
from payload_sets import RED, Told, dated, installed, left_out, own_payloads, public_payloads, red, reduced, to_null
from standin import standing_in
from structlog.testing import capture_logs

from github_app.app import working
from github_app.github.sorting import HANDLED

Variant = Callable[[Iterable[Told]], Iterator[Told]]
VARIANTS: dict[str, Variant] = {
    "as they are": iter,
    "of an installed App": installed,
    **{f"ended {conclusion}": partial(red, conclusion) for conclusion in RED},
    "with nulls": partial(reduced, to_null),
    "with fields left out": partial(reduced, left_out),
    "dated in the year 1": partial(dated, "0001-01-01T00:00:00Z"),
    "dated in the far future": partial(dated, "9999-12-31T23:59:59Z"),
    "dated without a zone": partial(dated, "2025-11-03T09:00:00"),
}
PUBLIC = ("api.github.com", "ghes-35")


async def outcomes(app: Receiving, told: Sequence[Told]) -> Counter[str]:
    """Send the payloads, let the App work, and count how they ended.

    Removals of the App come last, as they take with them what waits for the same installation.
    """
    async with working(app.parts):
        for removals in (False, True):
            for event, payload in told:
                if removals == ((event, payload.get("action")) == ("installation", "deleted")):
                    body = json.dumps(payload).encode()
                    assert await app.post(body, headers_for(body, event)) == 202
            await ended(app)
    counted = re.findall(r'deliveries_total{.*outcome="(\w+)"} (\d+)', await app.metrics())
    return sum((Counter({outcome: int(number)}) for outcome, number in counted), Counter())


async def ended(app: Receiving) -> None:
    for _ in range(1200):
        rows = app.rows("state, reason")
        if any((reason or "").startswith("unexpected") for _, reason in rows):
            return  # the log says where
        if all(state in {"done", "ignored"} for state, _ in rows):
            assert [row for row in rows if row[0] == "ignored" and not row[1]] == []
            return
        await asyncio.sleep(0.05)
    raise AssertionError(rows)


async def through_an_app(folder: Path, told: Sequence[Told]) -> Counter[str]:
    """Start an App whose GitHub knows what the payloads tell, and count how they ended."""
    payloads = [payload for _, payload in told]
    with capture_logs() as logs:
        async with standing_in(payloads) as (_, api_url), receiving_app(folder, api_url) as app:
            counted = await outcomes(app, told)
    assert [line for line in logs if line["log_level"] == "error"] == []
    return counted


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("source", PUBLIC)
async def test_every_payload_is_handled_or_set_aside_with_a_reason(tmp_path: Path, source: str, variant: str) -> None:
    """F32, F33, F38: nothing is parked, and nothing fails in a way that nobody foresaw."""
    given = public_payloads(source)
    if given is None:
        pytest.skip("npm cannot give the public examples here; our own payloads are tested all the same")
    told = list(VARIANTS[variant](given))
    counted = await through_an_app(tmp_path, told)
    assert counted.total() == len(told) > 0
    assert set(counted) <= {"handled", "ignored", "giveup"}


@pytest.mark.parametrize("variant", VARIANTS)
async def test_our_own_payloads_are_all_handled(tmp_path: Path, variant: str) -> None:
    """None is given up, though GitHub knows neither logs nor some of the pull requests that they name."""
    told = list(VARIANTS[variant](own_payloads()))
    assert await through_an_app(tmp_path, told) == {"handled": len(told)}


def test_our_own_payloads_cover_everything_that_is_handled() -> None:
    wanted = {(event, action) for event, actions in HANDLED.items() for action in actions or {None}}
    assert {(event, payload.get("action")) for event, payload in own_payloads()} == wanted
