"""Which jobs run tests, by what they are called, where the policy does not say (S1-023)."""

from __future__ import annotations

import re
from typing import Final

_OF_TESTS: Final = frozenset((
    "test", "tests", "testing", "unittest", "unittests", "unit", "pytest", "tox", "nox", "jest", "vitest", "mocha",
    "karma", "cypress", "playwright", "selenium", "rspec", "spec", "specs", "phpunit", "junit", "ctest", "gotest",
    "nextest", "e2e", "integration", "acceptance", "smoke",
))  # fmt: skip
_OF_OTHERS: Final = frozenset((
    "lint", "linter", "format", "formatting", "fmt", "style", "types", "typecheck", "mypy", "build", "compile",
    "package", "publish", "release", "deploy", "docs", "doc", "docker", "image", "label", "labeler", "notify", "setup",
    "prepare", "changes", "upload", "scan", "codeql", "analyze", "audit", "clean", "cleanup",
))  # fmt: skip
_WORD: Final = re.compile(r"[^\W_]+")
_HUMP: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")


def is_called_test(job: str, workflow: str) -> bool:
    """Whether a job's name says that it runs tests; its workflow's name counts where its own says nothing else."""
    mine = _words(job)
    if mine & _OF_TESTS:
        return True
    return bool(_words(workflow) & _OF_TESTS) and not mine & _OF_OTHERS


def _words(name: str) -> set[str]:
    """`runUnitTests (3.12)` -> rununittests, run, unit, tests, 3, 12."""
    words = _WORD.findall(name)
    return {part.casefold() for word in words for part in (word, *_HUMP.findall(word))}
