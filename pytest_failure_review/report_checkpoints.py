"""The shapes of checkpoints in the report, with the fields that a snapshot of the App has as well."""

# No `from __future__ import annotations`: of these shapes' fields each would be compiled apart, at every start.

from typing import Any, Literal, NotRequired, TypedDict


class StoredFile(TypedDict):
    """A file kept with a checkpoint: its content stands under its hash in the folder of the attempt."""

    name: str
    sha256: str
    bytes: int
    media_type: str
    path: str
    """Relative to the report's folder; empty when only the hash was kept: the file was too large, or held a secret."""


Kind = Literal["manual", "environment", "begun", "setup_done", "failure", "teardown_done", "step_started", "step_ended"]
"""How a checkpoint came to be: by the test's own call, or by itself.

`environment` is the session's start; it stands in the first failure of a file, and is the parent of what comes first in
the others. `begun` is there when the test uses the fixture `checkpoint`: the moment in which that was made.
`teardown_done` follows in a record of its own (`afterwards`), where the tear-down did not fail.
"""


class Checkpoint(TypedDict):
    """What was so at one moment of a test, with the fields that a snapshot of the App has as well."""

    label: str
    sequence: int
    """Counts within one attempt of one test from 2; 1 is the session's start."""
    sha256: str
    """Of `label`, `state`, `provided` and the files' hashes, as JSON with sorted keys and without spaces."""
    parent: str | None
    """`sha256` of the checkpoint before it in the same attempt; None for the session's start alone."""
    created_at: str
    """UTC, ISO 8601 with microseconds, ending in Z."""
    elapsed: float
    """Seconds since the first checkpoint of the attempt, monotonic."""
    phase: str
    task: str
    """Thread and asyncio task that made it."""
    kind: Kind
    state: Any
    """JSON, bounded in depth, items and length when it was taken."""
    files: list[StoredFile]
    provided: NotRequired[dict[str, Any]]
    """What hooks gave for this moment, by name, and the plugin itself: `random_state`, `hypothesis`."""
    notes: NotRequired[list[str]]
    """What could not be kept as it was, in sentences."""


class Afterwards(TypedDict):
    """Checkpoints of an attempt that were made after its failure was written down: in the tear-down, and at its end."""

    record: Literal["afterwards"]
    nodeid: str
    node_hash: str
    attempt: int
    worker: str
    checkpoints: list[Checkpoint]
    """Their `sequence` and `parent` go on where those of the failure record with the same key end."""
