"""Take credentials out of text before it is stored or shown (T23, G25).

The law: only whole lines are redacted, and colours and everything invisible go first, here and nowhere else, so that
nothing can be taken away afterwards that held a credential apart. What leaves is clean: `lines.visible` finds no more.

GitHub masks only what it was told, exactly, without a guarantee; here a credential is known by its looks, by the name
beside it, or because it is our own, also inside base64. Only its kind is left. What this does not do: join lines, read
what is compressed or encrypted, or keep more than `LINE` characters of a line.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import quote

from github_app.rules.detectors import DETECTORS, Detector
from github_app.rules.lines import tidy, unstamped, visible
from github_app.rules.regex import ENGINE, Match, Pattern, PatternSet, compiled, sound

LINE: Final = 65536
"""Characters of a line that are looked at; the rest of it is dropped."""

OVERLAP: Final = 4096
"""Characters dropped before such a cut too, since half a credential is not recognised; more than any token has."""

_KEY_LINES: Final = 200  # of a private key that never ends
_KEY_BEGINS: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_ENDS: Final = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY: Final = (
    r"^\W{0,40}[A-Za-z0-9+/=]*\W{0,8}$|^\W{0,40}[A-Za-z-]{1,40}: .{0,80}$"  # base64 or a header of its own
    r"|\W[A-Za-z0-9+/=]{40,}\W{0,8}$"  # base64 after whatever a tool puts before each line
)
_SHORT: Final = 6  # own secrets shorter than this would redact ordinary words


@dataclass(frozen=True, slots=True)
class Redacted:
    """The text without its credentials, and the kinds that were found, each once, in the order of the detectors."""

    text: str
    kinds: tuple[str, ...]


def mark(kind: str) -> str:
    """Give what stands in the text in place of a credential of this kind."""
    return f"[REDACTED:{kind}]"


def redact(text: str, known: Sequence[str] = ()) -> Redacted:
    """Take what is invisible and then credentials out of a whole text; `known` are exact secrets of ours.

    Lines stay lines: as many line ends leave as came in. Redacting twice changes nothing more.
    """
    redactor = Redactor(tuple(known))
    out = "\n".join(redactor.lines(text.split("\n")))
    return Redacted(out, redactor.kinds)


@dataclass(slots=True)
class Redactor:
    """The same for a text that comes in blocks of whole lines."""

    known: tuple[str, ...] = ()
    _key_lines: int = 0  # lines of a private key still expected
    _found: set[str] = field(default_factory=set)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds found so far."""
        order = dict.fromkeys([_OWN, _PRIVATE_KEY, *(detector.kind for detector in DETECTORS), _ENCODED])
        return tuple(kind for kind in order if kind in self._found)

    def lines(self, lines: Sequence[str]) -> list[str]:
        """Take further lines as they came, without their line ends; give as many, clean and redacted."""
        seen = [tidy(line) for line in lines]
        done = self._redact(sound("\n".join(line[:LINE] for line in seen))).split("\n") if seen else []
        return [out[:-OVERLAP] if len(line) > LINE else out for line, out in zip(seen, done, strict=True)]

    def skip(self) -> None:
        """Know that lines were left out here: what follows may be in the middle of a private key."""
        self._key_lines = _KEY_LINES

    def _redact(self, text: str) -> str:
        own = _own_pattern(self.known)
        if own is not None and own.search(text):
            text = own.sub(lambda _: mark(_OWN), text)
            self._found.add(_OWN)
        if self._key_lines or _KEY_BEGINS.search(text):
            text = self._without_keys(text)
        for index in _detector_set().hits(text):
            text = self._without(DETECTORS[index], text)
        return _RUN.sub(self._without_encoded, text)

    def _without_encoded(self, run: re.Match[str]) -> str:
        if not any(_holds(inner, self.known, _DEPTH) for inner in _decoded(run[0])):
            return run[0]
        self._found.add(_ENCODED)
        return mark(_ENCODED)

    def _without(self, detector: Detector, text: str) -> str:
        def replace(match: Match) -> str:
            begin, end = _caught(match)
            before, secret, after = _three(match.group(), begin - match.start(), end - match.start())
            if not detector.accepts(secret):
                return before + secret + after
            self._found.add(detector.kind)
            return before + mark(detector.kind) + after

        return compiled(detector.pattern).sub(replace, text)

    def _without_keys(self, text: str) -> str:
        return "\n".join(self._without_key(line) if line else "" for line in text.split("\n"))

    def _without_key(self, line: str) -> str:
        """Take out one line of a private key, and the time stamp with it."""
        begins = _KEY_BEGINS.search(line)
        if not begins and not self._key_lines:
            return line
        ends = _KEY_ENDS.search(line, begins.end() if begins else 0)
        if begins:
            self._found.add(_PRIVATE_KEY)
        elif not ends and not compiled(_KEY_BODY).search(unstamped(line)[1]):
            self._key_lines = 0
            return line
        self._key_lines = 0 if ends else _KEY_LINES if begins else self._key_lines - 1
        return (line[: begins.start()] if begins else "") + mark(_PRIVATE_KEY) + (line[ends.end() :] if ends else "")


_OWN: Final = "own secret"
_PRIVATE_KEY: Final = "private key"
_ENCODED: Final = "encoded credential"

_DEPTH: Final = 2
"""How often a text is decoded: Kubernetes, for one, shows in base64 what often was base64 already."""
_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_READABLE: Final = re.compile(rb"[\t\r\n -~]{12,}")


@cache
def _detector_set() -> PatternSet:
    return ENGINE.pattern_set([detector.pattern for detector in DETECTORS])


def _caught(match: Match) -> tuple[int, int]:
    return match.span(1 if any(match.groups()) else 0)


def _decoded(run: str) -> Iterator[str]:
    """Give what may be read in base64, wherever in the run it begins; four tries, so the work stays linear."""
    body = run.rstrip("=").translate(_URL_SAFE)
    for start in range(4):
        end = len(body) - (len(body) - start) % 4
        rest = body[end:] if len(body) - end > 1 else ""
        raw = a2b_base64(body[start:end] + (rest + "==")[:4] if rest else body[start:end])
        readable = _READABLE.findall(raw)
        if readable:
            yield b"\n".join(readable).decode()


def _holds(text: str, known: tuple[str, ...], depth: int) -> bool:
    """Whether a decoded text has a credential in it."""
    own = _own_pattern(known)
    if (own is not None and own.search(text)) or _KEY_BEGINS.search(text):
        return True
    found = (DETECTORS[index] for index in _detector_set().hits(text))
    if any(_accepted(detector, text) for detector in found):
        return True
    runs = _RUN.finditer(text) if depth > 1 else ()
    return any(_holds(inner, known, depth - 1) for run in runs for inner in _decoded(run[0]))


def _accepted(detector: Detector, text: str) -> bool:
    for match in compiled(detector.pattern).finditer(text):
        begin, end = _caught(match)
        if detector.accepts(text[begin:end]):
            return True
    return False


@cache
def _own_pattern(known: tuple[str, ...]) -> Pattern | None:
    """Give one pattern for the ways in which our own secrets may be written; a key of many lines counts by line."""
    lines = [visible(line).strip() for secret in known for line in secret.splitlines() if not line.startswith("-----")]
    forms = {form for line in lines if len(line) >= _SHORT for form in _forms(line)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return ENGINE.pattern("|".join(map(re.escape, longest_first))) if forms else None


def _forms(secret: str) -> list[str]:
    once = _base64(secret)
    twice = [form for inner in once for form in _base64(inner)]
    digits = secret.encode(errors="replace").hex()
    return [sound(secret), quote(secret, safe="", errors="replace"), digits, digits.upper(), *once, *twice]


def _base64(secret: str) -> list[str]:
    """Give what stays the same of a secret in base64, wherever in the encoded text it stands."""
    raw = secret.encode(errors="replace")
    forms = []
    for shift in range(3):
        text = b64encode(b"\0" * shift + raw).decode()
        # The first and last characters mix with the neighbours, so they are left out.
        inner = text[(0, 2, 3)[shift] :].rstrip("=")
        forms.append(inner if (shift + len(raw)) % 3 == 0 else inner[:-1])
    return [form for each in forms if len(each) >= _SHORT for form in (each, each.replace("+", "-").replace("/", "_"))]


def _three(text: str, begin: int, end: int) -> tuple[str, str, str]:
    return text[:begin], text[begin:end], text[end:]
