"""The plugin's entry point: options, and registration only when asked.

It loads into every test run on a machine that has it, so it imports nothing but pytest; what does the work is imported
when `--failure-review`, the ini option `failure_review = true` or the variable `FAILURE_REVIEW_REPORT=DIR` asks for it.
`failure_review = false` turns it off whatever else is said. A pytest without the plugin takes no notice of the
variable, but would end at an option in PYTEST_ADDOPTS that it does not know: that is why the Action sets the variable.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from .checkpoints import Checkpoints

REPORT_VARIABLE: Final = "FAILURE_REVIEW_REPORT"
"""Names the report's folder and turns the plugin on. Options win over it."""
GITHUB_VARIABLE: Final = "FAILURE_REVIEW_GITHUB"
"""`false`: neither annotations nor a step's summary; whoever set it shows them itself, as the Action does."""
FOLDER: Final = ".failure-review"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("failure-review", "Failure Review")
    group.addoption(
        "--failure-review",
        action="store_true",
        dest="failure_review",
        help="write a report that says of each failure what kind it is, why, and who owns it",
    )
    group.addoption(
        "--failure-review-report",
        metavar="DIR",
        default=None,
        help=f"folder of the report, relative to where pytest was started (default: ${REPORT_VARIABLE}, else {FOLDER})",
    )
    group.addoption(
        "--failure-review-replay",
        metavar="REPORT[#FAILURE]",
        default=None,
        help="run recorded failures again as they were: of a report file, or of the newest run in a folder; FAILURE is"
        " a number from 1, a test's id or a fingerprint",
    )
    group.addoption(
        "--failure-review-replay-before",
        action="store_true",
        help="run the tests, too, that ran before them in the same process, in the same order",
    )
    parser.addini("failure_review", "true: as if --failure-review were given; false: never", type="bool", default=None)
    parser.addini(
        "failure_review_max_failures",
        "how many failures of one process are recorded whole; more are counted",
        default="1000",
    )
    parser.addini(
        "failure_review_locals",
        "true: keep the local variables of the line that failed, secrets taken out",
        type="bool",
        default=False,
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from . import hooks  # noqa: PLC0415  (without them, a conftest.py that uses one would end a run that is not reviewed)

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "failure_review(category=, owner=, sla=): what kind of failure it is when this test fails, who owns it, and how"
        " soon it must be fixed",
    )
    if not _is_wanted(config):
        return
    from .recorder import Recorder  # noqa: PLC0415  (these cost nothing while the plugin is off)
    from .run import describe, keep_to_this_process  # noqa: PLC0415

    run = describe(config, os.environ)
    recorder = Recorder(config, run)
    keep_to_this_process(os.environ)
    config.pluginmanager.register(recorder, "failure_review_recorder")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    if config.getoption("failure_review_replay"):
        from .replay import prepare  # noqa: PLC0415

        report, with_before = (
            config.getoption("failure_review_replay"),
            config.getoption("failure_review_replay_before"),
        )
        prepare(config, report, with_before=with_before)


@pytest.fixture
def checkpoint() -> Checkpoints:
    """What marks moments of a test, kept when it fails: `checkpoint("cart filled", state=..., files=[...])`."""
    from .checkpoints import begin  # noqa: PLC0415  (costs nothing in runs whose tests ask for none)

    return begin()


def _is_wanted(config: pytest.Config) -> bool:
    ini: bool | None = config.getini("failure_review")
    if ini is not None:
        return ini
    # A worker follows its main process, which has already taken the variable out of the environment.
    handed = "failure_review" in getattr(config, "workerinput", {})
    return handed or bool(config.getoption("failure_review")) or bool(os.environ.get(REPORT_VARIABLE))
