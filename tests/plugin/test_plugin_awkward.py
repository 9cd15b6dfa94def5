"""Failures that break other reporters: each has its record, within bounds."""

from __future__ import annotations

from plugin_project import Project

AWKWARD = r"""
import pytest, unittest

class BadStr(Exception):
    def __str__(self): raise RuntimeError("no words")
    __repr__ = __str__

class BadEq(Exception):
    def __eq__(self, other): raise RuntimeError("not comparable")
    __hash__ = None

def test_bad_str(): raise BadStr
def test_bad_eq():
    try: raise BadEq
    except BadEq as error: raise ValueError from error
def test_group(): raise ExceptionGroup("many", [ValueError(1), ExceptionGroup("in", [ConnectionError(2)])])
def test_recursion(): test_recursion()
def test_surrogate(): assert "\ud800" == ""
def test_control(): assert "\x00\x1b[31m\r\n" == ""
def test_huge_message(): raise ValueError("x" * 3_000_000)
def test_huge_unicode(): raise ValueError("\N{PILE OF POO}" * 100_000)
def test_loop():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    raise one
def test_system_exit(): raise SystemExit(0)
def test_fail(): pytest.fail("no trace", pytrace=False)
@pytest.mark.parametrize("value", ["a::b", "x" * 70_000, "\x1b[0m"])
def test_odd_id(value): assert False
def test_missing_fixture(nowhere): pass
class TestUnit(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 2)
    @unittest.expectedFailure
    def test_unexpected(self): pass
"""


def test_awkward_failures_are_each_recorded_within_bounds(project: Project) -> None:
    project.write("test_awkward.py", AWKWARD)
    project.write("test_doc.txt", ">>> 1 + 1\n3\n")
    ran = project.run("--doctest-glob=*.txt", "--tb=short", alone=True)
    assert ran.finish["failures"] == sum(ran.finish["counts"][how] for how in ("failed", "error")) == 18
    assert not [record for record in ran.files["main"] if record["record"] == "internal"]
    assert sum(path.stat().st_size for path in project.reports.glob("*")) < 500_000
