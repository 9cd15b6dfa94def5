"""The HTTP side: finds the route, authenticates, applies faults, adds GitHub's headers and keeps the journal."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from github_app.sandbox import auth, faults
from github_app.sandbox.calls import DOCS, Answer, Call, Refusal, Route, not_found
from github_app.sandbox.journal import Exchange
from github_app.sandbox.routes import every_route
from github_app.sandbox.world import World

_ROOM = 32 * 2**20
_HOUR = 3600
_OK, _NOT_MODIFIED = 200, 304
_NAMED, _NUMBERED = "/repos/{owner}/{repo}", "/repositories/{repository_id}"


class Api:
    """The REST API over a world, with its journal and its script of faults."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = faults.Faults()
        self.requests: list[Exchange] = []
        self._used: Counter[tuple[str, int]] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """Every route, by name and by the numeric id that redirects of renamed repositories lead to."""
        made = []
        for route in every_route():
            handler = self._handler(route)
            made.append(web.route(route.method, route.path, handler))
            if route.path.startswith(_NAMED):
                made.append(web.route(route.method, route.path.replace(_NAMED, _NUMBERED), handler))
        return made

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.serve(request, route)

        return handle

    async def serve(self, request: web.Request, route: Route | None) -> web.StreamResponse:
        """Answer one request, in whatever way the script of faults wants; `route` None means an unknown address."""
        raw = await request.read()
        fault = self.faults.strike(request.method, request.path)
        kind = fault.kind if fault else ""
        if fault is not None and kind == "slow":
            await asyncio.sleep(fault.seconds or 0)
        struck = faults.answer_of(fault, self.world.clock().timestamp()) if fault else None
        status, text, headers = self._finish(request, struck or self._answer(request, route, raw))
        if kind == "truncated":
            text = text[: len(text) // 2]
        self.requests.append(
            Exchange(
                method=request.method,
                path=request.rel_url.raw_path,
                query=request.rel_url.raw_query_string,
                headers=dict(request.headers),
                body=raw,
                status=status,
                response_headers=headers,
                response_body=text,
                spoilt=kind not in ("", "slow"),
            )
        )
        if kind == "reset_after_effect" and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status, body=text, headers=headers)

    def _answer(self, request: web.Request, route: Route | None, raw: bytes) -> Answer:
        try:
            return self._route(request, route, raw)
        except json.JSONDecodeError:
            return Refusal(400, "Problems parsing JSON").answer
        except Refusal as refusal:
            return refusal.answer

    def _route(self, request: web.Request, route: Route | None, raw: bytes) -> Answer:
        if not request.headers.get("User-Agent"):
            raise Refusal(403, "Request forbidden by administrative rules. Please send a User-Agent header.")
        actor = auth.identify(self.world, request.headers.get("Authorization", ""))
        if route is None:
            raise not_found()
        if self._spent(request) >= self.world.rate_limit and route.path != "/rate_limit":
            raise Refusal(403, "API rate limit exceeded for this caller.")
        body = json.loads(raw) if raw else None
        path, query = request.rel_url.raw_path, dict(request.query)
        call = Call(self.world, request.method, path, request.match_info, query, body, actor, self._spent(request))
        redirect = find_repository(call)
        if redirect is not None:
            return redirect
        auth.authorise(call, route.needs)
        return route.handler(call)

    def _finish(self, request: web.Request, answer: Answer) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers as they go out: 304 when the caller has this answer already."""
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        headers = {"X-GitHub-Media-Type": "github.v3; format=json", "Vary": "Accept, Authorization"}
        status = answer.status
        if request.method == "GET" and status == _OK:
            caller = request.headers.get("Authorization", "")
            headers["ETag"] = f'W/"{hashlib.sha256(caller.encode() + body).hexdigest()}"'
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if headers["ETag"] in request.headers.get("If-None-Match", ""):
                status, body = _NOT_MODIFIED, b""
        if status != _NOT_MODIFIED:  # a 304 costs nothing
            self._used[self._window(request)] += 1
        if body:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return status, body, headers | self._limits(request) | dict(answer.headers)

    def _window(self, request: web.Request) -> tuple[str, int]:
        return request.headers.get("Authorization", ""), int(self.world.clock().timestamp()) // _HOUR

    def _spent(self, request: web.Request) -> int:
        return self._used[self._window(request)]

    def _limits(self, request: web.Request) -> dict[str, str]:
        used, (_, hour) = self._spent(request), self._window(request)
        return {
            "X-RateLimit-Limit": str(self.world.rate_limit),
            "X-RateLimit-Remaining": str(max(self.world.rate_limit - used, 0)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str((hour + 1) * _HOUR),
            "X-RateLimit-Resource": "core",
        }


def find_repository(call: Call) -> Answer | None:
    """Put the repository of the path into the call; answer 301 or 307 when it is called otherwise now (F20)."""
    if "repository_id" in call.vars:
        call.found = call.world.state.repositories.get(call.number("repository_id"))
    elif "repo" in call.vars:
        call.found = call.world.state.repository(call.vars["owner"], call.vars["repo"])
    else:
        return None
    if call.found is not None:
        return None
    name = f"{call.vars.get('owner')}/{call.vars.get('repo')}"
    moved = call.world.state.former_names.get(name.lower())
    if moved is None:
        raise not_found()
    url = f"{call.base}/repositories/{moved}{call.path.removeprefix(f'/repos/{name}')}"
    body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCS}
    return Answer(body, 301 if call.method == "GET" else 307, {"Location": url})


def api_application(api: Api, pages: list[web.RouteDef]) -> web.Application:
    """The main origin: the API, the login and the pages for people."""
    app = web.Application(client_max_size=_ROOM)
    app.add_routes([*api.routes(), *pages])

    async def unknown(request: web.Request) -> web.StreamResponse:
        return await api.serve(request, None)

    app.router.add_route("*", "/{tail:.*}", unknown)
    return app
