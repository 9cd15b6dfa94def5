"""Which addresses a request may go to: with a token the API alone, without one also a known log host.

The law: an address is built from a template and values, or checked here; none is taken from a payload (L7, T22).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote

import uritemplate
from yarl import URL

from github_app.outcomes import GiveUp

LOG_HOSTS = ("blob.core.windows.net", "actions.githubusercontent.com")
"""Where GitHub.com keeps logs and artifacts; a name below one of these counts as that host."""

_VARIABLE = re.compile(r"\{([^}]*)\}")
_PLAIN_NAME = re.compile(r"[a-z_]+")


def api_address(api_url: str) -> URL:
    """The API's address, checked.

    Raises ValueError when it is no http or https address of a host.
    """
    api = URL(api_url.rstrip("/"))
    if api.scheme not in {"http", "https"} or not api.host or api.user or api.query_string or api.fragment:
        raise ValueError(f"GITHUB_API_URL must look like https://api.github.com, not {api_url!r}")
    return api


def expand(
    api: URL, template: str, names: Mapping[str, str | int], query: Mapping[str, str | int] | None = None
) -> str:
    """The full address of a template such as `/repos/{owner}/{repo}`, every value percent-encoded (RFC 6570, level 1).

    Raises GiveUp when a value is missing or empty, or when the result would not stay below the API's address.
    """
    wanted = _VARIABLE.findall(template)
    if not template.startswith("/") or not all(_PLAIN_NAME.fullmatch(name) for name in wanted):
        raise GiveUp(f"{template} is no template below the API's address")
    # An empty value would silently turn "this comment" into "all comments".
    empty = [name for name in wanted if str(names.get(name, "")) == ""]
    if empty:
        raise GiveUp(f"{template} was asked for without {', '.join(empty)}")
    try:
        path = uritemplate.expand(template, {name: names[name] for name in wanted})
        tail = uritemplate.expand("{?query*}", query=dict(query)) if query else ""
    except ValueError as error:
        raise GiveUp(f"{template} was asked for with a value that is no text") from error
    return on_api(api, f"{api}".rstrip("/") + path + tail)


def on_api(api: URL, address: str) -> str:
    """The same address, if a token may be sent there: the API's scheme, host, port and path, no dot segments.

    Raises GiveUp otherwise (P16).
    """
    try:
        url = URL(address, encoded=True)
        same_origin = url.absolute and url.origin() == api.origin() and not url.user and not url.password
    except ValueError:
        same_origin = False
    if not same_origin:
        raise GiveUp("The address leaves GitHub's API, so no token was sent there")
    path = unquote(url.raw_path).replace("\\", "/")
    if not path.startswith(api.path.rstrip("/") + "/") or {".", ".."} & set(path.split("/")):
        raise GiveUp("The address steps out of the path it was built for, so no token was sent there")
    return address


def redirected(api: URL, location: str) -> str:
    """Where a moved resource is now; a Location without a host is one of the API's.

    Raises GiveUp when it leaves the API.
    """
    inside = location.startswith("/") and not location.startswith("//")
    return on_api(api, f"{api.origin()}{location}" if inside else location)


def log_place_refusal(api: URL, location: str, log_hosts: tuple[str, ...]) -> str | None:
    """Why a log or artifact may not be fetched from `location`, or None if it may (G24, T22).

    The API's own host is allowed, since an Enterprise server keeps its logs itself; over plain http only on loopback.
    """
    try:
        url = URL(location, encoded=True)
        host, port = (url.host or "").lower(), url.port
    except ValueError:
        return "GitHub names a download address that is none"
    if not host or url.user or url.password:
        return "GitHub names a download address that is none"
    if host == api.host and (url.scheme == "https" or (url.scheme == api.scheme == "http" and is_loopback(host))):
        return None
    if url.scheme != "https" or port != 443:  # noqa: PLR2004  (https has one port)
        return f"The download address on {host} is not plain https"
    if not is_log_host(host, log_hosts):
        return f"{host} is not one of the hosts that logs are kept on"
    return None


def is_log_host(host: str, log_hosts: tuple[str, ...]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in log_hosts)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_public(address: str) -> bool:
    """Whether a resolved IP address belongs to the open internet: not private, link-local, loopback or multicast."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_global and not found.is_multicast
