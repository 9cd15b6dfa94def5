"""GitHub as the settings name it, for every part that asks it something."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import aiohttp

from github_app.github.client import GitHub
from github_app.settings import GitHubSettings, Refused


def github_of(settings: GitHubSettings, session: aiohttp.ClientSession, now: Callable[[], datetime]) -> GitHub:
    """Return the client of the App.

    Raises Refused for an address or a key that makes no sense.
    """
    try:
        return GitHub(
            session,
            api_url=settings.github_api_url,
            app_id=settings.github_app_id,
            private_key=settings.github_private_key.get_secret_value(),
            now=now,
            proxy=settings.https_proxy or None,
        )
    except ValueError as error:
        raise Refused(str(error)) from None
