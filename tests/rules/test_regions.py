"""The failing part of a log is found by what tools print, whatever stands around it, in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.rules.anchors import ALARM, DIFFERENCES, SCANNER, WORST
from github_app.rules.lines import WIDTH, clean
from github_app.rules.log import LogReader
from github_app.rules.model import Excerpt
from github_app.rules.regions import EXCERPTS, HEIGHT, Regions, Stretch

STAMP = "2026-01-02T03:04:05.1234567Z "
NOISE = [f"Compiling part {number}" for number in range(500)]
SIGN_OFF = "Cleaning up orphan processes"


def excerpts(lines: Sequence[str]) -> tuple[Excerpt, ...]:
    reader = LogReader(())
    reader.take("\n".join(lines).encode(errors="replace"))
    reader.end()
    return reader.evidence.excerpts


def feed(regions: Regions, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    regions.read(text, text)


def shown(stretch: Stretch) -> tuple[str, ...]:
    return tuple(stretch.lines[stretch.start - stretch.first : stretch.end - stretch.first + 1])


def step(command: str, *output: str, failed: bool = False) -> list[str]:
    end = ["##[error]Process completed with exit code 1."] if failed else []
    return [f"##[group]Run {command}", f"\x1b[36;1m{command}\x1b[0m", "##[endgroup]", *output, *end]


BLOCKS = {
    "pytest": [
        "=================== FAILURES ===================",
        "E       assert 3 == 4",
        "FAILED tests/test_a.py::test_b",
    ],
    "unittest": [
        "FAIL: test_total (tests.test_cart.CartTest)",
        "Traceback (most recent call last):",
        "FAILED (failures=1)",
    ],
    "jest": ["  ● cart adds up", "    Expected: 4", "    Received: 3"],
    "mocha": ["  1 failing", "  1) cart adds up:"],
    "go": ["--- FAIL: TestTotal (0.00s)", "    cart_test.go:12: got 3, want 4", "FAIL"],
    "cargo": ["failures:", "thread 'cart::adds_up' panicked at src/cart.rs:12:5:", "test cart::adds_up ... FAILED"],
    "rustc": ["error[E0308]: mismatched types", " --> src/cart.rs:12:5"],
    "maven": ["[ERROR] COMPILATION ERROR : ", "[ERROR] /src/Cart.java:[12,5] cannot find symbol"],
    "gradle": ["* What went wrong:", "Execution failed for task ':compileJava'."],
    "surefire": ["addsUp  Time elapsed: 0.01 s  <<< FAILURE!", "java.lang.AssertionError: expected 4"],
    "tsc": ["src/cart.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'."],
    "gcc": ["src/cart.c:12:5: error: expected ';' before '}'"],
    "eslint": ["  12:5  error  Missing semicolon  semi"],
    "rspec": ["Failures:", "  1) Cart adds up"],
    "phpunit": ["There was 1 failure:", "Failed asserting that 3 matches expected 4."],
    "traceback": ["Traceback (most recent call last):", '  File "a.py", line 1, in <module>', "KeyError: 'a'"],
    "runner": ["##[error]The runner has received a shutdown signal."],
    "npm": ["npm error code ERESOLVE", "npm error ERESOLVE unable to resolve dependency tree"],
    "docker": ["ERROR: failed to solve: process did not complete successfully"],
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_a_tools_block_is_found_amid_noise(block: list[str]) -> None:
    log = [*NOISE, *block, *NOISE]
    first = excerpts(log)[0]
    assert first.start <= 501 <= first.end
    assert block[0] in first.lines


def test_a_line_number_is_that_of_the_log() -> None:
    log = [*NOISE, "##[error]It broke", *NOISE]
    first = excerpts(log)[0]
    assert first.lines[501 - first.start] == "##[error]It broke"
    assert first.end == first.start + len(first.lines) - 1
    assert first.why == "##[error]"


def test_what_the_failed_step_shows_goes_before_what_a_passing_step_shows() -> None:
    noisy = step("make docs", "--- FAIL: an example in the documentation (0.00s)", *NOISE)
    red = step("make test", *NOISE, "npm error code ELIFECYCLE", *NOISE, failed=True)
    first = excerpts([*noisy, *red])[0]
    assert "npm error code ELIFECYCLE" in first.lines
    assert first.step == "make test"


def test_the_step_that_failed_first_goes_before_one_that_ran_regardless() -> None:
    red = step("make test", "npm error code ELIFECYCLE", failed=True)
    after = step("make report", "--- FAIL: no report to read (0.00s)", failed=True)
    found = excerpts([*red, *after])
    assert [excerpt.step for excerpt in found[:2]] == ["make test", "make report"]


def test_of_equals_the_earlier_one_is_the_cause() -> None:
    log = [*NOISE, "--- FAIL: TestFirst (0.00s)", *NOISE, "--- FAIL: TestSecond (0.00s)", *NOISE]
    assert "--- FAIL: TestFirst (0.00s)" in excerpts(log)[0].lines


def test_lines_that_were_not_read_are_counted_and_no_excerpt_reaches_over_them() -> None:
    """T17."""
    regions = Regions()
    feed(regions, ["##[group]Run make", "##[endgroup]", "before", "##[error]It broke"])
    regions.skip(1_000)
    feed(regions, ["after", "##[error]It broke again"])
    found = {each.start: (shown(each), each.step) for each in regions.stretches()}
    assert found[3] == (("before", "##[error]It broke"), "make")
    assert found[1_005] == (("after", "##[error]It broke again"), "")


LEAK = "3:15PM WRN leaks found: 2"


@given(st.lists(st.sampled_from(["x", LEAK, *step("a", "FAILED tests/a.py::b", failed=True)]), max_size=300))
def test_nothing_written_after_a_found_secret_pushes_it_out_of_sight(more: list[str]) -> None:
    """T15."""
    noise = [line for number in range(20) for line in step(f"make {number}", "FAILED tests/a.py::b", failed=True)]
    found = excerpts([*step("gitleaks", LEAK), *more, *noise])
    assert any(LEAK in excerpt.lines for excerpt in found)
    assert len(found) <= EXCERPTS


def test_the_text_of_a_steps_script_is_not_its_output() -> None:
    """X30: the script says what it would print, not what it printed."""
    log = [
        "##[group]Run ./check",
        "\x1b[36;1mecho '##[error]leaks found: 3'\x1b[0m",
        "\x1b[36;1m##[error]leaks found: 3\x1b[0m",
        "##[endgroup]",
        "all is well",
    ]
    assert [excerpt.why for excerpt in excerpts(log)] == ["last lines"]


def test_an_excerpt_does_not_reach_back_into_the_script() -> None:
    log = step("./check", "one line", "##[error]It broke")
    assert excerpts(log)[0].lines == ("one line", "##[error]It broke")


def test_what_a_printed_group_held_is_shown_whole_however_the_log_comes() -> None:
    """T15: what is found in a group counts only at its end, when the lines around it were read long before."""
    group = ["##[group]Run scan", *NOISE[:100], LEAK, *NOISE[100:140], "FAILED tests/a.py::b", *NOISE[:9]]
    log = [*group, "##[endgroup]", *NOISE[:200]]
    whole, pieces = Regions(), Regions()
    feed(whole, log)
    for line in range(0, len(log), 7):
        feed(pieces, log[line : line + 7])
    places = [(each.start, each.end, shown(each)) for each in whole.stretches()]
    assert places == [(each.start, each.end, shown(each)) for each in pieces.stretches()]
    assert all(list(lines) == log[start - 1 : end] for start, end, lines in places)


def test_without_any_marker_the_last_lines_are_shown() -> None:
    [only] = excerpts(NOISE)
    assert (only.start, only.end, only.why) == (421, 500, "last lines")


def test_an_empty_log_has_no_excerpt() -> None:
    assert excerpts([]) == ()


def test_a_marker_on_the_last_line_is_found() -> None:
    assert "##[error]It broke" in excerpts([*NOISE, "##[error]It broke"])[0].lines


def test_many_failures_in_a_row_fill_one_excerpt_and_no_more() -> None:
    found = excerpts([f"--- FAIL: Test{number} (0.00s)" for number in range(1000)])
    assert (found[0].start, found[0].end) == (1, HEIGHT)
    assert len(found) <= EXCERPTS
    assert all(len(excerpt.lines) <= HEIGHT for excerpt in found)


def test_many_failures_of_one_kind_do_not_hide_one_of_another() -> None:
    """X31."""
    failures = [line for number in range(300) for line in ["--- FAIL: Test (0.00s)", *NOISE[:50], f"{number}"]]
    found = excerpts([*failures, "ERROR: the one line that says why", *NOISE[:90], *failures])
    assert any("ERROR: the one line that says why" in excerpt.lines for excerpt in found)


def test_a_run_of_several_jobs_starts_anew_with_each() -> None:
    def of(job: str, *lines: str) -> list[str]:
        return [f"{job}\tsome step\t{STAMP}{line}" for line in lines]

    log = [
        *of("lint", *step("ruff check", "--- FAIL: lint (0.00s)", failed=True)),
        *of("test", *step("pytest", "--- FAIL: test (0.00s)", failed=True)),
    ]
    found = excerpts(log)
    assert [(excerpt.step, excerpt.lines[0]) for excerpt in found[:2]] == [
        ("ruff check", "--- FAIL: lint (0.00s)"),
        ("pytest", "--- FAIL: test (0.00s)"),
    ]


@pytest.mark.parametrize(
    ("last", "partial"),
    [
        ([SIGN_OFF], False),
        (["Post job cleanup.", "Done"], False),
        (["Running tests"], True),
        ([SIGN_OFF, *(["still running"] * 100)], True),
    ],
)
def test_a_log_that_stops_before_the_runner_signs_off_is_partial(last: list[str], partial: bool) -> None:
    """X27."""
    regions = Regions()
    feed(regions, (STAMP + line for line in [*NOISE, *last]))
    assert regions.partial is partial


def test_a_log_without_time_stamps_is_not_called_partial() -> None:
    regions = Regions()
    feed(regions, NOISE)
    assert not regions.partial


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"{STAMP}text", "text"),
        (f"\ufeff{STAMP}text", "text"),
        ("2026-01-02T03:04:05Z text", "text"),
        (f"test (3.12)\tRun pytest\t{STAMP}text", "text"),
        ("a\tb\tno stamp", "a\tb\tno stamp"),
        ("\x1b[31;1mred\x1b[0m and \x1b]8;;https://example.org\x07link\x1b]8;;\x1b\\", "red and link"),
        ("\x1b[2K\x1b[1Gdone", "done"),
        ("10 %\r50 %\r100 %\r\n", "100 %"),
        ("a\u202eb\u200bc\x00d\x07", "abcd"),
        ("no\u00a0break", "no break"),
        ("\tindented", "\tindented"),
        ("\ud800lone", "lone"),
    ],
)
def test_a_line_is_shown_as_a_person_would_see_it(line: str, shown: str) -> None:
    """X28, T19."""
    assert clean(line) == shown


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=60), max_size=150))
def test_any_log_gives_few_small_excerpts_that_do_not_overlap(lines: list[str]) -> None:
    found = excerpts(lines)
    numbers = [number for excerpt in found for number in range(excerpt.start, excerpt.end + 1)]
    assert len(found) <= EXCERPTS
    assert len(numbers) == len(set(numbers))
    assert all(1 <= number <= len(lines) for number in numbers)
    assert all(len(excerpt.lines) <= HEIGHT for excerpt in found)


@given(
    st.lists(st.sampled_from(["x", "##[error]It broke", "E   assert", "##[group]Run a", "##[endgroup]"]), max_size=200)
)
def test_an_excerpt_is_a_true_copy_of_the_log(lines: list[str]) -> None:
    for excerpt in excerpts(lines):
        assert list(excerpt.lines) == lines[excerpt.start - 1 : excerpt.end]


@pytest.mark.parametrize(
    "unit", ["x", "\x1b[", "\x1b[0;", "\x1b]8;;", "\t", "\r", "##[error]", "at a.b.c(", "E   ", "1:"]
)
def test_a_huge_hostile_line_is_cut_and_costs_no_more_than_its_length(unit: str) -> None:
    """X28, X29: a quadratic pattern would take minutes here."""
    found = excerpts(["##[error]" + unit * (1_000_000 // len(unit))])
    assert all(len(line) <= WIDTH for excerpt in found for line in excerpt.lines)


def test_a_long_log_is_read_in_bounded_memory() -> None:
    """X28: of 20 million characters little is ever held."""
    regions = Regions()
    tracemalloc.start()
    for number in range(400):
        feed(regions, ["##[error]It broke", *(f"{number:01000}" for _ in range(49))])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert regions.count == 20_000
    assert peak < 2_500_000


def test_of_a_flood_that_costs_too_much_in_the_end_only_leaks_are_looked_for() -> None:
    """T15, T17."""
    regions = Regions()
    assert regions.wanted() == {ALARM, WORST, SCANNER, DIFFERENCES}
    assert regions.wanted(lastly=True) == {ALARM}
