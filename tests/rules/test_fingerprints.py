"""Two red jobs are red for the same reason, or they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.rules.fingerprints import family, fingerprint, line_print, prints


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lint", "lint"),
        ("test (3.12, ubuntu-latest)", "test"),
        ("test (3.12, {os: ubuntu (large)})", "test"),
        ("build (docs) (3.12)", "build (docs)"),
        ("test (${{ matrix.python }})", "test"),
        ("test ${{ matrix.python }}", "test"),
        ("deploy / test (3.12)", "deploy / test"),
        ("deploy (eu) / test (3.12)", "deploy / test"),
        ("test (a very long matrix that GitHub cuts, in the mid", "test"),
        ("test (a cut, and another (group)", "test"),
        ("(3.12)", "(3.12)"),
        ("${{ matrix.name }}", "${{ matrix.name }}"),
        ("a ) b", "a ) b"),
        ("", ""),
    ],
)
def test_a_family_is_the_job_without_its_matrix_leg(name: str, expected: str) -> None:
    """X42, X43, X44."""
    assert family(name) == expected


def test_a_fingerprint_carries_its_version() -> None:
    assert fingerprint("ci.yml", "test", "Run tests", "pytest") == "fr1:e046d0adfb37e932"


@pytest.mark.parametrize(
    "other",
    [
        ("other.yml", "test", "Run tests", "pytest"),
        ("ci.yml", "lint", "Run tests", "pytest"),
        ("ci.yml", "test", "Build", "pytest"),
        ("ci.yml", "test", "Run tests", "go-test"),
        ("ci.yml", "", "testRun tests", "pytest"),
    ],
)
def test_workflow_job_step_and_rule_each_make_another_fingerprint(other: tuple[str, str, str, str]) -> None:
    """X45: two workflows with a job of the same name are two causes."""
    assert fingerprint(*other) != fingerprint("ci.yml", "test", "Run tests", "pytest")


def test_parts_cannot_run_into_each_other() -> None:
    assert fingerprint("a\x1fb", "c", "", "r") != fingerprint("a", "b\x1fc", "", "r")


def test_a_name_that_is_no_text_still_has_a_fingerprint() -> None:
    assert fingerprint("ci.yml", "test\ud800", "", "r").startswith("fr1:")


STEADY = [
    (
        "2026-11-24T08:00:01.0000000Z FAILED tests/unit/test_cart.py::test_total[3] - assert 3 == 4",
        "FAILED tests/unit/test_cart.py::test_total[3] - assert # == #",
    ),
    ('  File "/home/runner/work/shop/shop/src/cart.py", line 12, in total', 'File "<path>/cart.py", line #, in total'),
    (r"D:\a\shop\shop\src\Cart.cs(12,5): error CS0103", "<path>/Cart.cs(#): error CS0103"),
    ("src/cart.ts:12:5 - error TS2322: no", "src/cart.ts:#:# - error TS2322: no"),
    ("request 6f9619ff-8b86-d011-b42d-00c04fc964ff took 1234ms at 0x7f3a9b", "request <id> took #ms at <id>"),
    ("[gw3] 3/10 in /tmp/tmpab12cd34/out.txt at 2026-11-24 08:00:01,123", "[<id>] #/# in <path>/out.txt at <time>"),
    ("HEAD is now at deadbee1, was feedface", "HEAD is now at <id>, was feedface"),
    ("GET https://registry.example.org/cart/1.2.3?sig=ab12 503", "GET https://registry.example.org/cart/# #"),
    ("\x1b[31mport 54321\x1b[0m  is\ttaken", "port # is taken"),
]


@pytest.mark.parametrize(("line", "kept"), STEADY)
def test_a_line_keeps_what_does_not_differ_from_run_to_run(line: str, kept: str) -> None:
    assert line_print(line) == kept


@given(line=st.text(max_size=500))
def test_any_line_has_a_print_and_the_print_is_its_own(line: str) -> None:
    said = line_print(line)
    assert line_print(said) == said


VARIED = st.tuples(
    st.integers(0, 10**12),
    st.uuids(),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z"),
    st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True), min_size=1, max_size=4).map("/".join),
)


@given(first=VARIED, second=VARIED)
def test_numbers_ids_times_and_folders_make_no_difference(
    first: tuple[object, ...], second: tuple[object, ...]
) -> None:
    line = "worker {1} gave up after {0} tries at {2} in /{3}/cart.py, left {0}ms"
    assert line_print(line.format(*first)) == line_print(line.format(*second))


@given(one=st.from_regex(r"[a-z]{3,12}", fullmatch=True), other=st.from_regex(r"[a-z]{3,12}", fullmatch=True))
def test_two_tests_are_not_taken_for_each_other(one: str, other: str) -> None:
    said = [line_print(f"FAILED tests/test_{name}.py::test_{name}_1 - assert False") for name in (one, other)]
    assert (said[0] == said[1]) == (one == other)


def test_prints_are_few_in_their_order_and_never_of_a_line_without_a_word() -> None:
    lines = ["a 1", "---- 12", "b 2", "a 3", *"cdefg"]
    assert prints(lines) == (*prints(["a 9"]), *prints(["b 7"]), *prints("cde"))
    assert prints(["12:30", ""]) == ()
