"""A small world for the pages: GitHub's login, two repositories, one failure in each, and a browser."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from github_app.engine import Entry
from github_app.outcomes import Retry
from github_app.rules.accuracy import Figures
from github_app.rules.around import Around, around
from github_app.rules.model import Excerpt, Person, Repo
from github_app.rules.records import Failure, FailureState, Leg
from github_app.rules.verdicts import Clock, Line, Override, Owner, Party, Permission, Verdict
from github_app.web.access import Access
from github_app.web.health import Check
from github_app.web.metrics import Backlog, Judgements, Metrics, Waiting
from github_app.web.pages import Site
from github_app.web.proxies import Network
from github_app.web.server import Collaborators, LoginKeys, build_web
from pytest_failure_review.report import Category, Severity

Browser = aiohttp.ClientSession

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = b"a secret of at least thirty-two bytes"
OURS = Repo(id=11, installation_id=1, owner="acme", name="shop")
THEIRS = Repo(id=22, installation_id=2, owner="rival", name="vault")


def a_failure(failure_id: str = "f0123456789abcdef0123", repo: Repo = OURS) -> Failure:
    leg = Leg(
        job_id=501,
        slot="actions|github-actions|7|pull_request|tests (3.12)",
        order=(900, 1, 0),
        name="tests (3.12)",
        sha="4f2a91c07be6d5830a1b2c3d4e5f60718293a4b5",
        run_id=900,
        attempt=1,
        url=f"https://github.com/{repo.full_name}/actions/runs/900/job/501",
        at=START,
    )
    return Failure(
        id=failure_id,
        repo=repo,
        ref="pull/12",
        fingerprint="tests|pytest|assertion",
        state=FailureState.ASSIGNED,
        verdict=a_verdict(),
        owner=an_owner(),
        override=Override(
            Permission.APPROVAL,
            "A senior developer and QA may approve an override: unit tests can be repaired right after the merge.",
            "overrides.test_failures.unit",
            ("a ticket for the repair", "approval of one senior developer"),
        ),
        clock=Clock(
            anchor_at=START,
            target_s=4 * 3600,
            spent_s=600,
            running_since=START + timedelta(minutes=15),
            explanation="4 h from the first red job at 09:30 UTC, around the clock; 5 min closed do not count.",
        ),
        tier="standard",
        policy_version="2025-08-16",
        legs=(leg, replace(leg, job_id=502, name="tests (3.13)", attempt=2, at=START + timedelta(minutes=3))),
        workflow="CI",
        workflow_id=7,
        job="tests",
        failed_step="Run the tests",
        opened_at=START,
        received_at=START + timedelta(seconds=4),
        excerpt=an_excerpt(),
        notes=("The plugin's report was incomplete, so the log decided.",),
    )


def a_verdict() -> Verdict:
    return Verdict(
        category=Category.TEST_UNIT,
        reason="An assertion in a unit test failed: the basket's total was 41 where 42 was expected.",
        rule="pytest_assertion",
        source="log",
        confidence=0.93,
        severity=Severity.MEDIUM,
        evidence=(
            Line(1204, "E       assert 41 == 42", "pytest_assertion"),
            Line(1206, "basket_test.py:17: AssertionError", "pytest_assertion"),
            Line(0, "failed step: Run the tests", "step_name"),
        ),
        region=(1201, 1207),
        runner_up="build.dependencies, by rule `pip_conflict`",
        description="A test of a single unit failed on its own assertion; nothing outside the code took part.",
        causes=("The change broke what the test states.", "The test states something that is no longer wanted."),
        advice=("Run pytest basket_test.py on your machine.", "Repair the code, or the test if the change is meant."),
    )


def an_owner() -> Owner:
    return Owner(
        Party("backend_dev", (Person(5, "ada"),), ("acme/backend",)),
        (Party("qa", (), ("acme/qa",)), Party("scrum_master", note="nobody is mapped to scrum_master")),
        ("CODEOWNERS line 4, /basket/, names @acme/backend.", "The author of the pull request, @ada, is a member."),
    )


def an_excerpt() -> Excerpt:
    lines = (
        "____________________ test_total_counts_every_item ____________________",
        "",
        "    def test_total_counts_every_item():",
        ">       assert total(basket) == 42",
        "E       assert 41 == 42",
        "",
        "basket_test.py:17: AssertionError",
    )
    return Excerpt(1200, lines, "pytest summary", "Run the tests")


def a_timeline(failure: Failure) -> list[Entry]:
    def entry(minutes: int, kind: str, actor: str, reason: str) -> Entry:
        at = START + timedelta(minutes=minutes)
        return Entry(
            failure.id, kind, at, actor, reason, failure.repo.installation_id, failure.repo.id, f"delivery-{minutes}"
        )

    return [
        entry(0, "detected", "github", "The job tests (3.12) failed on commit 4f2a91c."),
        entry(0, "assigned", "failure-review", "@ada is accountable: CODEOWNERS line 4."),
        entry(3, "seen again", "github", "The job tests (3.13) failed the same way."),
    ]


@dataclass
class Records:
    """The failures and journals that the page may read."""

    failures: dict[str, Failure] = field(default_factory=dict)
    journal: dict[str, list[Entry]] = field(default_factory=dict)

    def add(self, failure: Failure) -> None:
        self.failures[failure.id] = failure
        self.journal[failure.id] = a_timeline(failure)

    async def failure(self, failure_id: str) -> Failure | None:
        return self.failures.get(failure_id)

    async def around(self, failure: Failure) -> Around:
        return around(failure, None, (), START)

    async def timeline(self, failure_id: str) -> Sequence[Entry]:
        return self.journal[failure_id]


@dataclass
class Members:
    """Who may read which repository, by the account that a token belongs to."""

    rights: dict[str, set[int]] = field(default_factory=lambda: {"ada": {OURS.id}})
    asked: list[tuple[str, int]] = field(default_factory=list)
    down: bool = False

    async def may_read(self, user_token: str, repo: Repo) -> bool:
        account = user_token.removeprefix("ghu_")
        self.asked.append((account, repo.id))
        if self.down:
            raise Retry("GitHub did not answer")
        return repo.id in self.rights.get(account, set())


@dataclass
class GitHubLogin:
    """GitHub's side of the web application flow: codes are bound to a challenge and good for one trade."""

    account: str = "ada"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    trades: list[dict[str, str]] = field(default_factory=list)
    answer: web.Response | None = None
    lifetime_s: int | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/login/oauth/access_token", self.trade)
        return app

    def authorize(self, query: Mapping[str, str]) -> dict[str, str]:
        """Consent, as the account: the parameters that the browser brings back to the callback."""
        code = secrets.token_hex(10)
        self.codes[code] = {**query, "account": self.account}
        return {"code": code, "state": query["state"]}

    async def trade(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.trades.append(form)
        if self.answer is not None:
            return self.answer
        grant = self.codes.pop(form["code"], None)
        if grant is None or challenge_of(form["code_verifier"]) != grant["code_challenge"]:
            return web.json_response({"error": "bad_verification_code", "error_description": "INTERNAL WORDS"})
        if (form["client_secret"], form["redirect_uri"]) != ("client-secret", grant["redirect_uri"]):
            return web.json_response({"error": "incorrect_client_credentials"})
        end = {"expires_in": self.lifetime_s} if self.lifetime_s else {}
        return web.json_response({"access_token": f"ghu_{grant['account']}", "token_type": "bearer", **end})


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class World:
    """Everything that a test can turn."""

    records: Records
    members: Members
    github: GitHubLogin
    browser: Browser
    app: web.Application
    public_url: str
    github_url: str
    access: Access
    time: list[datetime]
    metrics: Metrics

    def later(self, **delta: float) -> None:
        self.time[0] += timedelta(**delta)

    async def begin(self, browser: Browser | None = None, **query: str) -> dict[str, str]:
        """Go to `/login` and return what GitHub is asked."""
        response = await (browser or self.browser).get("/login", params=query, allow_redirects=False)
        assert response.status == 303
        return dict(URL(response.headers["Location"]).query)

    async def sign_in(self, browser: Browser | None = None, **query: str) -> aiohttp.ClientResponse:
        """Go all the way, and return the answer of the callback."""
        browser = browser or self.browser
        back = self.github.authorize(await self.begin(browser, **query))
        return await browser.get("/login/callback", params=back, allow_redirects=False)


def a_browser(public_url: str) -> Browser:
    return aiohttp.ClientSession(public_url, cookie_jar=aiohttp.CookieJar(unsafe=True))


async def no_judgements() -> Figures:
    return Figures()


async def no_backlog() -> Mapping[str, Waiting]:
    return {"inbox": Waiting(0, 0.0), "outbox": Waiting(3, 12.5)}


@asynccontextmanager
async def a_world(
    *,
    login: bool = True,
    https: bool = False,
    checks: Mapping[str, Check] | None = None,
    backlog: Backlog = no_backlog,
    judgements: Judgements = no_judgements,
    extra: Sequence[web.AbstractRouteDef] = (),
    proxies: Sequence[Network] = (),
) -> AsyncIterator[World]:
    github, records, members, metrics = GitHubLogin(), Records(), Members(), Metrics()
    time = [START + timedelta(hours=1)]
    records.add(a_failure())
    records.add(a_failure("f9876543210fedcba9876", THEIRS))
    port = unused_port()
    address = f"http://127.0.0.1:{port}"
    public_url = "https://reviews.example" if https else address
    async with TestServer(github.app()) as outside, aiohttp.ClientSession() as http:
        github_url = str(outside.make_url("")).rstrip("/")
        access = Access(members, clock=lambda: time[0].timestamp())  # noqa: PLW0108  (the time moves)
        parts = Collaborators(
            site=Site(public_url, github_url, "https://docs.example/"),
            failures=records,
            access=access,
            http=http,
            metrics=metrics,
            backlog=backlog,
            judgements=judgements,
            checks=checks or {},
            now=lambda: time[0],
            login=LoginKeys("client-id", "client-secret", SECRET) if login else None,
            proxies=proxies,
        )
        app = build_web(parts, extra)
        async with TestServer(app, port=port), a_browser(address) as browser:
            yield World(records, members, github, browser, app, public_url, github_url, access, time, metrics)
