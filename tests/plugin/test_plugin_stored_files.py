"""Files that a test names are kept by their hash, readable by their owner alone, and only when the test fails."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from plugin_project import Project

from pytest_failure_review.redaction import Redactor
from pytest_failure_review.stored_files import AT_ONCE, MAX_FILE, Shelf

ROOM = 1 << 20


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "reports", [tmp_path / "project"], Redactor({"SHOP_TOKEN": "canary-4711"}))


def kept_of(shelf: Shelf, *paths: Any) -> tuple[list[Any], list[str]]:
    return shelf.keep(shelf.look_at(paths, ROOM), "test_a.py::test_a", 2)


def test_a_failing_test_keeps_its_file_under_its_hash_in_the_folder_of_the_attempt(project: Project) -> None:
    project.pytester.makepyfile(
        """
        def test_checkout(checkpoint, tmp_path):
            cart = tmp_path / "cart.json"
            cart.write_text('{"apples": 2}')
            checkpoint("cart filled", files=[cart])
            cart.unlink()
            assert 0
        """
    )
    failure = project.run().failure
    (file,) = failure["checkpoints"][3]["files"]
    content = b'{"apples": 2}'
    digest = hashlib.sha256(content).hexdigest()
    assert file["path"] == f"{failure['node_hash']}/attempt-1/{digest}"
    assert (file["name"], file["bytes"], file["media_type"]) == ("cart.json", 13, "application/json")
    stored = project.reports / file["path"]
    assert stored.read_bytes() == content
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert stat.S_IMODE(stored.parent.stat().st_mode) == 0o700


def test_a_passing_test_keeps_no_file(project: Project) -> None:
    project.pytester.makepyfile("def test_ok(checkpoint): checkpoint('here', files=[__file__])")
    project.run()
    assert [path.suffix for path in project.reports.iterdir()] == [".jsonl"]


def test_a_larger_file_is_read_at_the_failure_and_a_change_since_is_told(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    file.write_bytes(b"x" * (AT_ONCE + 1))
    named = shelf.look_at([file], ROOM)
    file.write_bytes(b"y" * 10)
    os.utime(file, (1, 1))
    (kept,), notes = shelf.keep(named, "test_a.py::test_a", 1)
    assert kept["bytes"] == 10
    assert notes == ["log.txt was written to after the checkpoint: it is as it was at the failure"]


def test_of_a_huge_file_only_the_hash_is_kept(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "dump.bin"
    file.write_bytes(b"x" * (MAX_FILE + 1))
    (kept,), notes = kept_of(shelf, file)
    assert (kept["path"], kept["sha256"]) == ("", hashlib.sha256(file.read_bytes()).hexdigest())
    assert notes == [f"dump.bin was not kept: {MAX_FILE + 1} bytes are more than {MAX_FILE}"]


def test_secrets_are_taken_out_of_text(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "answer.txt"
    file.write_text("token canary-4711 accepted")
    (kept,), notes = kept_of(shelf, file)
    assert (tmp_path / "reports" / kept["path"]).read_text() == "token *** accepted"
    assert notes == []


def test_a_binary_file_that_holds_a_secret_is_not_kept(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_bytes(b"\xff\xfe\x00canary-4711\x00")
    (kept,), notes = kept_of(shelf, file)
    assert kept["path"] == ""
    assert notes == ["shop.db was not kept: it is no text, and looks as if it held a secret"]
    assert not (tmp_path / "reports").exists()


def test_a_symbolic_link_that_leads_out_of_the_project_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = tmp_path / "project", tmp_path / "home"
    for folder in (inside, outside, tmp_path / "tmp"):
        folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    shelf = Shelf(tmp_path / "reports", [inside], Redactor({}))
    (outside / "id_rsa").write_text("private")
    (inside / "data.txt").symlink_to(outside / "id_rsa")
    (inside / "folder").symlink_to(outside)
    (inside / "fine.txt").write_text("fine")
    (inside / "link.txt").symlink_to(inside / "fine.txt")
    kept, notes = kept_of(shelf, inside / "data.txt", inside / "folder" / "id_rsa", inside / "link.txt")
    assert [file["name"] for file in kept] == ["link.txt"]
    assert notes == [f"{name} was not kept: a symbolic link leads out of its place" for name in ("data.txt", "id_rsa")]


def test_what_is_no_regular_file_is_not_waited_for(shelf: Shelf, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    kept, notes = kept_of(shelf, tmp_path / "pipe", tmp_path, tmp_path / "gone", 7, "a\0b")
    assert kept == []
    assert notes[0] == "pipe was not kept: it is no regular file"
    assert notes[2] == "gone was not kept: No such file or directory"
    assert notes[3] == "7 is no path"
    assert len(notes) == 5


def test_one_path_may_stand_without_a_list(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    assert [named.name for named in shelf.look_at(str(tmp_path / "a.txt"), ROOM)] == ["a.txt"]


def test_the_files_of_a_run_end_at_their_limit(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "reports", [], Redactor({}), share=100)
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for file in files:
        file.write_text(file.name)
    kept, notes = kept_of(shelf, *files)
    assert [bool(file["path"]) for file in kept] == [True, False]
    assert notes == ["b.txt was not kept: the files of this run are at their limit"]


def test_content_that_is_kept_already_is_not_written_again(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("same")
    assert kept_of(shelf, tmp_path / "a.txt") == kept_of(shelf, tmp_path / "a.txt")
