"""Other people's test suites, with the plugin and without: the same outcome, and a broken function told apart.

    python tests/benchmarks/real_suites.py [--only NAME ...] [--folder DIR]

Source distributions are taken from the package index and installed into a virtual environment of their own, together
with this checkout. Every suite runs four times, bare and recorded, in one process and with pytest-xdist: each test must
end in the same way. Then one function of the package is broken: what failed must have a category and owners, and the
printed replay command must run that very test and see it fail again.

Exit status 1 when one of these does not hold, 2 when a suite cannot be fetched.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
CODEOWNERS = "* @everybody\n/src/ @core\n/tests/ @quality\n/testing/ @quality\n"
MUST_KNOW = ("category", "rule", "owner", "fingerprint", "replay")


@dataclass(frozen=True)
class Suite:
    """A source distribution, what its tests need, and the function that will be broken."""

    name: str
    needs: tuple[str, ...]
    file: str
    function: str


SUITES = (
    Suite("pluggy", (), "src/pluggy/_manager.py", "enable_tracing"),
    Suite("attrs", ("hypothesis", "cloudpickle"), "src/attr/_funcs.py", "asdict"),
    Suite("itsdangerous", ("freezegun",), "src/itsdangerous/encoding.py", "base64_decode"),
)


class SuiteError(Exception):
    """What a reader must hear: something that was promised does not hold."""


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "GITHUB", "PYTHONPATH"))
    }
    return subprocess.run(
        [str(part) for part in arguments], cwd=cwd, env=kept, capture_output=True, text=True, check=False
    )


def must(*arguments: object, cwd: Path | None = None) -> None:
    done = run(*arguments, cwd=cwd)
    if done.returncode:
        print(f"{shlex.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr[-800:]}", file=sys.stderr)
        sys.exit(2)


def fetch(suite: Suite, folder: Path) -> tuple[Path, Path]:
    """The unpacked suite, committed to a repository with owners, and the Python that can run it."""
    python = folder / "venv" / "bin" / "python"
    must(sys.executable, "-m", "venv", folder / "venv")
    must(python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", suite.name, "-d", folder, suite.name)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as packed:
        packed.extractall(folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    (source / "CODEOWNERS").write_text(CODEOWNERS)
    must("git", "init", "-q", source)
    must("git", "-C", source, "add", "-A")
    must("git", "-C", source, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "As published")
    must(python, "-m", "pip", "install", "-q", "-e", source, "pytest-xdist", *suite.needs, "-e", PROJECT)
    return source, python


def outcomes(python: Path, source: Path, *options: str) -> tuple[int, Counter[tuple[str, str, str]]]:
    """pytest's exit status, and how each test ended, as its own JUnit XML says."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        done = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *options, cwd=source)
        if not report.exists():
            raise SuiteError(f"pytest left no report: {done.stdout[-500:]}{done.stderr[-500:]}")
        cases = ET.parse(report).iter("testcase")
        ended = Counter(
            (str(case.get("classname")), str(case.get("name")), "+".join(part.tag for part in case)) for case in cases
        )
    return done.returncode, ended


def compare(python: Path, source: Path, reports: Path) -> str:
    """How many tests ended alike; raises `SuiteError` when one did not."""
    told = []
    for spread in ((), ("-n", "2")):
        bare = outcomes(python, source, *spread)
        recorded = outcomes(python, source, *spread, "--failure-review", f"--failure-review-report={reports}")
        if bare != recorded:
            differs = list(((bare[1] - recorded[1]) + (recorded[1] - bare[1])).items())[:5]
            raise SuiteError(f"bare ended with {bare[0]}, recorded with {recorded[0]}; first differences: {differs}")
        told.append(f"{bare[1].total()} tests alike{' with -n 2' if spread else ''} (status {bare[0]})")
    return ", ".join(told)


def break_function(file: Path, name: str) -> None:
    """Makes a function raise before it does anything."""
    lines = file.read_text().splitlines(keepends=True)
    found = next(node for node in ast.walk(ast.parse("".join(lines))) if getattr(node, "name", None) == name)
    assert isinstance(found, ast.FunctionDef)
    first = found.body[0]
    lines.insert(first.lineno - 1, " " * first.col_offset + f'raise LookupError("{name} is broken on purpose")\n')
    file.write_text("".join(lines))


def failures(reports: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for file in sorted(reports.glob("*.jsonl")) for line in file.read_text().splitlines()]
    return [record for record in found if record["record"] == "failure"]


def check_broken(suite: Suite, python: Path, source: Path, reports: Path) -> str:
    """What was said of the broken function; raises `SuiteError` when it cannot be acted upon."""
    break_function(source / suite.file, suite.function)
    run(python, "-m", "pytest", "-q", "--failure-review", f"--failure-review-report={reports}", cwd=source)
    told = failures(reports)
    blamed = [failure for failure in told if failure["path"] == suite.file]
    if not blamed:
        raise SuiteError(f"none of {len(told)} failures points at {suite.file}")
    first = blamed[0]
    if missing := [name for name in MUST_KNOW if not first.get(name)]:
        raise SuiteError(f"the record of {first['nodeid']} lacks {missing}")
    if first["suspect"]["names"] != ["@core"] or first["owner"]["names"] != ["@quality"]:
        raise SuiteError(f"owners are {first['owner']} and {first['suspect']}")
    again = run(
        "bash",
        "-c",
        f"PATH={shlex.quote(str(python.parent))}:$PATH {first['replay']} -rA -p no:cacheprovider",
        cwd=source,
    )
    if f"FAILED {first['nodeid']}" not in again.stdout and f"ERROR {first['nodeid']}" not in again.stdout:
        raise SuiteError(f"{first['replay']} did not see it fail again:\n{again.stdout[-800:]}{again.stderr[-300:]}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(failure["category"] for failure in told).items())
    return (
        f"{len(told)} failures ({kinds}), {len({f['fingerprint'] for f in told})} causes, replayed: {first['nodeid']}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[suite.name for suite in SUITES])
    parser.add_argument("--folder", type=Path, help="work here and leave everything there")
    asked = parser.parse_args()
    status = 0
    with tempfile.TemporaryDirectory() as temporary:
        for suite in SUITES:
            if asked.only and suite.name not in asked.only:
                continue
            folder = (asked.folder or Path(temporary)) / suite.name
            folder.mkdir(parents=True)
            source, python = fetch(suite, folder)
            try:
                print(f"{suite.name}: {compare(python, source, folder / 'reports')}", flush=True)
                print(f"{suite.name}: {check_broken(suite, python, source, folder / 'broken')}", flush=True)
            except SuiteError as wrong:
                print(f"{suite.name}: WRONG: {wrong}", flush=True)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
