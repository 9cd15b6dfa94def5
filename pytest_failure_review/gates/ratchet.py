"""The list of modules that mypy checks: it may only grow unless a reason is given (S2-060)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def missing(earlier: Sequence[str], modules: Sequence[str], dropped: Mapping[str, str]) -> list[str]:
    """Modules that were checked and no longer are, without a reason; a package stands for what is below it."""
    return [name for name in earlier if not _covered(name, modules) and not dropped.get(name, "").strip()]


def new(earlier: Sequence[str], modules: Sequence[str]) -> list[str]:
    """Modules that were not checked before."""
    return [name for name in modules if not _covered(name, earlier)]


def _covered(name: str, modules: Sequence[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)
