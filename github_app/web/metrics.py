"""What Prometheus may count (`/metrics`): no label holds a name of a repository, person or branch (T24)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder

from github_app.rules.accuracy import Figures
from pytest_failure_review.report import Category

EVENTS: Final = frozenset(
    {
        "check_run",
        "check_suite",
        "installation",
        "installation_repositories",
        "issue_comment",
        "merge_group",
        "ping",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "push",
        "repository",
        "status",
        "workflow_job",
        "workflow_run",
    }
)
"""Events that are counted under their own name; the header's other values are a stranger's and count as `other`."""

_PREFIX: Final = "failure_review"
_ACK_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAG_BUCKETS: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400)
_STALL_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_WATCH_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 2.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many rows of a queue wait, and for how many seconds the oldest has."""

    rows: float
    oldest_s: float


Backlog = Callable[[], Awaitable[Mapping[str, Waiting]]]
"""Counts what waits, by queue (`inbox`, `outbox`); asked at each scrape."""

Judgements = Callable[[], Awaitable[Figures]]
"""Counts what people corrected; asked at each scrape."""


class Metrics:
    """Every series of one process, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        count, gauge, time = self._counter, self._gauge, self._histogram
        self._deliveries = count("deliveries", "Webhook deliveries, by event and by outcome.", "event", "outcome")
        self._effects = count("effects", "Effects performed on the outside world.", "kind", "outcome")
        self._decisions = count("decisions", "Failures judged, by category.", "category")
        self._flips = count("flips", "Failures that went green on the commit that they were red on.", "category")
        self._rows = gauge("backlog_rows", "Rows that wait, by queue.", "queue")
        self._oldest = gauge("backlog_oldest_seconds", "Age of the oldest row that waits, by queue.", "queue")
        self._right = gauge("judgement_ratio", "How often people let a judgement stand, by figure.", "figure")
        self._counted = gauge("judgement_records", "Closed failures that a figure rests on.", "figure")
        self._acknowledged = time(
            "acknowledgement_seconds", "Time until a delivery is kept and answered.", _ACK_BUCKETS
        )
        self._lag = time(
            "delivery_lag_seconds", "Time from an event at GitHub until it was handled here.", _LAG_BUCKETS
        )
        self._stalls = time("event_loop_lag_seconds", "How late the event loop wakes a sleeper.", _STALL_BUCKETS)
        ProcessCollector(registry=self._registry)

    def delivery(self, event: str, outcome: str) -> None:
        self._deliveries.labels(event if event in EVENTS else "other", outcome).inc()

    def refused_delivery(self, status: int) -> None:
        """Count a request that was not kept; what it calls itself is not believed."""
        self._deliveries.labels("other", f"refused_{status}").inc()

    def effect(self, kind: str, outcome: str) -> None:
        self._effects.labels(kind, outcome).inc()

    def decision(self, category: Category) -> None:
        """Count a verdict; a policy's own kinds may be private names, so only the built-in category counts."""
        self._decisions.labels(category).inc()

    def flip(self, category: Category) -> None:
        """Count a flip; an outage is none (X72)."""
        self._flips.labels(category).inc()

    def acknowledged(self, seconds: float) -> None:
        self._acknowledged.observe(seconds)

    def delivery_lag(self, seconds: float) -> None:
        self._lag.observe(max(0.0, seconds))

    def backlog(self, queues: Mapping[str, Waiting]) -> None:
        for queue, waiting in queues.items():
            self._rows.labels(queue).set(waiting.rows)
            self._oldest.labels(queue).set(waiting.oldest_s)

    def judgement(self, told: Figures) -> None:
        """Show how often the App was right; a figure that rests on nothing is not there (S1-171)."""
        found = {
            "categorisation_accuracy": (told.accuracy, told.looked_at),
            "routing_effectiveness": (told.routing, told.closed),
        }
        self._right.clear()
        for figure, (ratio, records) in found.items():
            self._counted.labels(figure).set(records)
            if ratio is not None:
                self._right.labels(figure).set(ratio)

    def loop_lag(self, seconds: float) -> None:
        self._stalls.observe(max(0.0, seconds))

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Return the exposition and its content type, in the format that suits the `Accept` header."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{_PREFIX}_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{_PREFIX}_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"{_PREFIX}_{name}", text, buckets=buckets, registry=self._registry)


class MetricsPage:
    """The route, and the watchdog that measures the event loop while the server runs (F40)."""

    def __init__(self, metrics: Metrics, backlog: Backlog, judgements: Judgements) -> None:
        self._metrics = metrics
        self._backlog = backlog
        self._judgements = judgements
        self._queues: set[str] = set()

    async def scrape(self, request: web.Request) -> web.Response:
        self._metrics.backlog(await self._waiting())
        await self._judged()
        body, content_type = self._metrics.text(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def watch(self, app: web.Application) -> AsyncIterator[None]:  # noqa: ARG002  (aiohttp's cleanup context)
        task = asyncio.create_task(watch_loop(self._metrics))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _judged(self) -> None:
        """Count what people corrected; without the database the last figures stay."""
        (answer,) = await asyncio.gather(asyncio.wait_for(self._judgements(), _PATIENCE_S), return_exceptions=True)
        if isinstance(answer, BaseException):
            _log.warning("what people corrected could not be counted", exc_info=answer)
        else:
            self._metrics.judgement(answer)

    async def _waiting(self) -> Mapping[str, Waiting]:
        """Count the backlog; without the database its gauges read NaN, and the other series stay readable."""
        (answer,) = await asyncio.gather(asyncio.wait_for(self._backlog(), _PATIENCE_S), return_exceptions=True)
        if isinstance(answer, BaseException):
            _log.warning("the backlog could not be counted", exc_info=answer)
            return dict.fromkeys(self._queues, Waiting(math.nan, math.nan))
        self._queues |= set(answer)
        return answer


async def watch_loop(metrics: Metrics, every_s: float = _WATCH_EVERY_S) -> None:
    """Measure forever how late the event loop wakes a sleeper."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + every_s
        await asyncio.sleep(every_s)
        metrics.loop_lag(clock() - due)
