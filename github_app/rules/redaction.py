"""Take credentials out of text before it is stored or shown (T23, G25).

The law: only whole lines are redacted, and colours and everything invisible go first, here and nowhere else, so that
nothing can be taken away afterwards that held a credential apart. What leaves is clean: `lines.visible` finds no more.

GitHub masks only what it was told, exactly, without a guarantee; here a credential is known by its looks, by the name
beside it, or because it is our own, also when it is encoded (`encoded`) or broken over two lines (`wrapped`). Only its
kind is left and, where a key is given, a print by which the same credential is known again. What this does not do: read
what is compressed or encrypted, or keep more than `LINE` characters of a line.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Final
from urllib.parse import quote

from github_app.rules.detectors import DETECTORS, Detector, is_mixed
from github_app.rules.encoded import ENCODED, ESCAPED, decoded, unescaped
from github_app.rules.lines import tidy, unstamped, visible
from github_app.rules.regex import ENGINE, Match, Pattern, PatternSet, compiled, sound
from github_app.rules.vendors import vendor_kinds, vendors_in
from github_app.rules.wrapped import Broken, blocks, broken_words

LINE: Final = 65536
"""Characters of a line that are looked at; the rest of it is dropped."""

OVERLAP: Final = 4096
"""Characters dropped before such a cut too, since half a credential is not recognised; more than any token has."""

_KEY_LINES: Final = 200  # of a private key that never ends
_KEY_BEGINS: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_ENDS: Final = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_WORDS: Final = "PRIVATE KEY"  # without which no line begins or ends one
_KEY_BODY: Final = (
    r"^\W{0,40}[A-Za-z0-9+/=]*\W{0,8}$|^\W{0,40}[A-Za-z-]{1,40}: .{0,80}$"  # base64 or a header of its own
    r"|\W[A-Za-z0-9+/=]{40,}\W{0,8}$"  # base64 after whatever a tool puts before each line
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=]+")  # almost all of such lines
LEAKS: Final = 100
"""Credentials that are remembered with their lines."""

MARK: Final = "[REDACTED:"
"""How every mark begins."""

_SHORT: Final = 6  # own secrets shorter than this would redact ordinary words


@dataclass(frozen=True, slots=True)
class Leak:
    """A credential that was taken out: its kind, its 1-based line, and its print, which is "" without a key.

    Prints of one credential under one key are the same; the credential cannot be told from them.
    """

    kind: str
    line: int
    print: str = ""


@dataclass(frozen=True, slots=True)
class Redacted:
    """The text without its credentials, and the kinds that were found, each once, in the order of the detectors."""

    text: str
    kinds: tuple[str, ...]


def print_key(known: Sequence[str], installation_id: int) -> bytes:
    """Give the key of an installation's prints; it is made of our own secrets, so prints change when those do."""
    return hmac.digest("\0".join(known).encode(errors="replace"), str(installation_id).encode(), "sha256")


def mark(kind: str, print_: str = "") -> str:
    """Give what stands in the text in place of a credential of this kind."""
    return f"{MARK}{kind}/{print_}]" if print_ else f"{MARK}{kind}]"


def redact(text: str, known: Sequence[str] = ()) -> Redacted:
    """Take what is invisible and then credentials out of a whole text; `known` are exact secrets of ours.

    Lines stay lines: as many line ends leave as came in. Redacting twice changes nothing more.
    """
    redactor = Redactor(tuple(known))
    out = "\n".join(redactor.lines(text.split("\n")))
    return Redacted(out, redactor.kinds)


@dataclass(slots=True)
class Redactor:
    """The same for a text that comes in blocks of whole lines; with a `key`, what is taken out leaves its print."""

    known: tuple[str, ...] = ()
    key: bytes = b""
    _key_lines: int = 0  # lines of a private key still expected
    _leaks: dict[Leak, None] = field(default_factory=dict)
    _kinds: set[str] = field(default_factory=set)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds found so far."""
        return tuple(kind for kind in _all_kinds() if kind in self._kinds)

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """The first `LEAKS` credentials found so far, each once in a line."""
        return tuple(self._leaks)

    @property
    def in_key(self) -> bool:
        """Whether the next line may be one of a private key."""
        return self._key_lines > 0

    def lines(self, lines: Sequence[str], start: int = 1) -> list[str]:
        """Take further lines as they came, without their line ends; give as many, clean and redacted.

        `start` is the number of the first of them.
        """
        seen = [tidy(line) for line in lines]
        done = self._redact([sound(line[:LINE]) for line in seen], start)
        return [out[:-OVERLAP] if len(line) > LINE else out for line, out in zip(seen, done, strict=True)]

    def without_keys(self, lines: Sequence[str], start: int) -> list[str]:
        """Take nothing but private keys out of further tidy lines; the other credentials are left to `lines`."""
        return [
            self._without_key(line, at) if line and (self._key_lines or _KEY_WORDS in line) else line
            for at, line in enumerate(lines, start)
        ]

    def skip(self) -> None:
        """Know that lines were left out here: what follows may be in the middle of a private key."""
        self._key_lines = _KEY_LINES

    def _redact(self, lines: list[str], start: int) -> list[str]:
        text = "\n".join(lines)
        own = _own_pattern(self.known)
        if own is not None and own.search(text):
            lines = [own.sub(self._taker(_OWN, at), line) for at, line in enumerate(lines, start)]
        if self._key_lines or _KEY_BEGINS.search(text):
            lines = self.without_keys(lines, start)
        self._take_broken(lines, start)
        if _detector_set().hits(text) or vendors_in(text):
            lines = [self._without_known(line, at) for at, line in enumerate(lines, start)]
        self._take_blocks(lines, start)
        return [self._without_encoded(line, at) for at, line in enumerate(lines, start)]

    def _without_known(self, line: str, at: int) -> str:
        for detector in (*(DETECTORS[hit] for hit in _detector_set().hits(line)), *vendors_in(line)):
            line = compiled(detector.pattern).sub(partial(self._taken, detector, at), line)
        return line

    def _taken(self, detector: Detector, at: int, match: Match) -> str:
        begin, end = _caught(match, detector.group)
        before, secret, after = _three(match.group(), begin - match.start(), end - match.start())
        if MARK in secret or not detector.accepts(secret):
            return before + secret + after
        return before + self._mark(detector.kind, secret, at) + after

    def _taker(self, kind: str, at: int) -> Callable[[Match | re.Match[str]], str]:
        return lambda match: self._mark(kind, match.group(), at)

    def _take_broken(self, lines: list[str], start: int) -> None:
        """Take out what is a credential only together with the beginning of the next line."""
        words = list(broken_words(lines))
        if not words or not _detector_set().hits("\n".join(word.text for word in words)):
            return
        for word in words:
            kind = _kind_over(word)
            if kind:
                index, following = word.index, lines[word.index + 1]
                shown = self._mark(kind, word.text, start + index)
                lines[index] = lines[index][: word.tail] + shown
                lines[index + 1] = following[: word.head[0]] + mark(kind) + following[word.head[1] :]

    def _take_blocks(self, lines: list[str], start: int) -> None:
        for block, body in blocks(lines):
            if any(_holds(inner, self.known, _DEPTH) for inner in decoded(body)):
                for index in block:
                    bare = unstamped(lines[index])[1]
                    stamp = lines[index][: len(lines[index]) - len(bare)]
                    lines[index] = stamp + self._mark(_ENCODED, body, start + index)

    def _without_encoded(self, line: str, at: int) -> str:
        def in_base64(run: re.Match[str]) -> str:
            holds = any(_holds(inner, self.known, _DEPTH) for inner in decoded(run[0]))
            return self._mark(_ENCODED, run[0], at) if holds else run[0]

        def in_escapes(run: Match) -> str:
            holds = MARK not in run.group() and _holds(unescaped(run.group()), self.known, _DEPTH)
            return self._mark(_ENCODED, run.group(), at) if holds else str(run.group())

        line = ENCODED.sub(in_base64, line)
        return compiled(ESCAPED).sub(in_escapes, line) if "%" in line or "\\" in line else line

    def _without_key(self, line: str, at: int) -> str:
        """Take out one line of a private key, and the time stamp with it."""
        begins = _KEY_BEGINS.search(line) if _KEY_WORDS in line else None
        if not begins and not self._key_lines:
            return line
        ends = _KEY_ENDS.search(line, begins.end() if begins else 0) if _KEY_WORDS in line else None
        if not begins and not ends and not _is_key_body(unstamped(line)[1]):
            self._key_lines = 0
            return line
        if begins:
            self._remember(_PRIVATE_KEY, at, "")
        self._key_lines = 0 if ends else _KEY_LINES if begins else self._key_lines - 1
        return (line[: begins.start()] if begins else "") + mark(_PRIVATE_KEY) + (line[ends.end() :] if ends else "")

    def _mark(self, kind: str, secret: str, at: int) -> str:
        seal = hmac.digest(self.key, secret.encode(errors="replace"), "sha256").hex()[:8] if self.key else ""
        self._remember(kind, at, seal)
        return mark(kind, seal)

    def _remember(self, kind: str, at: int, seal: str) -> None:
        self._kinds.add(kind)
        if len(self._leaks) < LEAKS:
            self._leaks.setdefault(Leak(kind, at, seal))


_OWN: Final = "own secret"
_PRIVATE_KEY: Final = "private key"
_ENCODED: Final = "encoded credential"

_DEPTH: Final = 2
"""How often a text is decoded: Kubernetes, for one, shows in base64 what often was base64 already."""

_VAGUE: Final = frozenset({"password", "authorization header", "cookie", "token in an address"})
"""Kinds that are known by what stands beside them; over the end of a line that means nothing."""


@cache
def _all_kinds() -> tuple[str, ...]:
    kinds = (_OWN, _PRIVATE_KEY, *(detector.kind for detector in DETECTORS), *vendor_kinds(), _ENCODED)
    return tuple(dict.fromkeys(kinds))


@cache
def _detector_set() -> PatternSet:
    return ENGINE.pattern_set([detector.pattern for detector in DETECTORS])


def _caught(match: Match, group: int = 0) -> tuple[int, int]:
    number = group or next((number for number, caught in enumerate(match.groups(), start=1) if caught), 0)
    return match.span(number)


def _kind_over(word: Broken) -> str:
    """Give the kind of credential that reaches over the border of a broken word, or "".

    A credential at the end of a line is followed by some word of the next; only what looks generated goes on with it.
    """
    for detector in (DETECTORS[hit] for hit in _detector_set().hits(word.text)):
        if detector.kind in _VAGUE:
            continue
        for match in compiled(detector.pattern).finditer(word.text):
            begin, end = _caught(match, detector.group)
            if (
                begin < word.border < end
                and is_mixed(word.text[word.border : end])
                and detector.accepts(word.text[begin:end])
            ):
                return detector.kind
    return ""


def _holds(text: str, known: tuple[str, ...], depth: int) -> bool:
    """Whether a decoded text has a credential in it."""
    own = _own_pattern(known)
    if (own is not None and own.search(text)) or _KEY_BEGINS.search(text):
        return True
    found = (*(DETECTORS[index] for index in _detector_set().hits(text)), *vendors_in(text))
    if any(_accepted(detector, text) for detector in found):
        return True
    runs = ENCODED.finditer(text) if depth > 1 else ()
    return any(_holds(inner, known, depth - 1) for run in runs for inner in decoded(run[0]))


def _accepted(detector: Detector, text: str) -> bool:
    for match in compiled(detector.pattern).finditer(text):
        begin, end = _caught(match, detector.group)
        if detector.accepts(text[begin:end]):
            return True
    return False


def _is_key_body(line: str) -> bool:
    return _BASE64.fullmatch(line) is not None or compiled(_KEY_BODY).search(line) is not None


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
