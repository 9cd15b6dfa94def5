"""What `failure-review check-drift` says of the API: by the rules and the policy that the App goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from github_app.builtin import default_policy_text
from github_app.rules.contract_changes import compared
from github_app.rules.contracts import ContractPolicy
from github_app.rules.policy_file import BUILT_IN, REPOSITORY, PolicyFile, parse
from github_app.rules.policy_layers import resolve

MOST: Final = 3
"""Documents compared, as in the App."""

Subparsers = Any
Text = Callable[[str], str | None]


def add_contract_reports(commands: Subparsers) -> None:
    """Give `check-drift`, a command of the base install, the App's comparison."""
    commands.choices["check-drift"].set_defaults(contracts=contract_reports)


def contract_reports(before: Text, after: Text, named: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield a report for each document.

    `before` and `after` give a file's text by its path, None where there is no such file. Without `named` documents
    those of the policy file count. Each report has `sentence`, `users` and the fields of `ContractReport`.
    """
    policy = _policy(after(REPOSITORY))
    for path in (*(named or policy.openapi),)[:MOST]:
        told = compared(path, before(path), after(path), policy)
        yield asdict(told) | {"sentence": told.sentence, "users": told.users}


def _policy(text: str | None) -> ContractPolicy:
    """A broken file is `policy check`'s business; here it names nothing."""
    builtin, own = parse(default_policy_text(), BUILT_IN), parse(text) if text else None
    assert isinstance(builtin, PolicyFile)  # shipped with the program, and tested
    return resolve(builtin, None, own if isinstance(own, PolicyFile) else None).contracts
