"""Benchmarks: measured against what came before, and believed as far as their samples go."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verdicts import judged, log

from github_app.rules.model import Evidence
from github_app.rules.results.measuring import KEPT_BENCHMARKS
from github_app.rules.results.reading import read_results
from github_app.rules.results.together import joined_reports
from github_app.rules.results.values import Benchmark, FileKind, FileReport, Unusable
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category


def pytest_benchmark(median: float, at: str, rounds: int = 12, **more: Any) -> bytes:
    stats = {"median": median, "mean": median, "stddev": median / 100, "rounds": rounds, **more}
    named = {"name": "test_total", "fullname": "bench/test_cart.py::test_total", "stats": stats}
    return json.dumps({"machine_info": {}, "datetime": at, "benchmarks": [named]}).encode()


def history(*values: float, tool: str = "go", spread: str = "± 2%", unit: str = "ns/op") -> dict[str, Any]:
    benches = [
        {"name": "BenchmarkTotal", "value": value, "unit": unit, "range": spread, "extra": "100 times\n4 procs"}
        for value in values
    ]
    entries = [{"tool": tool, "date": at, "benches": [bench]} for at, bench in enumerate(benches, 1)]
    return {"lastUpdate": 2, "repoUrl": "https://github.com/octo/shop", "entries": {"Benchmark": entries}}


def asv(value: object, date: int) -> bytes:
    columns = ["result", "params", "stats_q_25", "stats_q_75", "stats_repeat"]
    row = [value, [["1", "2"]], [1.0, 2.0], [1.02, 2.02], [10, 10]]
    results = {"cart.time_total": row, "cart.broken": None}
    told = {"commit_hash": "c", "date": date, "result_columns": columns, "results": results, "version": 2}
    return json.dumps(told).encode()


def only(*files: bytes) -> FileReport:
    [report] = joined_reports(report for data in files for report in read_results("bench.json", data))
    return report


def test_one_measurement_alone_has_no_baseline_and_is_no_failure() -> None:
    report = only(pytest_benchmark(1.0, "2026-03-01"))
    assert report.benchmarks[0].slower is None
    assert judged(Evidence(files=(report,))).category is Category.UNKNOWN


def test_two_files_of_pytest_benchmark_are_compared_in_the_order_of_their_dates() -> None:
    [found] = only(pytest_benchmark(1.5, "2026-03-02"), pytest_benchmark(1.0, "2026-03-01")).benchmarks
    assert (found.name, found.baseline, found.value, found.slower, found.samples, found.spread) == (
        "bench/test_cart.py::test_total",
        1.0,
        1.5,
        50.0,
        12,
        1.0,
    )


@pytest.mark.parametrize("before", [b"", b"window.BENCHMARK_DATA = "])
def test_the_history_of_github_action_benchmark_is_compared_with_its_last_entry(before: bytes) -> None:
    report = only(before + json.dumps(history(1.0, 100.0, 130.0)).encode())
    [found] = report.benchmarks
    assert (report.tool, found.baseline, found.value, found.slower, found.samples, found.spread) == (
        "github-action-benchmark",
        100.0,
        130.0,
        30.0,
        100,
        2.0,
    )


@pytest.mark.parametrize(
    ("tool", "unit", "slower"),
    [("go", "ns/op", 30.0), ("pytest", "iter/sec", -30.0), ("customBiggerIsBetter", "points", -30.0)],
)
def test_where_more_is_better_more_is_not_slower(tool: str, unit: str, slower: float) -> None:
    told = history(100.0, 130.0, tool=tool, unit=unit)
    assert only(json.dumps(told).encode()).benchmarks[0].slower == slower


def test_a_spread_in_the_values_own_unit_is_taken_as_its_share() -> None:
    assert only(json.dumps(history(100.0, 200.0, spread="± 50")).encode()).benchmarks[0].spread == 25.0


@pytest.mark.parametrize(
    ("spread", "extra", "percent"),
    [
        ("stddev: 0.0005", "mean: 0.01 sec\nrounds: 28", 5.0),
        ("stddev: 0.0005", "mean: 10 msec\nrounds: 28", 5.0),
        ("stddev: 0.0005", "", 0.00025),
        ("+/- 2,000", "", 1000.0),
        ("± 1e-1", "", 0.05),
        ("none", "", None),
    ],
)
def test_each_tool_writes_its_spread_in_its_own_way(spread: str, extra: str, percent: float | None) -> None:
    told = history(100.0, 200.0, spread=spread, tool="pytest", unit="iter/sec")
    told["entries"]["Benchmark"][1]["benches"][0]["extra"] = extra
    found = only(json.dumps(told).encode()).benchmarks[0].spread
    assert found == (percent and pytest.approx(percent))


@pytest.mark.parametrize("row", [3.0, [3.0], {"result": 3.0}, {"result": [3.0], "params": []}])
def test_older_results_of_asv_are_read(row: object) -> None:
    data = json.dumps({"commit_hash": "c", "date": 1, "results": {"b.time_x": row}}).encode()
    assert only(data).benchmarks == (Benchmark("b.time_x", 3.0),)


def test_a_list_of_a_custom_benchmark_is_read() -> None:
    data = b'[{"name": "start", "unit": "Seconds", "value": 3.5, "extra": "rounds: 7"}]'
    assert only(data).benchmarks == (Benchmark("start", 3.5, "Seconds", 7),)


def test_results_of_asv_are_compared_for_each_combination_of_parameters() -> None:
    report = only(asv([1.0, 2.0], 1_000), asv([1.0, 3.0], 2_000))
    assert [(each.name, each.slower, each.samples) for each in report.benchmarks] == [
        ("cart.time_total #2", 50.0, 10),
        ("cart.time_total #1", 0.0, 10),
    ]


# --- the verdict


def verdict(*benchmarks: Benchmark, trusted: bool = True) -> Verdict:
    report = FileReport("asv", FileKind.BENCHMARKS, "b.json", benchmarks=benchmarks, total=9, trusted=trusted)
    return judged(Evidence(files=(report,)))


def slower(percent: float, samples: int = 10, spread: float | None = 1.0, name: str = "total") -> Benchmark:
    return Benchmark(name, 1.0 + percent / 100, "s", samples, spread, 1.0, percent)


@pytest.mark.requirement("S1-026", "S1-027")
def test_a_regression_names_the_benchmark_and_its_figures() -> None:
    found = verdict(slower(23.4))
    assert found.reason == "asv measured `total` 23.4 % slower (1.234 s against 1 s), of 9 benchmarks."
    assert (found.category, found.confidence) == (Category.PERFORMANCE, 0.9)
    assert dict(found.measures) == {
        "benchmark": "total",
        "regression_percent": "23.40",
        "baseline": "1 s",
        "value": "1.234 s",
        "samples": "10",
        "spread_percent": "1.00",
    }


@pytest.mark.parametrize(
    ("weak", "said"),
    [
        (slower(23.4, samples=2), "It rests on 2 samples only"),
        (slower(23.4, samples=1), "It rests on 1 sample only"),
        (slower(23.4, samples=0), "The file does not say on how many samples it rests"),
        (slower(23.4, spread=40.0), "The samples spread by 40.0 %, more than the change"),
    ],
)
@pytest.mark.requirement("S1-027")
def test_a_measurement_that_proves_little_is_for_qa_to_check(weak: Benchmark, said: str) -> None:
    found = verdict(weak)
    assert found.reason.endswith(f" {said}, so QA should check the measurement.")
    assert (found.confidence, found.measures["needs_qa_review"]) == (0.4, "yes")


def test_a_regression_that_is_measured_well_goes_before_a_greater_one_that_is_not() -> None:
    assert verdict(slower(90.0, samples=1, name="loose"), slower(20.0)).measures["benchmark"] == "total"


@pytest.mark.parametrize(
    ("line", "category", "source"),
    [
        ("src/a.py:1:8: F401 `os` imported but unused", Category.BUILD_LINT, "log"),
        ("Performance has regressed: test_total is slower", Category.PERFORMANCE, "file"),
    ],
)
def test_figures_alone_explain_no_red_job_that_its_log_explains(line: str, category: Category, source: str) -> None:
    report = FileReport("asv", FileKind.BENCHMARKS, "b.json", benchmarks=(slower(23.4),), total=9)
    found = judged(replace(log(line), files=(report,)))
    assert (found.category, found.source) == (category, source)


def test_less_than_five_percent_is_not_spoken_of() -> None:
    assert verdict(slower(4.9)).category is Category.UNKNOWN


@pytest.mark.requirement("S1-136")
def test_where_nearly_everything_got_slower_the_machine_is_suspected() -> None:
    found = verdict(*(slower(20.0, name=f"b{number}") for number in range(4)))
    assert found.reason.endswith(" Nearly all benchmarks got slower at once, so the machine may be the reason.")
    assert (found.confidence, found.measures["suspect_infra"]) == (0.4, "yes")


def test_where_one_of_many_got_slower_it_is_not_the_machine() -> None:
    steady = [slower(0.0, name=f"b{number}") for number in range(4)]
    assert "suspect_infra" not in verdict(slower(20.0), *steady).measures


def test_a_forks_percentage_is_shown_and_counts_as_the_worst() -> None:
    """T15: none counts for the worst."""
    found = verdict(slower(6.0), trusted=False)
    assert "6.0 % slower" in found.reason
    assert "regression_percent" not in found.measures


# --- strangers

FILES = (pytest_benchmark(1.0, "x"), json.dumps(history(1.0, 2.0)).encode(), asv([1.0, 2.0], 5))


@given(st.binary(max_size=200), st.sampled_from(FILES), st.integers(0, 700), st.integers(0, 100))
def test_hostile_bytes_raise_nothing_else_and_stay_few(junk: bytes, data: bytes, at: int, gone: int) -> None:
    try:
        reports = read_results("x.json", data[:at] + junk + data[at + gone :])
    except Unusable:
        return
    for report in joined_reports(reports):
        assert len(report.benchmarks) <= KEPT_BENCHMARKS
        judged(Evidence(files=(report,)))


FIGURE = st.none() | st.floats() | st.integers() | st.text(max_size=3) | st.lists(st.floats(), max_size=3)


@given(FIGURE, FIGURE, FIGURE)
def test_any_figures_are_judged_without_an_exception(value: object, date: object, rounds: object) -> None:
    told = json.loads(pytest_benchmark(1.0, "x"))
    told["benchmarks"][0]["stats"] = {"median": value, "mean": date, "stddev": rounds, "rounds": rounds}
    files = [json.dumps(each).encode() for each in (told, history(1.0, 2.0), json.loads(asv(value, 1)))]
    entries = history(1.0, 2.0)
    entries["entries"]["Benchmark"][1]["benches"][0]["value"] = value
    files.append(json.dumps(entries).encode())
    judged(Evidence(files=joined_reports(each for data in files for each in read_results("x", data))))
