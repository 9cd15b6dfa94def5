"""What people and programs read of a failure beyond itself: what is new of it, and whom else it holds up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from gates import SITE, failure, gate, job
from jsonschema import Draft202012Validator

from github_app.github.gate_text import comment, summary
from github_app.github.verdict import json_schema, verdict_json
from github_app.rules.around import Around
from github_app.rules.comparison import Elsewhere
from github_app.rules.gate import Gate
from github_app.rules.impact import Impact
from github_app.rules.verdicts import Answer, Compared, Comparison

OTHERS = (12, 15)
AROUND = Around(
    Elsewhere(OTHERS, 2, "Seen elsewhere in the last 7 days: #12, #15 (2 authors)."),
    Impact(
        (1, *OTHERS), ("main",), ("octo/backend",), 3, "it is on main", "The same failure holds up #12, #15 as well."
    ),
    flips=3,
    news=("Not compared with a green run.", "Seen elsewhere in the last 7 days: #12, #15 (2 authors)."),
)
INHERITED = Comparison(base=Compared(Answer.ALREADY_RED, "Already failing on main since 0123456: not @ada's."))


def surrounded(**more: Any) -> Gate:
    shown = failure(1, **more)
    leg = replace(shown.legs[0], url="https://github.com/octo/shop/actions/runs/1/job/2")
    return replace(gate([job()], [replace(shown, legs=(leg,))]), around={"f1": AROUND})


def test_the_check_links_to_the_pull_requests_that_have_the_failure_too() -> None:
    """X33."""
    links = "[#12](https://github.com/octo/shop/pull/12), [#15](https://github.com/octo/shop/pull/15)"
    text = summary(surrounded(), SITE)
    told = f"Not compared with a green run. Seen elsewhere in the last 7 days: {links} (2 authors)."
    assert f"* **What is new:** {told}" in text
    assert f"* **Whom it holds up:** The same failure holds up {links} as well." in text
    assert "* **Flaky: flipped 3 times in 7 days, red and then green on one commit**" in text


def test_without_an_address_of_the_repository_nothing_is_linked() -> None:
    shown = replace(gate([job()], [failure()]), around={"f1": AROUND})
    assert "](" not in summary(shown, SITE).split("* **What is new:**")[1].split("\n")[0]


def test_the_comment_says_in_one_line_whom_else_it_holds_up_and_leaves_no_mark_there() -> None:
    """A link, or a number that GitHub makes one of, would show up on the other pull request."""
    [line] = [each for each in comment(surrounded(comparison=INHERITED), SITE).splitlines() if "Not only here" in each]
    assert line == (
        "**Not only here:** Already failing on main since 0123456: not @\u200bada's. "
        "The same failure holds up #\u200b12, #\u200b15 as well."
    )


def test_a_failure_that_is_nobody_else_s_has_no_such_line() -> None:
    alone = replace(AROUND, impact=Impact((1,), sentence="Nobody else is known to be held up."))
    assert "Not only here" not in comment(replace(surrounded(), around={"f1": alone}), SITE)


def test_the_verdict_tells_other_programs_what_is_new_and_whom_it_holds_up() -> None:
    told = json.loads(verdict_json(surrounded(comparison=INHERITED), 30_000))["failures"][0]
    assert told["compared"] == {"green": "not_compared", "base": "already_red", "elsewhere": [12, 15], "flips": 3}
    assert told["impact"] == {
        "pulls": [1, 12, 15],
        "branches": ["main"],
        "teams": ["octo/backend"],
        "everybody": True,
    }
    Draft202012Validator(json_schema()).validate(json.loads(verdict_json(surrounded(), 30_000)))


def test_what_the_policy_says_holds_up_everybody_does_so_for_other_programs_too() -> None:
    alone = replace(AROUND, impact=Impact((1,)))
    shown = replace(surrounded(blocks_all=True), around={"f1": alone})
    assert json.loads(verdict_json(shown, 30_000))["failures"][0]["impact"]["everybody"] is True
