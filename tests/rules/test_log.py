"""A log is read the same however its bytes come, in little memory and time, and without credentials."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.builtin import signatures
from github_app.classify import judge_log
from github_app.github.markdown import clean
from github_app.rules.log import CLOSELY, MAX_LINE, TAIL, LogReader
from github_app.rules.model import Excerpt
from pytest_failure_review.report import Category

TOKEN = "ghp_" + "a1B2c3D4e5" * 4
LOG = (
    "\ufeff2026-03-02T09:00:01.0000000Z ##[group]Run pytest\r\n"
    "2026-03-02T09:00:01.1000000Z ##[endgroup]\r\n"
    f"2026-03-02T09:00:02.0000000Z Señor ☃ \U0001f600 pushes with {TOKEN} to the café\r\n"
    "2026-03-02T09:00:03.0000000Z FAILED tests/test_cart.py::test_total - assert 3 == 4\r\n"
    "2026-03-02T09:00:04.0000000Z ##[error]Process completed with exit code 1.\r\n"
    "2026-03-02T09:00:05.0000000Z Cleaning up orphan processes\r\n"
)


def read_of(log: Iterable[bytes]) -> LogReader:
    reader = LogReader(("our-own-secret-value",))
    for chunk in log:
        reader.take(chunk)
    reader.end()
    return reader


def excerpts_of(*chunks: bytes) -> tuple[tuple[Excerpt, ...], tuple[str, ...]]:
    evidence = read_of(chunks).evidence
    return evidence.excerpts, evidence.secrets


# --- in pieces


def test_a_log_is_read_the_same_however_it_is_cut() -> None:
    """Inside a character of several bytes, inside a token, inside a line end."""
    raw = LOG.encode()
    whole = excerpts_of(raw)
    assert any("FAILED tests/test_cart.py::test_total" in line for each in whole[0] for line in each.lines)
    for cut in range(len(raw)):
        assert excerpts_of(raw[:cut], raw[cut:]) == whole, cut
    assert excerpts_of(*(bytes([byte]) for byte in raw)) == whole


def test_no_credential_is_left_in_an_excerpt() -> None:
    """T23, with our own secret and one that only its looks give away."""
    found, kinds = excerpts_of(LOG.replace("pushes", "pushes our-own-secret-value").encode())
    text = "\n".join(line for each in found for line in each.lines)
    assert TOKEN not in text
    assert "our-own-secret-value" not in text
    assert kinds == ("own secret", "GitHub token")


@given(raw=st.binary(max_size=300), cut=st.integers(0, 300))
def test_bytes_that_are_no_text_do_no_harm(raw: bytes, cut: int) -> None:
    assert excerpts_of(raw[:cut], raw[cut:]) == excerpts_of(raw)


def test_thirty_megabytes_fit_into_little_memory() -> None:
    line = b"2026-03-02T09:00:02.0000000Z compiling module after module of a large thing, nothing to see here\n"
    block = line * 650

    def log() -> Iterator[bytes]:
        for _ in range(30 * 2**20 // len(block)):
            yield block
        yield LOG.encode()

    tracemalloc.start()
    reader = read_of(log())
    found = reader.evidence.excerpts
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20
    assert any("test_total" in text for each in found for text in each.lines)


def test_a_line_without_an_end_fits_as_well() -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(160):
            yield b"x" * 65_536

    tracemalloc.start()
    _ = read_of(endless()).evidence
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


@pytest.mark.parametrize("hidden", ["\x1b[31m", "\x1b]8;;x\x07", "\u200b", "\u202e", "\x00", "\ufe0f"], ids=ascii)
def test_a_credential_is_found_under_colours_wherever_the_log_is_cut(hidden: str) -> None:
    """T23: escape sequences and hidden characters inside a token, split over chunks."""
    raw = LOG.replace(TOKEN, f"ghp{hidden}_{TOKEN[4:20]}{hidden}{TOKEN[20:]}").encode()
    start = raw.index(b"ghp")
    for cut in range(start - 1, start + 40):
        found, kinds = excerpts_of(raw[:cut], raw[cut:])
        assert kinds == ("GitHub token",)
        assert TOKEN[-12:] not in str(found)


@given(st.text(max_size=60))
def test_what_is_shown_is_not_changed_by_what_cleans_for_display(text: str) -> None:
    """T23: nothing that Markdown drops is left behind redaction, so no credential can come together there."""
    found, _ = excerpts_of(f"##[error]{text}".encode(errors="replace"))
    lines = [line.replace("\t", "    ") for each in found for line in each.lines]
    assert [clean(line) for line in lines] == lines


# --- of a large log its beginning and its end


def sized(*parts: bytes, block: int = 65_536) -> Iterator[bytes]:
    for part in parts:
        for at in range(0, len(part), block):
            yield part[at : at + block]


NOISE = b"nothing to see here\n"
SIGN_OFF = b"2026-03-02T09:00:05.0000000Z Cleaning up orphan processes\n"
STAMPED = b"2026-03-02T09:00:01.0000000Z begins\n"


EXIT = b"ERROR: so it failed\n##[error]Process completed with exit code 1.\n"
FAILED = b"--- FAIL: TestTotal (0.00s)\n"


def flood(lines: int, line: bytes = EXIT) -> Iterator[bytes]:
    yield from [line * 1_000] * (lines // 1_000)


def test_the_whole_of_a_large_log_is_searched_with_the_right_numbers() -> None:
    """T17."""
    noise = NOISE * (2 * TAIL // len(NOISE))
    reader = read_of(sized(STAMPED, noise, FAILED, noise, SIGN_OFF))
    [failed] = [each for each in reader.evidence.excerpts if FAILED.decode().strip() in each.lines]
    assert failed.start + failed.lines.index("--- FAIL: TestTotal (0.00s)") == 2 + noise.count(b"\n")
    assert reader.state == "read"


def test_what_stands_in_a_flood_of_errors_is_found() -> None:
    """T17."""
    errors = list(flood(100_000, b"ERROR: and on it goes\n"))
    reader = read_of([*errors, FAILED, *errors])
    assert any(FAILED.decode().strip() in each.lines for each in reader.evidence.excerpts)
    assert reader.state == "read"


def test_of_a_flood_of_failed_steps_the_beginning_and_the_end_are_read_with_the_right_numbers() -> None:
    """T17."""
    steps = list(flood(100_000))
    reader = read_of([STAMPED, FAILED, *steps, *steps, FAILED, EXIT, SIGN_OFF])
    places = {
        each.start + each.lines.index("--- FAIL: TestTotal (0.00s)")
        for each in reader.evidence.excerpts
        if "--- FAIL: TestTotal (0.00s)" in each.lines
    }
    assert places == {2, 3 + 400_000}


def test_what_was_not_looked_at_is_said() -> None:
    """T17: even steps without end cost no more than some seconds."""
    reader = read_of([*flood(50_000, b"##[group]Run make\n" + EXIT), NOISE * (2 * TAIL // len(NOISE))])
    assert reader.state == "middle_unread"


def test_no_flood_of_errors_hides_a_secret_scanner() -> None:
    """T15."""
    leak = "3:15PM WRN leaks found: 2"
    reader = read_of([*flood(100_000), leak.encode() + b"\n", *flood(100_000)])
    assert any(leak in each.lines for each in reader.evidence.excerpts)


@pytest.mark.parametrize(
    ("told", "category"),
    [
        ("name 1.0 1.1 npm GHSA-aaaa-bbbb-cccc Critical", Category.SECURITY_VULNERABILITY),
        ("Generated files are out of date: src/api/types.ts", Category.GENERATOR_DRIFT),
    ],
)
@pytest.mark.parametrize("decoy", [b"", b"##[group]Run npm ci\n##[endgroup]\nGHSA-aaaa- stale\n##[group]Run make\n"])
def test_no_flood_of_failed_steps_hides_what_is_never_overridden(told: str, category: Category, decoy: bytes) -> None:
    """T15: not even where a step that passed has said something of the kind before."""
    steps = list(flood(40_000, b"##[group]Run make\n##[endgroup]\n" + EXIT))
    judged = judge_log([decoy, *steps, told.encode() + b"\n", *steps], signatures())
    assert any(told in each.lines for each in judged.evidence.excerpts)
    assert judged.evidence.unread > 100_000
    verdict = judged.verdict
    assert category in {verdict.category, *(other.category for other in verdict.also)}
    assert (
        "lines in the middle of the log were at most searched for leaks, vulnerabilities and drift." in verdict.reason
    )


def test_a_large_log_that_breaks_off_is_partial() -> None:
    """X27."""
    reader = read_of(sized(STAMPED, NOISE * (3 * TAIL // len(NOISE))))
    assert reader.state == "partial"


def test_a_private_key_that_begins_long_before_what_is_kept_is_taken_out() -> None:
    """T23."""
    key = b"-----BEGIN PRIVATE KEY-----\n" + b"aB3/" * 16 + b"\n"
    body = b"cD4+" * 16 + b"\n"
    for more in (0, 9_000, 17_000):
        found, kinds = excerpts_of(b"x" * more, b"\n", key, body * 150, b"##[error]It broke\n", NOISE)
        assert "##[error]It broke" in str(found)
        assert "[REDACTED:private key]" in str(found)
        assert "cD4+" not in str(found)
        assert kinds == ("private key",)


def test_of_a_flood_of_private_keys_the_end_is_read_and_the_middle_is_counted() -> None:
    """T17, T23."""
    flood = b"-----BEGIN PRIVATE KEY-----\n" * (CLOSELY // 10)
    reader = read_of([*[flood] * 13, b"##[error]It broke\n"])
    [(start, lines)] = [
        (each.start, each.lines) for each in reader.evidence.excerpts if "##[error]It broke" in each.lines
    ]
    assert start + lines.index("##[error]It broke") == 13 * (CLOSELY // 10) + 1
    assert set(lines) == {"[REDACTED:private key]", "##[error]It broke"}
    assert reader.state == "middle_unread"


def test_a_log_of_private_keys_is_read_fast() -> None:
    """T17: looking for encoded credentials in all of it would take ten seconds."""
    key = b"-----BEGIN PRIVATE KEY-----\n" + (b"%41%42%43%44 " * 20 + b"\n") * 60
    started = time.process_time()
    read_of([key * 250] * 2)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("border", range(4, 41, 4))
def test_a_credential_that_is_broken_over_the_edge_of_what_is_kept_is_taken_out(border: int) -> None:
    """T23: its first half may stand in a line that is not kept."""
    words = f"{'a wide line of a narrow terminal ' * 2}{TOKEN}"
    wide = words[: len(words) - border], words[len(words) - border :] + " and more"
    log = [*["ok"] * 30, *wide, *["ok"] * 14, "##[error]It broke", *["ok"] * 3, *wide, *["ok"] * 90]
    found, _ = excerpts_of("\n".join(log).encode())
    assert found[0].why == "##[error]"
    assert not any(half in str(found) for half in (TOKEN[: 44 - border], TOKEN[44 - border :]) if len(half) > 3)


def test_the_kinds_are_those_of_what_is_kept() -> None:
    found, kinds = excerpts_of(f"{TOKEN}\n".encode(), NOISE * 200, b"token=abc123def456\n##[error]It broke\n")
    assert TOKEN not in str(found)
    assert kinds == ("password",)


def test_a_steps_title_is_redacted() -> None:
    """T23."""
    title = f"##[group]Run {'x' * 370} {TOKEN}\n##[endgroup]\n##[error]It broke\n"
    (found, *_), kinds = excerpts_of(title.encode())
    assert "ghp_" not in found.step
    assert kinds == ("GitHub token",)


def test_the_rest_of_a_line_that_was_cut_is_dropped_up_to_its_end() -> None:
    """X28: nothing that stood far behind the cut is joined to what stood before it."""
    hidden = b"\x00" * (MAX_LINE - 4)
    found, _ = excerpts_of(b"ghp_" + hidden + b"\x00" * 100, b"\x00" * 99, b"a1B2c3D4e5\n##[error]next\n")
    assert [line for each in found for line in each.lines] == ["ghp_", "##[error]next"]


def test_of_an_endless_bar_the_last_state_is_shown() -> None:
    """X28."""
    found, _ = excerpts_of(*[b"working on it\r" * 5_000] * 9, b"##[error]It broke\n")
    assert found[0].lines == ("##[error]It broke",)


@pytest.mark.parametrize(
    "unit", [b"a\n", b"ok 12\n", b"##[error]x\n", b"token=aaaaaa1 ", b"QUFBQUFBQUFBQUFBQUFBQUFB\n"]
)
def test_sixty_megabytes_are_read_in_seconds(unit: bytes) -> None:
    """T17, X28: a log of short or hostile lines does not take its minute."""
    block = unit * (65_536 // len(unit))
    started = time.process_time()
    read_of(sized(*[block] * 920))
    spent = time.process_time() - started
    assert spent < 10  # seconds; a quiet machine needs less than 3
