"""What stands in the middle of a line that is too long to be shown whole is shown, and nothing of a credential is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.builtin import signatures
from github_app.classify import judge_log
from github_app.rules.lines import WIDTH
from github_app.rules.log import LogReader
from github_app.rules.redaction import OVERLAP
from pytest_failure_review.report import Category

EXIT = "##[error]Process completed with exit code 1.\n"
TOKEN = "ghp_" + "a1B2c3D4e5" * 4
LEAK = '{"RuleID":"aws-access-token","File":"a.py"}'


@pytest.mark.parametrize(
    ("told", "category"),
    [
        (LEAK, Category.SECURITY_SECRET),
        ("name 1.0 │ CVE-2099-1234 │ CRITICAL │", Category.SECURITY_VULNERABILITY),
        ("Generated files are out of date: src/a.ts", Category.GENERATOR_DRIFT),
    ],
)
@pytest.mark.parametrize("before", [500, 2_000, 5_000, 9_000, 70_000])
@pytest.mark.parametrize("after", [0, 5_000, 70_000])
def test_a_finding_in_the_middle_of_a_long_line_is_shown_and_judged(
    told: str, category: Category, before: int, after: int
) -> None:
    """T15: whatever stands before it in the line."""
    line = f"{'ok, ' * (before // 4)}{told}{', ok' * (after // 4)}"
    judged = judge_log([f"2026-03-02T09:00:01.0000000Z {line}\n{EXIT}".encode()], signatures())
    assert judged.verdict.category is category
    shown = [text for each in judged.evidence.excerpts for text in each.lines]
    assert any(told in text for text in shown)
    assert max(map(len, shown)) <= WIDTH
    assert told[:30] in judged.verdict.reason
    assert told[:30] in judged.verdict.evidence[0].text


@given(st.integers(0, 4 * OVERLAP), st.integers(0, 3 * OVERLAP))
def test_no_piece_of_a_credential_is_left_where_a_long_line_is_cut(before: int, between: int) -> None:
    """T23."""
    for line in (f"{before * '-'} {TOKEN} {between * '-'} {LEAK}", f"{before * '-'} {LEAK} {between * '-'} {TOKEN}"):
        reader = LogReader(())
        reader.take(f"{line} {6 * OVERLAP * '-'}\n{EXIT}".encode())
        reader.end()
        text = str(reader.evidence.excerpts)
        assert "RuleID" in text
        assert not any(TOKEN[at : at + 8] in text for at in range(len(TOKEN) - 8))
