"""Which SQL destroys data, as far as its words tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_SKIPPED: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|(--[^\n]*|/\*.*?(?:\*/|\Z))", re.DOTALL)
_NO_DATA: Final = r"CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|CHECK|DEFAULT|NOT|IDENTITY|EXPRESSION|TRIGGER|RULE"
_DESTROYS: Final = re.compile(
    r"\b(?:(?P<drop>DROP\s+(?:FOREIGN\s+)?(?:TABLE|COLUMN|SCHEMA|DATABASE|KEYSPACE|MATERIALIZED\s+VIEW)\b)"
    rf"|ALTER\s+TABLE\b[^;]*?\b(?P<column>DROP\s+(?!(?:{_NO_DATA})\b)[\w\"`\[])"
    r"|(?P<truncate>TRUNCATE\s+(?!(?:ON|OR)\b)[\w\"`\[])|(?P<delete>DELETE\s+FROM\b))",
    re.IGNORECASE,
)
_SAYS: Final = {"column": "drops a column", "truncate": "empties a table", "delete": "deletes rows"}


def without_comments(sql: str) -> str:
    """The same with spaces for comments, so that lines keep their numbers; what stands in quotes stays."""
    return _SKIPPED.sub(lambda hit: re.sub(r"[^\n]", " ", hit[0]) if hit[1] else hit[0], sql)


def destructive(sql: str) -> Iterator[tuple[int, str]]:
    """The line, counted from 0, of each statement that destroys data, and what it does."""
    text = without_comments(sql)
    for hit in _DESTROYS.finditer(text):
        name = str(hit.lastgroup)
        what = f"has {' '.join(hit['drop'].upper().split())}" if name == "drop" else _SAYS[name]
        yield text.count("\n", 0, hit.start(name)), what


def is_empty(sql: str) -> bool:
    return not without_comments(sql).strip("; \t\r\n")
