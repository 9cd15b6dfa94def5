"""The page of a failure says what the check could not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from web_world import START, World, a_failure, a_world

from github_app.rules.contracts import ContractChange, ContractReport
from github_app.rules.failures import said_by_people
from github_app.rules.model import Person
from github_app.rules.records import FailureState
from github_app.rules.sla import retarget
from github_app.rules.verdicts import Correction, Proposal
from github_app.web.failure_view import deadline
from pytest_failure_review.report import Category

OURS_PAGE = "/failures/f0123456789abcdef0123"
THEIRS_PAGE = "/failures/f9876543210fedcba9876"


async def text_of(world: World, path: str = OURS_PAGE) -> str:
    await world.sign_in()
    response = await world.browser.get(path)
    assert response.status == 200
    return await response.text()


class Reader(HTMLParser):
    """Reads a page as people do: its text, and what a browser would act on."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " "  # as a browser shows blocks apart

    def handle_data(self, data: str) -> None:
        self.text += data


async def words_of(world: World) -> str:
    return " ".join(Reader(await text_of(world)).text.split())


@pytest.mark.parametrize(
    "words",
    [
        "tests failed",
        "What is new Not compared with a green run. Not compared with a base branch. Not compared with other pull",
        "Whom it holds up Nobody else is known to be held up. 1 red job on 1 line of work;",
        "the waiting of all together comes to 1 h. Whose it is, here and there: acme/backend",
        "Workflow CI",
        "step Run the tests",
        "acme/shop / Pull request #12 / commit 4f2a91c",
        "An assertion in a unit test failed: the basket's total was 41 where 42 was expected.",
        "test.unit",
        "line 1204 E assert 41 == 42 rule pytest_assertion",
        "not from the log failed step: Run the tests",
        "Confidence 93%",
        "Second guess build.dependencies, by rule pip_conflict",
        "@ada, @acme/backend accountable as backend_dev",
        "@acme/qa (qa)",
        "CODEOWNERS line 4, /basket/, names @acme/backend.",
        "2 Mar 2026, 13:35 UTC 3 h 5 min left 55 min of 4 h spent",
        "4 h from the first red job at 09:30 UTC, around the clock",
        "With approval A senior developer and QA may approve an override",
        "a ticket for the repair",
        "Policy: overrides.test_failures.unit",
        "Run pytest basket_test.py on your machine.",
        "The change broke what the test states.",
        "Lines 1200 to 1206, chosen because of: pytest summary",
        "tests (3.13) on 4f2a91c, attempt 2",
        "2 Mar 2026, 09:33 UTC seen again by github The job tests (3.13) failed the same way.",
        "Policy version 2025-08-16",
    ],
)
async def test_the_page_says(world: World, words: str) -> None:
    assert words in await words_of(world)


async def test_lines_of_the_log_keep_their_numbers_and_those_that_decided_are_marked(world: World) -> None:
    page = Reader(await text_of(world))
    lines = [attrs for tag, attrs in page.tags if tag == "li" and "value" in attrs]
    assert [line["value"] for line in lines] == [str(number) for number in range(1200, 1207)]
    assert [line["value"] for line in lines if line.get("class") == "hit"] == ["1204", "1206"]


async def test_evidence_links_to_its_line_of_the_log(world: World) -> None:
    page = Reader(await text_of(world))
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    anchors = {str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a" and str(attrs["href"]).startswith("#L")}
    assert anchors == {"L1204", "L1206"}
    assert anchors <= ids


async def test_a_visitor_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(world: World) -> None:
    response = await world.browser.get(OURS_PAGE, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/login?next=" + OURS_PAGE)
    back = await world.sign_in(next=OURS_PAGE)
    assert back.headers["Location"] == world.public_url + OURS_PAGE


async def test_a_forbidden_failure_looks_like_one_that_does_not_exist(world: World) -> None:
    """T24: neither status nor body tells that somebody else's failure exists."""
    await world.sign_in()
    forbidden = await world.browser.get(THEIRS_PAGE)
    missing = await world.browser.get("/failures/fffffffffffffffffffff")
    assert forbidden.status == missing.status == 404
    assert await forbidden.read() == await missing.read()


async def test_without_an_answer_from_github_nothing_is_shown(world: World) -> None:
    await world.sign_in()
    world.members.down = True
    response = await world.browser.get(OURS_PAGE)
    assert response.status == 404
    assert "GitHub did not say just now" in await response.text()


async def test_without_a_login_the_page_says_how_to_set_it_up_and_nothing_else() -> None:
    async with a_world(login=False) as world:
        answers = [await world.browser.get(path) for path in (OURS_PAGE, "/failures/none", "/login")]
        bodies = {await answer.text() for answer in answers}
    assert [answer.status for answer in answers] == [503, 503, 503]
    assert len(bodies) == 1
    assert "GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, SESSION_SECRET (32 random bytes) and PUBLIC_URL" in bodies.pop()


@pytest.mark.requirement("S1-112")
async def test_what_changed_of_the_api_is_shown_escaped_with_what_breaks(world: World) -> None:
    changes = (
        ContractChange("schema Cart", "`<b>state` was removed", breaking=True),
        ContractChange("GET /carts", "is new", breaking=False),
    )
    told = (
        ContractReport("api.json", changes, total=3, breaking=1, components=("checkout page",)),
        ContractReport("old.yml", gap="it is no YAML"),
    )
    world.records.add(replace(a_failure(), contracts=told))
    page = await text_of(world)
    words = " ".join(Reader(page).text.split())
    assert "What changed of the API api.json: 3 changes of the API, 1 breaking." in words
    assert "schema Cart: <b>state was removed breaking GET /carts: is new 1 more" in words
    assert "Components that use the changed types: checkout page. old.yml was not compared: it is no YAML." in words
    assert "<b>state" not in page


async def test_the_page_shows_who_corrected_it_and_what_the_app_had_said(world: World) -> None:
    before = a_failure()
    word = Correction(Category.INFRA_NETWORK, (Person(2, "bob"),), START, Category.TEST_UNIT, before.owner.accountable)
    proposal = Proposal(Category.BUILD, Person(3, "<b>eve"), START, reason="it never built")
    verdict = said_by_people(before.verdict, replace(word, reason="the registry was down"))
    world.records.add(replace(before, verdict=verdict, machine=before.verdict, correction=word, proposals=(proposal,)))
    words = await words_of(world)
    assert "Corrected by bob: the registry was down" in words
    assert f"The App had said test.unit: {before.verdict.reason}" in words
    assert "Proposed: <b>eve would call it build: it never built" in words
    assert "what people said on the pull request" in words


async def test_a_deadline_that_a_correction_came_after_is_shown_as_such(world: World) -> None:
    before = a_failure()
    clock = retarget(before.clock, 60, START + timedelta(hours=1))
    world.records.add(replace(before, clock=clock))
    assert "1 min left" in await words_of(world)
    shown = deadline(clock, START + timedelta(hours=1))
    assert (shown.headline, shown.late, shown.left_s) == ("Late by a correction; one full new target runs", True, 60)


@pytest.mark.parametrize(
    ("state", "verified", "words"),
    [
        (FailureState.RESOLVED_UNVERIFIED, False, "Resolved, not verified yet"),
        (FailureState.NEEDS_QA_REVIEW, False, "Green, and QA has to look at the fix"),
        (FailureState.VERIFIED, True, "Fixed and verified"),
        (FailureState.CLOSED, True, "Closed: fixed and verified"),
        (FailureState.CLOSED, False, "Closed: it stayed green, and nobody verified the fix"),
    ],
)
async def test_the_page_claims_no_more_of_a_fix_than_is_known(
    state: FailureState, words: str, *, verified: bool
) -> None:
    """S1-007, S1-014, S1-023."""
    async with a_world() as world:
        proof = "Not verified: the test job `unit` is awaited at `4f2a91c07be6`."
        world.records.add(replace(a_failure(), state=state, verified=verified, proof=proof))
        told = await words_of(world)
        assert words in told
        assert ("verified" in told.replace(proof, "").replace("Not verified", "").casefold()) is ("verif" in words)
        assert "the test job unit is awaited at 4f2a91c07be6" in told.replace("`", "")
