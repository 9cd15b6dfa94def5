"""What a record knows of a failure beyond its text, whatever the objects around it do."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_project import Project

from pytest_failure_review.exceptions import chain, leaves, message_of
from pytest_failure_review.strangers import attempt, plain, shown

HOSTILE = """
    import pytest

    class Meta(type):
        def __hash__(self): raise RuntimeError
        def __eq__(self, other): raise RuntimeError

    class Hostile(Exception, metaclass=Meta):
        def __str__(self): raise ValueError("no text")
        __repr__ = __str__
        def __hash__(self): raise RuntimeError
        def __eq__(self, other): raise RuntimeError

    class Opaque:
        password = property(lambda self: 1 / 0)
        def __repr__(self): raise ValueError
        def __getattribute__(self, name): raise RuntimeError

    class Unshown:
        def __repr__(self): raise ValueError

    class Endless(dict):
        def items(self):
            while True:
                yield "password", "x"

    @pytest.fixture
    def opaque():
        return Opaque()

    {test}
"""


@pytest.mark.parametrize(
    "test",
    [
        "def test_a(): raise Hostile",
        (
            "def test_a():\n        try:\n            raise Hostile\n        except Exception as error:\n"
            "            raise KeyError from error"
        ),
        "def test_a(): raise ExceptionGroup('many', [Hostile(), ValueError()])",
        "def test_a(opaque):\n        local, endless = Opaque(), Endless()\n        assert 0",
        (
            "@pytest.mark.parametrize('value', [Unshown(), '\\ud800', 10 ** 5000], ids=['a', 'b', 'c'])\n"
            "    def test_a(value): assert 0"
        ),
        "def test_a(): raise ValueError('\\ud800\\x00')",
        "def test_a():\n        def deep(): deep()\n        deep()",
    ],
    ids=["hostile", "in a chain", "in a group", "values", "parameters", "surrogates", "recursion"],
)
def test_no_object_loses_the_record_of_its_failure(project: Project, test: str) -> None:
    project.pytester.makepyfile(HOSTILE.replace("{test}", test))
    ran = project.run("--tb=native")
    assert ran.failures
    assert all(failure["nodeid"].partition("[")[0].endswith("::test_a") for failure in ran.failures)
    assert [record for record in ran.files["main"] if record["record"] == "internal"] == []


RICH = """
    import pytest
    from src import shop

    @pytest.fixture
    def cart():
        print("cart made")
        return [1]

    @pytest.mark.slow
    @pytest.mark.parametrize(("count", "name"), [(3, "x" * 5000)], ids=["many"])
    class TestShop:
        def test_total(self, cart, count, name):
            print("adding")
            try:
                shop.total(cart, count)
            except KeyError as error:
                raise RuntimeError("no total") from error
"""


@pytest.fixture
def rich(project: Project) -> dict[str, Any]:
    project.write(
        "src/shop.py", "def total(cart, count):\n    return prices(cart)[count]\n\n\ndef prices(cart):\n    return {}\n"
    )
    project.write("src/__init__.py", "")
    project.write("CODEOWNERS", "/src/ @org/shop\n*.py @org/all\n/tests/ @org/qa\n")
    project.write("tests/test_shop.py", RICH.replace("\n    ", "\n"))
    project.pytester.makeini("[pytest]\npythonpath = .\nmarkers = slow\n")
    return project.run().failure


def test_a_record_knows_the_chain_root_first(rich: dict[str, Any]) -> None:
    assert rich["chain"] == [
        {"type": "KeyError", "message": "KeyError: 3"},
        {"type": "RuntimeError", "message": "RuntimeError: no total"},
    ]
    assert (rich["exception"], rich["leaves"]) == ("KeyError", [])
    assert rich["crash_line"] == "src/shop.py:2: KeyError"


def test_a_record_knows_the_owner_of_the_test_and_of_the_suspect(rich: dict[str, Any]) -> None:
    assert rich["owner"] == {"names": ["@org/qa"], "source": "CODEOWNERS", "line": 3}
    assert rich["suspect_path"] == "src/shop.py"
    assert rich["suspect"] == {"names": ["@org/all"], "source": "CODEOWNERS", "line": 2}


def test_a_record_knows_what_the_test_was_given_and_said(rich: dict[str, Any]) -> None:
    assert {"cart", "count", "name"} <= set(rich["fixtures"])
    assert rich["params"]["count"] == "3"
    assert len(rich["params"]["name"]) < 2000
    assert set(rich["markers"]) == {"slow", "parametrize"}
    assert rich["captured"] == {"stdout": "cart made\n\nadding\n"}
    assert (rich["fixture"], "locals" in rich) == (None, False)


def test_a_failure_in_nothing_but_tests_has_no_suspect(project: Project) -> None:
    project.pytester.makepyfile("def test_a(): assert 0")
    failure = project.run().failure
    assert (failure["suspect"], failure["suspect_path"]) == (None, "")


def test_the_leaves_of_a_group_are_told_and_an_assertion_among_them_decides(project: Project) -> None:
    project.pytester.makepyfile(
        "def test_a():\n    raise ExceptionGroup('two', [ConnectionError('x'), AssertionError('y')])"
    )
    failure = project.run().failure
    assert [leaf["type"] for leaf in failure["leaves"]] == ["ConnectionError", "AssertionError"]
    assert failure["category"] == "test.unit"


def test_a_fixture_asked_for_in_the_test_itself_is_named(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def late():
            raise OSError

        def test_a(request):
            request.getfixturevalue("late")
        """
    )
    assert project.run().failure["fixture"] in ({"name": "late", "scope": "function"}, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, "3"),
        ("x", "'x'"),
        ([1, [2, [3, [4, [5]]]]], "[1, [2, [3, [4, [...]]]]]"),
    ],
)
def test_values_are_shown_within_bounds(value: Any, expected: str) -> None:
    assert shown(value) == expected


def test_a_number_that_python_does_not_print_has_a_placeholder() -> None:
    assert shown(10**5000) == "<int: its repr failed>"
    assert len(shown("x" * 100_000)) < 1100


def test_what_is_not_json_becomes_text() -> None:
    assert plain({"a": (1, {2}), 3: None, "f": float("inf")}) == {"a": [1, "{2}"], "3": None, "f": "inf"}


def test_what_a_class_overrides_is_not_asked() -> None:
    class Lying(type):
        __mro__ = __module__ = __name__ = property(lambda self: 1 / 0)  # type: ignore[assignment]

    class HostileError(Exception, metaclass=Lying):
        __cause__ = __context__ = __class__ = __notes__ = property(lambda self: 1 / 0)  # type: ignore[assignment]

        def __str__(self) -> str:
            raise SystemExit

    class Group(ExceptionGroup[Exception]):
        exceptions = property(lambda self: 1 / 0)  # type: ignore[assignment]

    hostile = HostileError()
    assert chain(hostile) == [hostile]
    assert message_of(hostile).endswith("HostileError: <exception str() failed>")
    assert leaves([Group("many", [hostile])]) == [hostile]


def test_ctrl_c_passes() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(interrupted)


def messages(project: Project, *arguments: str) -> list[str]:
    return [failure["message"] for failure in project.run_and_die(*arguments).failures]


def test_of_a_fixture_that_is_not_there_the_name_is_said(project: Project) -> None:
    project.write("test_a.py", "def test_a(nope): pass\n\ndef test_b(request):\n    request.getfixturevalue('cart')\n")
    said = "_pytest.fixtures.FixtureLookupError: fixture '{}' not found"
    ran = project.run_and_die()
    assert [failure["message"] for failure in ran.failures] == [said.format("nope"), said.format("cart")]


def test_failures_for_want_of_one_fixture_are_alike_and_of_another_are_not(project: Project) -> None:
    project.write("test_a.py", "def test_a(nope): pass\n\ndef test_b(nope): pass\n\ndef test_c(cart): pass\n")
    one, same, other = (failure["fingerprint"] for failure in project.run_and_die().failures)
    assert one == same
    assert other != one


def test_a_fixture_that_asks_for_itself_is_told_as_pytest_does(project: Project) -> None:
    project.write("conftest.py", "import pytest\n\n@pytest.fixture\ndef cart(cart): pass\n")
    project.write("test_a.py", "def test_a(cart): pass\n")
    (said,) = messages(project)
    assert said.endswith("FixtureLookupError: recursive dependency involving fixture 'cart' detected")


@pytest.mark.parametrize(
    ("doctest", "message"),
    [
        (">>> 1 + 1\n3\n", "doctest.DocTestFailure: 1 + 1: expected 3, got 2"),
        (">>> 1 + 1\n", "doctest.DocTestFailure: 1 + 1: expected nothing, got 2"),
        (
            ">>> print('a\\nb')\na\n",
            "doctest.DocTestFailure: print('a\\nb')\nExpected:\n    a\nGot:\n    a\n    b",
        ),
        (">>> 1 / 0\n0\n", "doctest.UnexpectedException: 1 / 0: ZeroDivisionError: division by zero"),
    ],
)
def test_of_a_doctest_it_is_said_what_was_expected_and_what_came(project: Project, doctest: str, message: str) -> None:
    project.write("test_a.txt", doctest)
    assert messages(project) == [message]


def test_of_several_in_one_doctest_the_first_is_told_and_the_others_are_counted(project: Project) -> None:
    project.write("test_a.txt", ">>> 1 + 1\n3\n>>> 1 / 0\n0\n")
    (said,) = messages(project, "--doctest-continue-on-failure")
    assert said == (
        "_pytest.doctest.MultipleDoctestFailures: doctest.DocTestFailure: 1 + 1: expected 3, got 2\n"
        "and 1 more of this docstring"
    )
