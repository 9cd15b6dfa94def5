"""Take credentials out of text before it is stored or shown (T23, G25).

GitHub masks only what it was told, exactly, without a guarantee; here a credential is known by its looks, by the name
beside it, or because it is our own. Only its kind is left. What this does not do: decode text to look inside it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import quote

from github_app.rules.detectors import DETECTORS, Detector
from github_app.rules.lines import clean
from github_app.rules.regex import ENGINE, Match, PatternSet, compiled, sound

OVERLAP: Final = 4096
"""Characters of an unfinished line that are looked at again together with what follows; more than any token has."""

LINE: Final = 65536
"""Characters after which a line is not waited for any longer."""

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
    """Take credentials out of a whole text; `known` are exact secrets of ours, found also in base64 and in addresses.

    Lines stay lines: as many line ends leave as came in. Redacting twice changes nothing more.
    """
    redactor = Redactor(tuple(known))
    out = redactor.feed(text) + redactor.finish()
    return Redacted(out, redactor.kinds)


@dataclass(slots=True)
class Redactor:
    """The same for a text that comes in pieces: whatever the pieces, the outcome is that of the whole."""

    known: tuple[str, ...] = ()
    _held: str = ""  # the unfinished last line
    _key_lines: int = 0  # lines of a private key still expected
    _found: set[str] = field(default_factory=set)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds found so far."""
        order = dict.fromkeys([_OWN, _PRIVATE_KEY, *(detector.kind for detector in DETECTORS)])
        return tuple(kind for kind in order if kind in self._found)

    def feed(self, text: str) -> str:
        """Take a further piece and give what is finished."""
        self._held += text
        end = self._held.rfind("\n") + 1
        if len(self._held) - end > LINE:
            end = self._cut(end)
        ready, self._held = self._held[:end], self._held[end:]
        return self._redact(ready)

    def finish(self) -> str:
        """Give what was still held back; the redactor is then as new, but for the kinds."""
        ready, self._held = self._held, ""
        done = self._redact(ready)
        self._key_lines = 0
        return done

    def _cut(self, start: int) -> int:
        """Choose where to break a line that does not end, not inside anything that looks like a credential."""
        cut = len(self._held) - OVERLAP
        tail = sound(self._held[start:])
        spans = [match.span() for detector in DETECTORS for match in compiled(detector.pattern).finditer(tail)]
        spans += [found.span() for form in _forms(self.known) for found in re.finditer(re.escape(form), tail)]
        return min((start + begin for begin, end in spans if start + begin < cut < start + end), default=cut)

    def _redact(self, text: str) -> str:
        text = sound(text)
        for form in _forms(self.known):
            if form in text:
                text = text.replace(form, mark(_OWN))
                self._found.add(_OWN)
        if self._key_lines or _KEY_BEGINS.search(text):
            text = self._without_keys(text)
        for index in _detector_set().hits(text):
            text = self._without(DETECTORS[index], text)
        return text

    def _without(self, detector: Detector, text: str) -> str:
        def replace(match: Match) -> str:
            begin, end = match.span(1 if any(match.groups()) else 0)
            before, secret, after = _three(match.group(), begin - match.start(), end - match.start())
            if not detector.accepts(secret):
                return before + secret + after
            self._found.add(detector.kind)
            return before + mark(detector.kind) + after

        return compiled(detector.pattern).sub(replace, text)

    def _without_keys(self, text: str) -> str:
        *lines, last = text.split("\n")
        done = [self._without_key(line) for line in lines]
        return "\n".join([*done, self._without_key(last) if last else ""])

    def _without_key(self, line: str) -> str:
        """Take out one line of a private key, and the time stamp with it."""
        begins = _KEY_BEGINS.search(line)
        if not begins and not self._key_lines:
            return line
        ends = _KEY_ENDS.search(line, begins.end() if begins else 0)
        if begins:
            self._found.add(_PRIVATE_KEY)
        elif not ends and not compiled(_KEY_BODY).search(clean(line)):
            self._key_lines = 0
            return line
        self._key_lines = 0 if ends else _KEY_LINES if begins else self._key_lines - 1
        return (line[: begins.start()] if begins else "") + mark(_PRIVATE_KEY) + (line[ends.end() :] if ends else "")


_OWN: Final = "own secret"
_PRIVATE_KEY: Final = "private key"


@cache
def _detector_set() -> PatternSet:
    return ENGINE.pattern_set([detector.pattern for detector in DETECTORS])


@cache
def _forms(known: tuple[str, ...]) -> tuple[str, ...]:
    """Give the ways in which our own secrets may be written, the longest first; a key of many lines counts by line."""
    lines = [line.strip() for secret in known for line in secret.splitlines() if not line.startswith("-----")]
    forms = [form for line in lines if len(line) >= _SHORT for form in (line, quote(line, safe=""), *_base64(line))]
    return tuple(sorted(set(forms), key=lambda form: (-len(form), form)))


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
