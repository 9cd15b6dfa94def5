"""Failures that break other reporters: each has its record, alone and with pytest-xdist, within bounds."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_project import Project, Ran

from pytest_failure_review.checking import check

PLAIN = r"""
import asyncio, unittest
import pytest

class BadStr(Exception):
    def __str__(self): raise RuntimeError("no words")
    __repr__ = __str__

class BadEq(Exception):
    def __eq__(self, other): raise RuntimeError("not comparable")
    __hash__ = None

class BadExit(Exception):
    def __str__(self): raise SystemExit("no exit")

def test_bad_str(): raise BadStr
def test_bad_eq():
    try: raise BadEq
    except BadEq as error: raise ValueError from error
def test_bad_exit(): raise BadExit
def test_group(): raise ExceptionGroup("many", [ValueError(1), ExceptionGroup("in", [ConnectionError(2)])])
def test_chain():
    try:
        try: 1 / 0
        except ZeroDivisionError as error: raise KeyError("middle") from error
    except KeyError: raise OSError("outer")
def test_recursion(): test_recursion()
def test_control(): assert "\x00\x1b[31m\r\n" == ""
def test_huge_message(): raise ValueError("x" * 3_000_000)
def test_huge_unicode(): raise ValueError("\N{PILE OF POO}" * 100_000)
def test_huge_output():
    print("y" * 5_000_000)
    assert False
def test_loop():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    raise one
def test_system_exit(): raise SystemExit(0)
def test_fail(): pytest.fail("no trace", pytrace=False)
@pytest.mark.parametrize("value", ["a::b", "x" * 70_000, "\x1b[0m", "line\nline", "ä", "\x00"])
def test_odd_id(value): assert False
def test_missing_fixture(nowhere): pass
@pytest.mark.xfail(strict=True)
def test_strict(): pass
async def test_bare_async(): pass

@pytest.fixture
def no_setup(): raise ConnectionError("no setup")
@pytest.fixture
def no_teardown():
    yield
    raise ConnectionError("no teardown")
@pytest.fixture(scope="module")
def no_module():
    yield
    raise ConnectionError("no module")
def test_setup(no_setup): pass
def test_teardown(no_teardown): pass
def test_both(no_teardown): assert False
def test_of_module(no_module): pass

def test_subtests(subtests):
    for number in range(3):
        with subtests.test("third", number=number):
            assert number == 1

class TestUnit(unittest.TestCase):
    def test_equal(self): self.assertEqual(1, 2)
    def test_sub(self):
        for number in range(3):
            with self.subTest(number=number): self.assertEqual(number, 1)
    @unittest.expectedFailure
    def test_unexpected(self): pass
    def test_cleanup(self):
        self.addCleanup(lambda: 1 / 0)

class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def test_await(self):
        await asyncio.sleep(0)
        self.fail("async")

@pytest.mark.timeout(0.1, method="signal", func_only=True)
def test_slow():
    import time
    time.sleep(20)
"""

ALONE = """
def test_surrogate(): assert "\\ud800" == ""
def test_property(record_property):
    record_property("x", object())
    assert False
"""
"""These end a run of pytest-xdist all by themselves."""

CONFTEST = """
import pytest

def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".yaml":
        return File.from_parent(parent, path=file_path)

class File(pytest.File):
    def collect(self):
        yield Item.from_parent(self, name="a b::c=[d]")

class Item(pytest.Item):
    def runtest(self): raise LookupError("of yaml")
    def repr_failure(self, excinfo): return f"yaml says {excinfo.value}"
    def reportinfo(self): return self.path, None, "usecase"
"""

FAILED = {
    "test_bad_str": ("BadStr", ""),
    "test_bad_eq": ("BadEq", ""),
    "test_bad_exit": ("BadExit", ""),
    "test_group": ("ValueError", "ValueError: 1"),
    "test_chain": ("ZeroDivisionError", "ZeroDivisionError: division by zero"),
    "test_recursion": ("RecursionError", "RecursionError: "),
    "test_control": ("AssertionError", "AssertionError: assert "),
    "test_huge_message": ("ValueError", "xxx"),
    "test_huge_unicode": ("ValueError", "ValueError: "),
    "test_huge_output": ("AssertionError", ""),
    "test_loop": ("ValueError", "ValueError: two"),
    "test_system_exit": ("SystemExit", "SystemExit: 0"),
    "test_fail": ("Failed", "Failed: no trace"),
    "test_strict": ("", "[XPASS(strict)]"),
    "test_bare_async": ("Failed", "Failed: async def functions are not natively supported."),
    "test_both": ("AssertionError", ""),
    "TestUnit::test_equal": ("AssertionError", "AssertionError: 1 != 2"),
    "TestUnit::test_unexpected": ("Failed", ""),
    "TestAsync::test_await": ("AssertionError", "AssertionError: async"),
    "test_slow": ("Failed", "Failed: Timeout"),
}
"""In their call: the exception's type and how its message begins."""
ERRORS = {
    "test_missing_fixture": ("setup", "FixtureLookupError: fixture 'nowhere' not found"),
    "test_setup": ("setup", "ConnectionError: no setup"),
    "test_teardown": ("teardown", "ConnectionError: no teardown"),
    "test_both": ("teardown", "ConnectionError: no teardown"),
}


def by_test(ran: Ran) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for failure in ran.failures:
        name = failure["nodeid"].partition("::")[2] or failure["nodeid"]
        found.setdefault((name, failure["phase"]), []).append(failure)
    return found


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "with workers"])
def test_awkward_failures_are_each_recorded_within_bounds(project: Project, workers: tuple[str, ...]) -> None:
    project.write("test_awkward.py", PLAIN + ("" if workers else ALONE))
    project.write("test_doc.txt", ">>> 1 + 1\n3\n")
    project.write("test_broken.py", "import nothing_like_it\n")
    project.write("test_syntax.py", "def test_a(:\n")
    project.write("case.yaml", "")
    project.write("conftest.py", CONFTEST)
    ran = project.run_and_die("-ptimeout", "--doctest-glob=*.txt", "--continue-on-collection-errors", *workers)
    assert ran.result.ret == 1
    found = by_test(ran)

    for name, (kind, message) in FAILED.items():
        (failure,) = found[name, "call"]
        assert (failure["outcome"], failure["exception"].rpartition(".")[2]) == ("failed", kind), name
        assert message in failure["message"], name
    for name, (phase, message) in ERRORS.items():
        (failure,) = found[name, phase]
        assert failure["outcome"] == "error"
        assert message in failure["message"]
    for name in ("test_broken.py", "test_syntax.py"):
        assert {failure["category"].partition(".")[0] for failure in found[name, "collect"]} == {"build"}, name
    assert len([name for name, _ in found if name.startswith("test_odd_id[")]) == 6
    assert [failure["message"] for failure in found["test_doc.txt", "call"]]
    (yaml,) = found["a b::c=[d]", "call"]
    assert (yaml["message"], yaml["text"]) == ("LookupError: of yaml", "yaml says of yaml")
    for name in ("test_subtests", "TestUnit::test_sub"):
        assert len(found[name, "call"]) == 2, name
    (module,) = found["test_of_module" if ("test_of_module", "teardown") in found else module_of(found), "teardown"]
    assert module["message"] == "ConnectionError: no module"
    both = [found["test_both", phase][0]["group"] for phase in ("call", "teardown")]
    assert both[0] == both[1]
    if not workers:
        assert found["test_surrogate", "call"]
        assert found["test_property", "call"]

    assert not [record for file in ran.files.values() for record in file if record["record"] == "internal"]
    said = ran.result.parseoutcomes()
    assert ran.finish["counts"]["error"] == said["errors"]
    # pytest calls the unittest with two failed sub-tests passed; before version 9 the other test with such as well.
    assert ran.finish["counts"]["passed"] == said["passed"] - (1 if hasattr(pytest, "Subtests") else 2) == 2
    assert check(project.reports).complete, check(project.reports).sentences
    assert sum(path.stat().st_size for path in project.reports.glob("*")) < 600_000


def module_of(found: dict[tuple[str, str], Any]) -> str:
    """pytest tears a module down with whichever test comes last."""
    return next(name for name, phase in found if phase == "teardown" and name not in ERRORS)
