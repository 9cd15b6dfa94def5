"""Whether a delivery really comes from GitHub: its headers and its signature, before anything in it is read."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from multidict import MultiMapping

SIGNATURE_REFUSED = "The signature does not match"
"""One sentence for every reason, so that a stranger learns nothing from it (T1)."""

_SIGNATURE = re.compile(rb"sha256=([0-9a-f]{64})")
_CONTENT_TYPE = re.compile(r'application/json[ \t]*(;[ \t]*charset=("utf-8"|utf-8)[ \t]*)?', re.IGNORECASE | re.ASCII)
_SHAPES = {
    "X-GitHub-Event": re.compile(r"[a-z][a-z0-9_]{0,63}"),
    "X-GitHub-Delivery": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII),
}
_SENT_ONCE = ("Content-Type", *_SHAPES)


def verify(body: bytes, header: str | bytes | None, secrets: Sequence[bytes]) -> int | None:
    """Which secret signed the body: its index, or None if none did.

    Only `sha256=` and 64 lower-case hexadecimal digits count; sha1 never does (L1). Every secret is tried each time, in
    constant time, so neither the secret nor its place shows in the clock (T3). An empty secret proves nothing.
    Source: GitHub docs, "Validating webhook deliveries" (G8).
    """
    raw = header.encode("ascii", "replace") if isinstance(header, str) else header or b""
    shape = _SIGNATURE.fullmatch(raw)
    if shape is None:
        return None
    matches = [_signed(body, shape[1], secret) for secret in secrets]
    return matches.index(True) if True in matches else None


def _signed(body: bytes, given: bytes, secret: bytes) -> bool:
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(expected, given) and secret != b""


def refusal(headers: MultiMapping[str]) -> tuple[int, str] | None:
    """The HTTP status and the sentence for headers that no delivery of GitHub has, or None; `headers` ignore case.

    The signature is judged by `verify`; here only that there are not two of them.
    """
    if _count(headers, "X-Hub-Signature-256") > 1:
        return 401, SIGNATURE_REFUSED
    repeated = next((name for name in _SENT_ONCE if _count(headers, name) > 1), None)
    if repeated is not None:
        return 400, f"{repeated} was sent more than once"
    if headers.get("Content-Encoding"):
        return 415, "Content-Encoding is not accepted: the signature is over the bytes as they are"
    if not _CONTENT_TYPE.fullmatch(headers.get("Content-Type", "")):
        return 415, "Content-Type must be application/json in UTF-8"
    named = ((name, shape) for name, shape in _SHAPES.items() if not shape.fullmatch(headers.get(name, "")))
    return next(((400, f"{name} is missing or malformed") for name, _ in named), None)


def _count(headers: MultiMapping[str], name: str) -> int:
    return len(headers.getall(name, []))
