"""What is taken out of a report, and what stays readable."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugin_project import a_failure

from pytest_failure_review.redaction import MASK, Redactor

NOTHING = Redactor({})


@pytest.mark.parametrize(
    "name",
    [
        "DEPLOY_TOKEN",
        "db_password",
        "PGPASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "API_KEY",
        "APIKEY",
        "SIGNING_KEY",
        "SESSION_COOKIE",
        "GH_PAT",
        "REGISTRY_AUTH",
        "SENTRY_DSN",
        "SLACK_WEBHOOK_URL",
        "MYSQL_PWD",
    ],
)
def test_the_value_of_a_variable_that_says_secret_is_taken_wherever_it_stands(name: str) -> None:
    assert Redactor({name: "s3cr3t-value"}).redact("x s3cr3t-value') y") == f"x {MASK}') y"


@pytest.mark.parametrize("name", ["PATH", "PWD", "OLDPWD", "HOME", "MONKEY", "AUTHOR"])
def test_the_value_of_another_variable_stays(name: str) -> None:
    assert Redactor({name: "/home/ann/work"}).redact("in /home/ann/work") == "in /home/ann/work"


def test_a_value_too_short_to_be_told_from_a_word_stays() -> None:
    assert Redactor({"TOKEN": "abcde"}).redact("abcdefgh") == "abcdefgh"


def test_of_two_values_the_longer_one_is_taken_whole() -> None:
    assert Redactor({"A_TOKEN": "abcdef", "B_TOKEN": "abcdefghi"}).redact("abcdefghi") == MASK


def test_a_value_of_several_lines_is_taken_whole_escaped_and_line_by_line() -> None:
    redactor = Redactor({"DEPLOY_SECRET": "first-line-of-the-secret\nsecond-line-of-the-secret"})
    assert redactor.redact("first-line-of-the-secret\nsecond-line-of-the-secret") == MASK
    assert redactor.redact(r"'first-line-of-the-secret\nsecond-line-of-the-secret'") == f"'{MASK}'"
    assert redactor.redact("E   second-line-of-the-secret") == f"E   {MASK}"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("password=hunter2", "password=***"),
        ("password = 'hunter2'", "password = '***'"),
        ('{"password": "hun ter2", "user": "ann"}', '{"password": "***", "user": "ann"}'),
        ("{'api_key': 'abc', 'n': 1}", "{'api_key': '***', 'n': 1}"),
        ("{'api-key': b'abc'}", "{'api-key': b'***'}"),
        ("Login(user='ann', passwd='x', n=1)", "Login(user='ann', passwd='***', n=1)"),
        ("assert token == 'abc'", "assert token == '***'"),
        ("assert token != 'abc'", "assert token != '***'"),
        ("os.environ['APP_SECRET'] = 'abc'", "os.environ['APP_SECRET'] = '***'"),
        ("secret_value: abc def", "secret_value: *** def"),
        ("authorization = token abc", "authorization = ***"),
        ("Cookie: session=abc; x", "Cookie: ***; x"),
        ("Authorization: Bearer abcdefghijklmnop.q", "Authorization: Bearer ***"),
        ("authorization: basic YWxhZGRpbjpvcGVuc2VzYW1l", "authorization: basic ***"),
        (r"{\"token\": \"abc\"}", r"{\"token\": \"***\"}"),
    ],
)
def test_the_value_behind_a_name_that_says_secret_is_taken(text: str, redacted: str) -> None:
    assert NOTHING.redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "tests/test_token.py::TestToken::test_refresh",
        "def login(password: str, token: bytes = None)",
        "password=None",
        "secret is False",
        "password=***",
        "the token was refused",
        "monkey = 'banana'",
        "git@github.com:octo/shop.git",
        "https://github.com/octo/shop",
        "basic understanding",
        "",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    redactor = Redactor({})
    assert redactor.redact(text) == text
    assert redactor.count == 0


SHAPES = [
    "ghp_" + "a1" * 18,
    "gho_" + "a1" * 18,
    "ghs_" + "a1" * 18,
    "github_pat_" + "a_1" * 20,
    "xoxb-123456-abcdef",
    "xoxp-123456-abcdef",
    "AKIA" + "ABCD" * 4,
    "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIE and the rest is missing",
]


@pytest.mark.parametrize("token", SHAPES)
def test_what_looks_like_a_token_is_taken(token: str) -> None:
    assert NOTHING.redact(f"got <{token}") == f"got <{MASK}"


@pytest.mark.parametrize("token", [shape for shape in SHAPES if "-----" not in shape])
@pytest.mark.parametrize("before", ["b'\\n", "\\t", "%22"])
def test_an_escape_before_a_token_does_not_hide_it(before: str, token: str) -> None:
    """T23."""
    assert NOTHING.redact(f"got {before}{token}") == f"got {before}{MASK}"


@pytest.mark.parametrize("token", SHAPES)
@pytest.mark.parametrize(
    "hidden",
    ["\x1b[0m", "\x1b[31;1m", "\x1b]8;;x\x07", "\u200b", "\u202e", "\ufeff", "\xad", "\x00", "\ufe0f"],
    ids=ascii,
)
def test_what_is_invisible_cannot_hold_a_token_apart(hidden: str, token: str) -> None:
    """T23, X28."""
    assert NOTHING.redact(f"got {token[:3]}{hidden}{token[3:]}") == f"got {MASK}"


def test_what_is_invisible_cannot_hold_a_value_apart() -> None:
    """T23, X28."""
    for value in ("abcdefgh", "abcdef\u200bgh"):
        assert Redactor({"A_TOKEN": value}).redact("got abc\x1b[0mdefgh") == f"got {MASK}"


@pytest.mark.parametrize("text", ["line\r\nline\n\ttab", "caf\u00e9 \u2603 \U0001f600 \u05d0", "a\u00a0b"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert NOTHING.redact(text) == text


def test_the_credentials_of_an_address_are_taken() -> None:
    assert NOTHING.redact("at postgresql://ann:pw@db:5432/shop") == f"at postgresql://{MASK}@db:5432/shop"


def test_what_was_taken_is_counted() -> None:
    redactor = Redactor({"A_TOKEN": "abcdef"})
    redactor.redact(["abcdef", {"text": "password=x", "more": [SHAPES[0], 3, None]}])
    assert redactor.count == 3


def test_keys_and_numbers_of_a_record_stay() -> None:
    assert NOTHING.redact({"token": 3, "frames": [{"line": 7}]}) == {"token": 3, "frames": [{"line": 7}]}


@settings(deadline=None)  # the machine may be busy
@given(st.text(), st.sampled_from(SHAPES), st.text())
def test_a_token_between_blanks_is_taken_whatever_surrounds_it(before: str, token: str, after: str) -> None:
    assert token not in NOTHING.redact(f"{before} {token} {after}")


PIECES = st.sampled_from([*SHAPES, "password=", "token: ", "'", '"', " ", "https://", "ann:pw@", "bearer ", "x", "***"])


@settings(deadline=None)  # the machine may be busy
@given(st.lists(PIECES | st.text(max_size=3)).map(" ".join))
def test_what_was_taken_once_is_not_taken_again(text: str) -> None:
    redactor = Redactor({})
    once = redactor.redact(text)
    count = redactor.count
    assert redactor.redact(once) == once
    assert redactor.count == count


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "password",
        "password ",
        "token=",
        "'",
        '"',
        "eyJ",
        "eyJ-",
        "eyJabcdefg.",
        "ghp_",
        "://",
        "://a",
        "xox",
        "x=",
        "-----BEGIN PRIVATE KEY-----",
        "\\",
        "key='\\",
        "bearer ",
        "token='\\",
        "token=\\'",
        "token=\"'",
        "\x1b[",
        "\x1b[0;",
        "\x1b]8;;",
        "\\neyJ",
        "%22eyJ-",
        "ghs_1_eyJ",
    ],
)
def test_a_hostile_text_of_a_mebibyte_takes_linear_time(piece: str) -> None:
    text = piece * (1024 * 1024 // len(piece))
    started = time.process_time()
    NOTHING.redact(text)
    assert time.process_time() - started < 4


def test_a_key_that_says_secret_takes_its_whole_value_along() -> None:
    state = {"user": "ann", "password": "hunter22", "api_key": {"id": "k", "secret": ["a", "b"]}, "token": None}
    assert NOTHING.redact({"state": state})["state"] == {
        "user": "ann",
        "password": "***",
        "api_key": "***",
        "token": None,
    }


@pytest.mark.parametrize(
    "shown",
    [
        "746f6b2d39663865376436633562",
        "746F6B2D39663865376436633562",
        "tok-9f8e7d6c5b",
        "746f6b2d3966...36633562",
        '{"a": "tok-9f...6c5b"}',
    ],
)
def test_a_known_value_is_found_in_hexadecimal_and_where_its_middle_was_left_out(shown: str) -> None:
    redacted = Redactor({"A_TOKEN": "tok-9f8e7d6c5b"}).redact(f"assert '{shown}' == ''")
    assert MASK in redacted
    assert not any(part in redacted.lower() for part in ("tok-", "6c5b", "746f", "3562"))


@pytest.mark.parametrize("shown", ["/a path/of?b", "/a%20path/of%3Fb", "%2Fa%20path%2Fof%3Fb"])
def test_a_known_value_is_found_in_an_address(shown: str) -> None:
    assert Redactor({"A_TOKEN": "/a path/of?b"}).redact(f"GET {shown} 404") == f"GET {MASK} 404"


def test_words_before_an_ellipsis_stay() -> None:
    text = "waiting... for tok... and 9f8... of it"
    assert Redactor({"A_TOKEN": "tok-9f8e7d6c5b"}).redact(text) == text


def test_a_record_whose_message_leaves_the_middle_out_is_seen_through() -> None:
    record = a_failure(message="assert '{\"a\": \"tok-9f...6c5b\"}' == ''")
    assert "6c5b" not in Redactor({"A_TOKEN": "tok-9f8e7d6c5b"}).redact(record)["message"]


@pytest.mark.parametrize("command", ["::add-mask::", "::Add-Mask::", "::ADD-MASK::"])
def test_a_mask_is_read_however_its_command_is_written(command: str) -> None:
    redactor = Redactor({})
    redactor.read_masks([("Captured stdout call", f"{command}canary-7711\n")])
    assert redactor.redact("seen: canary-7711") == f"seen: {MASK}"
