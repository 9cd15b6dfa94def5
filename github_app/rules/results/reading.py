"""A file of results becomes reports: its format is recognised by what it holds, never by what it is called.

The name counts in one case alone: an empty or unreadable file of a scanner says that the scanner did not finish.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from github_app.rules.results import (
    action_benchmark,
    asv,
    ctrf,
    gitleaks,
    npm_audit,
    osv,
    pip_audit,
    pytest_benchmark,
    sarif,
    trivy,
    trufflehog,
)
from github_app.rules.results.action_benchmark import PREFIX
from github_app.rules.results.junit import read_junit
from github_app.rules.results.loose import MAX_ITEMS, decoded, parsed
from github_app.rules.results.trx import read_trx
from github_app.rules.results.values import FileKind, FileReport, Unusable

SNIFFED: Final = 4096
"""Bytes of a file's beginning that tell whether it may be one of ours."""

_FORMATS: Final[tuple[tuple[Callable[[Any], bool], Callable[..., Iterator[FileReport]]], ...]] = (
    (sarif.is_sarif, sarif.read_sarif),
    (trivy.is_trivy, trivy.read_trivy),
    (gitleaks.is_gitleaks, gitleaks.read_gitleaks),
    (trufflehog.is_list_of_trufflehog, trufflehog.read_trufflehog),
    (npm_audit.is_npm_audit, npm_audit.read_npm_audit),
    (osv.is_osv, osv.read_osv),
    (pip_audit.is_pip_audit, pip_audit.read_pip_audit),
    (ctrf.is_ctrf, ctrf.read_ctrf),
    (pytest_benchmark.is_pytest_benchmark, pytest_benchmark.read_pytest_benchmark),
    (action_benchmark.is_action_benchmark, action_benchmark.read_action_benchmark),
    (asv.is_asv, asv.read_asv),
)

_LINES: Final[tuple[tuple[Callable[[Any], bool], Callable[..., Iterator[FileReport]]], ...]] = (
    (trufflehog.is_trufflehog, trufflehog.read_trufflehog),
    (npm_audit.is_yarn_audit, npm_audit.read_yarn_audit),
)
_WORDS: Final = (b'"DetectorName"', b'"logger"', b'"stringsFound"')
_BEGINNINGS: Final = (b'{"type":', b'{"value":')

_SCANNERS: Final = (
    "trivy", "gitleaks", "trufflehog", "pip-audit", "npm-audit", "osv-scanner", "semgrep", "codeql", "grype", "snyk",
)  # fmt: skip
_JUNIT: Final = re.compile(rb"<(?:[A-Za-z0-9_-]{1,40}:)?testsuites?[\s/>]")
_TRX: Final = re.compile(rb"<TestRun[\s>]")
_LINE: Final = re.compile(r"\S[^\n]*")


def may_be_results(name: str, head: bytes) -> bool:
    """Whether a file is worth reading, by its first bytes; or by its name, when a scanner left nothing behind."""
    start = decoded(head).lstrip()
    return start[:1] in {b"{", b"[", b"<"} or start.startswith(PREFIX) or scanner_named(name) is not None


def read_results(name: str, data: bytes) -> tuple[FileReport, ...]:
    """Return what a file says; nothing for one in no format that is known here.

    Raises `Unusable` for one that may be known but cannot be read.
    """
    text = decoded(data).strip(b" \t\r\n\x00")
    if text[:1] == b"<":
        return _of_markup(name, data, text[:SNIFFED])
    if text.startswith(PREFIX):
        text = text.partition(b"=")[2].strip().removesuffix(b";")
    if text[:1] not in {b"{", b"["}:
        return _left_behind(name, text)
    return tuple(_of_lines(name, text) or _of_document(name, text))


def scanner_named(name: str) -> str | None:
    """Return the scanner that a file is named after, if it is; any SARIF file is some scanner's."""
    plain = re.sub(r"[_ .]", "-", name.lower().rpartition("/")[2])
    known = next((scanner for scanner in _SCANNERS if scanner in plain), None)
    return known or ("its scanner" if plain.endswith("-sarif") else None)


def _of_markup(name: str, data: bytes, head: bytes) -> tuple[FileReport, ...]:
    if _JUNIT.search(head):
        return (read_junit(name, data),)
    return (read_trx(name, data),) if _TRX.search(head) else ()


def _of_document(name: str, text: bytes) -> Iterator[FileReport]:
    try:
        document, complete = parsed(text)
    except Unusable as refused:
        scanner = scanner_named(name)
        if scanner is None:
            raise
        yield _unfinished(scanner, name, f"its file cannot be read: {_lower(str(refused))}")
        return
    for is_one, read in _FORMATS:
        if is_one(document):
            yield from read(name, document, complete=complete)
            return


def _of_lines(name: str, text: bytes) -> tuple[FileReport, ...]:
    """Return the report of a tool that writes an object a line."""
    head = text.partition(b"\n")[0]
    if not head.startswith(_BEGINNINGS) and not any(word in head for word in _WORDS):
        return ()
    lines = [line for line in text.split(b"\n", MAX_ITEMS) if line.strip()]
    complete = len(lines) <= MAX_ITEMS
    objects: list[Any] = []
    for line in lines[:MAX_ITEMS]:
        try:
            document, whole = parsed(line)
        except Unusable:
            document, whole = None, False
        objects.append(document)
        complete = complete and whole
    for is_one, read in _LINES:
        if any(map(is_one, objects)):
            return tuple(read(name, objects, complete=complete))
    return ()


def _left_behind(name: str, text: bytes) -> tuple[FileReport, ...]:
    """Return the failure of a scanner whose file holds nothing, or words in place of findings."""
    scanner = scanner_named(name)
    if scanner is None or text == b"null":  # gitleaks' and Go's way to write an empty list
        return ()
    said = _LINE.search(text[:SNIFFED].decode("utf-8", "replace"))
    return (_unfinished(scanner, name, f"it wrote: {said[0]}" if said else "its file is empty"),)


def _unfinished(scanner: str, name: str, why: str) -> FileReport:
    return FileReport(scanner, FileKind.SCAN, name, problem=why, complete=False)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
