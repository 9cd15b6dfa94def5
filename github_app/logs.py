"""Structured logs: one JSON object a line, without bodies, headers, local variables or any secret of ours (T28)."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

import structlog
from aiohttp.http_exceptions import HttpProcessingError

from github_app.rules.redaction import redact

_MAX_VALUE = 2000


def set_up_logs(level: str, secrets: Sequence[str]) -> None:
    """Send structlog's and the standard library's records to standard error; `secrets` never appear in them."""
    known = tuple(secrets)

    def without_secrets(_: Any, __: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: value if key == "_record" else _clean(value, known) for key, value in record.items()}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
        ),
        without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.addFilter(_is_ours)
    logging.captureWarnings(capture=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the database
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _clean(value: Any, known: Sequence[str]) -> Any:
    """Return what JSON can hold, without secrets; cut only afterwards, as half a secret is not recognised."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {redact(str(key), known).text: _clean(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, known) for item in value]
    text = value if isinstance(value, str) else repr(value)
    return redact(text, known).text[:_MAX_VALUE]


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether there is anything for us to mend: what is no HTTP was answered 400, and its bytes are a stranger's."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
