"""The plugin's entry point: options, and registration only when asked.

It loads into every test run on a machine that has it, so it imports nothing but pytest; what does the work is imported
when `--failure-review` or the ini option `failure_review = true` asks for it. `failure_review = false` turns it off
even when `addopts` holds `--failure-review`.
"""

from __future__ import annotations

import pytest


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
        default=".failure-review",
        help="folder of the report, relative to where pytest was started (default: %(default)s)",
    )
    parser.addini("failure_review", "true: as if --failure-review were given; false: never", type="bool", default=None)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "failure_review(category=, owner=, sla=): what kind of failure it is when this test fails, who owns it, and how"
        " soon it must be fixed",
    )
    if not _is_wanted(config):
        return
    import os  # noqa: PLC0415  (these three cost nothing while the plugin is off)

    from .recorder import Recorder  # noqa: PLC0415
    from .run import describe, keep_to_this_process  # noqa: PLC0415

    keep_to_this_process(os.environ)
    config.pluginmanager.register(Recorder(config, describe(config, os.environ)), "failure_review_recorder")


def _is_wanted(config: pytest.Config) -> bool:
    ini: bool | None = config.getini("failure_review")
    return bool(config.getoption("failure_review")) if ini is None else ini
