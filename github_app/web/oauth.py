"""GitHub's web application flow: where to send a visitor, and how a code becomes a user token.

Source: GitHub docs, "Generating a user access token for a GitHub App"; RFC 7636 (PKCE).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=5)
_MAX_BODY: Final = 64 * 1024  # bytes; an answer has a few hundred
_TOKEN = re.compile(r"[!-~]{1,1024}")

# GitHub's words are not repeated: fixed sentences say what to do and leak nothing (T34).
_REFUSALS: Final = {
    "bad_verification_code": "The code from GitHub was used already or is too old. Please sign in again.",
    "incorrect_client_credentials": "GitHub does not accept this server's GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET.",
    "redirect_uri_mismatch": "The GitHub App does not list this server's callback URL, PUBLIC_URL/login/callback.",
    "unverified_user_email": "GitHub wants you to verify your e-mail address first.",
}
UNCLEAR: Final = "GitHub did not sign you in. Please try again."


class Refused(Exception):  # noqa: N818  (an outcome, not an error of ours)
    """No token was given; `reason` is the sentence that people read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """The App as GitHub's login knows it; `callback` is the exact URL that GitHub sends people back to."""

    client_id: str
    client_secret: str = field(repr=False)
    github_url: str
    callback: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A user token, and for how many seconds it is good; None when GitHub set no end."""

    token: str = field(repr=False)
    lifetime_s: int | None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    access_token: str | None = None
    expires_in: int | None = None
    error: str | None = None


def web_origin(api_url: str) -> str:
    """Return the origin of GitHub's pages for an API address.

    `api.github.com` belongs to `github.com`, `api.NAME.ghe.com` to `NAME.ghe.com`, `HOST/api/v3` to `HOST`.
    """
    parts = urlsplit(api_url)
    host = parts.netloc
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        host = host.removeprefix("api.")
    return f"{parts.scheme}://{host}"


def authorize_url(app: OAuthApp, state: str, verifier: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": app.client_id,
        "redirect_uri": app.callback,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{app.github_url}/login/oauth/authorize?{urlencode(query)}"


async def exchange(http: aiohttp.ClientSession, app: OAuthApp, code: str, verifier: str) -> Grant:
    """Trade a code for a user token; raises `Refused`."""
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "code": code,
        "redirect_uri": app.callback,
        "code_verifier": verifier,
    }
    try:
        answer = _Answer.model_validate_json(await _post(http, f"{app.github_url}/login/oauth/access_token", form))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Refused("GitHub did not answer. Please try again in a minute.") from error
    except ValidationError as error:
        raise Refused(UNCLEAR) from error
    if answer.error or not answer.access_token or not _TOKEN.fullmatch(answer.access_token):
        raise Refused(_REFUSALS.get(answer.error or "", UNCLEAR))
    return Grant(answer.access_token, answer.expires_in)


async def _post(http: aiohttp.ClientSession, url: str, form: dict[str, Any]) -> bytes:
    headers = {"Accept": "application/json"}
    # A redirect would carry the client secret and the code to wherever it points (L14).
    async with http.post(url, data=form, headers=headers, timeout=_TIMEOUT, allow_redirects=False) as response:
        body = b""
        while len(body) <= _MAX_BODY and (chunk := await response.content.read(_MAX_BODY)):
            body += chunk
        if response.status != 200 or len(body) > _MAX_BODY:  # noqa: PLR2004  (the one good status)
            raise aiohttp.ClientPayloadError("no usable answer")
        return body
