"""What every test of the plugin is given."""

from __future__ import annotations

import os

import pytest
from plugin_project import Project


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    # The outer run may itself be one of GitHub Actions, or have been told to write a report.
    for name in [
        name for name in os.environ if name.startswith(("GITHUB_", "PYTEST_ADDOPTS", "FAILURE_REVIEW_REPORT"))
    ]:
        monkeypatch.delenv(name)
    return Project(pytester)
