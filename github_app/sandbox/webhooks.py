"""Webhooks: signed as GitHub signs, sent in order by one task, every attempt kept for `GET /app/hook/deliveries`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import replace
from typing import Any

import aiohttp

from github_app.sandbox.state import App, Clock, Delivery, State

_LIMIT = aiohttp.ClientTimeout(total=10)  # GitHub.com waits ten seconds (G1)


class Hooks:
    """The queue of deliveries. It never redelivers by itself (G2); `muted` loses every delivery on the way (F29)."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.muted = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until everything announced so far was delivered or failed to be."""
        await self._queue.join()

    def send(self, app: App, event: str, payload: dict[str, Any]) -> None:
        """Queue a new delivery; an App without a webhook address gets none."""
        if app.webhook_url is not None:
            # Through JSON and back, so that what is sent is what was true when it happened.
            frozen = json.loads(json.dumps(payload))
            self._queue.put_nowait(Delivery(self._state.number(), str(uuid.uuid4()), app, event, frozen, self._clock()))

    def redeliver(self, delivery: Delivery) -> None:
        """Queue the same delivery again under its GUID (G5)."""
        again = replace(delivery, id=self._state.number(), delivered_at=self._clock(), redelivery=True)
        self._queue.put_nowait(again)

    async def _work(self) -> None:
        async with aiohttp.ClientSession(timeout=_LIMIT) as session:
            while True:
                delivery = await self._queue.get()
                try:
                    await self._deliver(session, delivery)
                finally:
                    self._state.deliveries.append(delivery)
                    self._queue.task_done()

    async def _deliver(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        body = json.dumps(delivery.payload, separators=(",", ":")).encode()
        delivery.request_headers = headers(delivery, body)
        if self.muted:
            delivery.status = "failed to connect to host"
            return
        began = time.monotonic()
        try:
            url = delivery.app.webhook_url or ""
            async with session.post(url, data=body, headers=delivery.request_headers) as answer:
                delivery.status_code = answer.status
                delivery.status = "OK" if answer.ok else f"Invalid HTTP Response: {answer.status}"
                delivery.response_headers = dict(answer.headers)
                delivery.response_body = (await answer.read()).decode(errors="replace")
        except TimeoutError:
            delivery.status = "timed out"
        except aiohttp.ClientError:
            delivery.status = "failed to connect to host"
        delivery.duration = round(time.monotonic() - began, 2)


def sign(secret: str, body: bytes) -> str:
    """`X-Hub-Signature-256` of these bytes (G8)."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(delivery: Delivery, body: bytes) -> dict[str, str]:
    """The headers of a delivery as GitHub sends them."""
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5a4db0c",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": sign(delivery.app.webhook_secret, body),
    }
