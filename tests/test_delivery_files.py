"""The files by which the App is registered and started are what their readers expect."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from github_app.github.sorting import HANDLED

ROOT = Path(__file__).parent.parent
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "app.yml").read_text(encoding="utf-8"))
DESCRIPTION = ROOT / "tests" / "contract" / "github-rest.json.gz"
ALWAYS_HEARD = {"installation", "installation_repositories"}
"""GitHub sends these to every App; they are not subscribed to."""


def test_compose_file_fits_the_compose_specification() -> None:
    judge = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yml"]
    judged = subprocess.run(judge, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert judged.returncode == 0, judged.stdout


def test_the_manifest_subscribes_to_exactly_the_events_that_are_handled() -> None:
    assert set(MANIFEST["default_events"]) == set(HANDLED) - ALWAYS_HEARD


def test_every_permission_of_the_manifest_is_one_that_github_knows() -> None:
    with gzip.open(DESCRIPTION) as file:
        known = json.load(file)["components"]["schemas"]["app-permissions"]["properties"]
    levels = {name: known[name]["enum"] for name in MANIFEST["default_permissions"]}
    assert [name for name, level in MANIFEST["default_permissions"].items() if level not in levels[name]] == []


def test_every_permission_and_event_of_the_manifest_is_explained_on_its_line() -> None:
    lines = (ROOT / "app.yml").read_text(encoding="utf-8").split("default_permissions:")[1].split("\n")
    assert [line for line in lines if line.startswith("  ") and "#" not in line] == []


def test_the_image_holds_the_driver_that_the_replicas_need() -> None:
    compose = yaml.safe_load((ROOT / "compose.yml").read_text(encoding="utf-8"))
    assert compose["services"]["worker"]["environment"]["DATABASE_URL"].startswith("postgresql://")
    assert "'.[app,postgres]'" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
