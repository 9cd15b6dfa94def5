"""A small GitHub on loopback that does as a test tells it, also what no server should do."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
MINT = "/app/installations/7/access_tokens"

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hostile:
    """Answers each path with the next of its replies; the last one is repeated."""

    clock: Clock
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    minted: int = 0
    url: str = ""

    def on(self, path: str, *replies: Reply) -> None:
        self.replies[path] = list(replies)

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.partition("?")[0] == path]

    @property
    def work(self) -> list[str]:
        """What was asked for, apart from tokens."""
        return [seen.path for seen in self.seen if "access_tokens" not in seen.path]

    async def start(self) -> TestServer:
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        server = TestServer(app)
        await server.start_server()
        self.url = str(server.make_url("")).rstrip("/")
        return server

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(Seen(request.method, request.raw_path, request.headers, await request.read()))
        replies = self.replies.get(request.raw_path.partition("?")[0], [])
        if replies:
            return await (replies.pop(0) if len(replies) > 1 else replies[0])(request)
        if request.raw_path.endswith("/access_tokens"):
            return self._mint()
        return web.json_response({"message": "Not Found"}, status=404)

    def _mint(self) -> web.Response:
        self.minted += 1
        expires = (self.clock.at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return web.json_response({"token": f"token-{self.minted}", "expires_at": expires}, status=201)


def reply(data: Any = None, status: int = 200, **headers: str) -> Reply:
    async def send(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is None:
            return web.Response(status=status, headers=named)
        return web.json_response(data, status=status, headers=named)

    return send


def text(body: str | bytes, status: int = 200, kind: str = "application/json", **headers: str) -> Reply:
    async def send(_: web.Request) -> web.StreamResponse:
        named = {"Content-Type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body if isinstance(body, bytes) else body.encode(), status=status, headers=named)

    return send


def to(location: str, status: int = 302) -> Reply:
    return reply(status=status, Location=location)


def reset() -> Reply:
    """Breaks the connection when the request has been read, so whatever it asked for may have happened (L17)."""

    async def send(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return send


def truncated(body: bytes, promised: int) -> Reply:
    """Promises more bytes than it sends."""

    async def send(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(promised)})
        await response.prepare(request)
        await response.write(body)
        assert request.transport is not None
        request.transport.close()
        return response

    return send


def bomb(size: int) -> Reply:
    """`size` zero bytes, squeezed."""
    squeezed = gzip.compress(bytes(size), compresslevel=1)
    return text(squeezed, Content_Encoding="gzip")


def raw(octets: bytes) -> Reply:
    """Writes what is no HTTP, or wrong HTTP, and hangs up."""

    async def send(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(octets)
        request.transport.close()
        return web.Response()

    return send
