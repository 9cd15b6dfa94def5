"""What the last green run shows too explains nothing; but nothing becomes milder in silence."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from policies import layered
from verdicts import FAILED_TEST, LEAK, REFUSED, judged, log

from github_app.rules.model import Baseline, Evidence
from github_app.rules.overrides import eligibility
from github_app.rules.policy import rule_of
from github_app.rules.precedence import is_stricter
from github_app.rules.verdicts import Permission, Verdict
from pytest_failure_review.report import Category

SHA = "5" * 40
PLACE = "the last green run on main (555555555555)"
LINES = (LEAK, REFUSED, FAILED_TEST, "curl: (6) Could not resolve host: example.org", "it hums")


def seen_before(evidence: Evidence, *numbers: int) -> Verdict:
    return judged(replace(evidence, baseline=Baseline("main", SHA, seen=numbers)))


def test_a_line_that_the_last_green_run_shows_too_is_not_the_cause() -> None:
    verdict = seen_before(log(REFUSED, FAILED_TEST), 1)
    assert verdict.category is Category.TEST_UNIT
    assert verdict.reason == (
        f"The log says `{FAILED_TEST}` (line 2): a test failed under pytest. "
        f"Not counted, for {PLACE} shows it too: infra.database, infra.network, test.database."
    )


DRIFT = "Generated client is out of date"
NO_HOST = "curl: (6) Could not resolve host: example.org"


def test_drift_that_the_last_green_run_printed_once_cannot_be_overridden_either() -> None:
    """T15: whoever prints the line of a drift in one green run would else pass every later one as a broken network."""
    alone, compared = judged(log(DRIFT, NO_HOST)), seen_before(log(DRIFT, NO_HOST), 1)
    assert compared.reason.endswith(f"Not counted, for {PLACE} shows it too: generator_drift.")
    assert compared.category is Category.INFRA_NETWORK
    assert compared.also == alone.also
    policy = layered()
    override = eligibility(compared, rule_of(compared, policy), policy)
    assert override.permission is Permission.NEVER
    assert override.reason.startswith("not overridable: the log also shows generator_drift, ")


def test_when_nothing_else_explains_it_the_old_line_stays_the_answer_with_doubt() -> None:
    verdict = seen_before(log(REFUSED), 1)
    assert (verdict.category, verdict.confidence) == (Category.INFRA_DATABASE, 0.4)
    assert verdict.reason.endswith(f" The log of {PLACE} shows the same, so it may not be the cause.")


def test_a_secret_stays_whatever_the_last_green_run_shows() -> None:
    evidence = log(LEAK, FAILED_TEST)
    assert seen_before(evidence, 1, 2).category is Category.SECURITY_SECRET
    assert "green run" not in seen_before(evidence, 1).reason


def test_without_a_comparison_nothing_is_said_of_one() -> None:
    evidence = log(REFUSED)
    assert judged(replace(evidence, baseline=Baseline("main", gap="its log is gone"))) == judged(evidence)


@given(lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=5), seen=st.sets(st.integers(1, 5)))
def test_a_comparison_that_makes_a_verdict_milder_says_so(lines: list[str], seen: set[int]) -> None:
    evidence = log(*lines)
    alone, compared = judged(evidence), seen_before(evidence, *seen)
    milder = is_stricter(alone.category, than=compared.category)
    assert _kinds(alone) <= _kinds(compared)
    assert not milder or f"shows it too: {alone.category}" in compared.reason
    assert (alone.category is Category.SECURITY_SECRET) == (compared.category is Category.SECURITY_SECRET)


def _kinds(verdict: Verdict) -> set[Category]:
    """Every kind that a verdict tells of: none is lost, whichever comes first."""
    return {verdict.category, *(other.category for other in verdict.also)}
