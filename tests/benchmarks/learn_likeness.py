"""Learns what kinds of failures read like, and writes the model that `github_app/rules/likeness.py` reads.

    python tests/benchmarks/learn_likeness.py CORPUS.jsonl [CORPUS.jsonl ...] --whole INDEX.jsonl --passing DIR \\
        -o github_app/rules/likeness.json
    python tests/benchmarks/learn_likeness.py CORPUS.jsonl [CORPUS.jsonl ...] --folds 6

Corpora and an index of whole logs are as `accuracy.py` reads them, with `repo`. A log goes the way that users' logs go:
what is learned from is the stretches that the reader keeps of it. A feature is learned only when it stands in failures
of several repositories, so that no project's own words, and nothing that stood in a single log, is in the model. What
logs of jobs that passed show (`--passing`, as `accuracy.py` reads them) is learned as `unknown`: it is no failure. With
`--folds` nothing is written: the repositories are shared out, and each share is judged by a model that saw none of it.

Needs scikit-learn (`pip install pytest-failure-review[benchmarks]`). The same corpora give the same model.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path
from typing import Any

from accuracy import LABELS, logs, rows, text_of
from sklearn.feature_extraction import DictVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

from github_app.rules.likeness import features_of
from github_app.rules.log import LogReader
from github_app.rules.model import Evidence
from github_app.rules.rejudging import failed_job
from github_app.rules.said import said

FEWEST = 2
"""Failures, and repositories, that a feature must stand in."""

OF_PASSING = 0.2
"""What a log of a job that passed weighs against a failure; found by leaving repositories out."""

STRENGTH = 20.0
"""Inverse of the regularisation, found by leaving repositories out."""

LEAST_WEIGHT = 0.3
"""A feature that speaks less than this for or against every label is left out."""


@dataclass(frozen=True)
class Case:
    """A labelled failure as what it is judged by."""

    repo: str
    label: str
    counts: Counter[str]
    failed: bool = True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS.jsonl")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE")
    parser.add_argument("--folds", type=int, metavar="N")
    parser.add_argument("--whole", type=Path, metavar="INDEX.jsonl")
    parser.add_argument("--passing", type=Path, metavar="DIR")
    asked = parser.parse_args()
    cases = [case_of(row) for path in asked.corpora for row in rows(path, ("id", "log", "category"))]
    for row in rows(asked.whole, ("file", "regions")) if asked.whole else []:
        cases += whole_case(row, text_of(asked.whole.parent / row["file"]))
    cases += [passed(name, text) for name, text in logs(asked.passing)] if asked.passing else []
    if asked.folds:
        return check(cases, asked.folds)
    if asked.output is None:
        parser.error("say where the model goes with -o, or try it with --folds")
    asked.output.write_text(in_json(cases), encoding="utf-8")
    print(f"{len(cases)} cases, {asked.output.stat().st_size // 1000} kB")
    return 0


def case_of(row: dict[str, Any]) -> Case:
    return case_in(read(row["log"]), row)


def read(log: str) -> Evidence:
    reader = LogReader(())
    reader.take(log.encode(errors="replace") + b"\n")
    reader.end()
    return reader.evidence


def case_in(evidence: Evidence, row: dict[str, Any]) -> Case:
    job = failed_job(row.get("job_name") or "", row.get("step_name") or "", evidence)
    lines = [line.text for line in said(job, evidence) if line.source == "log"]
    names = [row[name] for name in ("job_name", "step_name") if row.get(name)]
    return Case(row.get("repo") or row["id"], row["category"], Counter(features_of(lines, names)))


def whole_case(row: dict[str, Any], log: str) -> Iterator[Case]:
    """A whole log as the first of its failures of which the reader kept anything."""
    evidence = read(log)
    kept = [(excerpt.start, excerpt.end) for excerpt in evidence.excerpts]
    for region in row["regions"]:
        if any(start <= region["end"] and region["start"] <= end for start, end in kept):
            yield case_in(evidence, {"id": row["file"], **row, "category": region["category"]})
            return


def passed(name: str, text: str) -> Case:
    """What a log of a job that passed would be read for, if it had failed."""
    case = case_of({"id": name, "log": text, "category": "unknown"})
    return Case(name, case.label, case.counts, failed=False)


def learn(cases: Sequence[Case]) -> tuple[dict[str, float], DictVectorizer, LogisticRegression]:
    """The rarity of each kept feature, and the model over their lengths-made-one values."""
    seen: dict[str, set[str]] = defaultdict(set)
    failures = [case for case in cases if case.failed]
    often = Counter(name for case in failures for name in case.counts)
    for case in failures:
        for name in case.counts:
            seen[name].add(case.repo)
    kept = sorted(name for name, count in often.items() if count >= FEWEST and len(seen[name]) >= FEWEST)
    rarity = {name: round(log((1 + len(failures)) / (1 + often[name])) + 1, 2) for name in kept}
    columns = DictVectorizer()
    values = columns.fit_transform([scaled(case, rarity) for case in cases])
    model = LogisticRegression(C=STRENGTH, max_iter=5000, class_weight="balanced")
    weights = [1.0 if case.failed else OF_PASSING for case in cases]
    return rarity, columns, model.fit(values, [case.label for case in cases], sample_weight=weights)


def scaled(case: Case, rarity: dict[str, float]) -> dict[str, float]:
    values = {name: (1 + log(count)) * rarity[name] for name, count in case.counts.items() if name in rarity}
    length = sqrt(sum(value * value for value in values.values())) or 1
    return {name: value / length for name, value in values.items()}


def in_json(cases: Sequence[Case]) -> str:
    """The model, a feature a line so that a change of it can be read; numbers are hundredths."""
    rarity, columns, model = learn(cases)
    labels = [str(LABELS[label][0]) for label in model.classes_]
    bias = [round(100 * number) for number in model.intercept_]
    lines = list(features(rarity, columns, model))
    head = f'{{"labels": {json.dumps(labels)},\n"bias": {json.dumps(bias)},\n"features": {{\n'
    return head + ",\n".join(lines) + "\n}}\n"


def features(rarity: dict[str, float], columns: DictVectorizer, model: LogisticRegression) -> Iterator[str]:
    for name, column in sorted(columns.vocabulary_.items()):
        weights = [float(number) for number in model.coef_[:, column]]
        if max(map(abs, weights)) >= LEAST_WEIGHT:
            numbers = [round(100 * number) for number in (rarity[name], *weights)]
            yield f"{json.dumps(name)}: {json.dumps(numbers, separators=(',', ':'))}"


def check(cases: Sequence[Case], folds: int) -> int:
    """Prints how often a model is right about repositories that it never saw; by itself, without the signatures."""
    repos, right, by_label = [case.repo for case in cases], 0, Counter[str]()
    failures = [case for case in cases if case.failed]
    for learned, left in GroupKFold(folds).split(cases, groups=repos):
        rarity, columns, model = learn([cases[place] for place in learned])
        told = model.predict(columns.transform([scaled(cases[place], rarity) for place in left]))
        for place, label in zip(left, told, strict=True):
            if not cases[place].failed:
                continue
            right += label == cases[place].label
            by_label[cases[place].label] += label == cases[place].label
    of = Counter(case.label for case in failures)
    print(f"all {right / len(failures):.3f}  {right}/{len(failures)}")
    for label in sorted(of):
        print(f"  {label:30} {by_label[label]}/{of[label]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
