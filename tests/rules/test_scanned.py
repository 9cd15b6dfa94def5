"""A few mild findings that are shown do not stand for a critical one that is not (T15)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.builtin import signatures
from github_app.classify import judge_log
from github_app.rules.scanned import UNNAMED, Scanned, worst_named
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category, Severity

BEGIN = "##[group]Run scan\n##[endgroup]\n"
END = "##[error]Process completed with exit code 1.\n"
ADVISORY = "Trouble in p{n} - https://github.com/advisories/GHSA-aaaa-bbbb-{n:04d}\nfix available\n\n"
LISTINGS = {
    "npm": "p{n}  <1.0.{n}\nSeverity: {word}\n" + ADVISORY,
    "grype": "name{n}  1.0  1.1  npm  GHSA-aaaa-bbbb-{n:04d}  {Word}\n",
    "snyk": "  ✗ Trouble {n} [{Word} Severity][https://example.com/{n}] in p{n}@1.0\n",
    "trivy": "│ lib{n} │ CVE-2099-{n:04d} │ {WORD} │ fixed │ 1.0 │\n",
}


def listing(scanner: str, *words: str) -> str:
    made = ({"n": n, "word": word, "Word": word.title(), "WORD": word.upper()} for n, word in enumerate(words))
    return "".join(LISTINGS[scanner].format_map(each) for each in made)


def judged(text: str) -> Verdict:
    return judge_log([f"{BEGIN}{text}{END}".encode()], signatures()).verdict


@pytest.mark.parametrize("at", [0, 150, 299])
@pytest.mark.parametrize("scanner", LISTINGS)
def test_one_critical_vulnerability_among_hundreds_of_mild_ones_decides(scanner: str, at: int) -> None:
    """T15."""
    words = ["low"] * 300
    words[at] = "critical"
    verdict = judged(listing(scanner, *words))
    assert (verdict.category, verdict.severity) == (Category.SECURITY_VULNERABILITY, Severity.CRITICAL)


def test_how_severe_what_is_not_shown_is_counts_as_unnamed_where_no_line_names_it() -> None:
    """T15."""
    verdict = judged(listing("npm", *["low"] * 300))
    assert (verdict.category, verdict.severity) == (Category.SECURITY_VULNERABILITY, None)
    assert verdict.reason.endswith("more vulnerabilities than are shown, and how severe these are is not known.")


def test_the_total_of_an_audit_is_read() -> None:
    verdict = judged(f"# npm audit report\n\n{listing('npm', 'low')}4 vulnerabilities (3 low, 1 critical)\n")
    assert verdict.severity is Severity.CRITICAL
    assert verdict.reason.endswith("more vulnerabilities than are shown, critical at worst.")


def test_the_total_that_an_installer_tells_is_no_finding_of_the_audit() -> None:
    installed = "added 120 packages\n\n4 vulnerabilities (3 low, 1 critical)\n" + BEGIN
    verdict = judged(f"{installed}# npm audit report\n\n{listing('npm', 'low')}1 low vulnerability\n")
    assert verdict.severity is Severity.LOW


def test_a_short_listing_is_as_severe_as_it_says() -> None:
    verdict = judged(listing("grype", *["medium"] * 20))
    assert verdict.severity is Severity.MEDIUM
    assert "more vulnerabilities" not in verdict.reason


@pytest.mark.parametrize(
    ("line", "worst"),
    [
        ("4 vulnerabilities (3 low, 1 high)", Severity.HIGH),
        ("4 vulnerabilities (4 moderate, 0 critical)", Severity.MEDIUM),
        ("Total: 2 (UNKNOWN: 0, LOW: 2, MEDIUM: 0, HIGH: 0, CRITICAL: 0)", Severity.LOW),
        ("name 1.0 GHSA-aaaa-bbbb-cccc", None),
    ],
)
def test_of_what_a_line_counts_none_it_names_no_severity(line: str, worst: Severity | None) -> None:
    assert worst_named(line) is worst


@given(st.lists(st.sampled_from(["Severity: low", "Severity: high", "CVE-2099-1234"]), max_size=12), st.integers(0, 12))
def test_what_is_told_elsewhere_never_becomes_milder_by_further_lines(lines: list[str], size: int) -> None:
    """T15; also where there are more lines than are noted."""
    order = ["", "low", "medium", "high", UNNAMED, "critical"]
    noted, before = Scanned(4), ""
    for number, line in enumerate(lines, start=1):
        noted.note(number, 1, line)
        told = noted.elsewhere([(1, min(size, 4))])
        assert order.index(told) >= order.index(before)
        before = told
