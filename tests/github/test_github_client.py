"""The client as its callers see it: what goes out, and what comes back when all is well or GitHub refuses."""

from __future__ import annotations

import re
from collections.abc import Callable

import aiohttp
import jwt
import pytest
from hostile import KEY, MINT, PEM, START, Clock, Hostile, reply, text, to

from github_app.github.client import Api, GitHub
from github_app.outcomes import GiveUp, Retry

RUN = "/repos/{owner}/{repo}/check-runs/{id}"
RUN_PATH = "/repos/acme/shop/check-runs/5"


async def read_run(api: Api) -> object:
    return await api.get(RUN, owner="acme", repo="shop", id=5)


async def test_a_read_goes_out_with_token_version_and_name(server: Hostile, github: GitHub) -> None:
    server.on(RUN_PATH, reply({"id": 5}))
    assert await read_run(github.installation(7)) == {"id": 5}
    sent = server.asked(RUN_PATH)[0].headers
    assert sent["authorization"] == "token token-1"
    assert sent["x-github-api-version"] == "2026-03-10"
    assert sent["user-agent"] == "failure-review"
    assert sent["accept"] == "application/vnd.github+json"


async def test_writes_carry_json_and_return_it(server: Hostile, github: GitHub) -> None:
    server.on(RUN_PATH, reply({"id": 5}), reply(status=204))
    api = github.installation(7)
    assert await api.patch(RUN, body={"status": "completed"}, owner="acme", repo="shop", id=5) == {"id": 5}
    assert await api.delete(RUN, owner="acme", repo="shop", id=5) is None
    patched, deleted = server.asked(RUN_PATH)
    assert (patched.method, patched.json) == ("PATCH", {"status": "completed"})
    assert (deleted.method, deleted.body) == ("DELETE", b"")


async def test_values_are_encoded_and_queries_attached_l7(server: Hostile, github: GitHub) -> None:
    path = "/repos/acme/shop/contents/.github%2Fa%20b%3Fc%23.yml"
    server.on(path, reply({"name": "a"}))
    await github.installation(7).get(
        "/repos/{owner}/{repo}/contents/{path}",
        query={"ref": "feature/ä&b"},
        owner="acme",
        repo="shop",
        path=".github/a b?c#.yml",
    )
    assert server.work == [f"{path}?ref=feature%2F%C3%A4%26b"]


async def test_the_app_shows_a_jwt_issued_a_minute_ago_and_valid_for_less_than_ten_g15(
    server: Hostile, github: GitHub
) -> None:
    server.on("/app", reply({"id": 42}))
    await github.app().get("/app")
    shown = server.asked("/app")[0].headers["authorization"].removeprefix("bearer ")
    claims = jwt.decode(shown, KEY.public_key(), ["RS256"], options={"verify_exp": False, "verify_iat": False})
    now = int(START.timestamp())
    assert claims["iss"] == "42"
    assert claims["iat"] == now - 60
    assert now < claims["exp"] <= now + 600


async def test_a_person_is_asked_for_with_that_person_s_token_g17(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({"login": "octo"}), reply({"message": "Bad credentials"}, 401))
    api = github.user("their-own")
    assert await api.get("/user") == {"login": "octo"}
    assert server.seen[0].headers["authorization"] == "token their-own"
    with pytest.raises(GiveUp, match="sign in again"):
        await api.get("/user")
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("method", "status", "sentence"),
    [
        ("get", 403, "GitHub does not let the App read the check run (403): Resource not accessible by integration"),
        ("patch", 404, "GitHub says the check run does not exist or is hidden from the App (404): "),
        ("post", 404, "GitHub cannot create the check run: what it belongs to is gone or hidden from the App (404): "),
        ("patch", 409, "GitHub says that to change the check run conflicts with the present state (409): "),
        ("get", 410, "GitHub says the check run is gone (410): "),
        ("post", 422, "GitHub does not accept the request to create the check run (422): "),
        ("get", 451, "GitHub withholds the check run for legal reasons (451): "),
        ("delete", 400, "GitHub refuses to delete the check run (400): "),
    ],
)
async def test_a_refusal_is_final_and_says_why_f19_f20_f21_f22(
    server: Hostile, github: GitHub, method: str, status: int, sentence: str
) -> None:
    server.on(RUN_PATH, reply({"message": "Resource not\n accessible by integration"}, status))
    with pytest.raises(GiveUp, match=re.escape(sentence)) as refused:
        await getattr(github.installation(7), method)(RUN, owner="acme", repo="shop", id=5)
    assert refused.value.status == status
    assert len(server.work) == 1


async def test_a_refusal_without_json_is_still_a_sentence_l9(server: Hostile, github: GitHub) -> None:
    server.on(RUN_PATH, text("<html>", 422, "text/html"))
    with pytest.raises(GiveUp, match=r"read the check run \(422\)$"):
        await read_run(github.installation(7))


async def test_a_renamed_repository_is_followed_once_f20(server: Hostile, github: GitHub) -> None:
    server.on(RUN_PATH, to(f"{server.url}/repositories/9/check-runs/5", 301))
    server.on("/repositories/9/check-runs/5", reply({"id": 5}))
    assert await read_run(github.installation(7)) == {"id": 5}


async def test_a_write_does_not_follow_a_move_f20(server: Hostile, github: GitHub) -> None:
    server.on(RUN_PATH, to(f"{server.url}/repositories/9/check-runs/5", 307))
    with pytest.raises(GiveUp, match="the check run has moved"):
        await github.installation(7).patch(RUN, body={}, owner="acme", repo="shop", id=5)
    assert server.work == [RUN_PATH]


async def test_a_circle_of_moves_ends_after_the_first(server: Hostile, github: GitHub) -> None:
    server.on(RUN_PATH, to(RUN_PATH, 308))
    with pytest.raises(GiveUp, match="from address to address"):
        await read_run(github.installation(7))
    assert len(server.work) == 2


async def test_pages_follow_next_until_there_is_none(server: Hostile, github: GitHub) -> None:
    path = "/repos/acme/shop/actions/runs/1/jobs"
    more = f'<{server.url}{path}?page=2>; rel="next", <{server.url}{path}?page=9>; rel="last"'
    server.on(path, reply({"jobs": [{"id": 1}, {"id": 2}]}, Link=more), reply({"jobs": [{"id": 3}]}))
    jobs = github.installation(7).pages(
        "/repos/{o}/{r}/actions/runs/{id}/jobs", items="jobs", query={"filter": "all"}, o="acme", r="shop", id=1
    )
    assert [job["id"] async for job in jobs] == [1, 2, 3]
    assert server.work == [f"{path}?filter=all&per_page=100", f"{path}?page=2"]


async def test_a_list_longer_than_the_limit_is_not_cut_in_silence(server: Hostile, github: GitHub) -> None:
    server.on("/app/installations", reply([{"id": 1}, {"id": 2}, {"id": 3}]))
    pages = github.app().pages("/app/installations", limit=2)
    assert [(await anext(pages))["id"] for _ in range(2)] == [1, 2]
    with pytest.raises(GiveUp, match="more than 2 entries"):
        await anext(pages)


async def test_endless_empty_pages_end(server: Hostile, github: GitHub) -> None:
    server.on("/app/installations", reply([], Link=f'<{server.url}/app/installations?page=1>; rel="next"'))
    with pytest.raises(GiveUp, match="more than 100 pages"):
        assert [entry async for entry in github.app().pages("/app/installations")] == []
    assert len(server.seen) == 100


@pytest.mark.parametrize("answer", [{"message": "no list"}, "text", [1], {"jobs": None}])
async def test_what_is_no_list_is_not_iterated(server: Hostile, github: GitHub, answer: object) -> None:
    server.on("/app/installations", reply(answer))
    with pytest.raises(Retry, match="not the list"):
        assert [entry async for entry in github.app().pages("/app/installations", items="jobs")]


async def test_a_session_that_trusts_the_environment_is_refused(clock: Clock) -> None:
    async with aiohttp.ClientSession(trust_env=True) as session:
        with pytest.raises(ValueError, match="netrc"):
            GitHub(session, api_url="https://api.github.com", app_id=1, private_key=PEM, now=clock)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"api_url": "api.github.com"}, "GITHUB_API_URL"),
        ({"api_url": "ftp://api.github.com"}, "GITHUB_API_URL"),
        ({"api_url": "https://me:pw@api.github.com"}, "GITHUB_API_URL"),
        ({"private_key": "-----BEGIN NONSENSE-----"}, "GITHUB_PRIVATE_KEY"),
    ],
)
async def test_settings_that_make_no_sense_stop_the_start(
    connect: Callable[..., GitHub], changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        connect(**changes)


async def test_minting_asks_for_no_more_than_was_wanted_g16(server: Hostile, github: GitHub) -> None:
    server.on(RUN_PATH, reply({}))
    await read_run(github.installation(7, 99, {"checks": "write"}))
    await read_run(github.installation(7))
    narrow, wide = server.asked(MINT)
    assert narrow.json == {"permissions": {"checks": "write"}, "repository_ids": [99]}
    assert wide.body == b""
