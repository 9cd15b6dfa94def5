"""JUnit's XML, whoever wrote it: what failed and where, whatever the file counts, and never a way in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junit_files import ALL, PYTEST, SUREFIRE

from github_app.rules.results.junit import KEPT_TESTS, MAX_DEPTH, MAX_ELEMENTS, read_junit
from github_app.rules.results.loose import MAX_TEXT
from github_app.rules.results.reading import read_results
from github_app.rules.results.values import FailedTest, FileReport, Unusable


def read(data: bytes) -> FileReport:
    [report] = read_results("some file", data)
    return report


def suite(*cases: str, attributes: str = "") -> bytes:
    return f"<testsuite {attributes}>{''.join(cases)}</testsuite>".encode()


def failing(name: str = "t", said: str = "boom") -> str:
    return f'<testcase classname="c" name="{name}"><failure message="{said}"/></testcase>'


@pytest.mark.parametrize(
    ("dialect", "total", "names", "first", "place"),
    [
        (
            "pytest",
            4,
            ["tests.test_cart.TestTotal::test_adds[two-3]", "tests.test_stock::test_reserve"],
            "assert 3 == 4",
            ("tests/test_cart.py", 9),
        ),
        ("surefire", 3, ["shop.CartTest::empties"], "java.lang.IllegalStateException: cart", ("", 0)),
        (
            "gradle",
            2,
            ["shop.StockTest::reserves()"],
            "org.opentest4j.AssertionFailedError: expected: <1> but was: <2>",
            ("", 0),
        ),
        ("gotestsum", 2, ["shop.example/cart::TestTotal/two_items"], "Failed", ("", 0)),
        (
            "jest",
            2,
            ["Cart adds"],
            "Error: expect(received).toBe(expected) // Object.is equality",
            ("web/src/cart.test.ts", 12),
        ),
        ("mocha", 2, ["adds::Cart adds"], "AssertionError: expected 3 to equal 4", ("test/cart.spec.js", 8)),
        (
            "phpunit",
            2,
            ["CartTest::testAdds"],
            "PHPUnit\\Framework\\ExpectationFailedException: CartTest::testAdds",
            ("tests/CartTest.php", 17),
        ),
        (
            "dotnet",
            2,
            ["Shop.Tests.CartTests::Adds(count: 2)"],
            "failure: Assert.Equal() Failure: Values differ",
            ("", 0),
        ),
    ],
)
def test_each_dialect_says_what_failed_and_where(
    dialect: str, total: int, names: list[str], first: str, place: tuple[str, int]
) -> None:
    report = read(ALL[dialect])
    assert (report.total, report.failed, [test.name for test in report.tests]) == (total, len(names), names)
    test = report.tests[0]
    assert (test.message.splitlines()[0], test.path, test.line) == (first, *place)
    assert report.complete


def test_a_test_that_a_repetition_saved_did_not_fail() -> None:
    """Surefire's `flakyFailure`."""
    assert "shop.CartTest::adds" not in [test.name for test in read(SUREFIRE).tests]


def test_what_a_test_printed_is_not_read() -> None:
    assert all("noise" not in test.message for test in read(SUREFIRE).tests)


def test_what_the_file_lists_counts_and_not_what_it_says_it_lists() -> None:
    report = read(suite(failing(), "<testcase name='ok'/>", attributes='tests="90" failures="0" errors="0"'))
    assert (report.failed, report.total) == (1, 2)


def test_failures_that_are_counted_and_not_listed_are_told_as_one_without_a_name() -> None:
    report = read(b'<testsuites><testsuite failures="2" errors="1" tests="9"/><testsuite failures="0"/></testsuites>')
    assert report.failed == 3
    assert report.tests == (FailedTest("(not named)", "The file counts 3 failed and lists none of them."),)


def test_a_suite_that_fails_outside_of_its_tests_is_a_failure() -> None:
    report = read(suite('<error message="set-up broke" type="E"/>', attributes='name="Cart"'))
    assert [(test.name, test.message) for test in report.tests] == [("Cart::(suite)", "E: set-up broke")]


def test_no_failure_is_lost_wherever_it_stands() -> None:
    odd = "<x><error message='deep'/></x>"
    nested = '<testcase name="outer"><failure/><testcase name="inner"><failure/></testcase></testcase>'
    report = read(suite(odd, nested, attributes='name="Cart"'))
    assert [test.name for test in report.tests] == ["Cart::(suite)", "Cart::outer", "Cart::inner"]


def test_a_test_may_say_that_it_failed_in_an_attribute_alone() -> None:
    assert read(suite('<testcase name="t" status="failed"/>')).failed == 1


def test_missing_attributes_leave_a_test_without_a_name() -> None:
    assert read(suite("<testcase><failure/></testcase>")).tests == (FailedTest("(not named)"),)


def test_without_a_message_pytests_own_mark_says_what_broke() -> None:
    body = "self = <TestCart>\n\n    def test_total(self):\n&gt;       pay()\nE   OSError: no route\nE   more"
    [test] = read(suite(f"<testcase name='t'><failure>{body.replace('<TestCart>', 'cart')}</failure></testcase>")).tests
    assert test.message.startswith("OSError: no route\nself =")


def test_a_report_that_breaks_off_tells_what_it_told_until_then() -> None:
    report = read(PYTEST[: PYTEST.index(b"def test_adds") + 20])
    assert (report.complete, report.failed) == (False, 1)
    assert report.tests[0].message.startswith("assert 3 == 4")


@pytest.mark.parametrize("bad", ["\x00", "\x1b[31m", "\x08", "&#x1b;", "&#0;", "&#xD800;"])
def test_characters_that_xml_forbids_do_not_end_the_reading(bad: str) -> None:
    report = read(suite(failing(said=f"a{bad}b"), "<testcase name='ok'/>"))
    assert (report.complete, report.total, report.failed) == (True, 2, 1)


@pytest.mark.parametrize(
    ("encoding", "codec"), [("ISO-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("UTF-16", "utf-16")]
)
def test_other_encodings_are_read(encoding: str, codec: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + suite(failing("Café")).decode()
    assert read(text.encode(codec)).tests[0].name == "c::Café"


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE t SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE t [<!ENTITY x SYSTEM "http://169.254.169.254/">]>',
    ],
)
def test_a_document_type_is_refused(head: str) -> None:
    """T18."""
    with pytest.raises(Unusable, match="document type"):
        read_junit("x.xml", head.encode() + suite(failing(said="&b;")))


def test_an_unknown_entity_ends_the_reading_and_stands_for_nothing() -> None:
    report = read(suite(failing("first"), failing(said="&secret;")))
    assert (report.complete, [test.name for test in report.tests]) == (False, ["c::first"])


def test_only_so_many_failures_are_kept_and_all_are_counted() -> None:
    report = read(suite(*(failing(f"t{number}") for number in range(KEPT_TESTS + 20))))
    assert (len(report.tests), report.failed) == (KEPT_TESTS, KEPT_TESTS + 20)


def test_a_huge_message_is_cut() -> None:
    [test] = read(suite(f"<testcase name='t'><failure>{'x' * 10 * MAX_TEXT}</failure></testcase>")).tests
    assert len(test.message) <= MAX_TEXT


@pytest.mark.parametrize(
    "data",
    [b"<testsuite>" + b"<a>" * (MAX_DEPTH + 1), b"<testsuite>" + b"<a/>" * (MAX_ELEMENTS + 1)],
    ids=["deep", "many"],
)
def test_a_file_of_too_many_or_too_deep_elements_is_refused(data: bytes) -> None:
    """T17, T18."""
    with pytest.raises(Unusable, match="too many elements"):
        read_junit("x.xml", data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<testsuite>" + b" " * 21_000_000, "larger than 20 MB"),
        (b"<testsuite>" + b"&#10;" * 500_001, "too many references"),
        (b"<testsuite " + b"a" * 3_000_000, "tag larger than 2 MB"),
        (b"<other><testsuite/></other>", "no JUnit report"),
    ],
    ids=["large", "references", "tag", "other"],
)
def test_what_would_cost_too_much_or_is_another_format_is_refused(data: bytes, said: str) -> None:
    """T17, T18."""
    with pytest.raises(Unusable, match=said):
        read_junit("x.xml", data)


def test_other_xml_is_nothing() -> None:
    assert read_results("coverage.xml", b'<?xml version="1.0"?><coverage line-rate="0.9"/>') == ()


@given(st.binary(max_size=300), st.sampled_from(sorted(ALL)), st.integers(0, 2000), st.integers(0, 200))
def test_hostile_bytes_raise_nothing_else_and_stay_small(junk: bytes, dialect: str, at: int, gone: int) -> None:
    data = ALL[dialect]
    try:
        reports = read_results("x.xml", data[:at] + junk + data[at + gone :])
    except Unusable:
        return
    assert all(
        len(report.tests) <= KEPT_TESTS and len(test.message) <= MAX_TEXT for report in reports for test in report.tests
    )
