"""What is shipped with the package as data: signatures, the escalation matrix, the App's manifest; as text or values.

The only reading of files beside the database; rules are given the values and never look for them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from github_app.rules import likeness
from github_app.rules.signatures import Signatures, parse

_RULES = "github_app.rules"


@cache
def signatures() -> Signatures:
    """Give the shipped signatures, with what failures read like; compiled once, at the first call."""
    return parse(signature_texts(), likeness=likeness.parse(likeness_text()))


def likeness_text() -> str:
    """Give the learned model of what failures read like, as JSON text."""
    return files(_RULES).joinpath("likeness.json").read_text("utf-8")


def signature_texts() -> dict[str, str]:
    """Give the shipped signature files as text, by name, in the order of their names."""
    folder = files(_RULES).joinpath("signatures")
    found = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yml")}
    return dict(sorted(found.items()))


def default_policy_text() -> str:
    """Give the built-in escalation matrix, as YAML text."""
    return files(_RULES).joinpath("default_policy.yml").read_text("utf-8")


def app_manifest_text() -> str:
    """Give the GitHub App's manifest, `app.yml`, as YAML text.

    A wheel carries it inside the package; in a checkout it stands beside the package, where people look for it.
    """
    packaged = files("github_app").joinpath("app.yml")
    found = packaged if packaged.is_file() else Path(__file__).parent.parent / "app.yml"
    return found.read_text("utf-8")
