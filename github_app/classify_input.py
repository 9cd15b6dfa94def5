"""Logs as people have them: a file, plain or packed, the archive of a whole run, or what comes through a pipe.

Everything is read in pieces, whatever its length; what is inside decides how it is read, never its name.
"""

from __future__ import annotations

import codecs
import gzip
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, Final

from github_app.rules.lines import visible

CHUNK: Final = 1 << 20
MOST_JOBS: Final = 1000
"""Logs read of one archive; GitHub lists no more jobs of a run either."""

_GZIP, _ZIP, _EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
_ODD_SHARE: Final = 20  # a text has at most one odd byte in this many
_ODD: Final = bytes(set(range(32)) - set(b"\t\n\r\x1b\x08\x0c"))
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_JOB_FILE: Final = re.compile(r"-?\d+_(.+)\.txt")  # GitHub's name for a job's log in the archive of a run


class Unusable(Exception):  # noqa: N818  (ends the command, is no error of the program)
    """The input cannot be judged; the text is the sentence for the user."""


@dataclass(frozen=True, slots=True)
class Log:
    """One log; `job` is what the archive calls its job, "" elsewhere."""

    name: str
    job: str
    chunks: Iterator[bytes]


@contextmanager
def opened_logs(where: str, standard_input: BufferedReader) -> Iterator[Iterator[Log]]:
    """Give the logs in a file, or in standard input for "-"; each must be read before the next is asked for.

    Raises Unusable, also while chunks are read.
    """
    name = "standard input" if where == "-" else visible(where)
    with ExitStack() as stack:
        source = standard_input if where == "-" else stack.enter_context(_file(where, name))
        with _sentences(name):
            begin = source.peek(len(_ZIP))
        if begin.startswith((_ZIP, _EMPTY_ZIP)):
            yield _of_archive(name, stack.enter_context(_archive(name, source)))
        elif begin.startswith(_GZIP):
            unpacked = stack.enter_context(gzip.GzipFile(fileobj=source))
            yield iter([Log(name, "", _text(name, lambda: unpacked.read1(CHUNK)))])
        else:
            yield iter([Log(name, "", _text(name, lambda: source.read1(CHUNK)))])


@contextmanager
def _sentences(name: str) -> Iterator[None]:
    """Turn what the system and the unpackers complain of into a sentence."""
    try:
        yield
    except gzip.BadGzipFile as error:
        raise Unusable(f"{name} is a broken gzip file: {error}.") from error
    except _BROKEN as error:
        raise Unusable(f"{name} cannot be unpacked: {str(error) or type(error).__name__}.") from error
    except OSError as error:
        raise Unusable(f"{name} cannot be read: {error.strerror or error}.") from error


def _file(where: str, name: str) -> BufferedReader:
    with _sentences(name):
        try:
            if Path(where).is_dir():
                raise Unusable(f"{name} is a folder; name a log in it.")
            return Path(where).open("rb")
        except ValueError as error:
            raise Unusable(f"{name} cannot be the name of a file.") from error


def _text(name: str, read: Callable[[], bytes]) -> Iterator[bytes]:
    """Give a log's bytes as UTF-8, whatever Windows wrote it in; refuse what is empty or no text."""
    with _sentences(name):
        pieces = iter(read, b"")
        first = next(pieces, b"")
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            decoder = codecs.getincrementaldecoder("utf-16")("replace")
            pieces = (decoder.decode(piece).encode("utf-8", "replace") for piece in chain([first], pieces))
            first = next(pieces, b"")
        while first.isspace() and len(first) < CHUNK and (more := next(pieces, b"")):
            first += more  # a pipe gives a blank line before the rest
        if not first.strip():
            raise Unusable(f"{name} is empty.")
        if len(first) - len(first.translate(None, _ODD)) > len(first) / _ODD_SHARE:
            raise Unusable(f"{name} is no text: a log is wanted, plain, as .gz, or the .zip of a run's logs.")
        yield first
        yield from pieces


# --- the archive of a run ---------------------------------------------------------------------------------------------


@contextmanager
def _archive(name: str, source: BufferedReader) -> Iterator[zipfile.ZipFile]:
    """Open an archive; its directory stands at its end, so what comes through a pipe is put down first."""
    with ExitStack() as stack:
        with _sentences(name):
            file: IO[bytes] = source
            if not source.seekable():
                file = stack.enter_context(tempfile.TemporaryFile())
                file.writelines(iter(lambda: source.read(CHUNK), b""))
            archive = stack.enter_context(zipfile.ZipFile(file))
        yield archive


def _of_archive(name: str, archive: zipfile.ZipFile) -> Iterator[Log]:
    """Give the log of each job, in GitHub's order.

    Beside each job's log GitHub packs a folder with those of its steps, or, of runs long past, that folder alone.
    """
    texts = [entry for entry in archive.infolist() if entry.filename.endswith((".txt", ".log")) and entry.file_size]
    whole = [entry for entry in texts if "/" not in entry.filename]
    groups: dict[str, list[zipfile.ZipInfo]] = {entry.filename: [entry] for entry in whole}
    if not groups:
        for entry in texts:
            folder = str(PurePosixPath(entry.filename).parent)
            groups.setdefault(folder, []).append(entry)
    if not groups:
        raise Unusable(f"{name} holds no log of a job.")
    if len(groups) > MOST_JOBS:
        raise Unusable(f"{name} holds {len(groups)} logs, more than the {MOST_JOBS} that are read.")
    for key in sorted(groups, key=_number):
        called = _JOB_FILE.fullmatch(key)
        job = visible(called[1] if called else PurePosixPath(key).name.removesuffix(".txt"))
        shown = f"{name}, {visible(key)}"
        yield Log(shown, job, _text(shown, _reader(archive, sorted(groups[key], key=lambda e: _number(e.filename)))))


def _reader(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Callable[[], bytes]:
    pieces = (piece for entry in entries for piece in _entry(archive, entry))
    return lambda: next(pieces, b"")


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _number(path: str) -> tuple[int, str]:
    """Where a file stands among those that GitHub numbers."""
    found = re.match(r"-?\d+", PurePosixPath(path).name)
    return (int(found[0]) if found and len(found[0]) < 10 else 0, path)  # noqa: PLR2004  (a number, not a hash)
