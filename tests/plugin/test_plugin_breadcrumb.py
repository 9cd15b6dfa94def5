"""The page that outlives a process: what it says after anything, and that nothing secret stands in it."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_failure_review.breadcrumb import (
    _SIZE,
    AFTER_CALL,
    AFTER_SET_UP,
    AFTER_TEAR_DOWN,
    AT_PHASE,
    MOST_BEFORE,
    Breadcrumb,
    Trail,
    _read,
    is_held,
    left_behind,
)
from pytest_failure_review.redaction import Redactor, is_plain_path


def breadcrumb() -> Breadcrumb:
    return Breadcrumb(Redactor({"API_TOKEN": "hunter2-hunter2"}))


@given(st.lists(st.text(min_size=1, max_size=3000), min_size=1, max_size=400))
def test_it_names_the_running_test_and_those_before_it(nodeids: list[str]) -> None:
    page = breadcrumb()
    for nodeid in nodeids:
        page.starting(nodeid)
    trail = page.trail()
    shown = [page._redactor.redact_id(nodeid).encode("utf-8", "backslashreplace")[:2048] for nodeid in nodeids]
    expected = [(raw or b"?").decode("utf-8", "replace") for raw in shown]
    assert (trail.nodeid, trail.phase) == (expected[-1], "setup")
    assert list(trail.before) == expected[:-1][len(expected) - 1 - len(trail.before) :]
    assert (
        len(trail.before) == min(len(nodeids) - 1, MOST_BEFORE) or sum(map(len, shown)) > 60_000
    )  # the ring holds 64 KiB


def test_the_phase_follows_the_reports() -> None:
    page = breadcrumb()
    assert page.trail() == Trail("", "", "", ())
    page.collecting("test_a.py")
    assert page.trail() == Trail("test_a.py", "collect", "", ())
    page.nothing_runs()
    page.starting("test_a.py::test_a")
    phases = [page.trail().phase]
    for ended in (AFTER_SET_UP, AFTER_CALL, AFTER_TEAR_DOWN):
        page.memory[AT_PHASE] = ended
        phases.append(page.trail().phase)
    assert phases == ["setup", "call", "teardown", ""]
    assert page.trail() == Trail("", "", "", ("test_a.py::test_a",))


def test_a_checkpoint_belongs_to_the_test_that_made_it() -> None:
    page = breadcrumb()
    page.starting("test_a.py::test_a")
    page.reached("cart filled")
    assert page.trail().last_checkpoint == "cart filled"
    page.starting("test_a.py::test_b")
    assert page.trail() == Trail("test_a.py::test_b", "setup", "", ("test_a.py::test_a",))


@pytest.mark.parametrize(
    "nodeid", ["test_a.py::test_a[hunter2-hunter2]", "a.yaml::key=hunter2-hunter2", f"t.py::t[ghp_{'a' * 30}]"]
)
def test_no_secret_stands_in_the_page(tmp_path: Path, nodeid: str) -> None:
    page = breadcrumb()
    page.open(tmp_path / "page")
    page.starting(nodeid)
    page.reached("paid with hunter2-hunter2")
    content = (tmp_path / "page").read_bytes()
    assert b"hunter2" not in content
    assert b"ghp_a" not in content
    assert content.count(b"***") == 2
    page.close()


def test_it_is_the_owners_alone_and_goes_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "page"
    page = breadcrumb()
    page.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page.close()
    page.nothing_runs()
    assert not path.exists()


def test_it_has_all_of_its_blocks_before_a_test_runs_so_that_a_full_disk_ends_no_run(tmp_path: Path) -> None:
    path = tmp_path / "page"
    page = breadcrumb()
    page.open(path)
    assert path.stat().st_size == _SIZE
    assert path.stat().st_blocks * 512 >= _SIZE
    page.close()


def test_a_disk_without_room_for_it_leaves_no_page_and_the_run_goes_on_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "page"
    page = breadcrumb()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_SIZE // 2, before[1]))
    try:
        with pytest.raises(OSError, match="No space left"):
            page.open(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not path.exists()
    page.starting("test_a.py::test_a")
    assert page.trail().nodeid == "test_a.py::test_a"


def test_a_forked_child_neither_writes_into_it_nor_removes_it(tmp_path: Path) -> None:
    path = tmp_path / "page"
    page = breadcrumb()
    page.open(path)
    page.starting("test_a.py::test_a")
    child = os.fork()
    if child == 0:
        page.starting("test_a.py::test_child")
        page.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert page.trail().nodeid == "test_a.py::test_a"
    assert b"test_child" not in path.read_bytes()
    page.close()


def test_the_page_of_a_process_that_lives_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "page"
    code = (
        "import pathlib, sys; from pytest_failure_review.breadcrumb import *; page = Breadcrumb(Redactor({}));"
        "page.open(pathlib.Path(sys.argv[1])); page.starting('t.py::t'); print('ready', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert (is_held(path), left_behind(path)) == (True, None)
        process.kill()
        process.wait()
    assert not is_held(path)
    assert left_behind(path) == Trail("t.py::t", "setup", "", ())


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_page_is_believed_further_than_its_size(head: bytes, tail: bytes) -> None:
    _read(head + bytes(_SIZE - len(head) - len(tail)) + tail)


@pytest.mark.parametrize("content", [b"", b"FRTRAIL1", b"x" * (4096 + 65536)])
def test_what_is_no_page_tells_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page").write_bytes(content)
    assert left_behind(tmp_path / "page") is None
    assert left_behind(tmp_path / "nowhere") is None


@given(st.text(alphabet="ab_.-[]:1 \u00e4\n", max_size=12), st.sampled_from(["a.py", "b/c-d.py", "a b.py", ""]))
def test_what_is_plain_at_a_glance_is_plain_to_a_close_look(name: str, path: str) -> None:
    redactor = Redactor({"API_TOKEN": "a1b1a1b1"})
    if is_plain_path(path) and redactor.is_plain_name(name):
        assert redactor.redact_id(f"{path}::{name}") == f"{path}::{name}"
