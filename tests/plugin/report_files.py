"""Report files as a process leaves them behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plugin_project import a_finish, a_start


def write(
    folder: Path, *records: Mapping[str, Any], run: str = "0" * 16, worker: str = "main", ends: bool = True
) -> Path:
    """A report file of one process."""
    start = a_start(run_id=run, worker=worker)
    lines = [json.dumps(record).encode() + b"\n" for record in (start, *records)]
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    last = [json.dumps({**a_finish(), "sha256": digest}).encode() + b"\n"] if ends else []
    folder.mkdir(exist_ok=True)
    path = folder / f"failure-review-{run}-{worker}.jsonl"
    path.write_bytes(b"".join(lines + last))
    return path
