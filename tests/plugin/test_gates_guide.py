"""docs/gates.md says what is so: its settings, commands and notes are run."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from gate_project import Checkout

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
WRITE_PRICES = """import pathlib

out = pathlib.Path('build/prices.csv')
out.parent.mkdir()
out.write_text('id,n\\n1,2.001\\n')
"""
REVISION = (
    "revision = 'a1'\ndown_revision = None\n\ndef upgrade():\n{}\ndef downgrade():\n    op.create_table('cache')\n"
)


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def documented(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A project with the guide's settings and the files that they speak of."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    checkout.write("pyproject.toml", "\n".join(snippets("toml")))
    for name in ("shop/__init__.py", "shop/cart.py", "shop/pay.py", "check_policy.py"):
        checkout.write(name, "")
    checkout.write("evaluate.py", WRITE_PRICES)
    checkout.write("golden/prices.csv", "id,n\n1,2\n")
    checkout.write("generate.py", "import pathlib\n\npathlib.Path('web/api/client.ts').write_text('new')\n")
    checkout.write("web/api/client.ts", "old")
    checkout.write("openapi.json", '{"openapi": "3.1.0", "paths": {}}')
    checkout.commit()
    return checkout


def commands() -> list[list[str]]:
    return [line.split()[1:] for block in snippets("sh") for line in block.splitlines()]


def test_its_gates_run_and_pass(documented: Checkout) -> None:
    (gate,) = [command for command in commands() if command == ["gate"]]
    status, said = documented.run(*gate)
    passed = [line.split()[1] for line in said.splitlines() if " passed: " in line]
    assert (status, passed) == (0, ["ruff", "mypy", "prices", "policy"])


def test_its_generator_shows_what_drifted(documented: Checkout) -> None:
    (check,) = [command for command in commands() if command == ["check-drift"]]
    status, said = documented.run(*check)
    assert status == 1
    assert " M web/api/client.ts" in said
    assert "openapi.json describes the same API as before." in said


def test_its_note_makes_a_step_good(documented: Checkout) -> None:
    (check,) = [command for command in commands() if command == ["check-migrations"]]
    (step,) = snippets("python")
    body = "".join(f"    {line}\n" for line in step.splitlines())
    documented.write("db/versions/a1.py", REVISION.format(body))
    assert documented.run(*check) == (0, "1 migration was read: no findings.\n")
    documented.write("db/versions/a1.py", REVISION.format(body.replace("destructive", "fine")))
    assert documented.run(*check)[0] == 1


def test_its_workflow_and_its_hooks_name_what_there_is() -> None:
    workflow, hooks = map(yaml.safe_load, snippets("yaml"))
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert set(workflow["steps"][-1]["with"]) <= set(action["inputs"])
    assert "failed-gates" in action["outputs"]
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    # pre-commit warns of a rev that it takes for a branch: one without a point.
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert hooks["repos"][0]["rev"] == f"v{version}"
    assert [hook["id"] for hook in hooks["repos"][0]["hooks"]] == [hook["id"] for hook in offered]
