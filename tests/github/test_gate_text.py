"""What people read in the gate, word for word: whose, by when, what to do; then why."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from gates import NOW, SHA, SITE, failure, gate, job, no_log
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from markdown_it import MarkdownIt

from github_app.github.gate_text import MAX_TEXT, comment, gate_text, is_green, summary
from github_app.github.verdict import GateVerdict, json_schema, verdict_json
from github_app.rules.gate import Gate
from github_app.rules.model import Person
from github_app.rules.records import Mark
from github_app.rules.verdicts import Mode, Override, Owner, Party, Permission
from pytest_failure_review.report import Severity

ONE = gate([job()], [failure()])
HEAD = "| Job | Kind | Whose | Fix by | Override | Next step |\n|---|---|---|---|---|---|"
UNIT = (
    "| `CI / unit` | [test.unit](https://app.example/failures/f1) | ada | 2026-03-02 13:00 UTC | hotfix only "
    "| Run the test here. |"
)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (("code_author: ada wrote it",), "code_author: ada wrote it"),
        (("a: b is a bot", "a: ada wrote it"), "a: b is a bot; then a: ada wrote it"),
        (("a: 1", "a: 2", "a: 3"), "a: 1; then a: 3 (1 more step on the failure's page)"),
        (("a: 1", "a: 2", "a: 3", "`a`: <b>"), "a: 1; then `a`: \\<b> (2 more steps on the failure's page)"),
    ],
)
def test_how_the_owner_was_found_is_said_in_short(steps: tuple[str, ...], said: str) -> None:
    owner = Owner(Party("author", (Person(9, "ada"),)), steps=steps)
    assert f"* **How we know:** {said}" in summary(gate([job()], [failure(owner=owner)]), SITE).splitlines()


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")][1:]


def fenced(text: str) -> str:
    return MarkdownIt("commonmark").parse(text)[0].content


def test_one_failure_is_read_from_top_to_bottom() -> None:
    assert summary(ONE, SITE).splitlines() == [
        "**ada** has until **2026-03-02 13:00 UTC** to fix `unit` (test.unit). Next step: Run the test here.",
        "",
        *HEAD.splitlines(),
        UNIT,
        "",
        "### `unit`: test.unit",
        "",
        "* **Why:** The log says `assert 3 == 4` (line 9): a test failed.",
        "* **Whose:** ada, as author",
        "* **By when:** 2026-03-02 13:00 UTC: 4 h for test.unit, around the clock",
        "* **Override:** overridable only for a hotfix: a test says so",
        "",
        "What to do:",
        "",
        "1. Run the test here",
        "",
        "[All about this failure](https://app.example/failures/f1)",
    ]


def test_the_text_holds_the_verdict_and_the_failing_lines() -> None:
    text = gate_text(ONE, SITE).text
    assert json.loads(fenced(text))["failures"][0]["category"] == "test.unit"
    assert text.endswith("### `unit`: log lines 8 to 9\n\n```text\n>   assert 3 == 4\nE   assert 3 == 4\n```")


def test_an_annotation_says_what_failed_and_whose_it_is() -> None:
    [note] = gate_text(ONE, SITE).annotations
    assert note == {
        "path": "tests/test_cart.py",
        "start_line": 9,
        "end_line": 9,
        "annotation_level": "failure",
        "title": "test.unit: ada, 4 h to fix",
        "message": "assert 3 == 4\n\nThe log says `assert 3 == 4` (line 9): a test failed.",
    }


def test_six_kinds_are_listed_the_most_urgent_first() -> None:
    kinds = ["test.unit", "security.secret", "infra.runner", "build", "generator_drift", "unknown"]
    hours = [4, 1, 1, 2, 2, 4]
    shown = gate(
        [job(number, f"job {number}") for number in range(6)],
        [
            failure(number, kind, f"job {number}", clock={"target_s": hours[number] * 3600 + number})
            for number, kind in enumerate(kinds)
        ],
    )
    text = summary(shown, SITE)
    assert text.startswith("**ada** has until **2026-03-02 10:00 UTC** to fix `job 1` (security.secret).")
    assert "\n\n5 more failures below." in text
    assert [line.split("[")[1].split("]")[0] for line in rows(text)] == [
        "security.secret",
        "infra.runner",
        "build",
        "generator_drift",
        "test.unit",
        "unknown",
    ]


def test_sixty_failures_are_all_in_the_table_and_the_first_twenty_are_explained() -> None:
    shown = gate([job(n, f"job {n}") for n in range(60)], [failure(n, name=f"job {n}") for n in range(60)])
    told = gate_text(shown, SITE)
    assert len(rows(told.summary)) == 60
    assert told.summary.count("* **Why:**") == 20
    assert "The table above lists 40 more failures." in told.summary
    verdict = json.loads(fenced(told.text))
    assert (len(verdict["failures"]) + verdict["omitted"], len(rows(comment(shown, SITE)))) == (60, 21)


def test_more_failures_than_a_table_holds_are_counted() -> None:
    shown = gate([job(n, f"job {n}") for n in range(130)], [failure(n, name=f"job {n}") for n in range(130)])
    assert rows(summary(shown, SITE))[-1] == "| 30 more | | | | | |"


def test_the_legs_of_one_failure_share_a_line() -> None:
    jobs = [job(number, f"unit (3.1{number})") for number in range(5)]
    [line] = rows(summary(gate(jobs, [failure(legs=range(5))]), SITE))
    assert line.startswith("| `CI / unit (3.10)`, `CI / unit (3.11)`, `CI / unit (3.12)` and 2 more |")


def test_a_failure_without_a_log_says_so_and_where_to_look() -> None:
    text = summary(gate([job()], [no_log()]), SITE)
    assert "to fix `unit` (unknown). Next step: Look at the job's log." in text
    assert "### `unit`: unknown, no log" in text
    assert "* **Why:** GitHub has no log of this job, and nothing else says why it failed." in text


def test_the_severity_stands_beside_the_kind() -> None:
    found = failure(category="security.vulnerability", verdict={"severity": Severity.HIGH})
    assert "### `unit`: security.vulnerability, high" in summary(gate([job()], [found]), SITE)


@pytest.mark.parametrize(
    ("conclusion", "sentence", "said"),
    [
        ("cancelled", "cancelled: re-run or remove", "cancelled"),
        ("action_required", "waits for a maintainer to approve the run", "waiting"),
    ],
)
def test_a_job_without_a_verdict_says_what_to_do(conclusion: str, sentence: str, said: str) -> None:
    text = summary(gate([job(conclusion=conclusion)]), SITE)
    assert text == f"`CI / unit`: {sentence}.\n\n{HEAD}\n| `CI / unit` | {said} | | | | {sentence} |"


def test_what_does_not_gate_is_listed_with_the_reason() -> None:
    text = summary(gate([job(3, "lint")], [failure(3, name="lint")], ignore=["lint"]), SITE)
    assert rows(text)[0].endswith("| does not gate: gate.ignore or not among gate.jobs |")


def test_while_ci_runs_it_says_what_is_awaited() -> None:
    assert summary(gate([job(conclusion=None)]), SITE) == "CI is not done yet: the gate waits for `CI`."
    assert summary(gate([], settled=False), SITE) == "CI is not done yet: the gate waits for the first job."


def test_all_clear_needs_one_sentence() -> None:
    green = gate([job(conclusion="success")])
    assert (green.conclusion, summary(green, SITE)) == ("success", "Nothing here stands in the way of a merge.")
    assert gate_text(green, SITE).annotations == ()


def test_observing_says_that_nobody_is_stopped_and_what_it_would_say() -> None:
    observed = gate([job()], [failure()], mode=Mode.OBSERVE)
    assert (observed.conclusion, is_green(observed)) == ("neutral", False)
    assert summary(observed, SITE).startswith(
        "This repository is only being observed: the gate stops nobody. It would say:\n\n"
        "**ada** has until **2026-03-02 13:00 UTC** to fix `unit` (test.unit)."
    )
    assert is_green(gate([job(conclusion="success")], mode=Mode.OBSERVE))


def test_what_the_policy_lacks_stands_at_the_end() -> None:
    shown = gate([job()], [failure()], notices=["nobody is mapped to backend_dev: add `roles.backend_dev`"])
    assert summary(shown, SITE).endswith(
        "**For whoever keeps the policy:**\n\n* nobody is mapped to backend_dev: add `roles.backend_dev`"
    )


def test_a_missed_deadline_is_the_first_word() -> None:
    late = failure(clock={"breached_at": NOW + timedelta(hours=4)})
    text = summary(gate([job()], [late]), SITE)
    assert text.startswith("**Overdue:** **ada** was to fix `unit` (test.unit) by **2026-03-02 13:00 UTC**.")
    assert "| **overdue since** 2026-03-02 13:00 UTC |" in text


def test_a_failure_without_a_deadline_says_so() -> None:
    text = summary(gate([job()], [failure(clock={"target_s": None})]), SITE)
    assert text.startswith("**ada** is to fix `unit` (test.unit).")
    assert "| no deadline |" in text


def test_those_who_are_told_are_named() -> None:
    owner = Owner(Party("backend_dev", teams=("octo/backend",)), (Party("frontend_dev"),))
    text = summary(gate([job()], [failure(owner=owner)]), SITE)
    assert "* **Whose:** octo/backend, as backend_dev; told: frontend_dev" in text


@pytest.mark.requirement("S1-192")
def test_the_runbook_is_linked_and_nothing_else_that_somebody_wrote() -> None:
    notes = ("Runbook: https://wiki.example/unit", "Runbook: javascript:alert(1)", "see https://evil.example")
    text = summary(gate([job()], [failure(notes=notes)]), SITE)
    assert "* **Runbook:** <https://wiki.example/unit>" in text
    assert "* Runbook: javascript:alert(1)" in text
    assert "https://evil" not in text


@pytest.mark.requirement("S1-008")
def test_what_holds_up_everybody_says_so() -> None:
    drift = failure(category="generator_drift", blocks_all=True)
    assert "* **It holds up everybody** until it is fixed, not only this change." in summary(
        gate([job()], [drift]), SITE
    )


@pytest.mark.requirement("S1-013")
def test_the_deadline_says_which_rule_gave_which_number() -> None:
    told = "8 h for test.database, around the clock (matrix L28); complex: the change touches db/x.sql, a schema path"
    text = summary(gate([job()], [failure(category="test.database", clock={"explanation": told})]), SITE)
    assert f"* **By when:** 2026-03-02 13:00 UTC: {told}" in text


def test_the_comment_is_the_first_ten_seconds() -> None:
    assert comment(ONE, SITE).splitlines() == [
        "**Failure Review: test.unit (ada, 4 h to fix)** at aaaaaaaaaaaa",
        "",
        "**ada** has until **2026-03-02 13:00 UTC** to fix `unit` (test.unit). Next step: Run the test here.",
        "",
        *HEAD.splitlines(),
        UNIT,
        "",
        "The check `failure-review/gate` says why, and marks the failing lines.",
    ]


# --- annotations -----------------------------------------------------------------------------------------------------


def test_what_two_failures_say_of_one_line_is_said_once() -> None:
    shown = gate([job(1, "a"), job(2, "b")], [no_log(1, "a"), no_log(2, "b")])
    [note] = gate_text(shown, SITE).annotations
    assert note["message"] == "GitHub has no log of this job, and nothing else says why it failed."


def test_at_most_five_hundred_lines_are_marked_those_of_the_most_urgent_failure_first() -> None:
    marks = tuple(Mark(f"tests/test_{number}.py", 1, "x") for number in range(400))
    slow = failure(1, marks=marks, clock={"target_s": 9 * 3600})
    fast = failure(2, "security.secret", marks=marks, clock={"target_s": 3600}, verdict={"reason": "A secret."})
    notes = gate_text(gate([job(1), job(2)], [slow, fast]), SITE).annotations
    assert len(notes) == 500
    assert [note["title"].split(":")[0] for note in notes] == ["security.secret"] * 400 + ["test.unit"] * 100


def test_an_annotation_holds_nothing_that_cannot_be_seen_and_no_absurd_line() -> None:
    hostile = Mark("a\x00b\u202e.py", 10**12, "\x1b[31mred\x1b[0m\x00\u202e" + "x" * 100_000)
    unseen = Mark("\u202e", 1, "x")
    [note] = gate_text(gate([job()], [failure(marks=(hostile, unseen))]), SITE).annotations
    assert (note["path"], note["start_line"], note["message"][:5]) == ("ab.py", 1, "redxx")
    assert len(note["message"].encode()) < 64 * 1024


# --- limits, strangers, machines -------------------------------------------------------------------------------------

hostile_text = st.text(max_size=60) | st.sampled_from(["```", "|", "\u202e", "<!--", "@octo/all", "😀" * 500, "`" * 90])


@given(name=hostile_text, reason=hostile_text, message=hostile_text, count=st.integers(1, 30))
def test_hostile_names_break_neither_the_limits_nor_the_verdict(
    name: str, reason: str, message: str, count: int
) -> None:
    shown = gate(
        [job(n, f"{name}{n}") for n in range(count)],
        [
            failure(n, name=f"{name}{n}", verdict={"reason": reason}, marks=(Mark("a.py", n + 1, message),))
            for n in range(count)
        ],
    )
    told = gate_text(shown, SITE)
    assert max(len(told.summary.encode()), len(told.text.encode())) <= MAX_TEXT
    assert len(told.title) <= 255
    assert len(rows(told.summary)) == count
    verdict = json.loads(fenced(told.text))
    assert len(verdict["failures"]) + verdict["omitted"] == count


def test_the_longest_summary_is_cut_with_a_link_to_the_rest() -> None:
    long = [failure(n, name="n" * 190, verdict={"reason": "😀" * 599, "advice": ("😀" * 390,) * 9}) for n in range(60)]
    text = gate_text(gate([job(n, "n" * 190) for n in range(60)], long), SITE).summary
    assert len(text.encode()) <= MAX_TEXT
    assert text.endswith("… cut here: [the rest](https://app.example/failures/f0)\n")


def verdict_of(shown: Gate, limit: int = 30_000) -> GateVerdict:
    told = json.loads(verdict_json(shown, limit))
    return GateVerdict.model_validate({"version": told.pop("schema")} | told)


def test_the_verdict_says_everything_that_another_program_needs() -> None:
    assert json.loads(verdict_json(ONE, 30_000)) == {
        "schema": 1,
        "head_sha": SHA,
        "conclusion": "failure",
        "failures": [
            {
                "id": "f1",
                "job": "CI / unit",
                "category": "test.unit",
                "subcategory": None,
                "severity": None,
                "owner": "ada",
                "informed": [],
                "deadline": "2026-03-02T13:00:00Z",
                "override": "hotfix",
                "reason": "The log says `assert 3 == 4` (line 9): a test failed.",
                "fingerprint": "fr1:0000000000000001",
                "compared": None,
                "impact": None,
                "corrected": None,
            }
        ],
        "omitted": 0,
    }


def test_a_verdict_that_does_not_fit_counts_what_it_leaves_out() -> None:
    many = gate([job(n) for n in range(60)], [failure(n) for n in range(60)])
    assert len(verdict_json(many, 5_000)) <= 5_000
    short = verdict_of(many, 5_000)
    assert 0 < len(short.failures) < 60
    assert len(short.failures) + short.omitted == 60


def test_the_published_schema_is_that_of_the_code() -> None:
    published = Path(__file__).parents[2] / "docs" / "verdict.schema.json"
    assert json.loads(published.read_text()) == json_schema()


def test_the_verdict_fits_its_published_schema() -> None:
    stopped = failure(2, "security.secret", override=Override(Permission.NEVER, "never", ""), clock={"target_s": None})
    for shown in (ONE, gate([job(2)], [stopped]), gate([], settled=False)):
        Draft202012Validator(json_schema()).validate(json.loads(verdict_json(shown, 30_000)))


def test_the_comment_shows_how_the_first_failure_is_seen_again() -> None:
    first = failure()
    again = replace(first, verdict=replace(first.verdict, replay="gh run download 50 && pytest '--x=a|b`c`'"))
    shown = "To see it fail again as it did:\n\n```sh\ngh run download 50 && pytest '--x=a|b`c`'\n```"
    assert shown in comment(gate([job()], [again]), SITE)
