"""The pytest plugin: tags failures at the source and writes the report that the App reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoints import checkpoint

__all__ = ["checkpoint"]


def __getattr__(name: str) -> Any:
    """Imports on first use: pytest loads this package into every run, whether anybody wants it or not."""
    if name != "checkpoint":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .checkpoints import checkpoint  # noqa: PLC0415

    return checkpoint
