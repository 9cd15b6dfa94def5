"""Whatever happens in whatever order, with answers lost at random: in the end GitHub shows the truth, once."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

import pytest
from publishing_world import LOST_RUNNER, UNIT_TEST, Press, opened_press

from github_app.github.view import view_of
from github_app.outcomes import Retry
from github_app.sandbox.scenario import Sandbox

WRITES = (
    ("POST", r".*/check-runs"),
    ("PATCH", r".*/check-runs/\d+"),
    ("POST", r".*/comments"),
    ("PATCH", r".*/comments/\d+"),
    ("POST", r".*/labels"),
    ("DELETE", r".*/labels/.+"),
)
LOSSES = ("reset_after_effect", "truncated", "status")


async def happen(press: Press, chance: random.Random, attempts: dict[str, int]) -> None:
    """One job ends somehow, or somebody tampers with what is shown."""
    what = chance.randrange(10)
    if what == 0 and press.gates():
        run = chance.choice(press.gates())
        run.suite.runs.remove(run)
    elif what == 1 and press.sandbox.comments(press.pull):
        await press.sandbox.delete_comment(chance.choice(press.sandbox.comments(press.pull)), "ada")
    name = chance.choice("abc")
    attempts[name] = attempts.get(name, 0) + 1
    conclusion = chance.choice(["success", "failure", "failure"])
    says = chance.choice([UNIT_TEST, LOST_RUNNER])
    await press.job_ends(name, conclusion, says=says, marks=chance.choice([0, 1, 50]), attempt=attempts[name])


async def show(publish: Callable[[], Awaitable[None]], tries: int) -> bool:
    for _ in range(tries):
        try:
            await publish()
        except Retry:
            continue
        return True
    return False


@pytest.mark.parametrize("seed", range(8))
async def test_in_the_end_everything_is_right(sandbox: Sandbox, sqlite_database_url: str, seed: int) -> None:
    """L17, F5, F6, F15, F16, G18, G19, E59."""
    chance, attempts = random.Random(seed), dict[str, int]()
    async with opened_press(sandbox, sqlite_database_url) as press:
        publishers = (press.gate, press.comment, press.labels)
        for _ in range(8):
            await happen(press, chance, attempts)
            for method, path in chance.sample(WRITES, 2):
                sandbox.fault(chance.choice(LOSSES), method, path, status=502, skip=chance.randrange(2))
            for publish in publishers:
                await show(publish, chance.randrange(3))
        sandbox.api.faults.script.clear()
        await press.job_ends("last", "failure", says=UNIT_TEST, marks=3)
        assert [await show(publish, 2) for publish in publishers] == [True] * 3
        await the_truth_is_shown_once(press)


async def the_truth_is_shown_once(press: Press) -> None:
    live = press.gates()[-1]
    messages = [(note["path"], note["start_line"], note["message"]) for note in live.annotations]
    assert (live.conclusion, len(messages)) == ("failure", len(set(messages)))
    view = await view_of(press.parts.engine, press.repo.id, press.sha)
    assert view is not None
    shown = view.gate.failures
    assert {path for path, _, _ in messages} == {mark.path for failure in shown for mark in failure.marks}
    assert len(press.sandbox.comments(press.pull)) == 1
    assert set(press.sandbox.labels(press.pull)) == {f"failure-review:{each.verdict.category}" for each in shown}
    writes = len(press.writes())
    for publish in (press.gate, press.comment, press.labels):
        await publish()
    assert len(press.writes()) == writes
