"""A report in a stranger's zip: read within bounds, believed about one job alone, and never a way in (T16, T17)."""

from __future__ import annotations

import io
import json
import stat
import tracemalloc
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest
from gates import job
from hypothesis import given
from hypothesis import strategies as st

from github_app.github.artifacts import (
    KEPT_FAILURES,
    KEPT_GATES,
    MAX_ENTRIES,
    Budget,
    ReportFile,
    Unusable,
    merged,
    read_reports,
)
from github_app.github.evidence import is_of, likely
from github_app.github.payloads import ArtifactPayload
from github_app.rules.model import Excerpt
from pytest_failure_review.report import Category

NAME = "failure-review-1-main.jsonl"
PLACE = {"repository": "octo/shop", "run_id": "50", "run_attempt": "1", "job": "unit", "sha": "abc", "workflow": "CI"}
START: dict[str, Any] = {"record": "start", "schema": 1, "run_id": "0" * 16, "worker": "main", "github": PLACE}
FAILURE: dict[str, Any] = {
    "record": "failure",
    "nodeid": "tests/test_cart.py::test_total",
    "category": "test.unit",
    "confidence": 0.9,
    "message": "assert 3 == 4",
    "path": "tests/test_cart.py",
    "line": 9,
}
FINISH = {"record": "finish"}


def lines(*records: Mapping[str, Any] | bytes) -> bytes:
    return b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in records)


WHOLE = lines(START, FAILURE, FINISH)


def packed(files: Mapping[str | zipfile.ZipInfo, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def only(archive: bytes) -> ReportFile:
    [file] = read_reports(archive)
    return file


def test_a_report_says_where_it_was_written_and_what_failed() -> None:
    file = only(packed({NAME: WHOLE}))
    assert (file.run_id, file.attempt, file.job, file.complete, file.total) == ("50", "1", "unit", True, 1)
    assert [(each.nodeid, each.category, each.line) for each in file.failures] == [
        ("tests/test_cart.py::test_total", Category.TEST_UNIT, 9)
    ]


def _gate(name: str, *, passed: Any = False) -> dict[str, Any]:
    return {"record": "gate", "name": name, "passed": passed, "summary": "why", "details": {}}


@pytest.mark.requirement("S2-062")
def test_a_quality_gate_that_has_not_passed_at_last_has_failed() -> None:
    """Named check (S2-062): the record of its start stands until it ended."""
    first = lines(
        START, _gate("golden"), _gate("golden", passed=True), _gate("ruff"), _gate("odd", passed=None), FINISH
    )
    second = lines(START, _gate("ruff", passed=True), _gate("own"))
    report = merged(read_reports(packed({NAME: first, "failure-review-2-gate.jsonl": second})), trusted=True)
    assert report is not None
    assert [gate.name for gate in report.gates] == ["ruff", "own"]


def test_no_flood_of_gates_is_kept() -> None:
    file = only(packed({NAME: lines(START, *(_gate(f"g{number}") for number in range(100)), FINISH)}))
    assert len(file.gates) == KEPT_GATES


def test_without_its_last_record_the_run_died() -> None:
    assert not only(packed({NAME: lines(START, FAILURE)})).complete


# --- what is in the archive


@pytest.mark.parametrize(
    "name",
    [
        "../failure-review-1.jsonl",
        "a/../../failure-review-1.jsonl",
        "/etc/failure-review-1.jsonl",
        "..\\failure-review-1.jsonl",
        "C:failure-review-1.jsonl",
        "failure-review-1.jsonl.exe",
        "other.jsonl",
        "failure-review-1.jsonl/",
    ],
)
def test_an_entry_of_another_name_is_not_read(name: str) -> None:
    assert read_reports(packed({name: WHOLE})) == []


def test_a_link_is_text_and_leads_nowhere() -> None:
    link = zipfile.ZipInfo(NAME)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert only(packed({link: b"/etc/passwd"})).failures == []


def test_an_archive_in_the_archive_is_not_opened() -> None:
    assert only(packed({NAME: packed({NAME: WHOLE})})).total == 0


# --- bombs


def test_an_archive_packed_too_tight_is_refused() -> None:
    with pytest.raises(Unusable, match="packed suspiciously tight"):
        read_reports(packed({NAME: b"0" * 4_000_000}))


def test_a_million_entries_are_refused_before_the_directory_is_read() -> None:
    entry = packed({"x": b""})
    central = entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")]
    bomb = entry.replace(central, central * 300_000)
    tracemalloc.start()
    with pytest.raises(Unusable, match=f"more than {MAX_ENTRIES} entries"):
        read_reports(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_many_files_together_are_too_large_as_well() -> None:
    with pytest.raises(Unusable, match="too large once unpacked"):
        read_reports(packed({f"failure-review-{n}.jsonl": _noise(n) for n in range(11)}, zipfile.ZIP_STORED))


@pytest.mark.parametrize("line", [b"7\n", lines(FAILURE)], ids=["no record", "a record"])
def test_the_lines_of_reports_are_counted_over_all_artifacts_of_a_job(line: bytes) -> None:
    """P19, T17: a line costs the more the shorter they are, so bytes alone bound nothing."""
    budget = Budget(lines=100)
    archive = packed({NAME: line * 40, "failure-review-1-gw0.jsonl": line * 40})
    assert len(read_reports(archive, budget)) == 2
    with pytest.raises(Unusable, match="more than 50000 lines"):
        read_reports(archive, budget)
    with pytest.raises(Unusable):
        read_reports(packed({NAME: WHOLE}), budget)


def test_what_is_unpacked_is_counted_over_all_artifacts_of_a_job() -> None:
    """P19, T17."""
    budget = Budget(left=2 * len(WHOLE))
    for _ in range(2):
        assert [file.complete for file in read_reports(packed({NAME: WHOLE}), budget)] == [True]
    assert not budget.is_spent
    with pytest.raises(Unusable, match="too large once unpacked"):
        read_reports(packed({NAME: WHOLE}), budget)
    assert budget.is_spent


def _noise(number: int) -> bytes:
    return (f"{number}".encode() * 100 + b"\n") * (4_900_000 // (100 * len(f"{number}") + 1))


def test_one_file_is_read_up_to_five_megabytes() -> None:
    noise = bytes(range(256)) * 24_000
    with pytest.raises(Unusable, match="larger than 5 MB"):
        read_reports(packed({NAME: noise}, zipfile.ZIP_STORED))


@pytest.mark.parametrize("declared", [1, 10**9])
def test_a_size_that_lies_is_found_out(declared: int) -> None:
    archive = bytearray(packed({NAME: WHOLE}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = archive.index(mark) + offset
        archive[at : at + 4] = declared.to_bytes(4, "little")
    with pytest.raises(Unusable):
        read_reports(bytes(archive))


def test_an_encrypted_entry_is_refused() -> None:
    archive = bytearray(packed({NAME: WHOLE}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.index(mark) + offset] |= 1
    with pytest.raises(Unusable, match="cannot be read"):
        read_reports(bytes(archive))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_that_github_does_not_use_is_refused(packing: int) -> None:
    with pytest.raises(Unusable, match="packed in a way"):
        read_reports(packed({NAME: WHOLE}, packing))


@given(at=st.integers(0, 10_000), change=st.binary(max_size=40))
def test_a_damaged_archive_is_read_or_refused_but_never_an_accident(at: int, change: bytes) -> None:
    archive = packed({NAME: WHOLE, "failure-review-2.jsonl": WHOLE})
    at %= len(archive)
    try:
        read_reports(archive[:at] + change + archive[at + len(change) :])
    except Unusable as reason:
        assert "report artifact" in str(reason) or "report file" in str(reason)  # noqa: PT017  (either end is fine)


# --- what is in the file


def test_a_line_without_an_end_does_not_hide_the_others() -> None:
    assert only(packed({NAME: lines(START, b"x" * 1_000_000 + b"\n", FAILURE, FINISH)}, zipfile.ZIP_STORED)).total == 1


@given(garbage=st.binary(max_size=200))
def test_garbage_between_the_records_is_passed_over(garbage: bytes) -> None:
    text = lines(START, garbage.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n", FAILURE, FINISH)
    file = only(packed({NAME: text}))
    assert (file.total >= 1, file.complete) == (True, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 7},
        {"line": "nine"},
        {"nodeid": None},
        {"owner": {"names": ["x"] * 21}},
        {"message": {"deep": 1}},
        {"confidence": float("nan")},
    ],
)
def test_a_record_that_makes_no_sense_is_passed_over(wrong: dict[str, Any]) -> None:
    assert only(packed({NAME: lines(START, {**FAILURE, **wrong}, FAILURE)})).total == 1


def test_a_report_of_a_later_format_is_refused() -> None:
    with pytest.raises(Unusable, match="has schema 2; this App reads up to 1"):
        read_reports(packed({NAME: lines({**START, "schema": 2}, FAILURE)}))


def test_a_kind_that_is_not_known_is_unknown() -> None:
    [failure] = only(packed({NAME: lines(START, {**FAILURE, "category": "approved"})})).failures
    assert failure.category is Category.UNKNOWN


def test_numbers_and_texts_are_bounded() -> None:
    huge = {**FAILURE, "line": 10**30, "nodeid": "n" * 100_000, "message": "m" * 100_000}
    [failure] = only(packed({NAME: lines(START, huge)})).failures
    assert (failure.line, len(failure.nodeid), len(failure.message)) == (1_000_000, 16_000, 16_000)


def test_of_many_failures_the_worst_are_kept_and_all_are_counted() -> None:
    many = [{**FAILURE, "nodeid": f"t{n}"} for n in range(3000)]
    secret = {**FAILURE, "category": "security.secret"}
    report = merged([only(packed({NAME: lines(START, *many, secret, FINISH)}))], trusted=True)
    assert report is not None
    assert (report.total, len(report.failures)) == (3001, KEPT_FAILURES)
    assert [each.nodeid for each in report.failures[1:3]] == ["t0", "t1"]
    assert report.failures[0].category is Category.SECURITY_SECRET


def test_workers_of_one_run_are_one_report() -> None:
    files = read_reports(packed({NAME: WHOLE, "failure-review-1-gw0.jsonl": lines(START, FAILURE)}))
    report = merged(files, trusted=False)
    assert report is not None
    assert (report.total, report.complete, report.trusted) == (2, False, False)
    assert merged([], trusted=True) is None


# --- whose it is


def told(**changes: str) -> ReportFile:
    return ReportFile(run_id="50", attempt="1", job="unit").model_copy(update=changes)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("unit", "unit"),
        ("unit", "unit (3.12)"),
        ("unit", "unit (3.12, ubuntu-latest)"),
        ("unit", "checks / unit (3.12)"),
        ("unit_tests", "Unit tests"),
        ("unit-tests", "unit tests (3.12)"),
        ("Unit", "unit"),
    ],
)
def test_a_report_belongs_to_the_job_that_it_names(key: str, name: str) -> None:
    assert is_of(told(job=key), job(name=name, run_id=50))


@pytest.mark.parametrize(
    "changes", [{"run_id": "51"}, {"attempt": "2"}, {"run_id": ""}, {"attempt": ""}, {"job": "lint"}, {"job": ""}]
)
def test_a_report_of_something_else_is_not_used(changes: dict[str, str]) -> None:
    assert not is_of(told(**changes), job(name="unit", run_id=50))


def test_a_job_of_another_name_is_known_by_the_tests_in_its_log() -> None:
    file = only(packed({NAME: lines({**START, "github": {**PLACE, "job": "t"}}, FAILURE, FINISH)}))
    log = [Excerpt(7, ("FAILED tests/test_cart.py::test_total - assert 3 == 4",), "pytest summary")]
    other = [Excerpt(7, ("error: unused import",), "##[error]")]
    assert is_of(file, job(name="All the tests", run_id=50), log)
    assert not is_of(file, job(name="Style", run_id=50), other)


def test_reports_are_chosen_by_the_name_that_the_action_gives_them() -> None:
    names = ["failure-review-unit-0-1", "failure-review-unit-1-1", "failure-review-unit-0-2", "failure-review-lint-0-1"]
    artifacts = [ArtifactPayload(id=number, name=name) for number, name in enumerate(names)]
    assert [each.id for each in likely(artifacts, job(name="unit (3.12)"))] == [0, 1]
    assert [each.id for each in likely(artifacts, job(name="Style"))] == [0, 1, 3]
    own = [ArtifactPayload(id=9, name="failure-review-report")]
    assert likely(own, job(name="unit")) == own


HASH = "a" * 64


def test_checkpoints_keep_what_a_snapshot_will_need() -> None:
    one = {"label": "cart filled", "sha256": HASH, "created_at": "2026-01-05T09:00:00.000000Z", "parent": None}
    two = {**one, "label": "paid", "sha256": "b" * 64, "parent": HASH, "state": {"cart": ["apple"]}}
    [failure] = only(packed({NAME: lines(START, {**FAILURE, "checkpoints": [one, two]}, FINISH)})).failures
    assert [(each.label, each.sha256, each.created_at, each.parent) for each in failure.checkpoints] == [
        ("cart filled", HASH, "2026-01-05T09:00:00.000000Z", ""),
        ("paid", "b" * 64, "2026-01-05T09:00:00.000000Z", HASH),
    ]


def test_a_checkpoint_without_a_hash_is_left_out_and_the_failure_is_kept() -> None:
    odd = [{"label": "x"}, {"label": "y", "sha256": "../../etc/passwd"}, {"sha256": HASH, "parent": "no hash"}]
    [failure] = only(packed({NAME: lines(START, {**FAILURE, "checkpoints": odd}, FINISH)})).failures
    assert [(each.label, each.sha256, each.parent) for each in failure.checkpoints] == [("", HASH, "")]


def test_tests_that_one_fixture_failed_are_all_counted() -> None:
    group = {"record": "group", "group": "g", "count": 400, "nodeids": []}
    file = only(packed({NAME: lines(START, FAILURE, {**group, "count": 2}, group, FINISH)}))
    assert (file.total, len(file.failures)) == (400, 1)


CRASH = {"record": "crash", "worker": "gw0", "nodeid": "tests/test_cart.py::test_pay"}


def test_a_worker_whose_death_is_told_does_not_break_the_report_off() -> None:
    main = lines({**START, "worker": "main"}, CRASH, FINISH)
    files = read_reports(packed({NAME: main, "failure-review-1-gw0.jsonl": lines({**START, "worker": "gw0"})}))
    found = merged(files, trusted=True)
    assert found is not None
    assert (found.complete, found.died_in) == (True, "tests/test_cart.py::test_pay")


def test_a_main_process_that_died_itself_vouches_for_no_worker() -> None:
    main = lines({**START, "worker": "main"}, CRASH)
    files = read_reports(packed({NAME: main, "failure-review-1-gw0.jsonl": lines({**START, "worker": "gw0"})}))
    found = merged(files, trusted=True)
    assert found is not None
    assert not found.complete


def test_flaky_tests_are_counted() -> None:
    flaky = {"record": "flaky", "nodeid": "t", "worker": "main", "attempts": 2}
    assert only(packed({NAME: lines(START, flaky, flaky, FINISH)})).flaky == 2
