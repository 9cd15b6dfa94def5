"""The client behind a proxy: `X-Forwarded-*` is believed when the peer is one of the trusted networks, else ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypedDict

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Network = IPv4Network | IPv6Network

_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?")


class Told(TypedDict, total=False):
    """What a proxy says about its client; only what is well-formed is there."""

    remote: str
    scheme: str
    host: str


def behind(trusted: Sequence[Network]) -> Middleware:
    """Make the middleware that believes `X-Forwarded-*` when it comes from one of the `trusted` networks."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        told = forwarded(request.remote, request.headers, trusted)
        return await handler(request.clone(**told) if told else request)

    return middleware


def forwarded(peer: str | None, sent: Mapping[str, str], trusted: Sequence[Network]) -> Told:
    """Return what a trusted proxy says about the client: nothing when the peer is none.

    Every proxy appends on the right, so only the right end is from somebody we trust: the client is the first address,
    read from there, that is not a trusted proxy itself.
    """
    if not _is_trusted(_address(peer or ""), trusted):
        return Told()
    told = Told()
    for hop in reversed(_values(sent, "X-Forwarded-For")):
        address = _address(hop)
        if address is None:
            break
        told["remote"] = str(address)
        if not _is_trusted(address, trusted):
            break
    scheme = _last(sent, "X-Forwarded-Proto").lower()
    if scheme in {"http", "https"}:
        told["scheme"] = scheme
    host = _last(sent, "X-Forwarded-Host")
    if _HOST.fullmatch(host):
        told["host"] = host
    return told


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_trusted(address: IPv4Address | IPv6Address | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)


def _values(sent: Mapping[str, str], name: str) -> list[str]:
    return [value.strip() for value in sent.get(name, "").split(",")]


def _last(sent: Mapping[str, str], name: str) -> str:
    return _values(sent, name)[-1]
