"""Who we are to GitHub: the App itself, the App in one installation, or a person; and the tokens that prove it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from weakref import WeakValueDictionary

import jwt
from cachetools import LRUCache
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm

from github_app.outcomes import GiveUp

STALE_BEFORE_EXPIRY = timedelta(minutes=5)
LEAST_USE = timedelta(minutes=1)
"""How long a fresh token is used even if our clock calls it stale: a wrong clock must not mint per request (F18)."""
REFUSAL_REMEMBERED = timedelta(minutes=1)
_BACKDATED = timedelta(seconds=60)
_JWT_LIFE = timedelta(minutes=9)
_TOKENS_KEPT = 4096
_NO_KEY = "GITHUB_PRIVATE_KEY is no RSA private key in PEM"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is good for; no repository or no permissions means all that the installation has (G16)."""

    installation_id: int
    repo_id: int | None = None
    permissions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    value: str = field(repr=False)
    expires_at: datetime


class Credential(Protocol):
    """Something that can be shown to GitHub, and knows what to do when GitHub refuses it."""

    async def show(self) -> Mapping[str, str]:
        """The argument that gidgethub puts into the Authorization header: `jwt` or `oauth_token`."""

    def renew(self, shown: Mapping[str, str]) -> bool:
        """Forgets what was refused; whether showing again is worth a try."""

    @property
    def refusal(self) -> str:
        """The sentence for the final 401."""


class AppKey:
    """The App's private key, which signs a short-lived RS256 JWT for each request.

    Issued 60 seconds in the past and valid for less than ten minutes (G15).
    Raises ValueError at once when the key is no RSA private key in PEM.
    """

    refusal = "GitHub refuses the App's own key (401): check the App's id, its private key and this machine's clock"

    def __init__(self, app_id: int, private_key: str, now: Callable[[], datetime]) -> None:
        self._app_id = app_id
        try:
            key = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(private_key)
        except jwt.InvalidKeyError as error:
            raise ValueError(_NO_KEY) from error
        if not isinstance(key, RSAPrivateKey):
            raise ValueError(_NO_KEY)  # noqa: TRY004  (the type is right, its content is not)
        self._key = key
        self._now = now

    async def show(self) -> Mapping[str, str]:
        issued = self._now() - _BACKDATED
        claims = {"iat": issued, "exp": issued + _JWT_LIFE, "iss": str(self._app_id)}
        return {"jwt": jwt.encode(claims, self._key, algorithm="RS256")}

    def renew(self, shown: Mapping[str, str]) -> bool:  # noqa: ARG002  (each request is signed anew anyway)
        return False


@dataclass(frozen=True, slots=True)
class PersonToken:
    """A person's own token, for what that person may see (G17)."""

    value: str = field(repr=False)
    refusal: str = field(default="GitHub refuses this person's token (401): sign in again", init=False)

    async def show(self) -> Mapping[str, str]:
        return {"oauth_token": self.value}

    def renew(self, shown: Mapping[str, str]) -> bool:  # noqa: ARG002  (only the person can renew it)
        return False


class Tokens:
    """Installation tokens by scope, minted when needed, one at a time per scope.

    Kept by the wall clock given, not by a monotonic timer: a machine that slept must not serve yesterday's token.
    A refusal is remembered for a minute, so that a suspended installation costs no loop of requests (F38).
    """

    def __init__(self, mint: Callable[[Scope], Awaitable[Token]], now: Callable[[], datetime]) -> None:
        self._mint = mint
        self._now = now
        self._kept: LRUCache[Scope, tuple[Token, datetime]] = LRUCache(_TOKENS_KEPT)
        self._refused: LRUCache[Scope, tuple[GiveUp, datetime]] = LRUCache(_TOKENS_KEPT)
        self._minting: WeakValueDictionary[Scope, asyncio.Lock] = WeakValueDictionary()

    async def get(self, scope: Scope) -> Token:
        """A token with minutes of life left.

        Raises GiveUp when the installation is suspended or gone, Wait and Retry as any request does.
        """
        lock = self._minting.setdefault(scope, asyncio.Lock())
        async with lock:
            self._raise_remembered(scope)
            token, fresh_until = self._kept.get(scope, (None, self._now()))
            if token is None or fresh_until <= self._now():
                token = await self._mint_and_keep(scope)
            return token

    def drop(self, scope: Scope, value: str) -> None:
        """Forgets that token, unless it has been replaced meanwhile."""
        kept = self._kept.get(scope)
        if kept is not None and kept[0].value == value:
            del self._kept[scope]

    async def _mint_and_keep(self, scope: Scope) -> Token:
        try:
            token = await self._mint(scope)
        except GiveUp as refusal:
            self._refused[scope] = refusal, self._now() + REFUSAL_REMEMBERED
            raise
        fresh_until = max(token.expires_at - STALE_BEFORE_EXPIRY, self._now() + LEAST_USE)
        self._kept[scope] = token, fresh_until
        return token

    def _raise_remembered(self, scope: Scope) -> None:
        refused = self._refused.get(scope)
        if refused is not None and refused[1] > self._now():
            raise GiveUp(refused[0].reason, refused[0].status)


@dataclass(frozen=True, slots=True)
class InstallationToken:
    """The App inside one installation."""

    tokens: Tokens
    scope: Scope

    async def show(self) -> Mapping[str, str]:
        return {"oauth_token": (await self.tokens.get(self.scope)).value}

    def renew(self, shown: Mapping[str, str]) -> bool:
        self.tokens.drop(self.scope, shown["oauth_token"])
        return True

    @property
    def refusal(self) -> str:
        return f"GitHub refuses even a fresh token of installation {self.scope.installation_id} (401)"
