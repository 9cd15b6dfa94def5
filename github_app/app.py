"""Makes every object and joins them; the only file that knows them all."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from pydantic import TypeAdapter

from github_app import builtin
from github_app.connect import github_of
from github_app.documents import to_record
from github_app.engine import Engine, Entry, Timer
from github_app.failpoints import arm
from github_app.github.checks import Checks
from github_app.github.client import GitHub, open_session
from github_app.github.comments import Comments
from github_app.github.fixes import Fixes
from github_app.github.labels import Labels
from github_app.github.publishing import Desk
from github_app.github.receiving import MAX_BODY, Receiver
from github_app.github.replies import Replies
from github_app.github.sorting import sort
from github_app.github.translate import Translator
from github_app.inbox import GONE, Delivery, Inbox, Sorted
from github_app.loops import LOOK_AGAIN
from github_app.outbox import Outbox
from github_app.outcomes import GiveUp, Unfinished, Wait
from github_app.rules.around import Around
from github_app.rules.case import Decision
from github_app.rules.comparison import is_about_code
from github_app.rules.decide import SETTLE
from github_app.rules.effects import (
    CompareFix,
    ForgetInstallation,
    PublishComment,
    PublishGate,
    PublishLabels,
    PublishPolicyCheck,
    PublishReply,
)
from github_app.rules.events import TimerFired
from github_app.rules.model import Repo
from github_app.rules.policy_file import PolicyFile, parse
from github_app.rules.records import Failure, Installation
from github_app.rules.telling import FLIP
from github_app.scrapes import backlog, judgements
from github_app.settings import Refused, Settings
from github_app.store import SqlStore
from github_app.store.retention import Retention
from github_app.store.upgrade import upgrade
from github_app.timers import Timers
from github_app.web.access import Access
from github_app.web.metrics import Metrics
from github_app.web.oauth import web_origin
from github_app.web.pages import Site
from github_app.web.server import Collaborators, LoginKeys, build_web

SWEEP_EVERY = timedelta(hours=1)
STRAGGLING = timedelta(hours=24)
"""Within this time of its removal everything of an installation is gone (T32)."""

INBOX_PAUSE = timedelta(seconds=5)
SUSPENDED_PAUSE = timedelta(hours=1)
ENDING_KINDS = ("commit", "ref", "failure", "reply")

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The running App's objects."""

    settings: Settings
    store: SqlStore
    engine: Engine
    github: GitHub
    inbox: Inbox
    outbox: Outbox
    timers: Timers
    metrics: Metrics
    http: aiohttp.ClientSession
    now: Callable[[], datetime]


def builtin_policy() -> PolicyFile:
    """Return the escalation matrix that comes with the package."""
    parsed = parse(builtin.default_policy_text(), "built-in policy")
    if not isinstance(parsed, PolicyFile):
        raise Refused(f"The built-in policy is broken: {parsed[0]}")
    return parsed


@asynccontextmanager
async def opened(settings: Settings, now: Callable[[], datetime] = utc_now) -> AsyncIterator[Parts]:
    """Open the database and the connections, and join the parts; nothing runs yet.

    Raises Refused or StoreRefused when it cannot be started.
    """
    if settings.failpoint:
        arm(settings.failpoint)
    url = settings.database_url.get_secret_value()
    await asyncio.to_thread(upgrade, url)
    async with AsyncExitStack() as stack:
        store = await SqlStore.open(url)
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(open_session())
        github = github_of(settings, http, now)
        yield _joined(settings, store, github, http, now)


def _joined(
    settings: Settings, store: SqlStore, github: GitHub, http: aiohttp.ClientSession, now: Callable[[], datetime]
) -> Parts:
    metrics = Metrics()
    engine = Engine(store, builtin_policy(), builtin.signatures(), now)
    translator = Translator(github, engine, app_id=settings.github_app_id, secrets=settings.secrets, now=now)
    desk = Desk(engine, github, store.outbox, settings.github_app_id, settings.base_url, _signing_key(settings), now)
    handle = _deliveries(translator, engine, metrics, now)
    inbox = Inbox(store.deliveries, _counted_sort(metrics), handle, now)
    outbox = Outbox(store.outbox, _performers(desk, store, metrics), now)
    timers = Timers(store.timers, _fire(engine, _look(translator, engine, store, now), metrics, now), now)
    store.on_work("inbox", inbox.loop.wake)
    store.on_work("outbox", outbox.loop.wake)
    store.on_work("timers", timers.loop.wake)
    return Parts(settings, store, engine, github, inbox, outbox, timers, metrics, http, now)


def web_app(parts: Parts, role: str = "all") -> web.Application:
    """Return the HTTP application of a process; a `worker` serves probes and metrics alone."""
    settings = parts.settings
    metrics = parts.metrics
    receiver = Receiver(
        settings.webhook_secrets, parts.inbox.accept, metrics.acknowledged, metrics.refused_delivery, parts.now
    )
    site = Site(settings.base_url, web_origin(settings.github_api_url))
    secret = settings.session_secret.get_secret_value().encode()
    keys = LoginKeys(settings.github_client_id, settings.github_client_secret.get_secret_value(), secret)
    return build_web(
        Collaborators(
            site=site,
            failures=_Reader(parts),
            access=Access(_Readers(parts.github)),
            http=parts.http,
            metrics=parts.metrics,
            backlog=backlog(parts.store, parts.now),
            judgements=judgements(parts.store, parts.now),
            checks=_checks(parts, role),
            now=parts.now,
            login=keys if settings.github_client_id else None,
            proxies=[ipaddress.ip_network(item, strict=False) for item in settings.trusted_proxies],
        ),
        extra_routes=receiver.routes if role != "worker" else (),
        max_body=MAX_BODY,
    )


@asynccontextmanager
async def working(parts: Parts) -> AsyncIterator[None]:
    """Run the three loops and the clean-up; on the way out what is under way is finished or given back (F9)."""
    await parts.store.become_worker()
    loops = (parts.inbox.loop, parts.outbox.loop, parts.timers.loop)
    for loop in loops:
        loop.start()
    sweeper = asyncio.create_task(_sweep(parts))
    try:
        yield
    finally:
        sweeper.cancel()
        await asyncio.gather(*(loop.stop() for loop in loops))


def _deliveries(
    translator: Translator, engine: Engine, metrics: Metrics, now: Callable[[], datetime]
) -> Callable[[Delivery], Awaitable[None]]:
    async def handle(delivery: Delivery) -> None:
        try:
            for event in await translator.events(delivery):
                _count(metrics, await engine.handle(event))
        except Unfinished as outcome:
            metrics.delivery(delivery.event, type(outcome).__name__.lower())
            raise
        except BaseException:
            metrics.delivery(delivery.event, "unexpected")
            raise
        metrics.delivery(delivery.event, "handled")
        metrics.delivery_lag((now() - delivery.received_at).total_seconds())

    return handle


def _fire(
    engine: Engine, look: Callable[[Timer], Awaitable[None]], metrics: Metrics, now: Callable[[], datetime]
) -> Callable[[Timer], Awaitable[None]]:
    async def fire(timer: Timer) -> None:
        if timer.kind == SETTLE:
            await look(timer)
        # Only the ids count here; what is shown is read from the records.
        repo = Repo(timer.repo_id, timer.installation_id, "", "")
        event = TimerFired(
            repo=repo,
            cause=f"timer {timer.kind}",
            received_at=now(),
            subject=timer.subject,
            kind=timer.kind,
            generation=timer.generation,
        )
        _count(metrics, await engine.handle(event))

    return fire


def _look(
    translator: Translator, engine: Engine, store: SqlStore, now: Callable[[], datetime]
) -> Callable[[Timer], Awaitable[None]]:
    """Make what must come before a commit may be taken to have nothing to judge: the gate opens on no ignorance."""

    async def look(timer: Timer) -> None:
        if await store.deliveries.unhandled(timer.repo_id, timer.due_at or now()):
            raise Wait("Deliveries of the repository wait to be handled", now() + INBOX_PAUSE)
        sha = timer.subject.rpartition("/")[2]
        commit = await engine.commit(timer.repo_id, sha)
        if commit is None:
            return
        source = await engine.policy_source(timer.repo_id)
        repo = source.repo if source else commit.repo
        try:
            seen = await translator.reconciled(repo, sha, f"timer {timer.kind}")
        except GiveUp as refused:
            if refused.status in GONE:
                raise
            raise Wait(refused.reason, now() + LOOK_AGAIN) from refused
        if seen is not None:
            await engine.handle(seen)

    return look


def _count(metrics: Metrics, decision: Decision) -> None:
    for failure in decision.case.failures:
        kinds = {note.kind for note in decision.notes if note.subject == failure.id}
        if "detected" in kinds:
            metrics.decision(failure.verdict.category)
        if FLIP in kinds and is_about_code(failure):
            metrics.flip(failure.verdict.category)


def _counted_sort(metrics: Metrics) -> Callable[[str, bytes], Sorted]:
    def counted(event: str, body: bytes) -> Sorted:
        found = sort(event, body)
        if found.verdict != "ready":
            metrics.delivery(event, found.verdict)
        return found

    return counted


def _performers(desk: Desk, store: SqlStore, metrics: Metrics) -> Mapping[str, Callable[[str], Awaitable[None]]]:
    checks, comments, labels, replies = Checks(desk), Comments(desk), Labels(desk), Replies(desk)

    async def forget(effect: ForgetInstallation) -> None:
        await store.forget_installation(effect.installation_id)

    return {
        "gate": _performer(metrics, desk, PublishGate, lambda wish: checks.publish_gate(wish.repo_id, wish.sha)),
        "comment": _performer(metrics, desk, PublishComment, lambda wish: comments.publish(wish.repo_id, wish.number)),
        "labels": _performer(metrics, desk, PublishLabels, lambda wish: labels.publish(wish.repo_id, wish.number)),
        "policy_check": _performer(
            metrics, desk, PublishPolicyCheck, lambda wish: checks.publish_policy(wish.repo_id, wish.sha)
        ),
        "reply": _performer(metrics, desk, PublishReply, lambda wish: replies.publish(wish.reply_id)),
        "compare": _performer(metrics, desk, CompareFix, Fixes(desk).compare),
        "forget": _performer(metrics, desk, ForgetInstallation, forget),
    }


def _performer(
    metrics: Metrics, desk: Desk, kind: type[Any], perform: Callable[[Any], Awaitable[None]]
) -> Callable[[str], Awaitable[None]]:
    adapter = TypeAdapter(kind)

    async def performed(payload: str) -> None:
        wish = adapter.validate_json(payload)
        try:
            await _refuse_suspended(desk, wish)
            await perform(wish)
        except Unfinished as outcome:
            metrics.effect(kind.__name__, type(outcome).__name__.lower())
            raise
        metrics.effect(kind.__name__, "done")

    return performed


async def _refuse_suspended(desk: Desk, wish: Any) -> None:
    """Let work for a suspended installation wait instead of failing (T32, F38)."""
    repo_id = getattr(wish, "repo_id", None)
    source = await desk.engine.policy_source(repo_id) if repo_id is not None else None
    if source is None:
        return
    installation = await desk.engine.installation(source.repo.installation_id)
    if installation is None:
        return
    if installation.state == "suspended":
        raise Wait("The installation is suspended", desk.now() + SUSPENDED_PAUSE)
    if installation.state == "deleted":
        raise GiveUp("The App is no longer installed")


async def _sweep(parts: Parts) -> None:
    while True:
        keep = Retention(ENDING_KINDS)
        try:
            await parts.store.sweep(parts.now(), keep)
            await _forget_stragglers(parts)
        except Exception as error:  # noqa: BLE001  (a clean-up that fails once must come again in an hour, T32)
            log.error("clean-up failed", error=type(error).__name__)  # noqa: TRY400  (its message may quote rows)
        await asyncio.sleep(SWEEP_EVERY.total_seconds())


async def _forget_stragglers(parts: Parts) -> None:
    """Forget installations removed of late once more: what was being handled just then may have left something."""
    found = map(to_record, await parts.store.find("installation", 0))
    removed = [each for each in found if isinstance(each, Installation) and each.state == "deleted"]
    for each in removed:
        if parts.now() - each.changed_at < STRAGGLING:
            await parts.store.forget_installation(each.id)


def _checks(parts: Parts, role: str) -> Mapping[str, Callable[[], Awaitable[str | None]]]:
    async def database() -> str | None:
        try:
            await parts.store.ping()
        except Unfinished as outcome:
            return outcome.reason
        return None

    async def loops() -> str | None:
        dead = [loop.name for loop in (parts.inbox.loop, parts.outbox.loop, parts.timers.loop) if not loop.alive]
        return f"not running: {', '.join(dead)}" if dead else None

    return {"database": database} if role == "web" else {"database": database, "loops": loops}


@dataclass(frozen=True, slots=True)
class _Reader:
    """What the failure page reads."""

    parts: Parts

    async def failure(self, failure_id: str) -> Failure | None:
        return await self.parts.engine.failure(failure_id)

    async def around(self, failure: Failure) -> Around:
        return (await self.parts.engine.around([failure]))[failure.id]

    async def timeline(self, failure_id: str) -> Sequence[Entry]:
        return await self.parts.store.journal.about(failure_id)


@dataclass(frozen=True, slots=True)
class _Readers:
    """Asks GitHub, as the visitor, whether a repository is visible; the id decides, not the name (G17, G28)."""

    github: GitHub

    async def may_read(self, user_token: str, repo: Repo) -> bool:
        try:
            told = await self.github.user(user_token).get("/repos/{owner}/{repo}", owner=repo.owner, repo=repo.name)
        except GiveUp:
            return False
        return bool(told.get("id") == repo.id)


def _signing_key(settings: Settings) -> bytes:
    """Derive the key that signs our marks; it changes with the App's private key and is never stored."""
    key = settings.github_private_key.get_secret_value().encode()
    return hashlib.sha256(b"failure-review marks\n" + key).digest()
