"""Golden datasets: what is expected, row by row, against what came out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gate_project import PYTHON, Checkout
from hypothesis import given
from hypothesis import strategies as st

from pytest_failure_review.gates.golden import Tolerance

GATE = "[gates.prices]\nexpected = 'golden.{0}'\nactual = 'out.{0}'\n"
ROWS = "id,total,name\n1,10.5,Ann\n2,20,Bo\n"


def told(checkout: Checkout, expected: str, actual: str, more: str = "", suffix: str = "csv") -> tuple[int, str]:
    checkout.gates(GATE.format(suffix) + more)
    checkout.write(f"golden.{suffix}", expected)
    checkout.write(f"out.{suffix}", actual)
    status, said = checkout.run("gate", "prices")
    assert said.startswith(f"Gate prices {'failed' if status else 'passed'}: ")
    return status, said.partition(": ")[2].rstrip("\n")


@pytest.mark.requirement("S2-062")
def test_the_same_rows_pass_in_any_order(checkout: Checkout) -> None:
    assert told(checkout, ROWS, "id,name,total\n2,Bo,20.0\n1,Ann,10.5\n") == (
        0,
        "All 2 rows are as golden.csv expects.",
    )


@pytest.mark.requirement("S2-062")
def test_each_row_that_differs_is_missing_or_is_new_counts(checkout: Checkout) -> None:
    actual = "id,total,name\n1,10.6,Ann\n3,1,Cy\n"
    assert told(checkout, ROWS, actual) == (
        1,
        "Of 2 rows of golden.csv: 1 differing, 1 missing, 1 new; in 1, total is 10.6, expected was 10.5.",
    )
    details = checkout.gate["details"]
    assert details["differences"] == [{"row": "1", "column": "total", "expected": "10.5", "actual": "10.6"}]
    assert (details["missing"], details["new"]) == (["2"], ["3"])


@pytest.mark.requirement("S2-062")
@pytest.mark.parametrize(
    ("tolerance", "status"),
    [("absolute = 0.2", 0), ("absolute = 0.05", 1), ("relative = 0.01", 0), ("relative = 0.001", 1)],
)
def test_numbers_may_be_off_by_the_tolerance(checkout: Checkout, tolerance: str, status: int) -> None:
    assert told(checkout, ROWS, ROWS.replace("10.5", "10.6"), tolerance)[0] == status


def test_a_column_can_be_left_out_and_one_that_is_there_on_one_side_only_differs(checkout: Checkout) -> None:
    wider = "id,total,name,ms\n1,10.5,Ann,7\n2,20,Bo,8\n"
    assert told(checkout, ROWS, wider, "ignore = 'ms'")[0] == 0
    status, said = told(checkout, ROWS, wider)
    assert status == 1
    assert said.endswith("in 1, ms is 7, expected was (nothing).")


@pytest.mark.parametrize(
    ("expected", "actual", "more", "said"),
    [
        ([{"a": 1, "b": [1.0]}], [{"a": 1, "b": [1]}], "", ""),
        ({"x": {"n": 1}, "y": 2}, {"x": {"n": 2}, "y": 2}, "", "in x, n is 2, expected was 1"),
        ([{"a": {"n": 1}}], [{"a": {"n": 2}}], "absolute = 0.5", 'in row 1, a is {"n": 2}, expected was {"n": 1}'),
        (["a", "b"], ["a", "c"], "", "in row 2, value is c, expected was b"),
        ([{"k": 1, "v": True}], [{"k": 1, "v": 1}], "key = 'k'", "in k=1, v is 1, expected was true"),
        ([{"k": 1}], [{"k": 2}], "key = ['k']", "1 missing, 1 new; the first is k=1"),
    ],
)
def test_json_is_compared_value_by_value(checkout: Checkout, expected: Any, actual: Any, more: str, said: str) -> None:
    status, sentence = told(checkout, json.dumps(expected), json.dumps(actual), more, "json")
    assert status == bool(said)
    assert said in sentence


def test_json_lines_and_tables_with_tabs_are_read_too(checkout: Checkout) -> None:
    assert told(checkout, '{"a": 1}\n\n{"a": 2}\n', '{"a": 1}\n{"a": 2.0}\n', suffix="jsonl")[0] == 0
    assert told(checkout, "id\tn\n1\t2\n", "id\tn\n1\t3\n", suffix="tsv")[0] == 1


@pytest.mark.parametrize(
    ("suffix", "expected", "actual", "why"),
    [
        ("csv", "id\n", "id\n", "golden.csv holds no rows"),
        ("csv", ROWS, "id,total\n1,2,3\n", "out.csv line 2 has another number of columns than its first line"),
        ("csv", ROWS, "id\n1\n1\n", "out.csv holds 1 twice: give a `key` that tells its rows apart"),
        ("json", "{}", "[", "out.json: Expecting value"),
        ("json", "[1]", "7", "out.json holds neither a list nor an object"),
        ("xml", "<a/>", "<a/>", "golden.xml is none of .csv, .tsv, .json, .jsonl"),
    ],
)
def test_a_dataset_that_cannot_be_read_fails_the_gate(
    checkout: Checkout, suffix: str, expected: str, actual: str, why: str
) -> None:
    status, said = told(checkout, expected, actual, suffix=suffix)
    assert status == 2
    assert said.startswith("It could not run: ")
    assert why in said


def test_files_that_are_not_there_no_text_or_without_the_key_fail_the_gate(checkout: Checkout) -> None:
    checkout.gates(GATE.format("csv"))
    checkout.write("golden.csv", ROWS)
    assert "out.csv cannot be read: No such file" in checkout.run("gate", "prices")[1]
    (checkout.path / "out.csv").write_bytes(b"\xff\xfe")
    assert "out.csv is no UTF-8" in checkout.run("gate", "prices")[1]
    assert "golden.csv: 1 has no sku, which is the key" in told(checkout, ROWS, ROWS, "key = 'sku'")[1]


@pytest.mark.requirement("S2-062")
def test_the_results_can_be_made_by_a_command_and_must_be_new(checkout: Checkout) -> None:
    made = 'open("out.csv","w").write(open("golden.csv").read())'
    assert told(checkout, ROWS, "old", f"{PYTHON}'{made}']")[0] == 0
    assert "did not write out.csv" in told(checkout, ROWS, ROWS, "command = 'true'")[1]
    assert "`false` ended with exit status 1" in told(checkout, ROWS, ROWS, "command = 'false'")[1]
    assert "there is no program `no-such`" in told(checkout, ROWS, ROWS, "command = 'no-such'")[1]


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 1e6), st.floats(0, 1))
def test_every_number_is_the_same_as_itself(value: float, absolute: float, relative: float) -> None:
    tolerance = Tolerance(absolute, relative)
    assert tolerance.same(value, value)
    assert tolerance.same(str(value), str(value))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("007", "7", False),
        ("1", "1.0", True),
        ("nan", "nan", True),
        (1, "1", False),
        (None, 0, False),
        ("", "0", False),
        ("+", "e5", False),
    ],
)
def test_names_are_no_numbers(one: Any, other: Any, same: bool) -> None:
    assert Tolerance().same(one, other) is same


def test_a_dataset_that_is_too_large_is_not_read(checkout: Checkout) -> None:
    checkout.gates(GATE.format("csv"))
    with (checkout.path / "golden.csv").open("wb") as file:
        file.truncate(50_000_001)
    assert "golden.csv is larger than 50 MB" in checkout.run("gate", "prices")[1]
