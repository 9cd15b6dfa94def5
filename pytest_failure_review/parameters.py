"""Knows which tests have secrets among their parameters, and so in their ids, from what pytest collected.

Tests without parameters cost nothing here, and others are looked through once, before the first of them runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from .shapes import is_secret_name

_PLAIN: Final = frozenset({int, float, bool, type(None), str, bytes, type})
"""What holds no secret under a name of its own."""


class SecretParameters:
    """Of the tests that `items` gives when it is first asked."""

    def __init__(self, items: Callable[[], Iterable[Any]], running: Callable[[], Any] = lambda: None) -> None:
        self._items = items
        self._running = running
        self._found: dict[str, Collection[str]] | None = None

    def of(self, nodeid: str) -> Collection[str]:
        """Values that must not be shown with this test; each test's id says whether it has parameters at all."""
        if self._found is None:
            self._found = self._look()
        return self._found.get(nodeid, ())

    def given_now(self) -> Collection[str]:
        """Values under secret names that the fixtures and parameters of the running test have so far.

        For texts of the test's own making that are written while it runs.
        """
        from .circumstances import given_of, params_by_name  # noqa: PLC0415  (as most tests make no checkpoint)
        from .harvest import secrets_near  # noqa: PLC0415
        from .strangers import attempt  # noqa: PLC0415

        item = self._running()
        found, _ = attempt(lambda: secrets_near(given_of(item), params_by_name(item), ()))
        return found or ()

    def _look(self) -> dict[str, Collection[str]]:
        is_secret: dict[str, bool] = {}
        found: dict[str, Collection[str]] = {}
        for item in self._items():
            callspec = getattr(item, "__dict__", {}).get("callspec")
            if callspec is None:
                continue
            params = getattr(callspec, "params", None)
            for name, value in params.items() if type(params) is dict else ():
                if name not in is_secret:
                    is_secret[name] = is_secret_name(str(name))
                if is_secret[name] or type(value) not in _PLAIN:
                    from .harvest import secrets_near  # noqa: PLC0415  (most projects have no such parameter)

                    found[item.nodeid] = secrets_near({}, params, ())
                    break
        return {nodeid: secrets for nodeid, secrets in found.items() if secrets}
