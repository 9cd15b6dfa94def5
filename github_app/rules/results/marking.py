"""The lines of the repository that files of results point at, for the check's annotations and for whose code it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from github_app.rules.results.scans import is_note, merged_flaws, worst_flaws
from github_app.rules.results.values import FileReport, Flaw, FlawKind


def marked_places(files: Iterable[FileReport]) -> Iterator[tuple[str, int, str]]:
    """Yield path, line and what is wrong there, what scanners found first; a finding in no line stands at the first."""
    told = tuple(files)
    for flaw in worst_flaws(merged_flaws(flaw for file in told for flaw in file.flaws)):
        if flaw.path and not is_note(flaw):
            yield flaw.path, max(1, flaw.line), _said(flaw)
    for test in (test for file in told for test in file.tests):
        if test.path:
            yield test.path, max(1, test.line), f"{test.name}: {test.message}"[:1000]


def _said(flaw: Flaw) -> str:
    """Return what is shown at the line; anybody who sees the check reads it, and of a secret it says the type alone."""
    found_by = ", ".join(flaw.tools)
    if flaw.kind is FlawKind.SECRET:
        return f"{flaw.rule}: a credential (found by {found_by})"
    package = f" in {flaw.package} {flaw.version}".rstrip() if flaw.package else ""
    mended = f", mended in {flaw.fixed}" if flaw.fixed else ""
    said = flaw.text.partition("\n")[0]
    return f"{flaw.rule}{package}{mended} (found by {found_by}){f': {said}' if said else ''}"[:1000]
