"""Code that cannot be loaded fails the build, and what only changes blanks is a formatter's doing."""

from __future__ import annotations

import pytest
from verdicts import signatures_alone

from github_app.classify import judge_log
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

END = "##[error]Process completed with exit code 1."
SUITE = ("FAIL src/cart.test.ts", "  ● Test suite failed to run", "    ReferenceError: it is not there")


def verdict_on(*lines: str) -> Verdict:
    return judge_log(["\n".join((*lines, END)).encode()], signatures_alone()).verdict


def test_a_suite_that_could_not_be_loaded_is_no_failing_test() -> None:
    verdict = verdict_on(*SUITE, "Tests:       11 passed, 11 total")
    assert verdict.category is Category.BUILD_COMPILE
    assert "but its file could not be loaded." in verdict.reason


@pytest.mark.parametrize("beside", ["  ✕ adds up (3 ms)", "Tests:       1 failed, 11 passed, 12 total"])
def test_a_test_that_failed_beside_it_stays_one(beside: str) -> None:
    assert verdict_on(*SUITE, beside).category is Category.TEST_UNIT


def test_an_error_outside_of_every_function_is_one_of_the_build() -> None:
    verdict = verdict_on(
        "Traceback (most recent call last):",
        '  File "/src/shop/app.py", line 12, in <module>',
        "    def total(cart: Basket):",
        "NameError: name 'Basket' is not defined",
    )
    assert verdict.category is Category.BUILD_COMPILE
    assert verdict.reason.endswith("but it was raised while a module was loaded.")


def test_an_error_in_a_function_is_not() -> None:
    verdict = verdict_on(
        "Traceback (most recent call last):",
        '  File "/src/shop/app.py", line 12, in <module>',
        "    main()",
        '  File "/src/shop/app.py", line 8, in main',
        "    return basket",
        "NameError: name 'basket' is not defined",
    )
    assert verdict.category is Category.TEST_UNIT


BEFORE = ("-if (cart.is_empty()) {", "-    return nothing;", "-    finish_the_cart();")
AFTER = ("+    if (cart.is_empty()) {", "+        return nothing;", "+        finish_the_cart();")


def test_lines_that_come_back_with_other_blanks_are_a_formatters() -> None:
    verdict = verdict_on(*BEFORE, *AFTER)
    assert (verdict.category, verdict.rule) == (Category.BUILD_LINT, "layout-differs")
    assert verdict.reason == "The log shows 3 lines that are to be laid out otherwise, the first is line 1."


GONE = ("-a further line is gone", "-one more line is gone", "-and so is a third one")


@pytest.mark.parametrize("lines", [(*BEFORE, *AFTER[:2]), (*BEFORE, *GONE, *AFTER)])
def test_lines_that_are_gone_for_good_are_not(lines: tuple[str, ...]) -> None:
    assert verdict_on(*lines).rule == "exit-code-only"
