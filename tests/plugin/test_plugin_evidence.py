"""What is read from exceptions, frames and pytest's own representation; and what makes two failures alike."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace, TracebackType

import pytest

from pytest_failure_review.evidence import Sources, Walked, end_of, failing_fixture, fingerprints, text_of, walk
from pytest_failure_review.exceptions import chain, leaves, message_of, root, without_notes
from pytest_failure_review.report import Frame

HERE = Path(__file__).parent
LEAVES = [KeyError("a"), ValueError("b")]


def walked(trace: TracebackType | None, repository: Path = HERE) -> Walked:
    return walk([trace], Sources(repository))


def frames(trace: TracebackType | None, repository: Path = HERE) -> list[Frame]:
    return walked(trace, repository).frames


def fingerprint(kind: type[BaseException] | None, steps: list[Frame], message: str) -> str:
    return fingerprints(kind.__name__ if kind else "", steps, message)[0]


def caused(error: BaseException, by: BaseException | None) -> BaseException:
    error.__cause__ = by
    return error


def in_context(error: BaseException, of: BaseException) -> BaseException:
    error.__context__ = of
    return error


def test_the_cause_is_the_root() -> None:
    one, two = KeyError(), ValueError()
    assert chain(caused(two, one)) == [one, two]
    assert root([one, two], []) is one


def test_the_context_is_the_root_when_no_cause_is_given() -> None:
    one, two = KeyError(), ValueError()
    assert chain(in_context(two, one)) == [one, two]


def test_a_suppressed_context_is_not_looked_at() -> None:
    error = caused(in_context(ValueError(), KeyError()), None)
    assert chain(error) == [error]


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, two = KeyError(), ValueError()
    caused(one, two)
    assert chain(caused(two, one)) == [one, two]


def test_the_leaves_of_a_group_are_found_and_its_first_leaf_is_its_root() -> None:
    inner = ExceptionGroup("inner", LEAVES[1:])
    group = ExceptionGroup("outer", [LEAVES[0], inner])
    assert chain(group) == [group]
    assert leaves([group]) == LEAVES
    assert root([group], LEAVES) is LEAVES[0]


def test_the_root_of_a_chain_that_a_group_ends_is_no_leaf() -> None:
    cause = KeyError()
    group = caused(ExceptionGroup("many", LEAVES), cause)
    assert root(chain(group), leaves(chain(group))) is cause


def test_a_huge_group_is_cut() -> None:
    assert len(leaves([ExceptionGroup("many", [ValueError(number) for number in range(1000)])])) == 100


def test_a_group_that_is_nested_without_end_in_sight_ends() -> None:
    group: Exception = ValueError()
    for _ in range(20_000):
        group = ExceptionGroup("one", [group])
    assert leaves([group]) == []


def test_a_message_carries_its_type_and_survives_a_broken_str() -> None:
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert message_of(KeyError("a")) == "KeyError: 'a'"
    assert message_of(BrokenError()).endswith("BrokenError: <exception str() failed>")


class Silent:
    """A name of pytest's, and nothing of what is behind it."""

    def formatrepr(self) -> str:
        raise SystemExit


@pytest.mark.parametrize(
    "name", ["_pytest.fixtures.FixtureLookupError", "doctest.DocTestFailure", "doctest.UnexpectedException"]
)
def test_what_only_looks_like_pytests_own_exception_says_what_it_says(name: str) -> None:
    module, _, short = name.rpartition(".")
    impostor = type(short, (Silent, Exception), {"__module__": module})("no cart")
    assert message_of(impostor) == f"{name}: no cart"


@pytest.mark.parametrize("kind", [ValueError, SyntaxError])
def test_without_its_notes_a_message_is_the_same_each_time(kind: type[Exception]) -> None:
    error = kind("no total")
    said = message_of(error)
    error.add_note("Falsifying example: test_total(\n    count=7,\n)")
    error.add_note("")
    assert "count=7" in message_of(error)
    assert without_notes(error, message_of(error)) == said


def test_notes_that_are_no_list_change_no_message() -> None:
    error = ValueError("no total")
    error.__notes__ = "total"  # type: ignore[assignment]  # anybody may write there
    assert without_notes(error, message_of(error)) == "ValueError: no total"


def deep(number: int) -> None:
    if number:
        deep(number - 1)
    raise ValueError


def trace_of(number: int) -> TracebackType | None:
    with pytest.raises(ValueError) as caught:
        deep(number)
    return caught.value.__traceback__


def test_frames_are_relative_to_the_repository_and_say_their_line() -> None:
    steps = frames(trace_of(1))
    assert [(step["path"], step["function"], step["in_repo"]) for step in steps] == [
        (Path(__file__).name, "trace_of", True),
        (Path(__file__).name, "deep", True),
        (Path(__file__).name, "deep", True),
    ]
    assert steps[-1]["line"] == deep.__code__.co_firstlineno + 3


def test_frames_outside_keep_their_path_and_are_not_ours() -> None:
    (step, *_) = frames(trace_of(0), HERE / "elsewhere")
    assert (step["path"], step["in_repo"]) == (__file__, False)


def test_what_is_installed_inside_the_repository_is_not_ours() -> None:
    code = compile("raise ValueError", f"{HERE}/.venv/lib/site-packages/lib.py", "exec")
    with pytest.raises(ValueError) as caught:
        exec(code, {})
    assert [step["in_repo"] for step in frames(caught.value.__traceback__, HERE)] == [True, False]


@pytest.fixture
def pluggy_of_the_repository(tmp_path: Path) -> ModuleType:
    return module_of(tmp_path, "pluggy", "_manager")


def module_of(repository: Path, package: str, name: str) -> ModuleType:
    file = repository / "src" / package / f"{name}.py"
    file.parent.mkdir(parents=True)
    file.write_text("def run(test): test()\ndef trace(): raise ValueError\n")
    spec = spec_from_file_location(f"{package}.{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_runs_tests_is_looked_at_where_it_is_tested(tmp_path: Path, pluggy_of_the_repository: ModuleType) -> None:
    with pytest.raises(ValueError) as caught:
        pluggy_of_the_repository.trace()
    trace = caught.value.__traceback__
    assert [step["path"] for step in frames(trace, tmp_path)] == [__file__, "src/pluggy/_manager.py"]
    assert [step["path"] for step in frames(trace, tmp_path / "elsewhere")] == [__file__]


def test_what_runs_the_test_of_itself_is_not_looked_at(tmp_path: Path, pluggy_of_the_repository: ModuleType) -> None:
    def test() -> None:
        pluggy_of_the_repository.run(pluggy_of_the_repository.trace)

    with pytest.raises(ValueError) as caught:
        pluggy_of_the_repository.run(test)
    trace = caught.value.__traceback__
    assert trace is not None
    assert [step["function"].rpartition(".")[2] for step in frames(trace.tb_next, tmp_path)] == ["test", "run", "trace"]


def test_our_own_frame_around_a_test_is_not_looked_at_even_if_we_stand_in_the_repository(tmp_path: Path) -> None:
    ours = module_of(tmp_path, "pytest_failure_review", "retries")
    with pytest.raises(ValueError) as caught:
        ours.run(deep.__get__(0))
    trace = caught.value.__traceback__
    assert trace is not None
    for repository in (tmp_path, HERE):
        assert [step["function"] for step in frames(trace.tb_next, repository)] == ["deep"]


def test_of_a_runaway_recursion_beginning_and_end_are_kept() -> None:
    steps = frames(trace_of(sys.getrecursionlimit() // 3), HERE)
    assert len(steps) == 60
    assert (steps[0]["function"], steps[-1]["line"]) == ("trace_of", deep.__code__.co_firstlineno + 3)


def test_the_innermost_fixture_that_was_running_is_named() -> None:
    definitions = {
        "outer": [SimpleNamespace(func=trace_of, scope="session", argname="outer")],
        "inner": [
            SimpleNamespace(func=object(), scope="function", argname="inner"),
            SimpleNamespace(func=deep, scope="module", argname="inner"),
        ],
        "other": [SimpleNamespace(func=chain, scope="class", argname="other")],
    }
    codes = [id(trace_of.__code__), id(deep.__code__)]
    assert failing_fixture(codes, definitions) == {"name": "inner", "scope": "module"}


def test_no_fixture_is_named_when_none_was_running() -> None:
    assert walked(trace_of(0)).codes == []
    assert failing_fixture([], {"outer": [SimpleNamespace(func=trace_of, scope="session", argname="outer")]}) is None


def test_the_text_of_a_chain_is_pytests_without_local_variables() -> None:
    def failing(local: str) -> None:
        try:
            int(local)
        except ValueError as error:
            raise KeyError(2) from error

    with pytest.raises(KeyError) as caught:
        failing("kept out")
    shown = caught.getrepr(showlocals=True)
    assert "local      = 'kept out'" in str(shown)
    text = text_of(shown)
    assert "local      = " not in text
    lines = [line for line in text.splitlines() if line.startswith("E ") or "cause" in line]
    assert [line.removeprefix("E").strip() for line in lines] == [
        "ValueError: invalid literal for int() with base 10: 'kept out'",
        "The above exception was the direct cause of the following exception:",
        "KeyError: 2",
    ]


def test_other_representations_are_taken_as_they_are_printed() -> None:
    assert text_of("[XPASS(strict)] why") == "[XPASS(strict)] why"


def test_only_the_end_of_a_huge_text_is_read_from_the_start_of_a_line() -> None:
    text = end_of("first\n" + "x" * 900_000 + "\n" + "y" * 900_000)
    assert text == "y" * 900_000


STEPS = [
    Frame(path="/usr/lib/json.py", line=9, function="loads", in_repo=False),
    Frame(path="shop.py", line=3, function="total", in_repo=True),
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 3.5 s", "took 17 s"),
        ("at 0x7f12ab", "at 0x55ff00"),
        ("no 'ann'", "no 'ben'"),
        ('no "ann"', 'no "ben"'),
        ("in /tmp/pytest-1/x", "in /home/ann/x.txt"),
        ("commit 1a2b3c4d", "commit 99887766"),
        ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "id aaaaaaaa-4f89-11d3-9a0c-0305e82cbbbb"),
    ],
)
def test_values_in_the_message_make_no_difference(one: str, other: str) -> None:
    assert fingerprint(ValueError, STEPS, one) == fingerprint(ValueError, STEPS, other)


def test_line_numbers_and_foreign_frames_make_no_difference() -> None:
    moved = [Frame(path="shop.py", line=99, function="total", in_repo=True)]
    assert fingerprint(ValueError, STEPS, "x") == fingerprint(ValueError, moved, "x")


def test_type_function_and_words_make_a_difference() -> None:
    elsewhere = [Frame(path="shop.py", line=3, function="discount", in_repo=True)]
    found = {
        fingerprint(ValueError, STEPS, "x"),
        fingerprint(KeyError, STEPS, "x"),
        fingerprint(None, STEPS, "x"),
        fingerprint(ValueError, elsewhere, "x"),
        fingerprint(ValueError, STEPS, "y"),
    }
    assert len(found) == 5
    assert all(len(digits) == 16 for digits in found)


def test_the_rough_fingerprint_takes_no_notice_of_where_it_was_raised() -> None:
    elsewhere = [Frame(path="shop.py", line=3, function="discount", in_repo=True)]
    here, there = fingerprints("ValueError", STEPS, "x"), fingerprints("ValueError", elsewhere, "x")
    assert here[0] != there[0]
    assert here[1] == there[1]


def test_a_lone_surrogate_can_be_told_apart_too() -> None:
    assert fingerprint(ValueError, [], "\ud800") != fingerprint(ValueError, [], "\ud801")
