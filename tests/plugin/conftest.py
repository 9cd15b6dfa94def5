"""What every test of the plugin is given."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from gate_project import Checkout
from plugin_project import Project


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    # The outer run may itself be one of GitHub Actions, or have been told to write a report.
    for name in [
        name for name in os.environ if name.startswith(("GITHUB_", "PYTEST_ADDOPTS", "FAILURE_REVIEW_REPORT"))
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", ["pytest"])  # the outer run may be `python -m pytest`
    return Project(pytester)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Checkout:
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GIT_", "FAILURE_REVIEW_REPORT"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    made = Checkout(tmp_path, capsys)
    made.git("init", "-q", "-b", "main")
    return made
