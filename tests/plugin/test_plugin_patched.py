"""What a test puts in place of the standard library is still there while its failure is written."""

from __future__ import annotations

import pytest
from plugin_project import Project

from pytest_failure_review.checking import check

PATCHED = {
    "os.write": "lambda *_: 1 / 0",
    "os.write that only counts": "lambda descriptor, data: len(data)",
    "os.getpid": "lambda: 4242",
    "os.open": "lambda *_, **__: 1",
    "os.close": "lambda _: 1 / 0",
    "time.time": "lambda: 'now'",
    "time.monotonic": "lambda: None",
    "json.dumps": "lambda *_, **__: 1 / 0",
    "hashlib.sha256": "lambda *_: 1 / 0",
}


@pytest.mark.parametrize("name", PATCHED)
def test_what_a_test_has_patched_costs_its_failure_neither_record_nor_checkpoint(project: Project, name: str) -> None:
    project.write("kept.txt", "as it was")
    project.write(
        "test_a.py",
        f"""
def test_a(monkeypatch, checkpoint):
    monkeypatch.setattr("{name.partition(" ")[0]}", {PATCHED[name]})
    checkpoint("patched", files=["kept.txt"])
    assert "x" * 40_000 == ""
def test_b(): pass
""",
    )
    ran = project.run()
    assert ran.result.ret == 1
    assert not [record for record in ran.files["main"] if record["record"] == "internal"]
    (patched,) = [each for each in ran.failure["checkpoints"] if each["label"] == "patched"]
    (file,) = patched["files"]
    assert (project.reports / file["path"]).read_text() == "as it was"
    assert ran.finish["counts"]["passed"] == 1
    assert check(project.reports).complete, check(project.reports).sentences


def test_an_error_of_the_plugin_that_cannot_be_written_either_ends_no_run(project: Project) -> None:
    project.write(
        "test_a.py",
        """
def test_a(monkeypatch):
    monkeypatch.setattr("json.JSONEncoder.iterencode", lambda *_, **__: 1 / 0)
    assert 0
def test_b(): pass
""",
    )
    ran = project.run_and_die()
    assert ran.result.ret == 1
    assert ran.result.parseoutcomes() == {"failed": 1, "passed": 1}
    assert ran.finish["counts"]["passed"] == 1
    assert any("the plugin itself failed in " in line for line in ran.result.outlines)
