"""What the plugin costs a test run, beside six other reporters, counted in instructions.

    python tests/benchmarks/plugin_overhead.py [--quick] [--only NAME ...] [--seeds 3] [--sizes 50 250] [--tests 10000]

Wall and CPU time swing by more than the cost that is to be seen, so `valgrind --tool=callgrind` counts instructions: of
two sizes of a suite, whose difference is the cost of a test without that of the start, under several hash seeds. One
suite passes; in the other every tenth test fails five calls deep. Bare pytest is counted twice, so that the noise shows
as the cost of nothing. The garbage collector is off there: when it happens to run would outweigh all that is compared.
Then CPU seconds of pairs that take turns, on many tests, garbage collected, with and without pytest-xdist.

The other reporters are optional (`pip install pytest-failure-review[benchmarks]`); one that is missing is said to be.
Exit status 1 when ours costs more than 1 % of a passing run or 2 % of the failing one, 2 without valgrind.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PER_FILE = 25
TARGETS = {"passing": 1.0, "failing": 2.0}
"""Most that ours may add, in percent of bare pytest."""
BARE, CONTROL, OURS = "bare", "bare again", "failure-review"
COLLECTED = re.compile(r"Collected : (\d+)")


@dataclass(frozen=True)
class Reporter:
    """A plugin by its module, and the options that make it write into the folder `{out}`."""

    module: str
    options: tuple[str, ...]


REPORTERS = {
    CONTROL: Reporter("pytest", ()),
    OURS: Reporter("pytest_failure_review.plugin", ("--failure-review", "--failure-review-report={out}")),
    "off": Reporter("pytest_failure_review.plugin", ()),
    "junitxml": Reporter("pytest", ("--junitxml={out}/report.xml",)),
    "reportlog": Reporter("pytest_reportlog.plugin", ("--report-log={out}/report.jsonl",)),
    "json-report": Reporter(
        "pytest_jsonreport.plugin", ("-p", "pytest_metadata.plugin", "--json-report", "--json-report-file={out}/r.json")
    ),
    "html": Reporter(
        "pytest_html.plugin",
        ("-p", "pytest_metadata.plugin", "-p", "pytest_html.fixtures", "--html={out}/r.html", "--self-contained-html"),
    ),
    "allure": Reporter("allure_pytest.plugin", ("--alluredir={out}/allure",)),
    "ctrf": Reporter("ctrf.main", ("--ctrf={out}/ctrf.json",)),
}

DEEP = """
def first(n): return second(n)
def second(n): return third(n)
def third(n): return fourth(n)
def fourth(n): return fifth(n)
def fifth(n):
    if n % 10 == 3:
        raise ValueError(f"{n} cannot be delivered")
    return n
"""
CONFTEST = """
import gc, os, pytest

if "COUNTED" in os.environ:
    gc.disable()

@pytest.fixture
def basket():
    return {"apple": 2}

@pytest.fixture
def total(basket):
    yield sum(basket.values())
"""
CHECK = "    assert {call}\n"
KINDS = (
    "def test_{n}():\n",
    "def test_{n}(basket, total):\n    assert basket['apple'] == total\n",
    "def test_{n}(tmp_path):\n    (tmp_path / 'a').write_text('x')\n",
    "@pytest.mark.parametrize('value', [{n}])\ndef test_{n}(value, monkeypatch):\n    monkeypatch.setenv('A', 'b')\n",
    "class Test{n}:\n  def test_{n}(self, capsys):\n    print({n})\n    assert capsys.readouterr().out\n",
)
"""One each of the usual: plain, two fixtures, a folder, parameters and a patched environment, a class with output."""


def write_suite(folder: Path, count: int, *, failing: bool) -> None:
    """A suite of so many tests in files of 25; with `failing`, one in ten raises five calls deep."""
    folder.mkdir()
    (folder / "deep.py").write_text(DEEP)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    for start in range(0, count, PER_FILE):
        tests = [_test(number, failing) for number in range(start, min(start + PER_FILE, count))]
        (folder / f"test_{start}.py").write_text("import pytest\nfrom deep import first\n\n" + "\n".join(tests))


def _test(number: int, failing: bool) -> str:
    given = number if failing else number * 10
    return (KINDS[number % len(KINDS)] + CHECK).format(n=number, call=f"first({given}) == {given}")


def command(name: str, out: Path, workers: int = 0) -> list[str]:
    """How pytest is run under one reporter, with no other plugin loaded."""
    reporter = REPORTERS.get(name, REPORTERS[CONTROL])
    loaded = [] if reporter.module == "pytest" else ["-p", reporter.module]
    spread = ["-p", "xdist.plugin", "-n", str(workers)] if workers else []
    options = [option.format(out=out) for option in reporter.options]
    quiet = ["-q", "-p", "no:cacheprovider", f"--basetemp={out}/tmp"]
    return [sys.executable, "-m", "pytest", *quiet, *loaded, *spread, *options]


def environment(seed: int) -> dict[str, str]:
    """The same for every run but for the hash seed."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    return {**kept, "PYTHONHASHSEED": str(seed), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def instructions(name: str, suite: Path, seed: int) -> int:
    """Instructions of one run; raises SystemExit when the run did not get to its end."""
    with tempfile.TemporaryDirectory() as folder:
        counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command(name, Path(folder))]
        environ = environment(seed) | {"COUNTED": "1"}
        done = subprocess.run(counted, cwd=suite, env=environ, capture_output=True, text=True, check=False)
    found = COLLECTED.search(done.stderr)
    if found is None or done.returncode not in (0, 1):
        sys.exit(
            f"{name} on {suite.name} ended with status {done.returncode}:\n{done.stdout[-600:]}\n{done.stderr[-600:]}"
        )
    return int(found[1])


def run_once(name: str, suite: Path, workers: int = 0) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = command(name, Path(folder), workers)
        subprocess.run(run, cwd=suite, env=environment(0), capture_output=True, check=False)


def per_test(name: str, suites: Sequence[tuple[int, Path]], seeds: int) -> tuple[float, float]:
    """Instructions of one test, and those of everything else (start and end), means over the seeds."""
    (small, first), (large, second) = suites
    for _, suite in suites:
        run_once(name, suite)  # so that nothing is compiled, or written for the first time, while it is counted
    costs, starts = [], []
    for seed in range(seeds):
        less, more = instructions(name, first, seed), instructions(name, second, seed)
        costs.append((more - less) / (large - small))
        starts.append(less - small * costs[-1])
    return statistics.mean(costs), statistics.mean(starts)


def cpu_seconds(name: str, suite: Path, workers: int) -> float:
    """User and system seconds of one run and its workers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run_once(name, suite, workers)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def installed(names: Sequence[str]) -> Iterator[str]:
    """Those whose plugin is here; of the others it is said that they are not."""
    for name in names:
        if find_spec(REPORTERS[name].module.partition(".")[0]) is None:
            print(f"{name:16} not installed")
        else:
            yield name


def count(names: Sequence[str], folder: Path, sizes: Sequence[int], seeds: int) -> bool:
    """Prints the table of instructions; whether ours keeps its targets."""
    missed = False
    for kind, target in TARGETS.items():
        suites = [(size, folder / f"{kind}_{size}") for size in sizes]
        for size, suite in suites:
            write_suite(suite, size, failing=kind == "failing")
        print(f"\n{kind}: instructions of one test, and of start and end")
        bare = per_test(BARE, suites, seeds)
        print(f"{BARE:16} {bare[0] / 1e6:8.3f} M          {bare[1] / 1e6:7.0f} M", flush=True)
        for name in names:
            cost, start = per_test(name, suites, seeds)
            added, later = 100 * (cost / bare[0] - 1), 100 * (start / bare[1] - 1)
            over = name == OURS and added > target
            missed = missed or over
            wanted = f"  at most +{target} %{': MISSED' if over else ''}" if name == OURS else ""
            row = f"{name:16} {cost / 1e6:8.3f} M {added:+6.2f} %  {start / 1e6:7.0f} M {later:+6.1f} %{wanted}"
            print(row, flush=True)
    return not missed


def compare_seconds(suites: Mapping[str, Path], rounds: int) -> None:
    """Prints CPU seconds of bare pytest and ours, taking turns."""
    for kind, suite in suites.items():
        for workers in (0, 2) if find_spec("xdist") else (0,):
            pairs = [[cpu_seconds(name, suite, workers) for name in (BARE, OURS)] for _ in range(rounds)]
            bare, ours = (statistics.median(pair[place] for pair in pairs) for place in (0, 1))
            added = 100 * (statistics.median(pair[1] / pair[0] for pair in pairs) - 1)
            spread = f"-n {workers}" if workers else "one process"
            print(f"{kind:8} {spread:12} bare {bare:6.2f} s  ours {ours:6.2f} s {added:+6.1f} %", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="bare and ours only, one seed, no CPU seconds")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=REPORTERS, default=list(REPORTERS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs=2, default=[50, 250])
    parser.add_argument(
        "--tests", type=int, default=10_000, help="of the suites whose CPU seconds are compared; 0: none"
    )
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed", file=sys.stderr)
        return 2
    names = [CONTROL, OURS] if asked.quick else asked.only
    with tempfile.TemporaryDirectory() as folder:
        kept = count(list(installed(names)), Path(folder), asked.sizes, 1 if asked.quick else asked.seeds)
        if not asked.quick and asked.tests:
            large = {kind: Path(folder) / f"{kind}_large" for kind in TARGETS}
            for kind, suite in large.items():
                write_suite(suite, asked.tests, failing=kind == "failing")
            print(f"\nCPU seconds of {asked.tests:,} tests, median of {asked.rounds} pairs")
            compare_seconds(large, asked.rounds)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
