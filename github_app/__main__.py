"""The App's command line: what `failure-review` offers beyond the plugin's own commands."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from github_app import audit
from github_app.app import opened, web_app, working
from github_app.classify_command import add_classify_command
from github_app.contract_report import add_contract_reports
from github_app.logs import set_up_logs
from github_app.outcomes import Unfinished
from github_app.policy_command import add_policy_command
from github_app.settings import DatabaseSettings, Refused, Settings, read_database_settings, read_settings
from github_app.store import StoreRefused
from github_app.store.upgrade import upgrade

Subparsers = Any
S = TypeVar("S", bound=DatabaseSettings)
GOOD, FINDINGS, UNUSABLE = 0, 1, 2
INTERRUPTED = 130
LARGEST_PORT = 65535
SHUTDOWN_SECONDS = 25


def add_commands(commands: Subparsers) -> None:
    """Add the App's commands; called by `failure-review` through the entry point group `failure_review.commands`."""
    _add_serve(commands)
    _add_demo(commands)
    _add_doctor(commands)
    _add_database(commands)
    add_classify_command(commands)
    add_policy_command(commands)
    add_contract_reports(commands)


def _add_serve(commands: Subparsers) -> None:
    serve = commands.add_parser(
        "serve",
        help="run the App: receive webhooks and work on them",
        description="Run the App. It is configured by environment variables; GITHUB_APP_ID, GITHUB_PRIVATE_KEY and "
        "GITHUB_WEBHOOK_SECRET must be set. `failure-review doctor` checks the rest.",
    )
    serve.add_argument(
        "--role",
        choices=("all", "web", "worker"),
        default="all",
        help="web: receive and show; worker: do the work; all: both in one process (default; the only one for SQLite)",
    )
    serve.set_defaults(run=lambda args: _with_settings(lambda settings: _serve(settings, args.role)))


def _add_demo(commands: Subparsers) -> None:
    demo = commands.add_parser(
        "demo",
        help="show what the App does, on a GitHub in this process, without credentials",
        description="Start a sandbox GitHub and the App, let a pull request fail in six ways, and show the answer.",
    )
    demo.add_argument("--once", action="store_true", help="print the outcome as text and end")
    demo.add_argument("--port", type=_port, default=0, help="where the sandbox listens (default: any free port)")
    demo.set_defaults(run=_demo)


def _add_doctor(commands: Subparsers) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="check credentials, permissions, events, reachability and the required check",
        description="Check the App's set-up and say what to mend. Exit status 0: good; 1: something to mend; 2: GitHub "
        "cannot be asked. With --json: one object with app, findings and notes, each with check, about, sentence and "
        "remedy.",
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(run=_doctor)


def _add_database(commands: Subparsers) -> None:
    database = commands.add_parser("db", help="prepare the database").add_subparsers(required=True, metavar="COMMAND")
    up = database.add_parser("upgrade", help="bring the database at DATABASE_URL to this version's shape")
    up.set_defaults(run=_db_upgrade)
    journal = commands.add_parser("audit", help="check the journal").add_subparsers(required=True, metavar="COMMAND")
    verify = journal.add_parser(
        "verify",
        help="prove that no line of the journal was changed, removed or reordered",
        description="Prove that each line of the journal follows from the one before it. That its end was cut off "
        "shows only against heads that were kept elsewhere; `audit heads` prints them. Exit status: 0 intact, 1 not, "
        "2 the database or a head cannot be read.",
    )
    verify.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="INSTALLATION:LINE:HASH",
        help="a head that the journal once had; may be given again",
    )
    verify.add_argument("--heads", type=Path, metavar="FILE", help="a file of such heads, one a line")
    verify.add_argument("--json", action="store_true", help="print the findings as JSON")
    verify.set_defaults(run=_audit_verify)
    heads = journal.add_parser(
        "heads",
        help="print the journal's present heads, to be kept where nobody who edits the database can reach them",
    )
    heads.set_defaults(run=_audit_heads)


def _with_settings(run: Callable[[Settings], Coroutine[Any, Any, int]]) -> int:
    """Run with all settings of the environment."""
    return _run_with(read_settings, run)


def _with_database(run: Callable[[str], Coroutine[Any, Any, int]]) -> int:
    """Run with the database's address; the App's own secrets need not be there."""
    return _run_with(read_database_settings, lambda settings: run(settings.database_url.get_secret_value()))


def _run_with(read: Callable[[], S], run: Callable[[S], Coroutine[Any, Any, int]]) -> int:
    """Read the settings and run; a refusal is one sentence and exit status 2."""
    try:
        settings = read()
        set_up_logs(settings.log_level, settings.secrets)
        return asyncio.run(run(settings))
    except (Refused, StoreRefused, Unfinished) as refusal:
        one_line = " ".join(str(refusal).split())
        print(f"failure-review: {one_line}", file=sys.stderr)
        return UNUSABLE


async def _serve(settings: Settings, role: str) -> int:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with opened(settings) as parts:
        runner = web.AppRunner(web_app(parts, role), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await _listen(runner, settings)
            print(f"Listening on port {runner.addresses[0][1]} of {settings.host} (role {role})", flush=True)
            if role == "web":
                await stop.wait()
            else:
                async with working(parts):
                    await stop.wait()
        finally:
            await runner.cleanup()
    return GOOD


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise Refused(f"Cannot listen on port {settings.port} of {settings.host}: {error.strerror}") from None


def _port(text: str) -> int:
    """Read a port; argparse says the sentence."""
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number from 0 to {LARGEST_PORT}")
    return int(text)


def _demo(args: argparse.Namespace) -> int:
    from github_app.demo import run_demo  # noqa: PLC0415  (the sandbox is loaded only when it is asked for)

    try:
        return asyncio.run(run_demo(once=args.once, port=args.port))
    except OSError as error:
        print(f"failure-review: The demo cannot listen on port {args.port}: {error.strerror}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("\nStopped; everything of the demo is deleted.")
        return INTERRUPTED


def _doctor(args: argparse.Namespace) -> int:
    from github_app.doctor import run_doctor  # noqa: PLC0415  (only this command needs it)

    return _with_settings(lambda settings: run_doctor(settings, as_json=args.json))


def _db_upgrade(args: argparse.Namespace) -> int:  # noqa: ARG001  (a command like the others)
    async def run(url: str) -> int:
        await asyncio.to_thread(upgrade, url)
        print("The database has this version's shape.")
        return GOOD

    return _with_database(run)


def _audit_verify(args: argparse.Namespace) -> int:
    async def run(url: str) -> int:
        noted = _noted(args.head, args.heads)
        findings = await audit.verify(url, noted)
        told = [f"Installation {found.installation_id}, line {found.seq}: {found.problem}" for found in findings]
        _print_findings(told, heads=len(noted), as_json=args.json)
        return FINDINGS if findings else GOOD

    return _with_database(run)


def _audit_heads(args: argparse.Namespace) -> int:  # noqa: ARG001  (a command like the others)
    async def run(url: str) -> int:
        sys.stdout.writelines(f"{audit.written(noted)}\n" for noted in await audit.present_heads(url))
        return GOOD

    return _with_database(run)


def _noted(heads: list[str], file: Path | None) -> list[audit.Noted]:
    try:
        of_file = audit.heads_of(file.read_text(encoding="utf-8")) if file is not None else []
        return [*map(audit.head_of, heads), *of_file]
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Refused(str(error)) from None


def _print_findings(findings: list[str], *, heads: int, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"intact": not findings, "findings": findings, "heads": heads}))
        return
    print("\n".join(findings) or "The journal is intact: every line follows from the one before it.")
    if not findings and not heads:
        print("No head from elsewhere was given, so an end that was cut off would not show.")
