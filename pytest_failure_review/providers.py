"""What the plugin keeps of chance by itself: the states of random generators, and Hypothesis's example.

Nothing is imported for it: a package that no test has loaded has no state.
"""

from __future__ import annotations

import base64
import binascii
import os
import random
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest

from .shapes import Pattern

_WORDS: Final = 624
"""The Mersenne Twister's, in Python and in numpy."""
_PACKED: Final = struct.Struct(f"<{_WORDS}I")
_BLOB: Final = Pattern(r"@reproduce_failure\('([0-9.]{1,20})', b'([A-Za-z0-9+/=]{1,4096})'\)")
_SETTINGS: Final = ("_hypothesis_internal_use_reproduce_failure", "_hypothesis_internal_use_seed")
"""What Hypothesis's own decorators set on the function that `@given` made."""
_SEED: Final = Pattern(r"[0-9]{1,40}")


def random_state() -> Callable[[], dict[str, Any]]:
    """The states now; what is returned makes JSON of them, when they are needed."""
    own = random.getstate()
    numpy = sys.modules.get("numpy.random")
    legacy = numpy.get_state() if numpy else None

    def told() -> dict[str, Any]:
        states = {"random": _told(own[1][:-1], own[1][-1], own[2])}
        if legacy is not None and legacy[0] == "MT19937":
            states["numpy"] = _told(legacy[1].tolist(), int(legacy[2]), float(legacy[4]) if legacy[3] else None)
        return {"random_state": states}

    return told


def _told(words: Any, position: int, gauss: float | None) -> dict[str, Any]:
    return {"words": base64.b64encode(_PACKED.pack(*words)).decode("ascii"), "position": position, "gauss": gauss}


def restore_random(provided: Any) -> None:
    """Sets the generators to recorded states; what is not as `random_state` tells it is left alone."""
    states = provided.get("random_state") if isinstance(provided, dict) else None
    if not isinstance(states, dict):
        return
    own, numpy = _read(states.get("random")), sys.modules.get("numpy.random")
    if own is not None:
        random.setstate((3, (*own[0], own[1]), own[2]))
    legacy = _read(states.get("numpy"))
    if legacy is not None and numpy is not None:
        numpy.set_state(("MT19937", legacy[0], legacy[1], int(legacy[2] is not None), legacy[2] or 0.0))


def _read(state: Any) -> tuple[tuple[int, ...], int, float | None] | None:
    if not isinstance(state, dict):
        return None
    words, position, gauss = state.get("words"), state.get("position"), state.get("gauss")
    if type(words) is not str or type(position) is not int or not 0 <= position <= _WORDS:
        return None
    if not (gauss is None or type(gauss) is float):
        return None
    try:
        return _PACKED.unpack(base64.b64decode(words, validate=True)), position, gauss
    except (binascii.Error, struct.error):
        return None


def environment_of(config: pytest.Config) -> dict[str, Any]:
    """What a process can be different in without its tests being so."""
    return {
        "folder": os.getcwd(),  # noqa: PTH109  (a text is wanted)
        "python": sys.executable,
        "cpus": os.cpu_count(),
        "encoding": sys.getfilesystemencoding(),
        "timezone": list(time.tzname),
        "plugins": {dist.project_name: dist.version for _, dist in config.pluginmanager.list_plugin_distinfo()},
    }


def seeds_of(config: pytest.Config, environment: Mapping[str, str]) -> dict[str, str]:
    """The seeds that this process was started with or chose, as far as they can be given again."""
    given = {
        "PYTHONHASHSEED": environment.get("PYTHONHASHSEED"),
        "randomly": config.getoption("randomly_seed", None),  # pytest-randomly's, chosen by now
        "hypothesis": config.getoption("--hypothesis-seed", None),
    }
    return {name: str(seed) for name, seed in given.items() if seed is not None and _SEED.fullmatch(str(seed))}


def hypothesis_facts(node: Any, exception: BaseException | None) -> dict[str, str]:
    """The example that failed, where Hypothesis tells it, and the seed that led to it; empty for other tests."""
    function = _function_of(node)
    if function is None:
        return {}
    facts: dict[str, str] = {}
    seed = getattr(function, "_hypothesis_internal_use_generated_seed", None)
    if type(seed) is int:
        facts["seed"] = str(seed)
    for note in getattr(exception, "__notes__", ()):
        found = _BLOB.search(note) if type(note) is str else None
        if found:
            facts |= {"version": found[1], "blob": found[2]}
    return facts


def _function_of(node: Any) -> Any:
    """The function that `@given` made, or None."""
    if not isinstance(node, pytest.Function):  # a module's `obj` would be imported by asking for it
        return None
    function = getattr(node.obj, "__func__", node.obj)
    return function if getattr(function, "is_hypothesis_test", False) is True else None


@contextmanager
def example_of_hypothesis(item: pytest.Item, provided: Any, session_seed: str) -> Iterator[None]:
    """While it lasts the test runs the recorded example, or begins with the recorded seed where there is none."""
    function, hypothesis = _function_of(item), sys.modules.get("hypothesis")
    facts = provided.get("hypothesis") if isinstance(provided, dict) else None
    if function is None or hypothesis is None:
        yield
        return
    facts = facts if isinstance(facts, dict) else {}
    found = _BLOB.fullmatch(f"@reproduce_failure('{facts.get('version')}', b'{facts.get('blob')}')")
    seed = _SEED.fullmatch(str(facts.get("seed") or session_seed))
    before = {name: getattr(function, name) for name in _SETTINGS if hasattr(function, name)}
    if found and found[1] == hypothesis.__version__:
        hypothesis.reproduce_failure(found[1], found[2].encode("ascii"))(function)
    elif seed:
        hypothesis.seed(int(seed[0]))(function)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(function, name, value)
