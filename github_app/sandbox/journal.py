"""The journal of requests that the sandbox answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to the REST API and its answer; `spoilt` when a fault on purpose changed the answer."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    response_headers: dict[str, str]
    response_body: bytes
    spoilt: bool

    def json(self) -> Any:
        """The request's body as JSON; None when it has none."""
        return json.loads(self.body) if self.body else None
