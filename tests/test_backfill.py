"""`failure-review classify --backfill`: what would change is told, and nothing is changed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import NOW
from stories import ADA, DATABASE, NETWORK, PUZZLE, REPO, A, at, job, moved, only, pull, seen, told

from github_app.app import builtin_policy
from github_app.backfill import CAUTION, Wanted, as_json, as_text, backfill
from github_app.builtin import signatures
from github_app.classify import Rulebook
from github_app.documents import Document, to_document
from github_app.engine import Change
from github_app.rules.model import Evidence
from github_app.rules.records import Failure, FailureState, PolicySource
from github_app.rules.signatures import Signatures, parse
from github_app.rules.verdicts import Answer, Compared, Correction
from github_app.store import SqlStore
from pytest_failure_review.cli import main
from pytest_failure_review.report import Category

OWN = "- {id: kettle, category: performance, pattern: 'machine hums', description: it hums, matches: [machine hums]}"


def failures() -> list[Failure]:
    """Four: two that the shipped rules know, one that they do not, one without a log."""
    told_of = [
        job(says=DATABASE, minute=10),
        job(says=NETWORK, minute=20),
        job(says=PUZZLE, minute=60 * 24 * 3),
        job(evidence=Evidence(log="missing"), name="x", failed_step="", minute=30),
    ]
    found = [only(told(moved(pull()), seen(A, red))) for red in told_of]
    return [replace(failure, id=f"f{number}") for number, failure in enumerate(found)]


async def keep(url: str, *documents: Document) -> None:
    store = await SqlStore.open(url)
    assert await store.commit(Change(documents=list(documents)), NOW)
    await store.close()


@pytest.fixture
async def kept(database_url: str) -> str:
    await keep(database_url, *(to_document(replace(failure, state=FailureState.CLOSED), 0) for failure in failures()))
    return database_url


async def run(url: str, rules: Signatures, wanted: Wanted | None = None) -> dict[str, Any]:
    return as_json(await backfill(url, wanted or Wanted(), book(rules), lambda _: None))


def book(rules: Signatures) -> Rulebook:
    return Rulebook(rules, builtin_policy())


def more_rules() -> Signatures:
    return Signatures([*signatures().entries, *parse({"own.yml": OWN}).entries])


async def test_under_the_same_rules_nothing_would_change(kept: str) -> None:
    assert await run(kept, signatures()) == {
        "failures": 4,
        "same": 3,
        "same_by_another_rule": 0,
        "changed": [],
        "table": [],
        "corrected": [],
        "not_judged_again": [{"id": "f3", "why": "nothing of its log was kept"}],
    }


async def test_what_a_new_rule_would_change_is_told_and_not_done(kept: str) -> None:
    found = await run(kept, more_rules())
    assert found["table"] == [{"before": "unknown (no_match)", "after": "performance", "count": 1}]
    [changed] = found["changed"]
    assert (changed["id"], changed["repo"], changed["before"]["rule"], changed["after"]["rule"]) == (
        *("f2", "octo/shop"),
        *("none:no_match", "kettle"),
    )
    assert changed["reason"] == "The log says `the machine hums` (line 2): it hums."
    assert (await run(kept, more_rules()))["table"] == found["table"]


async def test_a_repository_s_own_signatures_count_for_its_failures_alone(kept: str) -> None:
    own = "signatures: [{id: kettle, category: performance, pattern: machine hums, description: it hums}]"
    await keep(kept, to_document(PolicySource(replace(REPO, id=REPO.id + 1), A, NOW, text=f"schema: 1\n{own}\n"), 0))
    assert (await run(kept, signatures()))["changed"] == []
    await keep(kept, to_document(PolicySource(REPO, A, NOW, text=f"schema: 1\n{own}\n"), 0))
    [changed] = (await run(kept, signatures()))["changed"]
    assert (changed["id"], changed["after"]["category"]) == ("f2", "performance")


async def test_failures_of_one_repository_and_of_the_last_days_can_be_chosen(kept: str) -> None:
    assert (await run(kept, signatures(), Wanted("Octo/Shop")))["failures"] == 4
    assert (await run(kept, signatures(), Wanted("octo/other")))["failures"] == 0
    assert (await run(kept, signatures(), Wanted(since=at(15))))["failures"] == 3
    assert (await run(kept, signatures(), Wanted(since=at(60 * 24 * 3) + timedelta(seconds=1))))["failures"] == 0


async def test_a_record_that_cannot_be_read_is_counted_and_stops_nothing(sqlite_database_url: str) -> None:
    await keep(sqlite_database_url, Document("f9", "failure", 1, 7, '{"id": "f9"}'))
    found = await run(sqlite_database_url, signatures())
    assert found["not_judged_again"] == [{"id": "f9", "why": "its record cannot be read by this version"}]


async def test_people_read_counts_moves_and_reasons(kept: str) -> None:
    text = as_text(await backfill(kept, Wanted(), book(more_rules()), lambda _: None))
    assert " ".join(text[:2]) == (
        "4 failures: 3 judged again, of which 1 would change and 2 stay the same; 1 not judged again."
    )
    assert "     1  unknown (no_match) -> performance" in text
    assert "f2 octo/shop pull/1, job `unit`" in text
    assert "  now performance: The log says `the machine hums` (line 2): it hums." in text
    assert "Not judged again, 1: nothing of its log was kept." in text
    assert " ".join(text).endswith(CAUTION)
    assert max(map(len, text)) <= 80


async def test_what_people_corrected_is_listed_apart_and_stands(sqlite_database_url: str) -> None:
    [failure, *_] = failures()
    word = Correction(Category.TEST_UNIT, (ADA,), at(20), failure.verdict.category, failure.owner.accountable)
    theirs = replace(failure.verdict, category=Category.TEST_UNIT, source="person")
    corrected = replace(failure, verdict=theirs, machine=failure.verdict, correction=word)
    await keep(sqlite_database_url, to_document(corrected, 0))
    outcome = await backfill(sqlite_database_url, Wanted(), book(Signatures([])), lambda _: None)
    [told_of] = as_json(outcome)["corrected"]
    assert (told_of["people"], told_of["before"]["category"], told_of["after"]["category"]) == (
        *("test.unit", "test.database"),
        "unknown",
    )
    assert (outcome.changed, outcome.total) == ([], 1)
    text = " ".join(as_text(outcome))
    assert "0 not judged again; 1 corrected by people." in text
    assert "people say test.unit, and that stands; the App said test.database" in text


async def test_a_comparison_that_is_not_repeated_is_told(sqlite_database_url: str) -> None:
    [failure, *_] = failures()
    green = replace(failure.comparison, green=Compared(Answer.NEW, "It is new."))
    await keep(sqlite_database_url, to_document(replace(failure, comparison=green), 0))
    outcome = await backfill(sqlite_database_url, Wanted(), book(Signatures([])), lambda _: None)
    assert as_json(outcome)["changed"][0]["compared_with_green_run"]
    assert "which they were is not kept, so they count here." in " ".join(line.strip() for line in as_text(outcome))


# --- as people type it


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["classify", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def on_database(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, since it sets up logs for the whole process."""
    program = [sys.executable, "-m", "pytest_failure_review.cli", "classify", "--backfill", *arguments]
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False, env=environment)


async def test_the_exit_status_says_whether_something_would_change(sqlite_database_url: str) -> None:
    shown = await asyncio.to_thread(on_database, sqlite_database_url, "--json", "--since", "0", "--repo", "octo/shop")
    assert (shown.returncode, json.loads(shown.stdout)["failures"], shown.stderr) == (0, 0, "")
    older = replace(failures()[0], verdict=replace(failures()[0].verdict, category=Category.UNKNOWN))
    await keep(sqlite_database_url, to_document(older, 0))
    shown = await asyncio.to_thread(on_database, sqlite_database_url)
    assert (shown.returncode, shown.stdout.split(",")[0], shown.stderr) == (1, "1 failure: 1 judged again", "")


def test_a_database_without_tables_is_a_sentence(tmp_path: Path) -> None:
    shown = on_database(f"sqlite:///{tmp_path}/none.db")
    assert (shown.returncode, shown.stdout, "failure-review db upgrade" in shown.stderr) == (2, "", True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--backfill", "job.log"],
            "--backfill judges the failures that are kept; it takes no log, --job or --step.",
        ),
        (["--since", "3", "job.log"], "--repo and --since choose among kept failures: they go with --backfill."),
    ],
)
def test_what_does_not_go_together_is_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(capsys, *arguments) == (2, "", f"failure-review: {sentence}\n")


def test_days_that_make_no_sense_are_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["classify", "--backfill", "--since", "soon"])
    assert ended.value.code == 2
    assert "'soon' is no number of days from 0 to 36,500" in capsys.readouterr().err
