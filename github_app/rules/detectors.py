"""The kinds of credentials that are recognised by their looks, most of them by the prefix their issuer gives them.

A pattern's only group is what is taken out; without one it is the whole match. No pattern may match a line end, and
none may match more than 3,500 characters: text comes in pieces (`redaction.OVERLAP`).
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
    """One kind of credential; `accepts` looks at what was caught once more, where the pattern alone is not enough."""

    kind: str
    pattern: str
    accepts: Callable[[str], bool] = is_not_masked


_KEY: Final = r"""["']?[ \t]*(?:=>|[=:])[ \t]*["']?"""

_VALUE: Final = r"""([^\s"'`,;(){}<>\[\]*$&|\\=:][^\s"'`,;(){}<>\[\]]{5,500})"""

DETECTORS: Final = (
    Detector("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})"),
    Detector("GitLab token", r"\b(?:glpat|gldt|glrt|glcbt|glptt|glsoat)-[A-Za-z0-9_\-]{20,300}"),
    Detector("AWS access key", r"\b(?:AKIA|ASIA|AROA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    Detector(
        "AWS secret key",
        r"(?i:aws|amazon|secret_?access).{0,40}?" + _KEY + r"([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
        is_no_hash,
    ),
    Detector("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,250}|\bxapp-\d-[A-Za-z0-9\-]{10,250}"),
    Detector("Slack webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/\-]{20,200})"),
    Detector("Discord webhook", r"discord(?:app)?\.com/api/webhooks/(\d{15,20}/[A-Za-z0-9_\-]{40,100})"),
    Detector("Google API key", r"\bAIza[A-Za-z0-9_\-]{35}"),
    Detector("Google OAuth token", r"\bya29\.[A-Za-z0-9_\-.]{20,500}|\bGOCSPX-[A-Za-z0-9_\-]{28}"),
    Detector("Stripe key", r"\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,250}"),
    Detector("Twilio key", r"\b(?:SK|AC)[0-9a-f]{32}\b"),
    Detector("SendGrid key", r"\bSG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}"),
    Detector("Mailgun key", r"\bkey-[0-9a-f]{32}\b"),
    Detector("Mailchimp key", r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    Detector("npm token", r"\bnpm_[A-Za-z0-9]{36}|:_authToken=([A-Za-z0-9\-_]{16,250})"),
    Detector("PyPI token", r"\bpypi-AgE[A-Za-z0-9_\-]{50,1000}"),
    Detector("RubyGems key", r"\brubygems_[0-9a-f]{48}"),
    Detector("crates.io token", r"\bcio[A-Za-z0-9]{32}\b"),
    Detector("Docker token", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,100}"),
    Detector("DigitalOcean token", r"\bdo[por]_v1_[0-9a-f]{64}"),
    Detector(
        "Heroku key",
        r"(?i:heroku).{0,40}?" + _KEY + r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
    ),
    Detector("Heroku key", r"\bHRKU-[A-Za-z0-9_\-]{36,80}"),
    Detector("Azure storage key", r"(?i:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,90}={0,2})"),
    Detector("Azure shared access signature", r"[?&]sig=([A-Za-z0-9%+/]{40,120})"),
    Detector("Anthropic key", r"\bsk-ant-[A-Za-z0-9_\-]{20,200}"),
    Detector("OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{20,250}", is_random),
    Detector("Hugging Face token", r"\b(?:hf|api_org)_[A-Za-z0-9]{30,50}", is_random),
    Detector("Linear key", r"\blin_(?:api|oauth|wh)_[A-Za-z0-9]{32,100}"),
    Detector("Databricks token", r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
    Detector("Shopify token", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    Detector("Square token", r"\b(?:sq0(?:atp|csp)-[A-Za-z0-9_\-]{22,43}|EAAA[A-Za-z0-9_\-]{60})"),
    Detector("Telegram token", r"\b\d{8,10}:AA[A-Za-z0-9_\-]{33}"),
    Detector("New Relic key", r"\bNRAK-[A-Z0-9]{27}|\bNRII-[A-Za-z0-9_\-]{32}"),
    Detector("Grafana token", r"\b(?:glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2})"),
    Detector("Sentry token", r"\bsntry[su]_[A-Za-z0-9+/=_]{40,400}"),
    Detector("Vault token", r"\bhv[sbr]\.[A-Za-z0-9_\-]{24,300}"),
    Detector("Terraform token", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-=]{60,80}"),
    Detector("Pulumi token", r"\bpul-[0-9a-f]{40}\b"),
    Detector("Atlassian token", r"\bATATT3[A-Za-z0-9_\-=]{100,300}"),
    Detector("age key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}"),
    Detector("JSON web token", r"\beyJ[A-Za-z0-9_\-]{8,999}\.[A-Za-z0-9_\-]{8,999}\.[A-Za-z0-9_\-]{8,999}"),
    Detector(
        "password in an address",
        r"""\b[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s/?#@:'"<>]{0,200}:([^\s/?#@'"<>\[]{1,400})@""",
    ),
    Detector(
        "authorization header",
        r"(?i)\bauthorization\b" + _KEY + r"(?:(?:basic|bearer|token|digest) )?([A-Za-z0-9+/=_.~\-]{8,999})",
        is_random,
    ),
    Detector("authorization header", r"(?i)\b(?:bearer|basic) ([A-Za-z0-9+/_.~\-]{20,999}={0,2})", is_random),
    Detector(
        "password",
        r"(?i)(?:passw(?:or)?d|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)"
        + _KEY
        + _VALUE,
        is_random,
    ),
    Detector("password", r"(?i)(?:passw(?:or)?d|pwd|passphrase|secret)=" + _VALUE, is_no_name),
)
