"""Reads report files back and says whether they tell the whole run. It believes no file further than it must."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from .breadcrumb import SUFFIX, is_held
from .findings import Findings, distinct, of_run, together
from .gates.of_pytest import GATES, PYTEST, in_words, with_gate
from .mending import failure_of, flaky_of, gate_of, group_of, with_afterwards
from .plain import printable
from .postmortem import Unfinished, autopsy, sentence, settle, take_stack
from .report import FILE_PREFIX, SCHEMA, Category, Counts, Crash, Failure, Finish, Flaky, Gate, Group, worst
from .run import MAIN

NO_REPORT: Final = (
    "No report: no pytest ran, or the pytest that ran has no plugin. "
    "Install pytest-failure-review into its environment."
)


@dataclass(slots=True)
class RunFile:
    """What one process wrote."""

    name: str
    run_id: str = ""
    worker: str = ""
    failures: list[Failure] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    flaky: list[Flaky] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    """The last record of each: it is written again whenever more tests have failed."""
    gates: list[Gate] = field(default_factory=list)
    start: dict[str, Any] = field(default_factory=dict)
    finish: Finish | None = None
    rootdir: str = "."
    still_runs: bool = False
    unusable: str = ""
    """Why this file is no report, in words."""
    changed: bool = False
    """Somebody else wrote into it: the digest in its last record is not that of the records before."""
    internal: str = ""
    """Where the plugin itself failed, or empty."""


@dataclass(frozen=True, slots=True)
class Check:
    """The verdict on a folder of reports."""

    complete: bool
    unusable: bool
    failures: int
    worst_category: str
    sentences: tuple[str, ...]
    failed_gates: tuple[str, ...] = ()
    """Names of quality gates that failed; `pytest` among them when its run died."""


def check_the_dead(directory: Path, status: int | None = None) -> Check:
    """As `check`, after the files of dead processes were told what those were doing.

    `status` is the exit status of the command that ran pytest, where that is known. Raises OSError.
    """
    files = [read(path) for path in sorted(directory.glob(f"{FILE_PREFIX}-*.jsonl"))]
    dead = [file for file in files if _is_open(file) and not _crash_is_told(file, files)]
    settle((_unfinished(directory / file.name, file) for file in dead), status)
    for file in files:
        if not file.still_runs:  # of a worker that ended well, but whose main process was no more
            take_stack(directory / file.name)
    return check(directory)


def check(directory: Path) -> Check:
    """Whether every run that left a file in `directory` came to its end, and what failed in it."""
    files = [read(path) for path in sorted(directory.glob(f"{FILE_PREFIX}-*.jsonl"))]
    failures = _standing(files)
    complete = bool(files) and all(_is_accounted_for(file, files) for file in files)
    sentences = [said for file in files for said in (_sentence(file, files), *_gates(file))] or [
        f"No report in {directory}: no pytest ran, or pytest-failure-review is not installed where it ran."
    ]
    named = worst(str(failure["category"]) for failure in failures)
    return Check(
        complete=complete,
        unusable=any(file.unusable for file in files),
        failures=len(failures),
        # The file was written next to the tests, by whatever they are: only what looks like a category is passed on.
        worst_category=named if re.fullmatch(r"[a-z_]+(\.[a-z_0-9-]+)*", named) else _nothing_named(complete, failures),
        sentences=tuple(sentences),
        failed_gates=failed_gates(files),
    )


def failed_gates(files: list[RunFile]) -> tuple[str, ...]:
    """The gates that failed in any of the files; a run of pytest that did not come to its end is one of them."""
    told = [gate["name"] for file in files for gate in file.gates if not gate["passed"]]
    died = [PYTEST for file in files if _is_open(file) and file.worker == MAIN]
    return tuple(dict.fromkeys((*died, *told)))


def _gates(file: RunFile) -> list[str]:
    """What a file of gates says of each; of pytest the sentence about its file tells already."""
    return [in_words(gate) for gate in file.gates if gate["name"] != PYTEST]


def _standing(files: list[RunFile]) -> list[Failure]:
    """The failures that count, of each run for itself."""
    return [
        failure
        for run in by_run(files).values()
        for failure in of_run(
            [each for file in run for each in file.failures], flaky=[test for file in run for test in file.flaky]
        ).standing
    ]


def _is_open(file: RunFile) -> bool:
    return file.finish is None and not file.unusable and not file.still_runs


def _unfinished(path: Path, file: RunFile) -> Unfinished:
    return Unfinished(path, file.worker, file.rootdir, len(file.failures), str(file.start.get("replay", "")))


def _death(file: RunFile, files: list[RunFile]) -> str:
    noted = [crash for other in files if other.run_id == file.run_id for crash in other.crashes]
    own = next((crash for crash in noted if crash.get("worker") == file.worker), None)
    unknown = "a quality gate was stopped" if file.worker == GATES else "the process died before pytest was done"
    return printable(sentence(own) if own else unknown)


def _nothing_named(complete: bool, failures: list[Failure]) -> str:  # noqa: FBT001  (a fact among facts)
    return "" if complete and not failures else Category.UNKNOWN


def read(path: Path) -> RunFile:
    """One report file; lines that a dying process left unfinished are passed over."""
    file = RunFile(path.name, still_runs=is_held(path.with_suffix(SUFFIX)))
    if path.exists() and not path.is_file():  # a pipe would never end
        file.unusable = "it is no file"
        return file
    digest = hashlib.sha256()
    for line, record in _records(path):
        match record.get("record"):
            case "start":
                file.start = record
                file.run_id, file.worker = str(record.get("run_id", "")), str(record.get("worker", ""))
                file.rootdir = str(record.get("rootdir", "."))
                if record.get("schema", 0) != SCHEMA:
                    file.unusable = f"it has schema {record.get('schema')!r}, this version reads {SCHEMA}"
            case "finish":
                file.finish = cast("Finish", record)
                file.changed = file.finish.get("sha256") != digest.hexdigest()
            case kind:
                _take(file, kind, record)
        digest.update(line)
    if not file.run_id:
        file.unusable = "it has no start record"
    return file


def _take(file: RunFile, kind: Any, record: Mapping[str, Any]) -> None:
    match kind:
        case "failure":
            file.failures.append(failure_of(record))
        case "afterwards":
            with_afterwards(file.failures, record)
        case "crash":
            file.crashes.append(cast("Crash", record))
        case "flaky":
            file.flaky.append(flaky_of(record))
        case "group":
            group = group_of(record)
            file.groups[group["group"]] = group
        case "gate":
            file.gates = with_gate(file.gates, gate_of(record))
        case "internal":
            # Written next to the tests: what could end a line would become a workflow command of GitHub's.
            file.internal = re.sub(r"\W", "?", str(record.get("where", "")))[:80] or "an unknown place"


def _records(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    with path.open("rb") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            yield line, record if isinstance(record, dict) else {}


def findings_of_run(own: Path) -> Findings:
    """What the main process of a run, whose file this is, and its workers wrote."""
    run = own.name.removesuffix(f"-{MAIN}.jsonl")
    return findings_of([read(path) for path in sorted(own.parent.glob(f"{run}-*.jsonl"))])


def findings_of_own(name: str, records: Iterable[Mapping[str, Any]]) -> Findings:
    """What a process that is the whole run has written, as it remembers that."""
    file = RunFile(name, worker=MAIN)
    for record in records:
        match record["record"]:
            case "failure":
                file.failures.append(cast("Failure", record))
            case "finish":
                file.finish = cast("Finish", record)
            case kind:
                _take(file, kind, record)
    return findings_of([file])


def findings_of(files: list[RunFile]) -> Findings:
    """What the files of one run tell; a process that died is a failure, of a test or in a sentence of its own."""
    finish = next((file.finish for file in files if file.worker == MAIN and file.finish), None)
    failures = [failure for file in files for failure in file.failures]
    troubles = [_sentence(file, files) for file in files if _is_untold(file, files)]
    return of_run(
        failures,
        flaky=[test for file in files for test in file.flaky],
        groups=[group for file in files for group in file.groups.values()],
        gates=[
            gate
            for file in files
            for gate in file.gates
            if gate["name"] != PYTEST or not (gate["passed"] or failures or troubles)
        ],
        troubles=troubles,
        counts=_counts(finish) if finish else None,
    )


def with_their_deaths(found: Mapping[Path, RunFile]) -> list[RunFile]:
    """The files with what dead processes were doing, where that stands beside them; on the disk nothing is changed."""
    files = list(found.values())
    for path, file in found.items():
        if _is_open(file) and not _crash_is_told(file, files):
            for record in autopsy(_unfinished(path, file)):
                if record["record"] == "crash":
                    file.crashes.append(record)
                else:
                    file.failures.append(record)
    return files


def findings_in(directory: Path) -> Findings:
    """What all runs in a folder tell; that there is none is worth an error as well."""
    runs = by_run(read(path) for path in sorted(directory.glob(f"{FILE_PREFIX}-*.jsonl")))
    if not runs:
        return Findings(troubles=[NO_REPORT])
    return together([findings_of(files) for files in runs.values()])


def by_run(files: Iterable[RunFile]) -> dict[str, list[RunFile]]:
    """The files of each run, in the order of its first."""
    runs: dict[str, list[RunFile]] = {}
    for file in files:
        runs.setdefault(file.run_id, []).append(file)
    return runs


def _is_untold(file: RunFile, files: list[RunFile]) -> bool:
    died_in = {str(crash.get("nodeid", "")) for crash in file.crashes} if _is_open(file) else set()
    told = any(failure["outcome"] == "crashed" and failure["nodeid"] in died_in for failure in file.failures)
    return not told and not _is_accounted_for(file, files)


def _counts(finish: Finish) -> Counts:
    return cast("Counts", {name: max(_number(finish.get("counts"), name), 0) for name in Counts.__annotations__})


def _is_accounted_for(file: RunFile, files: list[RunFile]) -> bool:
    if file.unusable or file.changed or file.internal or _lost(file, files):
        return False
    return file.finish is not None or _crash_is_told(file, files)


def _crash_is_told(file: RunFile, files: list[RunFile]) -> bool:
    """Whether the main process came to its end, reported that this worker died, and did not end well all the same."""
    return any(
        failure["outcome"] == "crashed" and failure["worker"] == file.worker
        for main in files
        if main.run_id == file.run_id and main.worker == MAIN and main.finish
        for failure in main.failures
        if main.finish.get("exit_status") != 0 or failure["nodeid"] in {test["nodeid"] for test in main.flaky}
    )


def _lost(file: RunFile, files: list[RunFile]) -> int:
    """How many tests the main process counted as failed that no record of the run tells of."""
    if file.finish is None or file.worker != MAIN:
        return 0
    run = [other for other in files if other.run_id == file.run_id]
    recorded = [failure for other in run for failure in other.failures]
    # A file that cannot be collected stands once, but pytest counts it for every worker.
    told = len(_standing(run)) + len(recorded) - len(distinct(recorded))
    told += sum(
        sum(group["count"] - 1 for group in other.groups.values()) + _number(other.finish, "truncated") for other in run
    )
    counts = file.finish.get("counts")
    return max(_number(counts, "failed") + _number(counts, "error") - told, 0)


def _number(record: Any, name: str) -> int:
    value = record.get(name) if isinstance(record, dict) else None
    return value if isinstance(value, int) else 0


def _sentence(file: RunFile, files: list[RunFile]) -> str:
    if file.unusable:
        return f"{printable(file.name)} is no report: {file.unusable}."
    count = f"{len(file.failures)} failure{'' if len(file.failures) == 1 else 's'}"
    return f"{printable(file.name)} {_what_became_of(file, files, count)}."


def _what_became_of(file: RunFile, files: list[RunFile], count: str) -> str:
    if file.worker == GATES and file.finish is not None and not file.changed:
        return f"holds {len(file.gates)} gate{'' if len(file.gates) == 1 else 's'}"
    if file.changed:
        return f"was changed after it was written; {count} in it"
    if file.internal:
        return f"may lack failures: the plugin itself failed in {file.internal}; {count} in it"
    if lost := _lost(file, files):
        return f"lacks {lost} of the failures that pytest counted; {count} in it"
    if file.finish is not None:
        return f"is complete: pytest ended with status {file.finish.get('exit_status')}, {count}"
    return _why_it_has_no_end(file, files, count)


def _why_it_has_no_end(file: RunFile, files: list[RunFile], count: str) -> str:
    if _crash_is_told(file, files):
        return f"ends early: its worker died, which the main process reported; {count} before that"
    if file.still_runs:
        return f"is not complete yet: pytest still runs; {count} so far"
    return f"ends early: {_death(file, files)}; {count} {'in it' if file.crashes else 'before that'}"
