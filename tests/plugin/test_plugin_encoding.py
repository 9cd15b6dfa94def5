"""States become bounded JSON, whatever they are made of."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import uuid
from collections import OrderedDict, deque, namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_failure_review.encoding import LEFT_OUT, MAX_DEPTH, MAX_ITEMS, MAX_STATE, MAX_TEXT, encode

Point = namedtuple("Point", "x y")  # noqa: PYI024  (the old kind is what is read here)


class Colour(Enum):
    RED = 1


class Plain:
    def __init__(self) -> None:
        self.name = "plain"


@dataclass
class Cart:
    items: list[str]
    key: str = field(default="k", repr=False)


class Order(pydantic.BaseModel):
    number: int
    card: pydantic.SecretStr
    pin: str = pydantic.Field(default="1234", repr=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (1.5, 1.5),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ("text", "text"),
        (b"\x00raw", {"bytes": 4, "first": "b'\\x00raw'"}),
        (Decimal("1.10"), "1.10"),
        (dt.date(2026, 1, 5), "2026-01-05"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (PurePosixPath("a/b"), "a/b"),
        (Colour.RED, "<Colour.RED: 1>"),
        ({"a": [1, (2, 3)]}, {"a": [1, [2, 3]]}),
        ({1: "one", (2,): "two"}, {"1": "one", "(2,)": "two"}),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (deque([1, 2]), [1, 2]),
        ({7}, [7]),
        (Point(1, 2), {"x": 1, "y": 2}),
        (Plain(), {"name": "plain"}),
        (Cart(["apple"]), {"items": ["apple"]}),
        (ValueError("no"), "ValueError('no')"),
        (Cart, f"<class '{__name__}.Cart'>"),
    ],
)
def test_what_is_known_becomes_the_json_that_says_it_best(value: object, expected: object) -> None:
    assert encode(value) == expected


def test_of_a_pydantic_model_the_shown_fields_are_kept() -> None:
    order = Order(number=7, card=pydantic.SecretStr("4711"))
    assert encode(order) == {"number": 7, "card": "SecretStr('**********')"}


def test_an_array_becomes_a_summary() -> None:
    array = np.arange(1000.0).reshape(10, 100)
    assert encode(array) == {
        "type": "ndarray",
        "shape": [10, 100],
        "dtype": "float64",
        "first": [float(number) for number in range(20)],
    }
    assert encode(np.int64(7)) == {"type": "int64", "value": 7}


class Series:
    """As pandas and polars have it, as far as it is asked; the real ones are a hundred megabytes each."""

    dtype = "int64"

    def __init__(self, values: list[int]) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def head(self, count: int) -> Series:
        return type(self)(self._values[:count])

    def to_list(self) -> list[int]:
        return self._values


class Table:
    """Of pandas and polars that which both have."""

    columns = ("user", "age")
    dtypes = ("str", "int64")

    def __init__(self, ages: list[int]) -> None:
        self.ages = ages

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.ages), 2

    def head(self, count: int) -> Table:
        return type(self)(self.ages[:count])

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [{"user": "ann", "age": age} for age in self.ages]


class OfPandas(Table):
    def to_dict(self, orient: str) -> Any:
        return self.rows if orient == "records" else {"user": {}, "age": {}}


class OfPolars(Table):
    def to_dicts(self) -> list[dict[str, Any]]:
        return self.rows

    def to_dict(self) -> dict[str, Any]:
        return {"user": Series([]), "age": Series(self.ages)}


OfPandas.__module__ = "pandas"
OfPolars.__module__ = "polars.dataframe.frame"
Series.__module__ = "pandas"


@pytest.mark.parametrize("kind", [OfPandas, OfPolars])
def test_a_table_becomes_a_summary_whose_rows_name_their_columns(kind: type[Table]) -> None:
    assert encode(kind(list(range(9)))) == {
        "type": kind.__name__,
        "shape": [9, 2],
        "dtypes": {"user": "str", "age": "int64"},
        "first": [{"user": "ann", "age": age} for age in range(5)],
    }


def test_a_column_becomes_its_length_and_its_first_values() -> None:
    assert encode(Series(list(range(9)))) == {
        "type": "Series",
        "length": 9,
        "dtype": "int64",
        "first": [0, 1, 2, 3, 4],
    }


def test_a_cycle_is_named() -> None:
    cart: dict[str, Any] = {}
    cart["self"] = [cart]
    assert encode(cart) == {"self": ["<cycle>"]}


def test_the_same_list_twice_is_no_cycle() -> None:
    same = [1]
    assert encode([same, same]) == [[1], [1]]


def test_below_the_deepest_level_a_value_is_only_shown() -> None:
    deep: Any = "end"
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    expected: Any = "['end']"
    for _ in range(MAX_DEPTH):
        expected = [expected]
    assert encode(deep) == expected


def test_of_many_items_the_first_are_kept_and_the_rest_counted() -> None:
    assert encode(list(range(1000)))[MAX_ITEMS:] == ["<800 more>"]
    assert encode({str(number): number for number in range(1000)})["..."] == "<800 more>"


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    made = encode("first" + "x" * 100_000 + "last")
    assert len(made) <= MAX_TEXT
    assert (made[:5], made[-4:]) == ("first", "last")


def test_a_state_that_is_too_large_says_what_it_leaves_out() -> None:
    made = encode({"first": ["x" * 3000] * 100, "second": 2})
    assert made["first"][-1] == "<94 more>"
    assert made["..."] == LEFT_OUT


def test_an_iterator_is_not_consumed() -> None:
    numbers = itertools.count()
    encode({"numbers": numbers})
    assert next(numbers) == 0


def raising(*_: object, **__: object) -> Any:
    raise SystemExit("hostile")


class HostileMeta(type):
    __instancecheck__ = __subclasscheck__ = __eq__ = __getattribute__ = raising
    __hash__ = type.__hash__


HOSTILE: dict[str, tuple[tuple[type, ...], dict[str, Any]]] = {
    "repr": ((), {"__repr__": raising}),
    "str": ((str,), {"__str__": raising, "__len__": raising, "__getitem__": raising, "encode": raising}),
    "dict": ((dict,), {"__repr__": raising, "items": raising, "__iter__": raising, "__len__": raising}),
    "list": ((list,), {"__iter__": raising, "__len__": raising, "__bool__": raising}),
    "bytes": ((bytes,), {"__iter__": raising, "__len__": raising, "__bytes__": raising}),
    "class": ((), {"__class__": property(raising), "__repr__": raising}),
    "attributes": ((), {"__getattribute__": raising}),
    "comparison": ((), {"__eq__": raising, "__hash__": raising, "__bool__": raising}),
    "repr that is no text": ((), {"__repr__": lambda _: 7}),
    "fields": ((), {"__dataclass_fields__": {"a": None}, "a": property(raising)}),
    "no fields": ((), {"__dataclass_fields__": {7: None}}),
    "table": ((), {"__module__": "pandas.core", "head": raising}),
    "array": ((), {"__module__": "numpy", "flat": property(raising), "shape": (3,)}),
}


@pytest.mark.parametrize("which", HOSTILE)
@pytest.mark.parametrize("meta", [type, HostileMeta])
def test_a_hostile_object_costs_only_itself(which: str, meta: type[type]) -> None:
    bases, members = HOSTILE[which]
    kind = meta("Hostile", bases, dict(members))
    value = (bases[0] if bases else object).__new__(kind)
    made = encode({"before": 1, "hostile": value, "key": {value: 1} if which == "repr" else 0, "after": 2})
    assert (made["before"], made["after"]) == (1, 2)
    json.dumps(made)


def test_ctrl_c_passes() -> None:
    class Stopped:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode(Stopped())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=200,
)


@settings(deadline=None, max_examples=60)
@given(anything)
def test_everything_becomes_json_of_bounded_size(value: object) -> None:
    made = json.dumps(encode(value), allow_nan=False)
    assert len(made) <= 2 * (MAX_STATE + MAX_TEXT) * 6
    assert json.loads(made) == encode(value)
