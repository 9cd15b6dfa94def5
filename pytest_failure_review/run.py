"""What the report says about the run itself: its name, where it runs, and the folder that keeps the report."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from .audience import Audience, audience
from .command import PROGRAM, program_of
from .git import ask
from .plugin import FOLDER, REPORT_VARIABLE
from .redaction import Redactor
from .report import FILE_PREFIX, SCHEMA, Git, GitHub, Start
from .shapes import without_secret_values

MAIN: Final = "main"
"""The worker's name in a run without pytest-xdist, and of the process that hands out the work."""
ADDOPTS: Final = "PYTEST_ADDOPTS"
HANDED: Final = "failure_review"
"""The key under which the main process tells its workers the run's name and folder."""


class Run(NamedTuple):
    """One process of one run."""

    run_id: str
    worker: str
    directory: Path
    repository: Path
    start: Start
    redactor: Redactor
    audience: Audience
    given: tuple[str, ...] = ()
    """Further options that pytest was started with: those of PYTEST_ADDOPTS, where people run a command elsewhere."""
    program: str = PROGRAM
    """How pytest was started."""
    options: Sequence[tuple[str, bool]] | None = None
    """In a worker: what the command that runs a failure again has of the main process's options."""

    @property
    def file(self) -> Path:
        """This process's own report file; no two processes share one."""
        return self.file_of(self.worker)

    def file_of(self, worker: str) -> Path:
        """The report file of another process of this run."""
        return self.directory / f"{FILE_PREFIX}-{self.run_id}-{worker}.jsonl"


def describe(config: pytest.Config, environment: Mapping[str, str]) -> Run:
    """The run as this process sees it; a pytest-xdist worker takes its name and folder from the main process."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    own = os.urandom(8).hex(), _folder(config, environment), program_of(sys.argv), None
    run_id, folder, program, options = given.get(HANDED) or own
    worker = str(given.get("workerid", MAIN))
    repository = repository_of(config.rootpath)
    start = Start(
        record="start",
        schema=SCHEMA,
        run_id=run_id,
        worker=worker,
        started_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        python=platform.python_version(),
        platform=platform.platform(),
        pytest=pytest.__version__,
        plugin=_version(),
        argv=without_secret_values(map(str, config.invocation_params.args)),
        github=github_of(environment),
        rootdir=_rootdir_in(repository, config.rootpath),
        program=program,
    )
    if worker == MAIN:  # the others' are the same
        start["git"], start["dist"] = git_of(repository), str(config.getoption("dist", "no"))
    return Run(
        run_id=run_id,
        worker=worker,
        directory=config.invocation_params.dir / folder,
        repository=repository,
        start=start,
        redactor=Redactor(environment),
        # A worker's failures are shown by the main process, once.
        audience=audience(environment) if worker == MAIN else Audience(),
        given=tuple(shlex.split(environment.get(ADDOPTS, ""))) if environment.get("GITHUB_ACTIONS") == "true" else (),
        program=program,
        options=options,
    )


def keep_to_this_process(environment: MutableMapping[str, str]) -> None:
    """Takes the plugin's variable, and its options in PYTEST_ADDOPTS, from every process that a test will start.

    A pytest that a test starts to see it fail, or die, is no part of this run and must not write into its report.
    """
    environment.pop(REPORT_VARIABLE, None)
    if ADDOPTS in environment:
        environment[ADDOPTS] = shlex.join(_of_others(iter(shlex.split(environment[ADDOPTS]))))


def _of_others(options: Iterator[str]) -> Iterator[str]:
    for option in options:
        if option == "--failure-review-report":
            next(options, None)  # its folder is a word of its own
        elif not option.startswith("--failure-review"):
            yield option


def _version() -> str:
    """The plugin's own; `importlib.metadata.version` reads all headers as those of a letter, for ten times as long."""
    head = f"\n{distribution('pytest-failure-review').read_text('METADATA') or ''}".partition("\n\n")[0]
    return head.partition("\nVersion: ")[2].partition("\n")[0] or version("pytest-failure-review")


def _folder(config: pytest.Config, environment: Mapping[str, str]) -> str:
    return config.getoption("failure_review_report") or environment.get(REPORT_VARIABLE) or FOLDER


def repository_of(folder: Path) -> Path:
    """The nearest folder upwards that git knows, else the folder: paths on GitHub start there, not at rootdir."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)


def _rootdir_in(repository: Path, rootdir: Path) -> str:
    return rootdir.relative_to(repository).as_posix() if rootdir.is_relative_to(repository) else "."


def git_of(repository: Path) -> Git | None:
    """The commit that is checked out, and whether tracked files differ from it."""
    if not (repository / ".git").exists():
        return None
    # It must not wait for, or hold up, a git of somebody else: `status` writes to the index when it may.
    told = ask(repository, "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    lines = (told or "").splitlines()
    sha = next((line.removeprefix("# branch.oid ") for line in lines if line.startswith("# branch.oid ")), "")
    dirty = any(not line.startswith("#") for line in lines)
    is_whole = len(sha) in range(40, 65) and not sha.strip("0123456789abcdef")
    return Git(sha=sha, dirty=dirty) if is_whole else None


def github_of(environment: Mapping[str, str]) -> GitHub | None:
    """What the runner's variables say, or None where there is no runner."""
    if "GITHUB_RUN_ID" not in environment:
        return None
    return GitHub(
        repository=environment.get("GITHUB_REPOSITORY", ""),
        run_id=environment["GITHUB_RUN_ID"],
        run_attempt=environment.get("GITHUB_RUN_ATTEMPT", ""),
        job=environment.get("GITHUB_JOB", ""),
        sha=environment.get("GITHUB_SHA", ""),
        workflow=environment.get("GITHUB_WORKFLOW", ""),
    )
