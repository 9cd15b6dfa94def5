"""A process that logs whatever goes wrong in it, with its secrets as they are; only test_logs reads what it says."""

from __future__ import annotations

import asyncio
import base64
import logging
import sys
import warnings
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

from github_app.logs import set_up_logs
from github_app.loops import Loop
from github_app.web.health import Health
from github_app.web.security import name_request

SECRETS = ("canary-webhook-4e1f77aa90", "canary-session-1b2c3d4e5f6071", "canary&database/word")
"""What must not be said."""


@dataclass(frozen=True)
class Talkative:
    """An object whose repr tells all."""

    password: str


def broken(secret: str) -> None:
    """Fail in a chain, a group and a note, with a secret in each message and in every local variable."""
    nothing: dict[str, str] = {}
    try:
        nothing[secret]
    except KeyError as error:
        wrong = ValueError(f"{secret} is wrong")
        wrong.add_note(f"was {secret}")
        raise ExceptionGroup(f"with {secret}", [wrong]) from error


async def broken_request(secret: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        raise RuntimeError(f"handler {secret} {request.headers['Authorization']}")

    async def check() -> str | None:
        raise RuntimeError(f"readiness {secret}")

    app = web.Application(middlewares=[name_request])
    app.router.add_get("/", handler)
    app.router.add_routes(Health({"database": check}).routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as session:
        for path in ("", "readyz"):
            async with session.get(f"http://127.0.0.1:{port}/{path}?token={secret}"):
                pass
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nCookie: visitor-cookie\x01\r\n\r\n")
    await reader.read()
    writer.close()
    await runner.cleanup()


async def broken_work(secret: str) -> None:
    class Work:
        async def claim(self, worker: str, room: int) -> Sequence[str]:
            raise RuntimeError(f"claim {secret}")

        async def perform(self, item: str) -> None: ...
        async def settle(self, item: str, outcome: Any) -> None: ...
        async def renew(self, worker: str, items: Sequence[str]) -> None: ...
        async def release(self, worker: str) -> None: ...

    work = Work()
    loop = Loop("work", work, work, poll=0.01)
    loop.start()
    await asyncio.sleep(0.05)
    await loop.stop()


async def never_awaited(secret: str) -> None:
    task = asyncio.create_task(asyncio.to_thread(broken, secret))
    await asyncio.wait([task])
    del task  # nobody asks for its exception, so asyncio logs it


def main() -> None:
    set_up_logs("INFO", SECRETS)
    log, plain = structlog.get_logger("talk"), logging.getLogger("plain")
    for secret in SECRETS:
        event = f"said {secret}"
        log.info(event, bytes=secret.encode(), url=URL("https://x.example").with_password(secret))
        log.info("said", deep={"list": [{"tuple": (secret, Talkative(secret))}]}, kinds={secret}, key={secret: secret})
        log.info("cut", edge="x" * (2000 - len(secret) // 2) + secret)
        log.info("encoded", base64=base64.b64encode(f"user:{secret}".encode()).decode())
        plain.warning("said %s and %r", secret, {"it": secret})
        warnings.warn(f"warned of {secret}", stacklevel=1)
        for logger in (log, plain):
            try:
                broken(secret)
            except ExceptionGroup:
                logger.exception("broken")
        steps: list[Callable[[str], Awaitable[None]]] = [broken_request, broken_work, never_awaited]
        for step in steps:
            asyncio.run(step(secret))  # type: ignore[arg-type]  # coroutines, all of them
    log.debug("not at this level")
    log.info("the end", number=1, truth=True, nothing=None)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
