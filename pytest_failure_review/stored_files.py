"""Keeps files beside the report, under the hash of their content, in a folder for each attempt of a test.

The law: nothing is copied while tests pass but small files that a test names; secrets are taken out of text, and what
is no text and holds one is not kept; a symbolic link leads to no file outside of the place that it stands in.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from .encoding import shown
from .evidence import short_hash
from .redaction import Redactor
from .report import StoredFile
from .strangers import attempt

AT_ONCE: Final = 64 * 1024
"""Bytes of a file that is read when it is named; a larger one is read when the test fails."""
MAX_FILE: Final = 2 * 1024 * 1024
"""Bytes of a file; of a larger one only the hash is kept."""
MAX_HASHED: Final = 64 * 1024 * 1024
MAX_OF_RUN: Final = 10 * 1024 * 1024
"""Bytes of all files of a run: they travel with the report, which the App reads only up to its own caps (T17)."""
MOST_OF_RUN: Final = 100
MOST_AT_ONCE: Final = 20
"""Files of one checkpoint."""

_NO_WAITING: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)

# A test that puts something else in their place has it there still while its failure is written.
_open, _fdopen, _read, _close, _fstat = os.open, os.fdopen, os.read, os.close, os.fstat


class Named(NamedTuple):
    """A file that a test named, as it was then."""

    path: Path | None
    """None when it cannot be kept."""
    name: str
    note: str = ""
    """Why it cannot be kept, in words."""
    changed_at: int = 0
    content: bytes | None = None


class Shelf:
    """The folder of one process's kept files. `share` is how many processes there are to share the caps."""

    def __init__(self, directory: Path, places: Iterable[Path], redactor: Redactor, share: int = 1) -> None:
        self._directory = directory
        self._places = [place.resolve() for place in (*places, Path(tempfile.gettempdir()))]
        self._redactor = redactor
        self._bytes_left = MAX_OF_RUN // share
        self._files_left = max(MOST_OF_RUN // share, 1)

    def look_at(self, files: Iterable[Any], room: int) -> list[Named]:
        """The files as they are now; the small ones are read, as long as `room` bytes hold them."""
        given = [files] if isinstance(files, str | os.PathLike) else list(islice(files, MOST_AT_ONCE + 1))
        named: list[Named] = []
        for each in given[:MOST_AT_ONCE]:
            named.append(self._look_at(each, min(room, AT_ONCE)))
            room -= len(named[-1].content or b"")
        if len(given) > MOST_AT_ONCE:
            named.append(Named(None, "", f"one checkpoint keeps {MOST_AT_ONCE} files; the others were left out"))
        return named

    def _look_at(self, given: Any, most: int) -> Named:
        name, trouble = attempt(os.fsdecode, given)
        if trouble:
            return Named(None, "", f"{shown(given)} is no path")
        path = Path(os.path.abspath(name))  # noqa: PTH100  (`resolve` follows links, which is what is to be found out)
        try:
            real = path.resolve(strict=True)
            if self._leads_out(path, real):
                return Named(None, path.name, f"{path.name} was not kept: a symbolic link leads out of its place")
            with _Open(real) as file:
                content = file.read(most) if file.size <= most else None
                return Named(real, path.name, "", file.changed_at, content)
        except (OSError, ValueError) as error:
            return Named(None, path.name, f"{path.name} was not kept: {_words(error)}")

    def _leads_out(self, path: Path, real: Path) -> bool:
        inside = [place for place in self._places if path.is_relative_to(place)]
        if inside:
            return not any(real.is_relative_to(place) for place in self._places)
        return path.is_symlink()

    def keep(self, named: Sequence[Named], nodeid: str, attempt_number: int) -> tuple[list[StoredFile], list[str]]:
        """Stores the files for a test that failed, and says in sentences which were not kept as they were."""
        folder = self._directory / short_hash(nodeid) / f"attempt-{attempt_number}"
        kept: list[StoredFile] = []
        notes: list[str] = []
        for each in named:
            if each.path is None:
                notes.append(each.note)
                continue
            try:
                kept.append(self._keep(each, each.path, folder, notes))
            except OSError as error:
                notes.append(f"{each.name} was not kept: {_words(error)}")
        return kept, notes

    def _keep(self, named: Named, path: Path, folder: Path, notes: list[str]) -> StoredFile:
        content = named.content
        if content is None:
            with _Open(path) as file:
                if file.changed_at != named.changed_at:
                    notes.append(f"{named.name} was written to after the checkpoint: it is as it was at the failure")
                if file.size > MAX_FILE:
                    notes.append(f"{named.name} was not kept: {file.size} bytes are more than {MAX_FILE}")
                    return self._told(named.name, file.digest(), file.size, "")
                content = file.read(MAX_FILE)
        content, secret = self._without_secrets(content)
        digest = sha256(content).hexdigest()
        if secret:
            notes.append(f"{named.name} was not kept: it is no text, and looks as if it held a secret")
        elif self._files_left < 1 or len(content) > self._bytes_left:
            notes.append(f"{named.name} was not kept: the files of this run are at their limit")
        else:
            _write(folder, digest, content)
            self._files_left -= 1
            self._bytes_left -= len(content)
            return self._told(named.name, digest, len(content), f"{folder.parent.name}/{folder.name}/{digest}")
        return self._told(named.name, digest, len(content), "")

    def _told(self, name: str, digest: str, size: int, path: str) -> StoredFile:
        import mimetypes  # noqa: PLC0415  (only a test that hands in files needs it)

        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        clean: str = self._redactor.redact(name)
        return StoredFile(name=clean, sha256=digest, bytes=size, media_type=media_type, path=path)

    def _without_secrets(self, content: bytes) -> tuple[bytes, bool]:
        """The content to keep, and whether it must not be kept."""
        before = self._redactor.count
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            self._redactor.redact(content.decode("latin-1"))
            return content, self._redactor.count > before
        clean: str = self._redactor.redact(text)
        return (clean.encode("utf-8") if self._redactor.count > before else content), False


class _Open:
    """A regular file, open for reading; raises OSError for anything else, and never waits for a pipe's other end."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _open(path, os.O_RDONLY | _NO_WAITING | _NO_LINK)
        status = _fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            _close(self._descriptor)
            raise OSError("it is no regular file")
        self.size = status.st_size
        self.changed_at = status.st_mtime_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._descriptor)

    def read(self, most: int) -> bytes:
        """The beginning of the file."""
        parts: list[bytes] = []
        while most > 0 and (part := _read(self._descriptor, most)):
            parts.append(part)
            most -= len(part)
        return b"".join(parts)

    def digest(self) -> str:
        """Of the first `MAX_HASHED` bytes."""
        digest, left = sha256(), MAX_HASHED
        while left > 0 and (part := _read(self._descriptor, min(left, 1 << 20))):
            digest.update(part)
            left -= len(part)
        return digest.hexdigest()


def _write(folder: Path, digest: str, content: bytes) -> None:
    """Writes a file that only its owner may read; one that stands there already has the same content."""
    for place in (folder.parent, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | getattr(os, "O_BINARY", 0)
    try:
        descriptor = _open(folder / digest, flags, 0o600)
    except FileExistsError:
        return
    with _fdopen(descriptor, "wb") as file:
        file.write(content)


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
