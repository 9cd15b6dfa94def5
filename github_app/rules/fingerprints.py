"""Fingerprints: whether two red jobs are red for the same reason (X42-X45)."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

VERSION: Final = "fr1"
"""Changes with the ingredients, so that old and new fingerprints are never taken for each other."""

_EXPRESSION: Final = re.compile(r"\$\{\{[^}]*(?:\}\}|$)")
_BLANKS: Final = re.compile(r"\s+")


def fingerprint(workflow: str, family: str, failed_step: str, rule: str) -> str:
    """Give a stable name for "this rule, in this step of this job": `fr1:` and 16 hexadecimal digits.

    `workflow` is what tells two workflows with a job of the same name apart: the path, or the id in digits (X45).
    """
    parts = "\x1f".join(part.replace("\x1f", " ") for part in (workflow, family, failed_step, rule))
    return f"{VERSION}:{sha256(parts.encode(errors='replace')).hexdigest()[:16]}"


def family(job_name: str) -> str:
    """Give the job's name without what differs between the legs of its matrix.

    `test (3.12, ubuntu)` and the literal `test (${{ matrix.python }})` of a skipped matrix are both `test` (X42, X43);
    `caller / called (3.12)` keeps both names (X44). A name that GitHub cut at 100 characters loses its open bracket.
    """
    parts = [_without_leg(part) for part in _EXPRESSION.sub("", job_name).split(" / ")]
    return " / ".join(part for part in parts if part) or job_name.strip()


def _without_leg(name: str) -> str:
    """Cut the last bracket group, and only that: `build (docs) (3.12)` is the job `build (docs)`."""
    name = _BLANKS.sub(" ", name).strip()
    opened = _last_group(name)
    return name[:opened].strip() if opened > 0 else name


def _last_group(name: str) -> int:
    """Give where the bracket group at the end opens, closed or cut off; 0 when the name does not end in one."""
    depth = opened = 0
    for index, char in enumerate(name):
        if char == "(":
            opened = opened if depth else index
            depth += 1
        elif char == ")":
            depth = max(depth - 1, 0)
    return opened if depth or name.endswith(")") else 0
