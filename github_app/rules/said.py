"""The lines of text that a verdict may rest on: excerpts of the log, a foreign check's output, annotations.

The law: what a step repeats of its own commands proves nothing, and a stranger's line is never taken for GitHub's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from github_app.rules.echo import BEGINS, ENDS, repeated
from github_app.rules.lines import clean
from github_app.rules.model import Evidence, Excerpt, Job, Source
from github_app.rules.precedence import Weight
from github_app.rules.prefixes import mended, own_words, uncoloured
from github_app.rules.regex import compiled


@dataclass(frozen=True, slots=True)
class Said:
    """A line of text that a finding may rest on."""

    speaker: str  # "The log says"
    source: str  # Verdict.source
    number: int
    text: str
    place: int
    weight: Weight
    region: tuple[int, int] | None

    @property
    def wordings(self) -> tuple[str, ...]:
        """The line as it stands, and without what other programs wrote before a tool's own words."""
        words = own_words(self.text)
        return (self.text,) if words == self.text else (self.text, words)

    @property
    def is_hearsay(self) -> bool:
        """Whether trouble that the line speaks of need not be real: it is expected, gone by, or tried once more.

        The last of several attempts is none of these, although it is told in the same words.
        """
        return compiled(_HEARSAY).search(self.text) is not None and compiled(_LAST_TRY).search(self.text) is None


_HEARSAY_FORMS: Final = (
    r"(?i:\b(?:assert(?:s|ed|ion)?|expect(?:s|ed|ing|ation)?|toEqual|toBe|toThrow\w*|toContain)\b)",
    r"(?i:\b(?:AssertionError|AssertionFailedError|ComparisonFailure)\b|\bto (?:be|equal|match|throw|include)\b)",
    r"\b(?:Received|Actual|Expected|actual|expected)\b ?[:(]|\bbut (?:was|got)\b|(?i:\bshould (?:be|have|fail|not)\b)",
    r"^\s*(?:[✓✔√✅●✕✗✘\x{d7}]|\+ |- |ok \d|not ok \d|PASS\b|--- (?:PASS|FAIL|SKIP):)|\bPASSED\b|\.\.\. ok\b",
    r"(?i:\b(?:retry(?:ing\b|[^\w-]|$)|(?:retries left|tries (?:left|remaining)|try(?:ing)? again)\b))",
    r"(?i:\battempt \d+(?: of |/)\d+\b)",
    r"(?i:^(?:\S+ ){0,4}\[?\b(?:warn|warning|debug|info|trace|notice)\b\]?[ :]|^##\[(?:warning|debug|notice)\])",
)
_HEARSAY: Final = "|".join(_HEARSAY_FORMS)
_LAST_TRY: Final = r"\bRetry\(total=0\b"  # urllib3, on which pip and most of Python call others


def said(job: Job, evidence: Evidence) -> Iterator[Said]:
    """Give every line that counts, the likeliest stretch of the log first."""
    if job.source is Source.ACTIONS:
        for place, excerpt in enumerate(evidence.excerpts):
            yield from _of_excerpt(place, excerpt)
    else:
        for number, text in enumerate(evidence.text.splitlines(), start=1):
            yield Said("The check's output says", "output", number, uncoloured(clean(text)), 0, Weight.TEXT, None)
    yield from _of_annotations(job, evidence)


def _of_excerpt(place: int, excerpt: Excerpt) -> Iterator[Said]:
    region = (excerpt.start, excerpt.end)
    texts = [mended(uncoloured(clean(line))) for line in excerpt.lines]
    echoed = _echoed(texts)
    for index, text in enumerate(texts):
        if index not in echoed:
            yield Said("The log says", "log", excerpt.start + index, text, place, Weight.TEXT, region)


def _echoed(texts: Sequence[str]) -> frozenset[int]:
    """Give the lines in which the runner repeats a step's own commands: they prove nothing about what those did (X30).

    The runner closes such a group before anything runs. One that an error or another group breaks off was printed by
    the change itself, perhaps to hide what comes after (T15).
    """
    echoed: set[int] = set()
    begin: int | None = None
    for index, text in enumerate([*texts, ENDS]):
        if text.startswith(BEGINS):
            begin = index
        elif begin is not None and text.startswith("##["):
            if text.startswith(ENDS):
                echoed |= {begin, *(begin + place for place in repeated(texts[begin:index]))}
            begin = None
    return frozenset(echoed)


def _of_annotations(job: Job, evidence: Evidence) -> Iterator[Said]:
    """Give what annotations say; the runner's own have no file but the path `.github` (GitHub docs).

    `echo ::error::` makes such a one too. But code that ran can only turn the job red by failing a step, while a runner
    that is lost can no longer report one: only without a failed step is it GitHub that speaks (T15).
    """
    for note in evidence.annotations:
        own = job.source is Source.ACTIONS and note.path in {"", ".github"} and not job.failed_step
        speaker, source = ("GitHub says", "facts") if own else ("An annotation says", "output")
        weight = Weight.FACT if own else Weight.TEXT
        for text in (note.title, *note.message.splitlines()):
            yield Said(speaker, source, 0, uncoloured(clean(text)), len(evidence.excerpts), weight, None)
