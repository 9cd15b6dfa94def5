"""Logs and artifacts: from the place that GitHub names, without our token, within a limit of bytes.

The law: the second request carries no Authorization and no cookie, and goes to an allowed host only (T22).
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from github_app.github.addresses import is_log_host, is_public, log_place_refusal
from github_app.github.wire import USER_AGENT, Site
from github_app.outcomes import GiveUp, Retry

CHUNK = 64 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=120, connect=5, sock_read=10)
"""Seconds. A log may be long, but must keep coming (L16)."""
EXPIRED = frozenset({403, 404, 410})


class TooLarge(GiveUp):
    """The download is longer than the caller's limit; what was yielded before is its beginning."""


class Expired(Exception):  # noqa: N818  (a turn of the conversation; it never leaves this room)
    """The address was good for a minute, and the minute is over (G24)."""


class PublicOnly(AbstractResolver):
    """Resolves names of log hosts to public addresses only, so that no name can lead into our own network.

    Other names are none of its business: they are the proxy's or the API host's own, which the operator chose.
    """

    def __init__(self, inner: AbstractResolver, log_hosts: tuple[str, ...]) -> None:
        self._inner = inner
        self._log_hosts = log_hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if is_log_host(host, self._log_hosts) and not all(is_public(result["host"]) for result in found):
            raise GiveUp(f"The download host {host} leads into a private network")
        return found

    async def close(self) -> None:
        await self._inner.close()


async def open_place(stack: AsyncExitStack, site: Site, place: str) -> aiohttp.ClientResponse:
    """The response at `place`, open until the stack closes.

    Raises Expired for an address that is no longer good, GiveUp for one that never was, Retry for a broken line.
    """
    refusal = log_place_refusal(site.api, place, site.log_hosts)
    if refusal is not None:
        raise GiveUp(refusal)
    url = URL(place, encoded=True)
    # A session of its own: nothing that belongs to the API (headers, cookies, connections) can travel along.
    session = await stack.enter_async_context(
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=PublicOnly(aiohttp.ThreadedResolver(), site.log_hosts), use_dns_cache=False
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=TIMEOUT,
            headers={"User-Agent": USER_AGENT},
        )
    )
    try:
        response = await stack.enter_async_context(session.get(url, allow_redirects=False, proxy=site.proxy_for(url)))
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        raise Retry(f"The download from {url.host} could not begin") from error
    _check(response.status, url.host)
    return response


async def chunks_of(response: aiohttp.ClientResponse, limit: int) -> AsyncGenerator[bytes, None]:
    """The body after decompression in chunks, at most `limit` bytes together.

    Raises TooLarge when there is more, Retry when the line breaks before the end.
    """
    seen = 0
    try:
        async for chunk in response.content.iter_chunked(CHUNK):
            seen += len(chunk)
            if seen > limit:
                raise TooLarge(f"The download is larger than {limit} bytes")
            yield chunk
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        raise Retry("The download broke off") from error


def _check(status: int, host: str | None) -> None:
    if status == 200:  # noqa: PLR2004
        return
    if status in EXPIRED:
        raise Expired
    if status >= 500 or status in {408, 429}:  # noqa: PLR2004
        raise Retry(f"{host} could not deliver the download ({status})")
    raise GiveUp(f"{host} does not deliver the download ({status})", status)
