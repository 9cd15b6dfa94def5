"""Judges requests and answers by GitHub's own description of its REST API (`github-rest.json.gz`, see NOTICE).

It is stricter than the description where that is silent: a query or body key it does not name is a violation, and so
are a missing User-Agent (GitHub answers 403) and a check run that is completed without a conclusion.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from github_app.sandbox.journal import Exchange

JSON = "application/json"
_LONGEST = 200
# What any address may answer, described or not: renamed repositories redirect, an ETag may still fit.
ALWAYS_ALLOWED = {301, 304, 307}
ERROR = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}


@dataclass(frozen=True)
class Operation:
    """One method of one path of the description."""

    method: str
    template: str
    pattern: re.Pattern[str]
    pointer: str
    described: Mapping[str, Any]


class Description:
    """GitHub's description, ready to judge."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        resource = DRAFT202012.create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource("urn:github", resource)
        self.operations = [
            self._operation(template, method, described)
            for template, item in document["paths"].items()
            for method, described in item.items()
        ]

    def _operation(self, template: str, method: str, described: Mapping[str, Any]) -> Operation:
        anything = {p["name"] for p in self._parameters(described) if p.get("x-multi-segment")}

        def segment(found: re.Match[str]) -> str:
            name = found[1]
            return f"(?P<{name}>.*)" if name in anything or name == "path" else f"(?P<{name}>[^/]+)"

        pattern = re.compile(re.sub(r"\{(\w+)\}", segment, template))
        pointer = f"#/paths/{template.replace('~', '~0').replace('/', '~1')}/{method}"
        return Operation(method.upper(), template, pattern, pointer, described)

    def _parameters(self, described: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [self._resolved(each) for each in described.get("parameters", [])]

    def _resolved(self, node: Any) -> Any:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that this address means: the one with the fewest variables; None when there is none."""
        path = re.sub(r"^/repositories/\d+", "/repos/owner/repo", path)
        fitting = [each for each in self.operations if each.method == method and each.pattern.fullmatch(path)]
        return min(fitting, key=lambda each: (each.template.count("{"), -len(each.template)), default=None)

    def request_violations(self, exchange: Exchange) -> list[str]:
        """What GitHub would hold against this request."""
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        found = [] if headers.get("user-agent") else ["header User-Agent is missing"]
        operation = self.find(exchange.method, exchange.path)
        if operation is None:
            return [*found, "GitHub has no such operation"]
        return [
            *found,
            *self._path_violations(operation, exchange.path),
            *self._query_violations(operation, exchange.query),
            *self._body_violations(operation, exchange.body, headers.get("content-type", JSON)),
        ]

    def _path_violations(self, operation: Operation, path: str) -> Iterator[str]:
        match = operation.pattern.fullmatch(re.sub(r"^/repositories/\d+", "/repos/owner/repo", path))
        values = {} if match is None else match.groupdict()
        for each in self._parameters(operation.described):
            if each["in"] == "path" and each["name"] in values:
                yield from self._text_violations(each["schema"], unquote(values[each["name"]]), f"path {each['name']}")

    def _query_violations(self, operation: Operation, query: str) -> Iterator[str]:
        known = {each["name"]: each for each in self._parameters(operation.described) if each["in"] == "query"}
        given = dict(parse_qsl(query, keep_blank_values=True))
        for name, text in given.items():
            if name in known:
                yield from self._text_violations(known[name]["schema"], text, f"query {name}")
            else:
                yield f"query {name} is unknown"
        yield from (f"query {name} is missing" for name, p in known.items() if p.get("required") and name not in given)

    def _text_violations(self, schema: Any, text: str, where: str) -> Iterator[str]:
        schema = self._resolved(schema)
        value: Any = text
        if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
            value = int(text)
        elif schema.get("type") == "boolean" and text in ("true", "false"):
            value = text == "true"
        elif schema.get("type") == "array":
            value = text.split(",")
        validator = OAS30Validator(schema, registry=self._registry, format_checker=oas30_format_checker)
        yield from (f"{where}: {error.message}" for error in validator.iter_errors(value))

    def _body_violations(self, operation: Operation, body: bytes, content_type: str) -> Iterator[str]:
        described = operation.described.get("requestBody")
        if described is None:
            if body.strip() not in (b"", b"{}", b"null"):
                yield "a body was sent where none is described"
            return
        pointer = described.get("$ref", f"{operation.pointer}/requestBody")
        described = self._resolved(described)
        if not body:
            if described.get("required"):
                yield "the body is missing"
            return
        if not content_type.startswith(JSON):
            yield f"the body is {content_type}, not JSON"
        try:
            value = json.loads(body)
        except ValueError as bad:
            yield f"the body is not JSON: {bad}"
            return
        yield from self._value_violations(f"{pointer}/content/application~1json/schema", value, "body")
        yield from self._unknown_keys(described["content"][JSON]["schema"], value, "body")
        if "/check-runs" in operation.template and value.get("status") == "completed" and not value.get("conclusion"):
            yield "body: completed without a conclusion"

    def response_violations(self, exchange: Exchange) -> list[str]:
        """Where this answer is not one that GitHub describes."""
        operation = self.find(exchange.method, exchange.path)
        if exchange.status in ALWAYS_ALLOWED:
            return []
        described = operation.described["responses"].get(str(exchange.status)) if operation else None
        if operation is None or described is None:
            if exchange.status < 400:
                return [f"status {exchange.status} is not described"]
            return self._error_violations(exchange.response_body)
        pointer = described.get("$ref", f"{operation.pointer}/responses/{exchange.status}")
        content = self._resolved(described).get("content", {})
        if JSON not in content:
            return (
                ["an answer without a described body has one"]
                if exchange.response_body and exchange.status < 400
                else []
            )
        try:
            value = json.loads(exchange.response_body)
        except ValueError as bad:
            return [f"the answer is not JSON: {bad}"]
        return list(self._value_violations(f"{pointer}/content/application~1json/schema", value, "answer"))

    def _error_violations(self, body: bytes) -> list[str]:
        try:
            value = json.loads(body)
        except ValueError as bad:
            return [f"the answer is not JSON: {bad}"]
        return [f"answer: {error.message}" for error in OAS30Validator(ERROR).iter_errors(value)]

    @cache  # noqa: B019  (one description lives as long as the tests)
    def _validator(self, pointer: str) -> OAS30Validator:
        schema = {"$ref": f"urn:github{pointer}"}
        return OAS30Validator(schema, registry=self._registry, format_checker=oas30_format_checker)

    def _value_violations(self, pointer: str, value: Any, where: str) -> Iterator[str]:
        for error in self._validator(pointer).iter_errors(value):
            place = where + "".join(f"[{part!r}]" for part in error.absolute_path)
            deeper = "; ".join(shortened(inner.message) for inner in list(error.context or [])[:3])
            yield f"{place}: {shortened(error.message)}{f' ({deeper})' if deeper else ''}"

    def _unknown_keys(self, schema: Any, value: Any, where: str) -> Iterator[str]:
        if isinstance(value, list):
            item = self._resolved(schema).get("items")
            for number, each in enumerate(value if item else []):
                yield from self._unknown_keys(item, each, f"{where}[{number}]")
        if isinstance(value, dict):
            known: dict[str, Any] = {}
            is_open = self._gather(schema, known)
            for key, each in value.items() if known else ():
                if key in known:
                    yield from self._unknown_keys(known[key], each, f"{where}[{key!r}]")
                elif not is_open:
                    yield f"{where}[{key!r}]: GitHub knows no such key"

    def _gather(self, schema: Any, known: dict[str, Any]) -> bool:
        """Collect the fields of a schema and its alternatives; true when it takes others as well."""
        schema = self._resolved(schema)
        known.update(schema.get("properties", {}))
        parts = [each for kind in ("oneOf", "anyOf", "allOf") for each in schema.get(kind, [])]
        opened = [self._gather(each, known) for each in parts]
        return bool(schema.get("additionalProperties")) or any(opened)


def shortened(message: str) -> str:
    """A message without the middle of a long value: what is wrong with it stands at the end."""
    return message if len(message) <= _LONGEST else f"{message[:80]} ... {message[-80:]}"


@cache
def description() -> Description:
    """The vendored description, read once."""
    return Description(json.loads(gzip.decompress((Path(__file__).parent / "github-rest.json.gz").read_bytes())))


def violations(requests: Iterable[Exchange]) -> list[str]:
    """Every way in which these requests, or the answers to them, are not what GitHub describes."""
    judge = description()
    found = []
    for exchange in requests:
        sentences = judge.request_violations(exchange)
        if not exchange.spoilt:
            sentences += judge.response_violations(exchange)
        found += [f"{exchange.method} {exchange.path} -> {exchange.status}: {each}" for each in sentences]
    return found
