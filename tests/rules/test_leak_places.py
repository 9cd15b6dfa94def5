"""Where a secret scanner points, how a line is followed back, and what is taken out of its words."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verdicts import log, note

from github_app.rules.leak_places import HIDDEN, PLACES, Place, line_before, places, without_people
from github_app.rules.model import Evidence
from github_app.rules.results.values import FileKind, FileReport, Flaw, FlawKind

SHA = "0123456789abcdef0123456789abcdef01234567"
GITLEAKS = f"""Finding:     key = "REDACTED"
RuleID:      stripe-access-token
File:        config/pay.py
Line:        12
Commit:      {SHA}
Author:      Bea Example
Email:       bea@example.com
Fingerprint: {SHA}:config/pay.py:stripe-access-token:12""".splitlines()


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (GITLEAKS, Place("config/pay.py", 12, SHA)),
        (["gitleaks", "Fingerprint: config/pay.py:stripe-access-token:12"], Place("config/pay.py", 12)),
        (["Found unverified result: trufflehog", "File: a.env", "Line: 3"], Place("a.env", 3)),
        (
            [f'{{"RuleID":"aws","StartLine":7,"File":"a.env","Commit":"{SHA}"}}', "leaks found: 1"],
            Place("a.env", 7, SHA),
        ),
        ([f'trufflehog {{"Git":{{"commit":"{SHA}","file":"a.env","line":4}}}}'], Place("a.env", 4, SHA)),
    ],
)
def test_a_place_is_read_from_what_a_scanner_prints(lines: list[str], place: Place) -> None:
    assert places(log(*lines)) == (place,)


def test_an_annotation_that_speaks_of_a_secret_is_a_place() -> None:
    evidence = Evidence(annotations=(note("Possible API key", path="a.env"), note("unused import", path="b.py")))
    assert places(evidence) == (Place("a.env", 1),)


def test_a_scanner_s_own_file_is_read_first() -> None:
    flaw = Flaw(FlawKind.SECRET, "stripe-key", ("gitleaks",), path="config/pay.py", line=12)
    lint = Flaw(FlawKind.LINT, "E501", ("ruff",), path="b.py", line=1)
    evidence = Evidence(files=(FileReport("gitleaks", FileKind.SCAN, flaws=(lint, flaw)),))
    assert places(evidence) == (Place("config/pay.py", 12),)


def test_a_log_that_speaks_of_no_secret_points_nowhere() -> None:
    assert places(log("  File: cart.py", "  Line: 3", "ValueError")) == ()


def test_of_many_findings_the_first_few_are_followed() -> None:
    lines = [f"Fingerprint: a{number}.py:rule:1" for number in range(20)]
    assert len(places(log("gitleaks", *lines))) == PLACES


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(), st.sampled_from(["File: x", "Line: 9" * 9, "secret", "Commit: zz"])), max_size=9))
def test_no_log_makes_it_raise(lines: list[str]) -> None:
    for place in places(log(*lines)):
        assert place.path


# --- a line's way back -----------------------------------------------------------------------------------------------

TEXTS = st.lists(st.sampled_from("abcdef"), max_size=12)


@given(old=TEXTS, new=TEXTS, context=st.integers(0, 3))
def test_a_line_is_followed_through_a_change(old: list[str], new: list[str], context: int) -> None:
    """The same line stands where it is said to have stood; an added one stood nowhere."""
    patch = "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=context))[2:])
    whole = list(difflib.unified_diff(old, new, lineterm="", n=99))[3:]
    kept = [line for line in whole if not line.startswith("-")] or [f" {line}" for line in new]
    added = {number for number, line in enumerate(kept, 1) if line.startswith("+")}
    assert {number for number in range(1, len(new) + 1) if line_before(patch, number) is None} == added
    for number in set(range(1, len(new) + 1)) - added:
        before = line_before(patch, number)
        assert before is not None
        assert old[before - 1] == new[number - 1]


def test_every_line_of_a_new_file_was_added() -> None:
    assert [line_before("@@ -0,0 +1,2 @@\n+a\n+b", line) for line in (1, 2)] == [None, None]


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S1-017")
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Author:      Bea Example", f"Author:      {HIDDEN}"),
        ("Email:       bea@example.com", f"Email:       {HIDDEN}"),
        ('{"Author":"Bea","Email":"bea@example.com","x":1}', f'{{"Author":"{HIDDEN}","Email":"{HIDDEN}","x":1}}'),
        ("commit_author = Bea", f"commit_author = {HIDDEN}"),
        ("File:        config/pay.py", "File:        config/pay.py"),
    ],
)
def test_what_a_scanner_says_of_people_is_taken_out(said: str, shown: str) -> None:
    assert without_people(said) == shown
