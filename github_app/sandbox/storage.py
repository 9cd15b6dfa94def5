"""The other origin: logs and artifacts behind links that last a minute and refuse credentials (G24)."""

from __future__ import annotations

from aiohttp import web

from github_app.sandbox.world import World


def storage_application(world: World, requests: list[web.Request]) -> web.Application:
    """Serve the world's blobs; each request is kept in `requests`, so that a test sees who sent a token here."""

    async def blob(request: web.Request) -> web.Response:
        requests.append(request)
        found = world.blobs.get(request.match_info["key"])
        if "Authorization" in request.headers:
            return web.Response(status=400, text="InvalidAuthenticationInfo")
        if found is None:
            return web.Response(status=404, text="BlobNotFound")
        if found.expires_at <= world.clock():
            return web.Response(status=403, text="AuthenticationFailed: signature expired")
        return web.Response(body=found.content, content_type=found.content_type)

    app = web.Application()
    app.add_routes([web.get("/blobs/{key}", blob)])
    return app
