"""What stands around a failing test may make it one of several parts together, or one that keeps a limit of time."""

from __future__ import annotations

import pytest

from github_app.builtin import signatures
from github_app.classify import judge_log
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

UNIT_TEST = "FAILED tests/test_cart.py::test_total - assert 3 == 4"
END = "##[error]Process completed with exit code 1."


def verdict_on(*lines: str) -> Verdict:
    return judge_log(["\n".join(lines).encode()], signatures()).verdict


@pytest.mark.parametrize(
    "beside",
    [
        "Running integration tests",
        "> shop@1.0.0 test:e2e",
        '  File "/src/tests/integration/test_cart.py", line 3, in test_total',
        "    /src/test/acceptance/cart.rb:12:in `total'",
        "        at guitests.CartTest.adds(CartTest.java:12)",
        "make: *** [Makefile:12: integration-test] Error 1",
        'The command "npm run test:e2e" exited with 1.',
    ],
)
def test_what_stands_beside_it_makes_a_test_one_of_several_parts(beside: str) -> None:
    verdict = verdict_on(beside, UNIT_TEST, END)
    assert verdict.category is Category.TEST_INTEGRATION
    assert ", and " in verdict.reason


@pytest.mark.parametrize(
    "lines",
    [
        ("Running integration tests", "Running unit tests", UNIT_TEST),
        (UNIT_TEST, "Running unit tests", "Running integration tests"),
        ("FAILED tests/unit_tests/test_cart.py::test_total - assert 3 == 4", "Running integration tests"),
        ('  File "/venv/site-packages/shop/tests/integration/cart.py", line 3, in total', UNIT_TEST),
        (UNIT_TEST,),
    ],
)
def test_tests_of_another_kind_beside_it_do_not(lines: tuple[str, ...]) -> None:
    assert verdict_on(*lines, END).category is Category.TEST_UNIT


@pytest.mark.parametrize(
    "lines",
    [
        (
            "    const took = Date.now() - start;",
            "    Expected: < 250",
            "    Received: 378.4",
            "(fail) cart > adds [776.37ms]",
        ),
        (">       assert elapsed < 2.0", "E       assert 2.31 < 2.0", "FAILED tests/test_cart.py::test_total"),
        ("FAILED tests/test_cart.py::test_total - AssertionError: took 2.3s, budget is 1.0s",),
        ("(fail) cart > adds 1,000 items under the budget [776.37ms]",),
    ],
)
def test_a_limit_of_time_in_the_assertion_explains_the_failing_test(lines: tuple[str, ...]) -> None:
    verdict = verdict_on(*lines, END)
    assert verdict.category is Category.PERFORMANCE


def test_the_failing_test_stays_beside_the_limit_so_that_nothing_is_waved_through() -> None:
    verdict = verdict_on(">       assert elapsed < 2.0", "E       assert 2.31 < 2.0", UNIT_TEST, END)
    assert Category.TEST_UNIT in {other.category for other in verdict.also}


@pytest.mark.parametrize(
    "lines",
    [
        ("    expect(items.length).toBeLessThan(5);", "    Expected: < 5", "  ● cart returns few items"),
        ("E       assert 12 < 10", "FAILED tests/test_cart.py::test_size"),
        (">       assert elapsed < 2.0", "E       assert 2.31 < 2.0", "==== 2 failed, 3 passed in 7.03s ===="),
        ("    Expected: < 5", "    it timed out after the duration", "  ● cart waits for it and returns"),
        ("  ✕ adds up (2003 ms)", "    Expected: < 5"),
    ],
)
def test_what_holds_no_time_to_a_limit_stays_a_failing_test(lines: tuple[str, ...]) -> None:
    assert verdict_on(*lines, END).category is Category.TEST_UNIT


def test_weak_words_do_not_explain_a_job_that_was_stopped() -> None:
    stopped = verdict_on("TEST: adds up", "Expected: 4", "##[error]The operation was canceled.")
    assert stopped.category is Category.UNKNOWN
    assert verdict_on("TEST: adds up", "Expected: 4", END).category is Category.TEST_UNIT
