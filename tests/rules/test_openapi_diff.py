"""What differs between two OpenAPI documents, and what of it breaks a client that was right before."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.rules.contracts import ContractChange
from github_app.rules.openapi_diff import compare

CART = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "state": {"type": "string", "enum": ["open", "paid"]},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
        "owner": {"$ref": "#/components/schemas/Person"},
    },
}


def document() -> dict[str, Any]:
    """An API that answers with a Cart and takes an Order."""
    json_of = lambda name: {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}  # noqa: E731
    return copy.deepcopy(
        {
            "openapi": "3.1.0",
            "paths": {
                "/carts/{id}": {
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                    "get": {
                        "parameters": [
                            {"$ref": "#/components/parameters/Page"},
                            {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["up", "down"]}},
                        ],
                        "responses": {"200": {"content": json_of("Cart")}, "404": {"description": "none"}},
                    },
                    "put": {"requestBody": {"content": json_of("Order")}, "responses": {"204": {}}},
                }
            },
            "components": {
                "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
                "schemas": {
                    "Cart": CART,
                    "Order": {"type": "object", "properties": {"note": {"type": ["string", "null"]}}},
                    "Person": {"type": "object", "properties": {"name": {"type": "string"}}},
                },
            },
        }
    )


def get(told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = told["paths"]["/carts/{id}"]["get"]
    return found


def schema(told: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = told["components"]["schemas"][name]
    return found


def put_in(target: dict[str, Any], **values: Any) -> None:
    target.update(values)


GET, PUT = "GET /carts/{id}", "PUT /carts/{id}"
CASES = [
    ("operation removed", lambda d: d["paths"]["/carts/{id}"].pop("put"), PUT, "was removed", True),
    ("operation added", lambda d: put_in(d["paths"], **{"/new": {"get": {}}}), "GET /new", "is new", False),
    ("parameter removed", lambda d: get(d)["parameters"].pop(), GET, "the query parameter `sort` was removed", True),
    (
        "optional parameter added",
        lambda d: get(d)["parameters"].append({"name": "q", "in": "query"}),
        *(GET, "the query parameter `q` is new", False),
    ),
    (
        "required parameter added",
        lambda d: get(d)["parameters"].append({"name": "q", "in": "header", "required": True}),
        *(GET, "the header parameter `q` is new and required", True),
    ),
    (
        "parameter made required behind a reference",
        lambda d: put_in(d["components"]["parameters"]["Page"], required=True),
        *(GET, "the query parameter `page` became required", True),
    ),
    (
        "parameter made optional",
        lambda d: put_in(d["paths"]["/carts/{id}"]["parameters"][0], required=False),
        *(GET, "the path parameter `id` became optional", False),
    ),
    (
        "parameter's type narrowed",
        lambda d: put_in(d["components"]["parameters"]["Page"]["schema"], type="boolean"),
        *(GET, "the query parameter `page` is boolean now and was integer", True),
    ),
    (
        "parameter's type widened",
        lambda d: put_in(d["components"]["parameters"]["Page"]["schema"], type="number"),
        *(GET, "the query parameter `page` is number now and was integer", False),
    ),
    (
        "enum of a request narrowed",
        lambda d: get(d)["parameters"][1]["schema"]["enum"].remove("up"),
        *(GET, "the query parameter `sort` may no longer be `up`", True),
    ),
    (
        "enum of a request widened",
        lambda d: get(d)["parameters"][1]["schema"]["enum"].append("none"),
        *(GET, "the query parameter `sort` may also be `none`", False),
    ),
    (
        "body made required",
        lambda d: put_in(d["paths"]["/carts/{id}"]["put"]["requestBody"], required=True),
        *(PUT, "the body became required", True),
    ),
    ("response removed", lambda d: get(d)["responses"].pop("404"), GET, "the response 404 was removed", True),
    ("response added", lambda d: put_in(get(d)["responses"], **{"410": {}}), GET, "the response 410 is new", False),
    (
        "kind of content removed",
        lambda d: get(d)["responses"]["200"].pop("content"),
        *(GET, "the response 200 is no longer taken or given as application/json", True),
    ),
    (
        "kind of content added",
        lambda d: put_in(get(d)["responses"]["200"]["content"], **{"text/csv": {}}),
        *(GET, "the response 200 may also be text/csv", False),
    ),
    (
        "enum of a request made up",
        lambda d: put_in(d["components"]["parameters"]["Page"]["schema"], enum=[1, 2]),
        *(GET, "the query parameter `page` may only be one of 2 values now", True),
    ),
    (
        "schema exchanged",
        lambda d: put_in(
            get(d)["responses"]["200"]["content"]["application/json"]["schema"],
            **{"$ref": "#/components/schemas/Person"},
        ),
        *(GET, "the response 200 as application/json is Person now and was Cart", True),
    ),
    ("schema removed", lambda d: d["components"]["schemas"].pop("Person"), "schema Person", "was removed", True),
    ("schema added", lambda d: put_in(d["components"]["schemas"], New={}), "schema New", "is new", False),
    (
        "response property removed",
        lambda d: schema(d, "Cart")["properties"].pop("state"),
        *("schema Cart", "`state` was removed", True),
    ),
    (
        "property added to a response, required or not",
        lambda d: (
            put_in(schema(d, "Cart")["properties"], total={"type": "number"}),
            schema(d, "Cart")["required"].append("total"),
        ),
        *("schema Cart", "`total` is new and required", False),
    ),
    (
        "required property added to a request",
        lambda d: put_in(
            schema(d, "Order"), properties={"note": {"type": ["string", "null"]}, "x": {}}, required=["x"]
        ),
        *("schema Order", "`x` is new and required", True),
    ),
    (
        "property of a response made optional",
        lambda d: put_in(schema(d, "Cart"), required=[]),
        *("schema Cart", "`id` became optional", True),
    ),
    (
        "property of a request made required",
        lambda d: put_in(schema(d, "Order"), required=["note"]),
        *("schema Order", "`note` became required", True),
    ),
    (
        "response may be null",
        lambda d: put_in(schema(d, "Cart")["properties"]["id"], nullable=True),
        *("schema Cart", "`id` is integer or null now and was integer", True),
    ),
    (
        "request may no longer be null",
        lambda d: put_in(schema(d, "Order")["properties"]["note"], type="string"),
        *("schema Order", "`note` is string now and was string or null", True),
    ),
    (
        "enum of a response widened",
        lambda d: schema(d, "Cart")["properties"]["state"]["enum"].append("void"),
        *("schema Cart", "`state` may also be `void`", False),
    ),
    (
        "enum of a response taken away",
        lambda d: schema(d, "Cart")["properties"]["state"].pop("enum"),
        *("schema Cart", "`state` may have any value now", True),
    ),
    (
        "property of an item removed",
        lambda d: schema(d, "Cart")["properties"]["lines"]["items"]["properties"].pop("sku"),
        *("schema Cart", "`sku` of an item of `lines` was removed", True),
    ),
    (
        "alternatives changed",
        lambda d: put_in(schema(d, "Person"), oneOf=[{"type": "string"}]),
        *("schema Person", "it has other alternatives (`oneOf`)", True),
    ),
]


@pytest.mark.requirement("S1-112")
@pytest.mark.parametrize(("change", "where", "what", "breaking"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_change_is_told_with_whether_it_breaks(change: Any, where: str, what: str, breaking: bool) -> None:
    head = document()
    change(head)
    assert ContractChange(where, what, breaking) in compare(document(), head)


def test_words_and_limits_are_no_change() -> None:
    head = document()
    put_in(get(head), summary="anew", description="x")
    put_in(schema(head, "Cart")["properties"]["id"], minimum=1, example=7, description="y")
    assert compare(document(), head) == ()


def test_a_swagger_2_document_s_definitions_are_schemas() -> None:
    old = {"swagger": "2.0", "paths": {}, "definitions": {"Cart": CART}}
    assert compare(old, {**old, "definitions": {}}) == (ContractChange("schema Cart", "was removed", breaking=True),)


def test_an_enum_of_very_many_values_takes_no_time() -> None:
    old = {"components": {"schemas": {"A": {"enum": list(range(60_000))}}}}
    new = {"components": {"schemas": {"A": {"enum": list(range(3, 60_003))}}}}
    assert compare(old, new) == (
        ContractChange("schema A", "it may no longer be `0`, `1`, `2`", breaking=True),
        ContractChange("schema A", "it may also be `60000`, `60001`, `60002`", breaking=False),
    )


def test_a_document_nested_without_end_has_one() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(60):
        deep = {"type": "object", "properties": {"a": deep}}
    answer = {"200": {"content": {"x/y": {"schema": deep}}}}
    other = {"paths": {"/a": {"get": {"responses": copy.deepcopy(answer)}}}}
    assert compare({"paths": {"/a": {"get": {"responses": answer}}}}, other) == ()


def test_a_schema_that_refers_to_itself_has_an_end() -> None:
    told = document()
    put_in(schema(told, "Person")["properties"], boss={"$ref": "#/components/schemas/Person"})
    assert compare(told, copy.deepcopy(told)) == ()


KEYS = (
    *("paths", "/a", "get", "parameters", "in", "schema", "type", "properties", "required", "items", "enum", "$ref"),
    *("components", "schemas", "A", "requestBody", "responses", "200", "content", "application/json"),
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.sampled_from(["object", "string", "#/components/schemas/A", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)
documents = st.dictionaries(st.sampled_from(["paths", "components", "definitions"]), anything, max_size=3)


@given(documents, documents)
def test_whatever_strangers_write_has_an_answer_and_equal_documents_none(one: Any, other: Any) -> None:
    assert compare(one, copy.deepcopy(one)) == ()
    assert all(isinstance(change, ContractChange) for change in compare(one, other))


ADDITIONS = [
    lambda d, name: put_in(d["paths"], **{f"/{name}": {"post": {"responses": {"200": {}}}}}),
    lambda d, name: get(d)["parameters"].append({"name": name, "in": "query", "schema": {"type": "string"}}),
    lambda d, name: put_in(get(d)["responses"], **{f"5{len(name):02}": {"description": name}}),
    lambda d, name: put_in(d["components"]["schemas"], **{f"New{name}": {"type": "object"}}),
    lambda d, name: put_in(schema(d, "Cart")["properties"], **{f"new{name}": {"type": "string"}}),
    lambda d, name: put_in(schema(d, "Order")["properties"], **{f"new{name}": {"type": "string"}}),
    lambda d, name: schema(d, "Cart")["properties"]["state"]["enum"].append(f"new{name}"),
]


@given(st.lists(st.tuples(st.sampled_from(ADDITIONS), st.text("abc", min_size=1, max_size=3)), min_size=1, max_size=6))
def test_adding_something_optional_never_breaks(additions: list[tuple[Any, str]]) -> None:
    head = document()
    for add, name in additions:
        add(head, name)
    changes = compare(document(), head)
    assert changes
    assert [change for change in changes if change.breaking] == []
