"""The kinds of credentials that are recognised by their looks, most of them by the prefix their issuer gives them.

A pattern's only group is what is taken out; without one it is the whole match. No pattern may take out a line end,
and what it must see of a credential fits into 3,500 characters, since long lines are cut (`redaction.OVERLAP`).

What no word contains is found wherever it stands. What a word may contain must begin where a word does, and that is
also behind an underscore and behind a line end or a quote that is written as an escape (`_BEGIN`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_NAME: Final = re.compile(r"[A-Za-z_][\w.\-]*")
_NAMING: Final = re.compile(r"(?i)pass|pwd|secret|token|key|cred|none|null|true|false|env|config|self|auth|undefined")


def is_random(value: str) -> bool:
    """Whether a value has letters and digits, as generated ones do and words do not."""
    return any(char.isdigit() for char in value) and any(char.isalpha() for char in value)


def is_no_hash(value: str) -> bool:
    """Whether a value is not just hexadecimal digits, as the ids of commits are."""
    return _HEX.fullmatch(value) is None


def is_no_name(value: str) -> bool:
    """Whether a value is not what a program calls its variables: `password=password`, `secret=settings.SECRET`."""
    return _NAME.fullmatch(value) is None or _NAMING.search(value) is None


def is_not_masked(value: str) -> bool:
    """Whether GitHub has not already put its stars there (G25)."""
    return value.strip("*") != ""


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of credential; `accepts` looks at what was caught once more, where the pattern alone is not enough.

    `group` is what is taken out; 0 is the first group that caught something, or else the whole match.
    """

    kind: str
    pattern: str
    accepts: Callable[[str], bool] = is_not_masked
    group: int = 0


def is_mixed(value: str) -> bool:
    """Whether a value has digits or letters of both cases, as what stands behind `Basic` has."""
    return is_random(value) or _MIXED.search(value) is not None


_MIXED: Final = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")

_BEGIN: Final = r"(?:\b|_|%[0-9A-Fa-f]{2}|\\(?:[0abefnrtv]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}))"
"""Where a credential may begin that could also be a part of a word."""

_QUOTE: Final = r"""(?:\\{0,4}["'])?"""
"""A quote, escaped when JSON stands inside JSON."""

_KEY: Final = _QUOTE + r"[ \t]*(?:=>|[=:])[ \t]*" + _QUOTE

_VALUE: Final = r"""([^\s"'`,;(){}<>\[\]*$&|\\=:][^\s"'`,;(){}<>\[\]]{5,})"""

_WORDS: Final = r"""\\{0,4}["']([^\s"'`(){}<>\[\]*$\\][^"'\n\\]{5,200})\\{0,4}["']"""
"""What stands between quotes, blanks and all."""

_SUFFIX: Final = r"(?:[_-]?(?:key(?:[_-]?base)?|value|string))?"


def _begins(pattern: str) -> str:
    return f"{_BEGIN}({pattern})"


DETECTORS: Final = (
    Detector(
        "GitHub token",
        r"gh[pousr]_(?:\d{1,20}_)?(?:eyJ[A-Za-z0-9_.\-]{20,}|[A-Za-z0-9]{20,})|github_pat_[A-Za-z0-9_]{22,}",
    ),
    Detector("GitLab token", r"(?:glpat|gldt|glrt|glcbt|glptt|glsoat)-[A-Za-z0-9_\-]{20,}"),
    Detector(
        "AWS access key",
        r"(?:^|[^A-Z2-7]|%[0-9A-F]{2}|\\x[0-9A-F]{2}|\\u[0-9A-F]{4})((?:AKIA|ASIA|AROA|ABIA|ACCA)[A-Z2-7]{16})(?:\b|[_a-z])",
    ),
    Detector(
        "AWS secret key",
        r"(?i:aws|amazon|secret_?access).{0,40}?" + _KEY + r"([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
        is_no_hash,
    ),
    Detector("Slack token", r"xox[abeoprs]-[A-Za-z0-9\-]{10,}|xapp-\d-[A-Za-z0-9\-]{10,}"),
    Detector("Slack webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/\-]{20,})"),
    Detector("Discord webhook", r"discord(?:app)?\.com/api/webhooks/(\d{15,20}/[A-Za-z0-9_\-]{40,})"),
    Detector("Google API key", r"AIza[A-Za-z0-9_\-]{35}"),
    Detector("Google OAuth token", r"ya29\.[A-Za-z0-9_\-.]{20,}|GOCSPX-[A-Za-z0-9_\-]{28}"),
    Detector("Stripe key", r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}", is_random),
    Detector("Twilio key", _begins(r"(?:SK|AC)[0-9a-f]{32}") + r"(?:\b|_)"),
    Detector("SendGrid key", _begins(r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,}")),
    Detector("Mailgun key", _begins(r"key-[0-9a-f]{32}") + r"(?:\b|_)"),
    Detector("Mailchimp key", _begins(r"[0-9a-f]{32}-us\d{1,2}") + r"(?:\b|_)"),
    Detector("npm token", r"npm_[A-Za-z0-9]{36,}"),
    Detector("npm token", r":_(?:authToken|auth|password)=([A-Za-z0-9\-_+/]{16,})"),
    Detector("PyPI token", r"pypi-AgE[A-Za-z0-9_\-]{50,}"),
    Detector("RubyGems key", r"rubygems_[0-9a-f]{48}"),
    Detector("crates.io token", _begins(r"cio[A-Za-z0-9]{32}") + r"(?:\b|_)"),
    Detector("Docker token", r"dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,}"),
    Detector("DigitalOcean token", r"do[por]_v1_[0-9a-f]{64}"),
    Detector(
        "Heroku key",
        r"(?i:heroku).{0,40}?" + _KEY + r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
    ),
    Detector("Heroku key", r"HRKU-[A-Za-z0-9_\-]{36,}"),
    Detector("Azure storage key", r"(?i:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,}={0,2})"),
    Detector("Azure shared access signature", r"[?&]sig=([A-Za-z0-9%+/]{40,})"),
    Detector("Anthropic key", r"sk-ant-[A-Za-z0-9_\-]{20,}", is_random),
    Detector("OpenAI key", _begins(r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{20,}"), is_random),
    Detector("Hugging Face token", r"(?:hf|api_org)_[A-Za-z0-9]{30,}", is_random),
    Detector("Linear key", r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{32,}"),
    Detector("Databricks token", _begins(r"dapi[0-9a-f]{32}(?:-\d)?") + r"(?:\b|_)"),
    Detector("Shopify token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    Detector("Square token", r"sq0(?:atp|csp)-[A-Za-z0-9_\-]{22,}"),
    Detector("Square token", _begins(r"EAAA[A-Za-z0-9_\-]{60}")),
    Detector("Telegram token", r"\d{8,10}:AA[A-Za-z0-9_\-]{33}"),
    Detector("New Relic key", r"NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9_\-]{32}"),
    Detector("Grafana token", r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/]{32,}={0,2}"),
    Detector("Sentry token", r"sntry[su]_[A-Za-z0-9+/=_]{40,}"),
    Detector("Vault token", _begins(r"hv[sbr]\.[A-Za-z0-9_\-]{24,}")),
    Detector("Terraform token", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-=]{60,}"),
    Detector("Pulumi token", _begins(r"pul-[0-9a-f]{40}") + r"(?:\b|_)"),
    Detector("Atlassian token", r"ATATT3[A-Za-z0-9_\-=]{100,}"),
    Detector("age key", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    Detector("JSON web token", _begins(r"eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}")),
    Detector(
        "password in an address",
        r"""[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s/?#@:'"<>]{0,200}:([^\s/?#@'"<>\[]{1,400})@""",
    ),
    Detector("token in an address", r"""://([^\s/?#@:'"<>\[\]*$]{16,400})@""", is_random),
    Detector(
        "cookie", r"(?i)cookie" + _KEY.replace("=>|[=:]", ":") + r"""([\w.\-]{1,100}=[^\s"'\\;,\[][^"'\n\\]{3,})"""
    ),
    Detector(
        "authorization header",
        r"(?i)authorization" + _KEY + r"(?:(?:basic|bearer|token|digest)[ \t]+)?([A-Za-z0-9+/=_.~\-]{8,})",
        is_mixed,
    ),
    Detector("authorization header", r"(?i)(?:bearer|basic)[ \t]+([A-Za-z0-9+/_.~\-]{20,}={0,2})", is_random),
    Detector(
        "password",
        r"(?i)(?:passw(?:or)?d|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)"
        + _SUFFIX
        + _KEY
        + _VALUE,
        is_random,
    ),
    Detector("password", r"(?i)(?:passw(?:or)?d|pwd|passphrase|secret)" + _SUFFIX + "=" + _VALUE, is_no_name),
    Detector(
        "password",
        r"(?i)(?:passw(?:or)?d|pwd|passphrase|secret)" + _SUFFIX + _QUOTE + r"[ \t]*(?:=>|[=:])[ \t]*" + _WORDS,
        is_no_name,
    ),
    Detector("password", r"""["']auth\\{0,4}["'][ \t]*:[ \t]*\\{0,4}["']([A-Za-z0-9+/=]{12,})""", is_mixed),
    Detector("password", r"\blogin[ \t]+[^\s]{1,100}[ \t]+password[ \t]+([^\s\[]{4,200})"),
    Detector(
        "password",
        r"(?i)--[a-z0-9\-]{0,40}(?:password|passwd|passphrase|token|secret|api-?key)[ \t]+" + _QUOTE + _VALUE,
        is_random,
    ),
    Detector(
        "password",
        r"""\bcurl\b.{0,500}?[ \t](?:-u|--user|--proxy-user)[ =]*["']?[^\s:"'\[]{1,100}:([^\s"'\[]{3,200})""",
    ),
)
