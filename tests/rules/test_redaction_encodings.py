"""A credential is found however it is written, and where lines break; its print is the same everywhere (T23, G25)."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_redaction import A1, CREDENTIALS, HEX

from github_app.rules.redaction import MARK, Leak, Redactor, redact
from github_app.rules.vendors import entropy, vendor_kinds

ENCODINGS = {
    "plain": lambda secret: secret,
    "base64": lambda secret: b64encode(f"token: {secret};".encode()).decode(),
    "base64 for addresses": lambda secret: urlsafe_b64encode(f"token?? {secret}~".encode()).decode(),
    "hexadecimal": lambda secret: f"the {secret} ends".encode().hex(),
    "percent-encoded": lambda secret: "".join(f"%{ord(char):02X}" for char in secret),
    "escaped": lambda secret: "".join(f"\\x{ord(char):02x}" for char in secret),
    "escaped in JSON": lambda secret: "".join(f"\\u{ord(char):04x}" for char in secret),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", CREDENTIALS)
def test_a_credential_is_found_however_it_is_written(kind: str, encoding: str) -> None:
    """T23, P15."""
    for secret in CREDENTIALS[kind]:
        written = ENCODINGS[encoding](secret)
        redacted = redact(f"it is {written} here")
        assert written not in redacted.text
        assert redacted.kinds
        assert redacted.text.startswith("it is ")
        assert redacted.text.endswith(" here")


@pytest.mark.parametrize(
    "text",
    [
        "GET /search?q=caf%C3%A9%20au%20lait HTTP/1.1",
        r"expected '\x1b[0m' but was '\u2713 passed'",
        "at C:\\users\\xavier\\unit\\test.py",
        "sha512-" + b64encode(bytes(range(64))).decode(),
        "commit " + HEX * 2 + "01234567",
        "100%25 of 12%20items",
    ],
)
def test_other_escapes_and_digits_stay(text: str) -> None:
    assert redact(text).text == text


def wrapped(text: str, width: int) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


@pytest.mark.parametrize("stamp", ["", "2026-01-02T03:04:05.1234567Z "])
def test_base64_that_a_tool_has_wrapped_is_read_as_one(stamp: str) -> None:
    raw = f"user: app\npassword: hunter2hunter2\nhost: db {'x' * 90} token ghp_{A1 * 2}".encode()
    lines = wrapped(b64encode(raw).decode(), 64).split("\n")
    out = redact("\n".join(["before", *(stamp + line for line in lines), "after"])).text.split("\n")
    assert out[0] == "before"
    assert out[-1] == "after"
    assert set(out[1:-1]) == {f"{stamp}[REDACTED:encoded credential]"}


def test_other_wrapped_base64_stays() -> None:
    text = wrapped(b64encode(bytes(range(256)) * 3).decode(), 76)
    assert redact(text).text == text


@pytest.mark.parametrize("stamp", ["", "2026-01-02T03:04:05.1234567Z "])
@pytest.mark.parametrize("kept", range(5, 40, 5))
def test_a_token_broken_over_two_lines_is_taken_out_of_both(kept: int, stamp: str) -> None:
    secret = "ghp_" + "a1B2" * 9
    line = f"{stamp}a rather long line of a narrow terminal that ends in {secret}"
    cut = len(line) - len(secret) + kept
    out = redact(f"{line[:cut]}\n{stamp}{line[cut:]} and so on").text
    assert out.count("[REDACTED:GitHub token]") == (2 if kept <= 36 else 1)
    assert "a1B2" not in out
    assert out.endswith(" and so on")


def test_the_word_after_a_token_at_the_end_of_a_line_stays() -> None:
    line = f"a rather long line of a terminal that ends in ghp_{A1 * 2}"
    assert redact(f"{line}\nplease rotate it").text.endswith("[REDACTED:GitHub token]\nplease rotate it")


def test_vendors_that_nobody_lists_by_hand_are_known_too() -> None:
    assert len(vendor_kinds()) > 200
    token = "".join(("PMAK-", HEX[:8] * 3, "-", HEX[:8] * 4, "ab"))
    assert redact(f"x {token} y").text == "x [REDACTED:postman api token] y"


def test_a_value_without_entropy_is_no_vendors_credential() -> None:
    assert entropy("aaaa") == 0.0
    assert entropy("abcd") == 2.0
    line = "PMAK-" + "a" * 24 + "-" + "a" * 34
    assert redact(line).text == line


def test_the_finding_is_kind_place_and_print_and_never_the_value() -> None:
    redactor = Redactor(key=b"of one installation")
    out = redactor.lines(["nothing", f"a ghp_{A1 * 2}", f"again ghp_{A1 * 2} and AKIAABCDEFGH234567IJ"], start=40)
    one, again, other = redactor.leaks
    assert (one.kind, one.line) == ("GitHub token", 41)
    assert (again.kind, again.line) == ("GitHub token", 42)
    assert (other.kind, other.line) == ("AWS access key", 42)
    assert one.print == again.print != other.print
    assert out[1] == f"a [REDACTED:GitHub token/{one.print}]"
    assert A1 not in repr(redactor.leaks)


def test_the_print_of_a_credential_is_another_under_another_key() -> None:
    def print_under(key: bytes) -> str:
        redactor = Redactor(key=key)
        redactor.lines([f"ghp_{A1 * 2}"])
        return redactor.leaks[0].print

    assert len(print_under(b"one")) == 8
    assert print_under(b"one") != print_under(b"other")
    assert print_under(b"") == ""


def test_no_more_than_a_hundred_findings_are_remembered() -> None:
    redactor = Redactor()
    redactor.lines([f"ghp_{A1 * 2}"] * 200)
    assert len(redactor.leaks) == 100
    assert redactor.leaks[0] == Leak("GitHub token", 1)


@given(st.text(max_size=120), st.sampled_from(sorted(ENCODINGS)))
def test_redacting_what_has_prints_changes_nothing_more(text: str, encoding: str) -> None:
    redactor = Redactor(key=b"key")
    once = redactor.lines([f"{text} {ENCODINGS[encoding]('ghp_' + A1 * 2)} password={A1} api_key: {A1}"])
    assert MARK in once[0]
    assert Redactor(key=b"key").lines(once) == once
