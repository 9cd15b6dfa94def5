"""How soon a failure must be fixed, as a marker, a rule or a hook writes it: `30m`, `4h`, `7d`, or a number of hours.

The same words as in the App's policy file; the deadline itself is set by the App alone.
"""

from __future__ import annotations

import re
from typing import Any, Final

_WRITTEN: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,4})?)([mhd])", re.ASCII)
_HOURS: Final = {"m": 1 / 60, "h": 1.0, "d": 24.0}
_LONGEST_HOURS: Final = 366 * 24


def hours_of(value: Any) -> float | None:
    """The hours that the value stands for; None when it stands for none."""
    if type(value) in (int, float):
        hours = float(value) if abs(value) <= _LONGEST_HOURS else 0.0
    else:
        written = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
        hours = float(written[1]) * _HOURS[written[2]] if written else 0.0
    return round(hours, 4) if 0 < hours <= _LONGEST_HOURS else None
