r"""What secrets look like: names that stand beside them, shapes of tokens, and what is invisible between their letters.

Each pattern is tried on text in which one of its literal hints stands, since looking for a literal costs a hundredth of
it; and each takes linear time on any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

MASK: Final = "***"


class Pattern:
    """A regular expression that is compiled when it is first used; from then on it costs what any other does."""

    def __init__(self, written: str, flags: int = 0) -> None:
        self._written = written
        self._flags = flags

    if TYPE_CHECKING:
        findall: Any
        fullmatch: Any
        search: Any
        sub: Any
        subn: Any

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._written, self._flags)
        self.__dict__ |= {each: getattr(compiled, each) for each in ("findall", "fullmatch", "search", "sub", "subn")}
        return getattr(compiled, name)


SECRET_VARIABLE: Final = Pattern(
    r"SECRET|TOKEN|PASSW|PASSPHRASE|_PWD$|^PWD.|^PGPASS|CREDENTIAL|(API|PRIVATE|ACCESS|SIGNING|ENCRYPTION|MASTER)[_-]?KEY"
    r"|AUTHORIZATION|COOKIE|_PAT$|_AUTH$|_DSN$|WEBHOOK_URL",
    re.IGNORECASE,
)
"""Names of environment variables, of fixtures, of parameters and of local variables whose values are secret."""
_HINTS: Final = (
    "SECRET", "TOKEN", "PASSW", "PASSPHRASE", "PGPASS", "CREDENTIAL", "KEY", "AUTHORIZATION", "COOKIE", "WEBHOOK_URL",
)  # fmt: skip
_ENDS: Final = ("_PWD", "_PAT", "_AUTH", "_DSN")


def is_secret_name(name: str) -> bool:
    """Whether SECRET_VARIABLE is in it; most names do not come as far as that."""
    if name.isascii() and name.isprintable():
        upper = name.upper()
        hinted = upper.endswith(_ENDS) or (upper.startswith("PWD") and upper != "PWD")
        if not hinted and not any(hint in upper for hint in _HINTS):
            return False
    return SECRET_VARIABLE.search(name) is not None


_SECRET_ENDS: Final = ("auth", "pat", "pw", "pass", "creds")
"""What an option's name may end with, too: a variable so named is often none."""


def is_secret_option(name: str) -> bool:
    """Whether an option of a command line says that its value is secret: `--db-password`, `--auth`."""
    plain = name.lstrip("-").replace("-", "_")
    return is_secret_name(plain) or plain.lower().rpartition("_")[2] in _SECRET_ENDS


def without_secret_values(words: Iterable[str]) -> list[str]:
    """A command line in which MASK stands for each value of such an option, in a word of its own or behind `=`."""
    shown: list[str] = []
    is_value = False
    for word in words:
        name, joined, value = word.partition("=")
        is_secret = name.startswith("--") and is_secret_option(name)
        is_whole = is_value and not word.startswith("--")
        shown.append(MASK if is_whole else f"{name}={MASK}" if is_secret and value else word)
        is_value = is_secret and not joined
    return shown


SENSITIVE_WORDS: Final = (
    "secret", "token", "passw", "passphrase", "pwd", "credential", "cookie", "authorization",
    "api_key", "api-key", "apikey", "private_key", "private-key", "privatekey", "access_key", "access-key", "accesskey",
    "signing_key", "signing-key", "signingkey", "encryption_key", "encryption-key", "encryptionkey",
    "master_key", "master-key", "masterkey",
)  # fmt: skip
"""One of these is in every name that NAMED knows."""
_SENSITIVE_NAME: Final = (
    r"(?:secret|token|passw(?:or)?d|passwort|passphrase|pwd|credentials?|cookie|authorization"
    r"|(?:api|private|access|signing|encryption|master)[_-]?key)"
)
# What stands behind the key is never read from its start: `[\w-]*secret` on a long word takes quadratic time.
NAMED: Final = Pattern(
    rf"""({_SENSITIVE_NAME}[\w-]{{0,40}}\\?["']?\]?"""
    r"""[ \t]{0,8}(?:[=!]=|=>|=|:(?!:))[ \t]{0,8}(?:[bru]{1,2}(?=["']))?)"""
    r"""(?!(?:None|True|False|null|true|false|str|bytes|int|bool|object|Any|SecretStr)\b"""
    r"""|(?:(?:bearer|basic|token)[ \t])?\\?["']?\*\*\*)"""
    r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\\["'][^"'\\\n]*\\["']"""
    r"""|(?:(?:bearer|basic|token)[ \t]{1,4})?[^\s,;)}\]'"]+)""",
    re.IGNORECASE,
)
"""A name that says secret and the value behind it, in one line."""

INVISIBLE: Final = Pattern(
    r"(?:\x1b\[|\x9b)[0-9;:?<=>]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)

BREAK: Final = r"""["']?[ \t]{0,8}\\?\r?\n[E>|+. \t-]{0,40}[bru]?["']?"""
"""How a value goes on in the next line of a traceback, of a diff, or of a wrapped literal."""


class Shape(NamedTuple):
    """A kind of token: one of its hints is in every one of them."""

    hints: tuple[str, ...]
    written: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """Made when it is needed, as most never are; `re` keeps it."""
        return re.compile(self.written)

    def may_be_in(self, text: str) -> bool:
        for hint in self.hints:  # noqa: SIM110  (`any` with a generator takes three times as long)
            if hint in text:
                return True
        return False


def _shape(pattern: str, *hints: str) -> Shape:
    return Shape(hints, pattern)


# What no word contains is found wherever it stands, also behind the letter of an escape: `b'\\nghp_...'`.
SHAPES: Final = (
    _shape(
        rf"gh[pousr]_(?:(?:\d{{1,20}}_)?eyJ[\w.-]{{16,}}|[A-Za-z0-9]{{36,}}|(?=[A-Za-z0-9]{{4,35}}{BREAK}[A-Za-z0-9]{{4,}})"
        rf"[A-Za-z0-9]{{4,35}}{BREAK}[A-Za-z0-9]{{4,36}}|(?:\d{{1,20}}_)?[A-Za-z0-9]{{16,}})",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
    ),
    _shape(r"github_pat_\w{16,}", "github_pat_"),
    _shape(r"xox[abeprs]-[A-Za-z0-9-]{8,}", "xox"),
    _shape(r"xapp-\d-[A-Za-z0-9-]{16,}", "xapp-"),
    _shape(r"(?<=hooks\.slack\.com/services/)[\w/]{16,}", "hooks.slack.com/services/"),
    _shape(r"(?:(?<![A-Z2-7])|(?<=%[0-9A-F]{2}))(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])", "AKIA", "ASIA"),
    _shape(r"(?:(?<![\w-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*", "eyJ"),
    _shape(
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", "-----BEGIN "
    ),
    _shape(r"(?<=://)(?!\*\*\*@)[^\s/@]{1,300}(?=@)", "://"),
    _shape(r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}", "k_live_", "k_test_"),
    _shape(r"(?:(?<![\w-])|(?<=\\[nrt]))sk-(?:(?:proj|ant|svcacct)-[\w-]{20,}|[A-Za-z0-9]{40,})", "sk-"),
    _shape(r"AIza[\w-]{35}", "AIza"),
    _shape(r"glpat-[\w-]{20,}", "glpat-"),
    _shape(r"npm_[A-Za-z0-9]{36}", "npm_"),
    _shape(r"pypi-AgE[\w-]{50,}", "pypi-AgE"),
    _shape(r"SG\.[\w-]{16,64}\.[\w-]{16,64}", "SG."),
    _shape(r"hf_[A-Za-z0-9]{30,}", "hf_"),
    _shape(r"dckr_pat_[\w-]{20,}", "dckr_pat_"),
    _shape(r"lin_api_[A-Za-z0-9]{32,}", "lin_api_"),
    _shape(r"(?i:(?<=bearer )|(?<=basic ))[\w.~+/-]{16,}=*", "earer ", "asic ", "EARER ", "ASIC "),
)


TRACES: Final = (
    "gh", "_pat_", "xox", "xapp-", "hooks.slack.com/services/", "IA", "eyJ", "-----BEGIN ", "://", "k_live_", "k_test_",
    "sk-", "AIza", "glpat-", "npm_", "pypi-AgE", "SG.", "hf_", "lin_api_",
)  # fmt: skip
TRACES_IN_LOWER_CASE: Final = (
    "earer ", "asic ", "secret", "token", "passw", "passphrase", "pwd", "credential", "cookie", "authorization",
)  # fmt: skip
"""One of them, or of TRACES, is in every hint and in every sensitive word that names no key."""
_OF_KEYS: Final = ("api", "private", "access", "signing", "encryption", "master")


def has_trace(text: str) -> bool:
    """Whether a shape or a sensitive word may be in the text: a quick look, as nearly all texts have none."""
    lowered = text.lower()
    if [word for word in TRACES_IN_LOWER_CASE if word in lowered]:
        return True
    if "key" in lowered and any(before.rstrip("_-").endswith(_OF_KEYS) for before in lowered.split("key")[:-1]):
        return True
    return bool([trace for trace in TRACES if trace in text]) and any(shape.may_be_in(text) for shape in SHAPES)


_VISIBLE: Final = b"\n\t" + bytes(range(ord(" "), ord("~") + 1))


def may_hide(json_text: str) -> bool:
    """Whether what is invisible may be in a text that is JSON in ASCII: it is written as an escape there."""
    return "\\u" in json_text or "\\b" in json_text or "\\f" in json_text or "\x7f" in json_text


def has_invisible(text: str) -> bool:
    """Whether anything in the text is there without being seen."""
    if text.isascii():
        return bool(text.encode().translate(None, _VISIBLE))
    return INVISIBLE.search("".join(set(text))) is not None
