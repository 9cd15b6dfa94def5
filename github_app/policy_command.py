"""`failure-review policy`: judge a policy file before it is merged, and ask what it says."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeAlias

from github_app.builtin import default_policy_text
from github_app.rules.policy import Policy, Rule
from github_app.rules.policy_file import BUILT_IN, ORGANISATION, REPOSITORY, PolicyFile, parse
from github_app.rules.policy_layers import resolve
from github_app.rules.policy_lint import findings, notes
from github_app.rules.policy_matrix import as_json, markdown, rule_as_json, rules
from github_app.rules.policy_schema import json_schema
from github_app.rules.policy_yaml import Problem
from github_app.rules.sla import duration_in_words
from pytest_failure_review.report import Category, Severity, is_at_or_below

GOOD, FINDINGS, UNUSABLE = 0, 1, 2

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  (it has no public name)

_FILE_HELP: Final = f"the policy file; without it {REPOSITORY} if there is one, else the built-in matrix alone"
_STATUS: Final = "Exit status: 0 good, 1 something has to be put right, 2 the input cannot be read."


class _Unusable(Exception):  # noqa: N818  (ends one command, is no error of the program)
    """The command cannot answer; its text is the sentence for the user."""


def add_policy_command(subparsers: Subparsers) -> None:
    """Add `policy check|explain|matrix|schema`; each sets `run` to a callable that returns the exit status."""
    parser = subparsers.add_parser("policy", help="check a policy file, or ask what the policy says")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check(commands)
    _add_explain(commands)
    _add_matrix(commands)
    schema = commands.add_parser("schema", help="print the JSON Schema of the policy file, for editors")
    schema.set_defaults(run=_schema)


def _add_check(commands: Subparsers) -> None:
    parser = commands.add_parser("check", help="say what is wrong with a policy file", description=_STATUS)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=_FILE_HELP)
    _add_organisation(parser)
    parser.add_argument("--standalone", action="store_true", help="FILE is a whole matrix, with nothing below it")
    parser.add_argument("--provenance", action="store_true", help="print the line that each value comes from")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_check)


def _add_explain(commands: Subparsers) -> None:
    parser = commands.add_parser("explain", help="say what holds for a category, and why", description=_STATUS)
    parser.add_argument("category", metavar="CATEGORY", help="such as test.unit, or a kind below one")
    parser.add_argument("--severity", choices=[str(severity) for severity in Severity])
    parser.add_argument("--complexity", choices=["simple", "complex"])
    parser.add_argument("--regression", metavar="PERCENT", help="how much slower it got")
    parser.add_argument("--file", type=Path, metavar="FILE", help=_FILE_HELP)
    _add_organisation(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_explain)


def _add_matrix(commands: Subparsers) -> None:
    parser = commands.add_parser("matrix", help="print the whole matrix as a Markdown table", description=_STATUS)
    parser.add_argument("--file", type=Path, metavar="FILE", help=_FILE_HELP)
    _add_organisation(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_matrix)


def _add_organisation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--org", type=Path, metavar="FILE", help="the organisation's policy file, laid below it")


# --- the commands ----------------------------------------------------------------------------------------------------


def _check(arguments: argparse.Namespace) -> int:
    try:
        layers = _layers(arguments.file, arguments.org, standalone=arguments.standalone)
    except _Unusable as refusal:
        return _refuse(str(refusal))
    wrong = [item for layer in layers if not isinstance(layer, PolicyFile) for item in layer]
    files = [layer for layer in layers if isinstance(layer, PolicyFile)]
    policy = None if wrong else _laid(files)
    if policy is not None:
        wrong.extend(findings(policy, files[-1]))
    if arguments.json:
        _write_json(_report(policy, wrong))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _report_lines(policy, wrong, provenance=arguments.provenance))
    return FINDINGS if wrong else GOOD


def _explain(arguments: argparse.Namespace) -> int:
    try:
        policy = _policy(arguments)
        rule = policy.rule_for(
            _category(arguments.category),
            severity=Severity(arguments.severity) if arguments.severity else None,
            complexity=arguments.complexity,
            regression=_percent(arguments.regression),
        )
    except _Unusable as refusal:
        return _refuse(str(refusal))
    if arguments.json:
        _write_json({**rule_as_json(rule), "policy_version": policy.version})
    else:
        sys.stdout.writelines(f"{line}\n" for line in _rule_lines(rule))
    return GOOD


def _matrix(arguments: argparse.Namespace) -> int:
    try:
        policy = _policy(arguments)
    except _Unusable as refusal:
        return _refuse(str(refusal))
    if arguments.json:
        _write_json(as_json(policy))
    else:
        sys.stdout.write(markdown(policy))
    return GOOD


def _schema(_: argparse.Namespace) -> int:
    _write_json(json_schema())
    return GOOD


# --- reading ---------------------------------------------------------------------------------------------------------

Layer = PolicyFile | tuple[Problem, ...]


def _layers(file: Path | None, org: Path | None, *, standalone: bool = False) -> list[Layer]:
    """Return what was read, the built-in matrix first."""
    if file is None and Path(REPOSITORY).is_file():
        file = Path(REPOSITORY)
    if standalone and file is None:
        raise _Unusable("--standalone needs a FILE")
    layers = [] if standalone else [parse(default_policy_text(), BUILT_IN)]
    if org is not None:
        layers.append(parse(_text(org), ORGANISATION))
    if file is not None:
        layers.append(parse(_text(file), str(file)))
    return layers


def _laid(files: list[PolicyFile]) -> Policy:
    org = next((file for file in files[1:] if file.origin == ORGANISATION), None)
    repo = next((file for file in files[1:] if file.origin != ORGANISATION), None)
    return resolve(files[0], org, repo)


def _policy(arguments: argparse.Namespace) -> Policy:
    layers = _layers(arguments.file, arguments.org)
    files = [layer for layer in layers if isinstance(layer, PolicyFile)]
    wrong = [str(item) for layer in layers if not isinstance(layer, PolicyFile) for item in layer]
    if wrong:
        raise _Unusable("\n".join(wrong))
    return _laid(files)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise _Unusable(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _Unusable(f"{file}: not UTF-8 at byte {error.start}") from error


def _category(name: str) -> str:
    if any(is_at_or_below(name, category) for category in Category):
        return name
    raise _Unusable(f"{name} is no category; use one of {', '.join(Category)}, or a kind below one")


def _percent(text: str | None) -> Decimal | None:
    try:
        value = None if text is None else Decimal(text.removesuffix("%"))
    except InvalidOperation:
        raise _Unusable(f"--regression: `{text}` is no number") from None
    if value is not None and not value.is_finite():
        raise _Unusable(f"--regression: `{text}` is no number")
    return value


# --- writing ---------------------------------------------------------------------------------------------------------


def _report(policy: Policy | None, wrong: list[Problem]) -> dict[str, Any]:
    return {
        "findings": [{"file": p.origin, "line": p.line, "column": p.column, "sentence": p.sentence} for p in wrong],
        "notes": list(notes(policy)) if policy is not None else [],
        "policy": as_json(policy) if policy is not None and not wrong else None,
    }


def _report_lines(policy: Policy | None, wrong: list[Problem], *, provenance: bool) -> Iterator[str]:
    yield from (str(problem) for problem in wrong)
    if policy is None:
        return
    yield from (f"note: {note}" for note in notes(policy))
    if not wrong:
        yield f"good: {policy.about.name}, policy version {policy.version}"
    if provenance and not wrong:
        yield from (f"{name}: {where}" for name, where in policy.provenance.items())
        yield from _provenance(policy)


def _provenance(policy: Policy) -> Iterator[str]:
    for case, rule in rules(policy):
        name = f"{rule.name} ({case})" if case else rule.name
        yield from (f"{name} {field}: {_value(rule, field)} [{where}]" for field, where in rule.provenance.items())


def _rule_lines(rule: Rule) -> Iterator[str]:
    yield str(rule.name)
    for field, where in rule.provenance.items():
        yield f"  {field}: {_value(rule, field)} [{where}]"
    if rule.runbook is None:
        yield f"  runbook: none; set categories.{rule.name}.runbook"


def _value(rule: Rule, field: str) -> str:
    said: dict[str, Any] = {
        **{name: getattr(rule, name) for name in ("tier", "why", "approver", "runbook", "qa")},
        "class": rule.sla_class,
        "override": rule.permission,
        "owner": ", ".join(rule.owners),
        "inform": ", ".join(rule.informed),
        "needs": "; ".join(rule.needs),
        "sla": _duration(rule.sla_s),
        "at_risk": _duration(rule.at_risk_s),
        "blocks_all": "yes" if rule.blocks_all else "no",
    }
    return str(said[field])


def _duration(seconds: int | None) -> str:
    return "none" if seconds is None else duration_in_words(seconds)


def _write_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return UNUSABLE
