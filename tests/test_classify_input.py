"""Logs as people have them: plain or packed, from a file or a pipe, and a sentence for what is none."""

from __future__ import annotations

import gzip
import io
import os
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.classify_input import CHUNK, MOST_JOBS, Unusable, opened_logs

TEXT = b"one\ntwo \xe2\x98\x83\n"


def read(where: str, pipe: bytes = b"") -> list[tuple[str, bytes]]:
    with opened_logs(where, io.BufferedReader(io.BytesIO(pipe))) as logs:
        return [(log.job, b"".join(log.chunks)) for log in logs]


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def refusal(where: str, pipe: bytes = b"") -> str:
    with pytest.raises(Unusable) as refused:
        read(where, pipe)
    return str(refused.value)


@pytest.mark.parametrize("name", ["job.log", "job.log.gz", "anything"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_what_is_inside_a_file_decides_how_it_is_read(tmp_path: Path, name: str, pack: type[bytes]) -> None:
    file = tmp_path / name
    file.write_bytes(pack(TEXT))
    assert read(str(file)) == [("", TEXT)]
    assert read("-", pack(TEXT)) == [("", TEXT)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_what_windows_redirected_into_a_file_is_read(encoding: str) -> None:
    text = ("\ufeff" + "zwei ☃\n" * CHUNK).encode(encoding)
    [(_, read_back)] = read("-", text)
    assert read_back == ("zwei ☃\n" * CHUNK).encode()


def test_the_archive_of_a_run_has_one_log_for_each_job_in_github_s_order() -> None:
    packed = archive(
        **{
            "10_docs.txt": b"ten",
            "2_test (3.11, linux).txt": b"two",
            "docs/1_Set up job.txt": b"the same again",
            "docs/system.txt": b"no log",
            "-1_early.txt": b"first",
            "3_empty.txt": b"",
        }
    )
    assert read("-", packed) == [("early", b"first"), ("test (3.11, linux)", b"two"), ("docs", b"ten")]


def test_of_an_archive_with_steps_alone_those_of_a_job_are_one_log() -> None:
    packed = archive(
        **{"build/10_Post.txt": b"c", "build/2_Run.txt": b"b", "build/1_Set up.txt": b"a", "x/1_y.txt": b"d"}
    )
    assert read("-", packed) == [("build", b"abc"), ("x", b"d")]


def test_an_archive_may_come_through_a_pipe_that_cannot_be_wound_back() -> None:
    out, into = os.pipe()

    def feed() -> None:
        with os.fdopen(into, "wb") as end:
            end.write(archive(**{"0_a.txt": TEXT}))

    feeder = threading.Thread(target=feed)
    with os.fdopen(out, "rb") as pipe:
        feeder.start()
        with opened_logs("-", pipe) as logs:
            assert [(log.job, *log.chunks) for log in logs] == [("a", TEXT)]
    feeder.join()


def test_a_blank_line_that_comes_first_is_no_empty_log() -> None:
    out, into = os.pipe()
    with os.fdopen(out, "rb") as pipe, os.fdopen(into, "wb", buffering=0) as end:
        end.write(b"\n")
        with opened_logs("-", pipe) as logs:
            [log] = logs
            threading.Timer(0.1, lambda: (end.write(TEXT), end.close())).start()
            assert b"".join(log.chunks) == b"\n" + TEXT


def test_a_long_log_comes_in_pieces() -> None:
    with opened_logs("-", io.BufferedReader(io.BytesIO(gzip.compress(b"x\n" * 4 * CHUNK)))) as logs:
        sizes = [len(chunk) for log in logs for chunk in log.chunks]
    assert (sum(sizes), max(sizes) <= CHUNK) == (8 * CHUNK, True)


# --- what cannot be used


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert refusal(f"{tmp_path}/none.log") == f"{tmp_path}/none.log cannot be read: No such file or directory."
    assert refusal(str(tmp_path)) == f"{tmp_path} is a folder; name a log in it."
    assert refusal("nul\0byte") == "nulbyte cannot be the name of a file."


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "secret.log"
    file.touch(mode=0)
    assert refusal(str(file)) == f"{file} cannot be read: Permission denied."


@pytest.mark.parametrize("nothing", [b"", b" \n\n", gzip.compress(b"")], ids=["no byte", "blank", "packed"])
def test_an_empty_log_is_a_sentence(nothing: bytes) -> None:
    assert refusal("-", nothing) == "standard input is empty."


def test_what_is_no_text_is_a_sentence() -> None:
    assert refusal("-", bytes(range(256)) * 50) == (
        "standard input is no text: a log is wanted, plain, as .gz, or the .zip of a run's logs."
    )


def test_a_log_with_a_few_odd_bytes_is_a_log() -> None:
    text = b"\x1b[31mred\x1b[0m and a bell\x07, and half a letter \xe2\x98\n" * 20
    assert read("-", text) == [("", text)]


def test_an_archive_without_a_log_is_a_sentence() -> None:
    assert refusal("-", archive(**{"picture.png": b"x"})) == "standard input holds no log of a job."
    assert refusal("-", archive()) == "standard input holds no log of a job."


def test_an_archive_of_more_jobs_than_a_run_can_have_is_a_sentence() -> None:
    many = archive(**{f"{number}_job.txt": b"x" for number in range(MOST_JOBS + 1)})
    assert refusal("-", many) == "standard input holds 1001 logs, more than the 1000 that are read."


@given(st.data(), st.sampled_from([gzip.compress(TEXT * 9), archive(**{"0_a.txt": TEXT * 9})]))
def test_whatever_is_packed_and_broken_is_a_sentence(data: st.DataObject, packed: bytes) -> None:
    cut = data.draw(st.integers(4, len(packed) - 1))
    assert refusal("-", packed[:cut]).startswith("standard input ")
    spoilt = bytearray(packed)
    spoilt[cut] ^= 0x55
    with suppress(Unusable):
        read("-", bytes(spoilt))
