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

    def __init__(self, items: Callable[[], Iterable[Any]]) -> None:
        self._items = items
        self._found: dict[str, Collection[str]] | None = None

    def of(self, nodeid: str) -> Collection[str]:
        """Values that must not be shown with this test; each test's id says whether it has parameters at all."""
        if self._found is None:
            self._found = self._look()
        return self._found.get(nodeid, ())

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
