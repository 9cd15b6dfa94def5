"""What is shipped with the package as data: the signatures and the escalation matrix, read from it as text or values.

The only reading of files beside the database; rules are given the values and never look for them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from github_app.rules.signatures import Signatures, parse

_RULES = "github_app.rules"


@cache
def signatures() -> Signatures:
    """Give the shipped signatures; compiled once, at the first call."""
    return parse(signature_texts())


def signature_texts() -> dict[str, str]:
    """Give the shipped signature files as text, by name, in the order of their names."""
    folder = files(_RULES).joinpath("signatures")
    found = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yml")}
    return dict(sorted(found.items()))


def default_policy_text() -> str:
    """Give the built-in escalation matrix, as YAML text."""
    return files(_RULES).joinpath("default_policy.yml").read_text("utf-8")
