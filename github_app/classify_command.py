"""`failure-review classify`: say what kind of failure a log tells of, and why."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, Final, TextIO, cast

from github_app import builtin
from github_app.app import builtin_policy
from github_app.backfill import Wanted, backfill
from github_app.backfill import as_json as kept_as_json
from github_app.backfill import as_text as kept_as_text
from github_app.classify import Judged, Rulebook, judge_log
from github_app.classify_input import Log, Unusable, opened_logs
from github_app.classify_job import is_address, judge_job, named_in, place_of
from github_app.classify_text import Paint, as_json, as_text, plain, wrapped
from github_app.logs import set_up_logs
from github_app.outcomes import Unfinished
from github_app.rules.policy_file import PolicyFile, parse
from github_app.rules.policy_layers import resolve
from github_app.rules.signatures import Signatures
from github_app.settings import Refused, TerminalSettings, read_database_settings, read_github_settings
from github_app.store import StoreRefused

GOOD, FINDINGS, UNUSABLE = 0, 1, 2
INTERRUPTED = 130

Subparsers = Any
_SHOW_AFTER: Final = 0.5  # seconds of reading before progress is worth a line
_SHOW_EVERY: Final = 0.2
_MEGA: Final = 1e6
_MOST_DAYS: Final = 36_500


def add_classify_command(subparsers: Subparsers) -> None:
    """Add `classify`."""
    parser = subparsers.add_parser(
        "classify",
        help="say what kind of failure a log tells of, and why",
        description="Judge the log of a failed job as the App would. Exit status: 0 judged, also as unknown; 2 the "
        "input cannot be used. With --backfill: 0 nothing would change, 1 something would.",
    )
    parser.add_argument(
        "log",
        nargs="?",
        metavar="FILE|-|JOB_URL",
        help="a log, plain or as .gz; the .zip of a run's logs; - for standard input; the address of a job on GitHub, "
        "which is read with GITHUB_APP_ID and GITHUB_PRIVATE_KEY where that App is installed",
    )
    parser.add_argument("--job", default="", metavar="NAME", help="the job's name; of a .zip, judge this job alone")
    parser.add_argument("--step", default="", metavar="NAME", help="the name of the step that failed")
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="a policy file whose signatures count too; of a job or a kept failure "
        "it takes the place of the repository's own",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    kept = parser.add_argument_group("failures that are kept in the database at DATABASE_URL")
    kept.add_argument("--backfill", action="store_true", help="judge them again, and say what would change")
    kept.add_argument("--repo", default="", metavar="OWNER/NAME", help="those of one repository")
    kept.add_argument("--since", type=_days, metavar="DAYS", help="those that were red in the last DAYS days")
    parser.set_defaults(run=_run)


def _days(text: str) -> timedelta:
    """Read a number of days; argparse says the sentence."""
    if not text.isascii() or not text.isdigit() or int(text) > _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 0 to {_MOST_DAYS:,}")
    return timedelta(days=int(text))


def _run(arguments: argparse.Namespace) -> int:
    try:
        return _classify(arguments)
    except Unusable as refusal:
        print(f"failure-review: {plain(str(refusal))}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("\nfailure-review: Stopped.", file=sys.stderr)
        return INTERRUPTED


def _classify(arguments: argparse.Namespace) -> int:
    if arguments.backfill:
        return _backfill(arguments)
    if arguments.repo or arguments.since is not None:
        raise Unusable("--repo and --since choose among kept failures: they go with --backfill.")
    where = arguments.log or _standard_input()
    rulebook = _rulebook(arguments.policy)
    if is_address(where):
        return _on_github(where, arguments, rulebook)
    signatures = rulebook.signatures()
    progress = Progress(sys.stderr)
    with opened_logs(where, _piped()) as logs:
        first = next(logs)
        if first.job:
            told = _of_run(_only(arguments.job, first, logs), arguments.step, signatures, progress)
            _print_run(told, as_json_text=arguments.json)
        else:
            judged = judge_log(
                progress.watch(first.chunks), signatures, job_name=arguments.job, step_name=arguments.step
            )
            _print_one(judged, as_json_text=arguments.json)
    return GOOD


def _rulebook(file: Path | None) -> Rulebook:
    """Return what to judge by; the policy file, where one is given, must be good."""
    rulebook = Rulebook(builtin.signatures(), builtin_policy())
    if file is None:
        return rulebook
    try:
        parsed = parse(file.read_text("utf-8"), str(file))
    except (OSError, ValueError) as error:
        raise Unusable(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error
    if not isinstance(parsed, PolicyFile):
        raise Unusable(f"{parsed[0]}; `failure-review policy check` tells more.")
    return replace(rulebook, given=resolve(rulebook.builtin, None, parsed))


def _on_github(address: str, arguments: argparse.Namespace, rulebook: Rulebook) -> int:
    if arguments.job or arguments.step:
        raise Unusable("--job and --step are for logs from elsewhere: GitHub itself tells what its job is called.")
    named_in(address)  # before the settings, which a mistyped address has nothing to do with
    try:
        settings = read_github_settings()
        set_up_logs(settings.log_level, settings.secrets)
        place = place_of(address, settings.github_api_url)
        job, judged = asyncio.run(judge_job(place, settings, rulebook, _say))
    except Refused as refusal:
        raise Unusable(f"A job is read with the App's key: {refusal}.") from refusal
    failed = f", failed step `{job.failed_step}`" if job.failed_step else ""
    _print_one(judged, as_json_text=arguments.json, title=f"Job {job.name}{failed}")
    return GOOD


def _say(progress: str) -> None:
    if sys.stderr.isatty():
        print(f"{plain(progress)} ...", file=sys.stderr)


def _backfill(arguments: argparse.Namespace) -> int:
    if arguments.log or arguments.job or arguments.step:
        raise Unusable("--backfill judges the failures that are kept; it takes no log, --job or --step.")
    rulebook = _rulebook(arguments.policy)
    since = None if arguments.since is None else datetime.now(UTC) - arguments.since
    try:
        settings = read_database_settings()
        set_up_logs(settings.log_level, settings.secrets)
        url = settings.database_url.get_secret_value()
        outcome = asyncio.run(backfill(url, Wanted(arguments.repo, since), rulebook, _say))
    except (Refused, StoreRefused, Unfinished) as refusal:
        raise Unusable(str(refusal)) from refusal
    if arguments.json:
        _print_json(kept_as_json(outcome))
    else:
        _print_lines(kept_as_text(outcome))
    return FINDINGS if outcome.changed else GOOD


def _piped() -> BufferedReader:
    """Return standard input as bytes; a process may be started without one."""
    return cast("BufferedReader", sys.stdin.buffer) if sys.stdin else BufferedReader(BytesIO())


def _standard_input() -> str:
    if sys.stdin and sys.stdin.isatty():
        raise Unusable("Name a log, or - and end what you paste with Ctrl-D; `classify --help` shows what can be read.")
    return "-"


def _only(wanted: str, first: Log, others: Iterator[Log]) -> Iterator[Log]:
    """Give the logs of an archive, or that of one job alone."""
    seen = []
    for log in (item for group in ([first], others) for item in group):
        seen.append(log.job)
        if wanted in {"", log.job}:
            yield log
    if wanted and wanted not in seen:
        raise Unusable(f"There is no job `{wanted}` in the archive; there are {', '.join(seen)}.")


def _of_run(logs: Iterator[Log], step: str, signatures: Signatures, progress: Progress) -> list[tuple[str, Judged]]:
    return [
        (log.job, judge_log(progress.watch(log.chunks), signatures, job_name=log.job, step_name=step)) for log in logs
    ]


# --- what is printed --------------------------------------------------------------------------------------------------


def _print_one(judged: Judged, *, as_json_text: bool, title: str = "") -> None:
    if as_json_text:
        _print_json(as_json(judged.verdict))
    else:
        _print_lines(as_text(judged, _paint(), title))


def _print_run(told: list[tuple[str, Judged]], *, as_json_text: bool) -> None:
    """Print the verdict on each job of a run whose log tells of a failed step, all when none does."""
    failed = [(job, judged) for job, judged in told if judged.failed_step] or told
    passed = [job for job, judged in told if judged.failed_step is False and (job, judged) not in failed]
    if as_json_text:
        _print_json({"jobs": [{"job": job, **as_json(judged.verdict)} for job, judged in failed], "passed": passed})
        return
    for job, judged in failed:
        _print_lines([*as_text(judged, _paint(), f"Job {job}"), "", "-" * 80, ""])
    if passed:
        _print_lines(wrapped(f"No step failed in the log of: {', '.join(passed)}."))


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def _print_lines(lines: list[str]) -> None:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal may know fewer letters than a log
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _paint() -> Paint:
    return Paint(sys.stdout.isatty() and TerminalSettings().may_colour)


class Progress:
    """Says on a terminal how far a long log was read, and leaves nothing behind."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def watch(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Give the chunks as they come."""
        if not self._stream.isatty():
            yield from chunks
            return
        begin = time.monotonic()
        shown, size = begin + _SHOW_AFTER - _SHOW_EVERY, 0
        try:
            for chunk in chunks:
                size += len(chunk)
                now = time.monotonic()
                if now - shown >= _SHOW_EVERY:
                    shown = now
                    rate = size / _MEGA / (now - begin)
                    self._show(f"{size / _MEGA:,.0f} MB read, {rate:,.0f} MB/s")
                yield chunk
        finally:
            self._show("")

    def _show(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()
