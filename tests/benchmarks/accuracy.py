"""How often failures are given the right category, measured on labelled excerpts and whole logs.

    python tests/benchmarks/accuracy.py CORPUS.jsonl [WHOLE_INDEX.jsonl] [--wrong] [--passing DIR]

CORPUS.jsonl has one object a line: `id`, `log` (an excerpt) and `category`; and, as far as known, `job_name`,
`step_name`, `origin` (`ci_log` or where else it was found), `hard` (true or false) and `note`. WHOLE_INDEX.jsonl has
one object per whole log: `file` (beside the index, gzip or plain) and `regions`, a list of objects with `category`; a
whole log is judged right when the verdict is the category of any of its regions.

Everything goes the way that users' logs go, through `classify`; where a corpus has no name of job or step, none is
given. Labels that are wider than our categories accept every kind below
(`infra_ci_runner` accepts runner, container and test environment). Intervals are Wilson's, 95 %.

`--passing DIR` reads logs of jobs that passed and prints for each signature the share of them in which it is found
anywhere, and in how many it would make a verdict; above 2 % is too much. Exit status: 0; 1 when a signature is above
that; 2 when a file cannot be used.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

from github_app import builtin
from github_app.classify import judge_log
from github_app.rules.lines import clean
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category, is_at_or_below

LABELS = {
    "generator_drift": (Category.GENERATOR_DRIFT,),
    "unit_test": (Category.TEST_UNIT,),
    "integration_test": (Category.TEST_INTEGRATION,),
    "database_test": (Category.TEST_DATABASE,),
    "secret_detection": (Category.SECURITY_SECRET,),
    "vulnerability": (Category.SECURITY_VULNERABILITY,),
    "infra_ci_runner": (Category.INFRA_RUNNER, Category.INFRA_CONTAINER, Category.INFRA_TEST_ENVIRONMENT),
    "infra_database_connectivity": (Category.INFRA_DATABASE,),
    "infra_network": (Category.INFRA_NETWORK,),
    "build": (Category.BUILD,),
    "performance_regression": (Category.PERFORMANCE,),
    "unknown": (Category.UNKNOWN,),
}
TOO_OFTEN = 0.02
BOUNDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


@dataclass(frozen=True)
class Judged:
    """One labelled case and the verdict on it."""

    name: str
    labels: tuple[str, ...]
    verdict: Verdict
    origin: str = ""
    hard: bool = False
    note: str = ""

    @property
    def right(self) -> bool:
        """Whether the verdict is one of the labels, or a kind below it."""
        return label_of(self.verdict.category) in self.labels

    @property
    def covered(self) -> bool:
        """Whether the verdict says anything."""
        return self.verdict.category is not Category.UNKNOWN


def main(words: Sequence[str] | None = None) -> int:
    args = arguments(words)
    try:
        excerpts = [judged_excerpt(row) for row in rows(args.corpus, ("id", "log", "category"))] if args.corpus else []
        whole = [judged_whole(args.whole, row) for row in rows(args.whole, ("file", "regions"))] if args.whole else []
        passing = list(logs(args.passing)) if args.passing else []
    except (OSError, ValueError) as refused:
        print(f"cannot measure: {refused}", file=sys.stderr)
        return 2
    if excerpts:
        report("Excerpts", excerpts)
    if whole:
        report("Whole logs", whole)
    if args.wrong:
        show_wrong([*excerpts, *whole])
    return report_passing(passing) if args.passing else 0


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", metavar="CORPUS.jsonl", help="labelled excerpts")
    parser.add_argument("whole", type=Path, nargs="?", metavar="WHOLE_INDEX.jsonl", help="labelled whole logs")
    parser.add_argument("--wrong", action="store_true", help="list what was judged wrongly, and why")
    parser.add_argument("--passing", type=Path, metavar="DIR", help="logs of jobs that passed, plain or gzip")
    args = parser.parse_args(words)
    if not (args.corpus or args.passing):
        parser.error("name a corpus, or logs that passed with --passing")
    return args


# --- reading ---------------------------------------------------------------------------------------------------------


def rows(path: Path, needed: Sequence[str]) -> list[dict[str, Any]]:
    """Read a file of JSON Lines; a `ValueError` names the line that is wrong."""
    found = []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        if line.strip():
            found.append(row_of(f"{path} line {number}", line, needed))
    if not found:
        raise ValueError(f"{path} has no cases")
    return found


def row_of(place: str, line: str, needed: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as refused:
        raise ValueError(f"{place}: this is no JSON: {refused}") from None
    if not isinstance(row, dict):
        raise ValueError(f"{place}: a case is an object")  # noqa: TRY004  (a text, not a type, is wrong)
    if missing := [key for key in needed if key not in row]:
        raise ValueError(f"{place}: `{missing[0]}` is missing")
    labels = [region.get("category") for region in row["regions"]] if "regions" in row else [row["category"]]
    if strange := [label for label in labels if label not in LABELS]:
        raise ValueError(f"{place}: `{strange[0]}` is no label; known are {', '.join(LABELS)}")
    return row


def text_of(path: Path) -> str:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, EOFError) as refused:
        raise ValueError(f"{path}: {refused}") from None
    return data.decode("utf-8", errors="replace")


def logs(folder: Path) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {".log", ".txt", ".gz"}:
            yield str(path.relative_to(folder)), text_of(path)


# --- judging ---------------------------------------------------------------------------------------------------------


def judged_excerpt(row: dict[str, Any]) -> Judged:
    verdict = judge(row["log"], row.get("job_name") or "", row.get("step_name") or "")
    return Judged(
        row["id"],
        (row["category"],),
        verdict,
        row.get("origin") or "",
        bool(row.get("hard")),
        row.get("note") or "",
    )


def judged_whole(index: Path, row: dict[str, Any]) -> Judged:
    labels = tuple(region["category"] for region in row["regions"])
    verdict = judge(text_of(index.parent / row["file"]), row.get("job_name") or "", row.get("step_name") or "")
    return Judged(row["file"], labels, verdict, note=str(row["regions"][0].get("note", "")))


def judge(text: str, job_name: str, step_name: str) -> Verdict:
    return judge_log([text.encode()], builtin.signatures(), job_name=job_name, step_name=step_name).verdict


def label_of(category: Category) -> str:
    return next(label for label, kinds in LABELS.items() if any(is_at_or_below(category, kind) for kind in kinds))


# --- telling ---------------------------------------------------------------------------------------------------------


def report(title: str, cases: Sequence[Judged]) -> None:
    print(f"{title}\n")
    line("all", cases)
    if any(case.origin for case in cases):
        line("origin ci_log", [case for case in cases if case.origin == "ci_log"])
        line("hard", [case for case in cases if case.hard])
    for label in LABELS:
        line(f"  {label}", [case for case in cases if label in case.labels])
    covered = [case for case in cases if case.covered]
    print()
    share("coverage (not unknown)", len(covered), len(cases))
    share("share of unknown", len(cases) - len(covered), len(cases))
    line("right among the covered", covered)
    report_calibration(cases)
    report_confusion(cases)


def line(name: str, cases: Sequence[Judged]) -> None:
    if cases:
        share(name, sum(case.right for case in cases), len(cases))


def share(name: str, good: int, total: int) -> None:
    low, high = wilson(good, total)
    print(f"{name:34} {good / total if total else 0:6.3f}  [{low:.3f}, {high:.3f}]  {good}/{total}")


def wilson(good: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Give the 95 % interval of a share, which stays between 0 and 1 for few cases too (Wilson, 1927)."""
    if not total:
        return 0.0, 1.0
    part, square = good / total, z * z / total
    middle, half = part + square / 2, z * sqrt(part * (1 - part) / total + square / (4 * total))
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def report_calibration(cases: Sequence[Judged]) -> None:
    print("\nright by confidence (of verdicts that say something)")
    for low, high in pairwise(BOUNDS):
        inside = [case for case in cases if case.covered and low <= case.verdict.confidence < high]
        line(f"  {low:.1f} to {min(high, 1.0):.1f}", inside)


def report_confusion(cases: Sequence[Judged]) -> None:
    print("\nconfusion: rows are the label, columns the verdict")
    counts = Counter(confused(case) for case in cases)
    shown = [label for label in LABELS if any(label in pair for pair in counts)]
    print(" " * 29 + "".join(f"{label[:7]:>8}" for label in shown))
    for label in shown:
        print(f"{label:29}" + "".join(f"{counts[label, other] or '.':>8}" for other in shown))
    print()


def confused(case: Judged) -> tuple[str, str]:
    said = label_of(case.verdict.category)
    return (said if case.right else case.labels[0], said)


def show_wrong(cases: Iterable[Judged]) -> None:
    print("wrong")
    for case in cases:
        if not case.right:
            verdict = case.verdict
            print(f"  {case.name}: {'/'.join(case.labels)}, got {verdict.category} by {verdict.rule}")
            print(f"    {verdict.reason}")
            print(f"    note: {case.note}; runner-up: {verdict.runner_up}")


def report_passing(passing: Sequence[tuple[str, str]]) -> int:
    """Print which signatures are found in logs of jobs that passed, and what those would be called."""
    if not passing:
        print("cannot measure: there is no log of a job that passed", file=sys.stderr)
        return 2
    fires: Counter[str] = Counter()
    for _, text in passing:
        fires.update(found_in(text))
    called = Counter(judge(text, "", "").rule for _, text in passing)
    print(f"Passing logs: {len(passing)}\n\nsignatures found anywhere in them")
    for name, count in fires.most_common():
        told = "  too often" if too_often(count, passing) else ""
        print(f"  {name:32} {count / len(passing):6.3f}  {count}/{len(passing)}{told}")
    print("\nwhat they would be called, if they had failed")
    for name, count in called.most_common():
        print(f"  {name:32} {count / len(passing):6.3f}  {count}/{len(passing)}")
    return int(any(too_often(count, passing) for count in fires.values()))


def too_often(count: int, passing: Sequence[object]) -> bool:
    return count > TOO_OFTEN * len(passing)


def found_in(text: str) -> set[str]:
    hits: Callable[[str], Any] = builtin.signatures().hits
    return {hit.signature.id for each in text.split("\n") for hit in hits(clean(each))}


if __name__ == "__main__":
    sys.exit(main())
