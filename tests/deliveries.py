"""An App of its own database, and signed deliveries to it; its GitHub is wherever `api_url` points."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from github_app.app import Parts, opened, web_app
from github_app.settings import Settings, read_settings

SECRET = "a-webhook-secret-of-some-length"
BODY = json.dumps(
    {
        "action": "completed",
        "check_run": {"id": 1, "head_sha": "a" * 40},
        "repository": {"id": 70, "name": "shop", "owner": {"id": 1, "login": "octo"}},
        "installation": {"id": 7},
    }
).encode()
NOWHERE = "http://127.0.0.1:9"
"""No GitHub answers here."""


@cache
def private_key() -> str:
    """A fresh RSA key in PEM, one for the whole test run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def settings_of(folder: Path, api_url: str = NOWHERE, **more: Any) -> Settings:
    given = {
        "github_app_id": 7,
        "github_private_key": private_key(),
        "github_webhook_secret": SECRET,
        "github_api_url": api_url,
        "database_url": f"sqlite:///{folder}/app.db",
        "app_env": "test",
    }
    return read_settings(**{**given, **more})


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers_for(
    body: bytes, event: str = "check_run", guid: str = "", changes: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    """What GitHub sends with a body; `changes` replaces headers, None leaves one out."""
    told: dict[str, str | None] = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid or str(uuid4()),
        "X-Hub-Signature-256": signature(body),
        **(changes or {}),
    }
    return {name: value for name, value in told.items() if value is not None}


def padded(size: int) -> bytes:
    """A body that GitHub could send, of exactly `size` bytes."""
    frame = b'{"action":"completed","text":"%s"}'
    return frame % (b"x" * (size - len(frame) + 2))


async def raw(port: int, head: list[bytes], body: bytes = b"", *, close: bool = False, pause: float = 0) -> bytes:
    """Send bytes that no client library would, and return what came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\r\n".join([b"POST /webhook HTTP/1.1", b"Host: localhost", *head, b"", b""]))
    await asyncio.sleep(pause)
    writer.write(body)
    await writer.drain()
    if close:
        writer.write_eof()
    try:
        async with asyncio.timeout(30):
            return await reader.read(64 * 1024)
    except (TimeoutError, ConnectionError):
        return b""
    finally:
        writer.close()


def head_of(body: bytes, *more: bytes, length: int | None = None) -> list[bytes]:
    lines = [f"{name}: {value}".encode("latin-1") for name, value in headers_for(body).items()]
    return [*lines, f"Content-Length: {len(body) if length is None else length}".encode(), *more]


@dataclass(frozen=True, slots=True)
class Receiving:
    """A listening App whose loops do not run, a client, and a look past the App into its database."""

    parts: Parts
    port: int
    http: aiohttp.ClientSession
    folder: Path

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None, event: str = "check_run") -> int:
        return (await self.answer(body, headers, event))[0]

    async def answer(
        self, body: Any, headers: Mapping[str, str] | None = None, event: str = "check_run"
    ) -> tuple[int, str, Mapping[str, str]]:
        told = headers_for(body, event) if headers is None else headers
        url = f"http://127.0.0.1:{self.port}/webhook"
        data = io.BytesIO(body) if isinstance(body, bytes) else body  # bytes of this size would get a warning
        async with self.http.post(url, data=data, headers=told) as response:
            return response.status, await response.text(), response.headers

    def rows(self, columns: str = "guid") -> list[tuple[Any, ...]]:
        """What a connection of its own sees of the inbox, oldest first."""
        with closing(sqlite3.connect(self.folder / "app.db")) as conn:
            return list(conn.execute(f"SELECT {columns} FROM deliveries ORDER BY seq"))

    async def sorted_rows(self) -> list[tuple[str, str]]:
        """State and reason of each delivery, once it was looked at; nothing is handled."""
        await self.parts.inbox.claim("nobody", 0)
        return [(state, reason) for state, reason in self.rows("state, reason")]

    async def metrics(self) -> str:
        async with self.http.get(f"http://127.0.0.1:{self.port}/metrics") as response:
            return await response.text()


@asynccontextmanager
async def receiving_app(folder: Path, api_url: str = NOWHERE) -> AsyncIterator[Receiving]:
    """Start an App that keeps deliveries and handles none."""
    async with opened(settings_of(folder, api_url)) as parts, aiohttp.ClientSession() as http:
        runner = web.AppRunner(web_app(parts), access_log=None, lingering_time=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield Receiving(parts, runner.addresses[0][1], http, folder)
        finally:
            await runner.cleanup()
