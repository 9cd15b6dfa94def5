"""The HTTP side: finds the route, authenticates, applies faults, adds GitHub's headers and keeps the journal."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from github_app.sandbox import auth, faults
from github_app.sandbox.calls import Answer, Call, Refusal, Route, not_found
from github_app.sandbox.routes import every_route
from github_app.sandbox.world import World

_ROOM = 32 * 2**20
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the journal: a request to the REST API and its answer. `spoilt` when a fault changed the answer."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    response_headers: dict[str, str]
    response_body: bytes
    spoilt: bool

    def json(self) -> Any:
        """The request's body as JSON; None when it has none."""
        return json.loads(self.body) if self.body else None


class Api:
    """The REST API over a world, with its journal and its script of faults."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = faults.Faults()
        self.requests: list[Exchange] = []
        self._used: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """Every route, by name and by the numeric id that redirects of renamed repositories lead to."""
        made = []
        for route in every_route():
            handler = self._handler(route)
            made.append(web.route(route.method, route.path, handler))
            if route.path.startswith("/repos/{owner}/{repo}"):
                by_id = "/repositories/{repository_id}" + route.path.removeprefix("/repos/{owner}/{repo}")
                made.append(web.route(route.method, by_id, handler))
        return made

    def _handler(self, route: Route) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.serve(request, route)

        return handle

    async def serve(self, request: web.Request, route: Route | None) -> web.StreamResponse:
        """Answer one request; `route` is None when the address is unknown."""
        raw = await request.read()
        fault = self.faults.strike(request.method, request.path)
        answer = faults.answer_of(fault, self.world.clock().timestamp()) if fault else None
        if answer is None:
            if fault is not None and fault.kind == "slow":
                await asyncio.sleep(fault.seconds or 0)
            answer = self._answer(request, route, raw)
        response = self._respond(request, answer)
        if fault is not None and fault.kind == "truncated" and response.body:
            response.body = bytes(response.body)[: len(response.body) // 2]  # type: ignore[arg-type]  # always bytes here
        self._note(request, raw, response, spoilt=fault is not None and fault.kind != "slow")
        if fault is not None and fault.kind == "reset_after_effect" and request.transport is not None:
            request.transport.abort()
        return response

    def _answer(self, request: web.Request, route: Route | None, raw: bytes) -> Answer:
        try:
            if not request.headers.get("User-Agent"):
                raise Refusal(
                    403,
                    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
                )
            actor = auth.identify(self.world, request.headers.get("Authorization", ""))
            if route is None:
                raise not_found()
            body = json.loads(raw) if raw else None
            call = Call(self.world, request.method, request.path, request.match_info, dict(request.query), body, actor)
            redirect = find_repository(call)
            if redirect is not None:
                return redirect
            auth.authorise(call, route.needs)
            return route.handler(call)
        except json.JSONDecodeError:
            return Refusal(400, "Problems parsing JSON").answer
        except Refusal as refusal:
            return refusal.answer

    def _respond(self, request: web.Request, answer: Answer) -> web.Response:
        text = (
            b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode(errors="surrogatepass")
        )
        headers = {"X-GitHub-Media-Type": "github.v3; format=json", "Vary": "Accept, Authorization"}
        caller = request.headers.get("Authorization", "")
        status = answer.status
        if request.method == "GET" and status == web.HTTPOk.status_code:
            headers["ETag"] = f'W/"{hashlib.sha256(caller.encode() + text).hexdigest()}"'
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if headers["ETag"] in request.headers.get("If-None-Match", ""):
                status, text = 304, b""
        if status != web.HTTPNotModified.status_code:  # a 304 costs nothing
            self._used[caller] += 1
        headers |= self._limits(caller) | dict(answer.headers)
        if text:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return web.Response(status=status, body=text, headers=headers)

    def _limits(self, caller: str) -> dict[str, str]:
        now = int(self.world.clock().timestamp())
        used = self._used[caller]
        return {
            "X-RateLimit-Limit": str(self.world.rate_limit),
            "X-RateLimit-Remaining": str(max(self.world.rate_limit - used, 0)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(now - now % _HOUR + _HOUR),
            "X-RateLimit-Resource": "core",
        }

    def _note(self, request: web.Request, raw: bytes, response: web.Response, *, spoilt: bool) -> None:
        exchange = Exchange(
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.rel_url.raw_query_string,
            headers=dict(request.headers),
            body=raw,
            status=response.status,
            response_headers=dict(response.headers),
            response_body=bytes(response.body or b""),  # type: ignore[arg-type]  # always bytes here
            spoilt=spoilt,
        )
        self.requests.append(exchange)


def find_repository(call: Call) -> Answer | None:
    """Put the repository of the path into the call; answer 301 or 307 when it is called otherwise now (F20)."""
    if "repository_id" in call.vars:
        call.found = call.world.state.repositories.get(call.number("repository_id"))
    elif "owner" in call.vars and "repo" in call.vars:
        name = f"{call.vars['owner']}/{call.vars['repo']}"
        call.found = call.world.state.repository(*name.split("/", 1))
        moved = call.world.state.former_names.get(name.lower())
        if call.found is None and moved is not None:
            prefix, tail = f"/repos/{name}", call.path
            url = f"{call.base}/repositories/{moved}{tail[len(prefix) :]}"
            status = 301 if call.method == "GET" else 307
            return Answer(
                {
                    "message": "Moved Permanently",
                    "url": url,
                    "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
                },
                status,
                {"Location": url},
            )
    else:
        return None
    if call.found is None:
        raise not_found()
    return None


def api_application(api: Api, pages: list[web.RouteDef]) -> web.Application:
    """The main origin: the API, the login and the pages for people."""
    app = web.Application(client_max_size=_ROOM)
    app.add_routes([*api.routes(), *pages])

    async def unknown(request: web.Request) -> web.StreamResponse:
        return await api.serve(request, None)

    app.router.add_route("*", "/{tail:.*}", unknown)
    return app
