"""Faults on purpose: what a route should do wrong, how often, so that tests and the demo can watch the App cope."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from github_app.sandbox.calls import Answer, Refusal

KINDS = (
    "status",
    "secondary_limit",
    "primary_limit",
    "too_many",
    "unauthorised",
    "reset_after_effect",
    "truncated",
    "slow",
)


@dataclass(slots=True)
class Fault:
    """One fault for a route. `kind` is one of KINDS, `path` a regular expression for the whole path.

    `status` is the HTTP status of kind `status`; `seconds` is Retry-After of the limits, the reset's distance of
    `primary_limit` and the delay of `slow`; None leaves Retry-After out. It strikes `times` times after letting
    `skip` calls pass.
    """

    kind: str
    method: str = "GET"
    path: str = ".*"
    times: int = 1
    skip: int = 0
    status: int = 500
    seconds: float | None = 60

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault of kind {self.kind!r}: choose from {', '.join(KINDS)}")


@dataclass(slots=True)
class Faults:
    """The script: the first fault that fits a call strikes."""

    script: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.script.append(fault)

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that this call meets, if any; it is used up by one."""
        for fault in self.script:
            if fault.times > 0 and method == fault.method and re.fullmatch(fault.path, path):
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                return fault
        return None


def answer_of(fault: Fault, now: float) -> Answer | None:
    """What is answered instead of the truth; None for faults that let the route do its work. `now` in epoch seconds."""
    wait = {} if fault.seconds is None else {"Retry-After": f"{fault.seconds:.0f}"}
    secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    match fault.kind:
        case "status":
            return Answer(Refusal(fault.status, "Server Error").answer.body, fault.status)
        case "secondary_limit":
            return Answer(Refusal(403, secondary).answer.body, 403, wait)
        case "too_many":
            return Answer(Refusal(429, secondary).answer.body, 429, wait)
        case "primary_limit":
            reset = f"{now + (fault.seconds or 0):.0f}"
            spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
            return Answer(Refusal(403, "API rate limit exceeded for installation.").answer.body, 403, spent)
        case "unauthorised":
            return Refusal(401, "Bad credentials").answer
        case _:
            return None
