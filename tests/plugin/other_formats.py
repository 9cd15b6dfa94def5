"""The parts of other tools' formats that reports are converted to, as JSON Schema: nothing else may be written.

Each is narrower than the published schema, so what satisfies it satisfies that as well.
https://github.com/ctrf-io/ctrf/blob/main/schema/ctrf.schema.json
https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
WHOLE = {"type": "integer"}
COUNT = {"type": "integer", "minimum": 0}
FREE = {"type": "object"}
TEXTS = {"type": "array", "items": TEXT}


def closed(required: str, optional: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others; those in `required`, by name, must be there."""
    known = {**properties, **(optional or {})}
    return {"type": "object", "required": required.split(), "properties": known, "additionalProperties": False}


def listed(item: Any, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": least}


_LABEL = {"anyOf": [TEXT, {"type": "number"}, {"type": "boolean"}]}
_CTRF_ATTEMPT = closed(
    "attempt status",
    attempt={"type": "integer", "minimum": 1},
    status={"const": "failed"},
    duration=WHOLE,
    message=TEXT,
    trace=TEXT,
    line=WHOLE,
    stdout=TEXTS,
    stderr=TEXTS,
    extra=FREE,
)
_CTRF_TEST = closed(
    "name status duration",
    name=NAME,
    status={"enum": ["passed", "failed"]},
    duration=WHOLE,
    suite=listed(TEXT, 1),
    message=TEXT,
    trace=TEXT,
    line=WHOLE,
    rawStatus=TEXT,
    labels={"type": "object", "additionalProperties": _LABEL},
    filePath=TEXT,
    retries=WHOLE,
    retryAttempts=listed(_CTRF_ATTEMPT),
    flaky={"type": "boolean"},
    stdout=TEXTS,
    stderr=TEXTS,
    threadId=TEXT,
    parameters=FREE,
    steps=listed(closed("name status", name=TEXT, status={"enum": ["passed", "failed"]}, extra=FREE)),
    extra=FREE,
)
_CTRF_COUNTS = "tests passed failed skipped pending other start stop"
_CTRF_ENVIRONMENT = "buildId buildName repositoryName commit osVersion"
CTRF = closed(
    "results reportFormat specVersion",
    reportFormat={"const": "CTRF"},
    specVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
    generatedBy=TEXT,
    results=closed(
        "tool summary tests",
        tool=closed("name", name=NAME, version=TEXT),
        summary=closed(_CTRF_COUNTS, flaky=COUNT, **dict.fromkeys(_CTRF_COUNTS.split(), COUNT)),
        tests=listed(_CTRF_TEST),
        environment=closed("", healthy={"type": "boolean"}, **dict.fromkeys(_CTRF_ENVIRONMENT.split(), TEXT)),
    ),
)

_SARIF_TEXT = closed("text", text=TEXT)
_SARIF_RULE = closed(
    "id",
    id=NAME,
    shortDescription=_SARIF_TEXT,
    defaultConfiguration=closed("", level={"const": "error"}),
    properties=closed("", tags=TEXTS),
)
_SARIF_PLACE = closed(
    "artifactLocation",
    artifactLocation=closed("", uri={"type": "string", "pattern": "^[!-~]+$"}, uriBaseId=TEXT),
    region=closed("", startLine={"type": "integer", "minimum": 1}),
)
_SARIF_RESULT = closed(
    "message",
    ruleId=NAME,
    ruleIndex=COUNT,
    level={"const": "error"},
    message=_SARIF_TEXT,
    locations=listed(closed("", physicalLocation=_SARIF_PLACE), 1),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties=FREE,
)
_SARIF_NOTE = closed("message", level={"const": "error"}, message=_SARIF_TEXT)
_SARIF_INVOCATION = closed(
    "executionSuccessful", executionSuccessful={"type": "boolean"}, toolExecutionNotifications=listed(_SARIF_NOTE)
)
SARIF = closed(
    "version runs",
    {"$schema": TEXT},
    version={"const": "2.1.0"},
    runs=listed(
        closed(
            "tool",
            tool=closed("driver", driver=closed("name", name=NAME, version=TEXT, rules=listed(_SARIF_RULE))),
            columnKind={"const": "unicodeCodePoints"},
            invocations=listed(_SARIF_INVOCATION),
            results=listed(_SARIF_RESULT),
        )
    ),
)
