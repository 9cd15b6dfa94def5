"""The gate that a run of pytest is (S2-059), and how the gates of a report are read."""

from __future__ import annotations

import re
from typing import Final

from pytest_failure_review.plain import printable
from pytest_failure_review.report import Counts, Gate

PYTEST: Final = "pytest"
"""The gate that a run of pytest writes itself."""
GATES: Final = "gate"
"""The worker's name in the files of all others."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_STATUS: Final = {
    1: "tests failed",
    2: "the run was interrupted",
    3: "pytest itself failed",
    4: "pytest was called wrongly",
    5: "no test was collected",
}
"""https://docs.pytest.org/en/stable/reference/exit-codes.html"""


def gate_of_pytest(status: int, counts: Counts) -> Gate:
    """Passed when pytest says so; nothing else is asked."""
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no test ran"
    why = "" if status == 0 else f" pytest ended with status {status}: {_STATUS.get(status, 'a plugin chose it')}."
    details = {"exit_status": status, "counts": dict(counts)}
    return Gate(record="gate", name=PYTEST, passed=status == 0, summary=f"{told.capitalize()}.{why}", details=details)


def with_gate(gates: list[Gate], gate: Gate) -> list[Gate]:
    """The gates of a file with one more, which counts in place of an earlier one of its name.

    One with a name that no gate can have is passed over: names become part of an output of the Action's step.
    """
    if not NAME.fullmatch(gate["name"]):
        return gates
    return [*(other for other in gates if other["name"] != gate["name"]), gate]


def in_words(gate: Gate) -> str:
    return f"Gate {gate['name']} {'passed' if gate['passed'] else 'failed'}: {printable(gate['summary'])}"
