"""Credentials never leave the place where they were read; everything else does, unchanged."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.rules.lines import clean, visible
from github_app.rules.redaction import LINE, Redacted, Redactor, redact

# Made up from their issuers' documented shapes and put together here, so that no scanner mistakes this file.
A1 = "a1B2c3D4e5F6g7H8j9K0"
HEX = "0123456789abcdef"
CREDENTIALS = {
    "GitHub token": ["ghp_" + A1 * 2, "ghs_" + A1 * 2, "gho_" + A1 * 2, "github_pat_" + A1 + "_" + A1 * 2],
    "GitLab token": ["glpat-" + A1],
    "AWS access key": ["AKIA" + "ABCDEFGH234567IJ", "ASIA" + "ABCDEFGH234567IJ"],
    "Slack token": ["xoxb-" + "123456789012-" + A1, "xapp-1-" + A1],
    "Google API key": ["AIza" + A1 + "abcdefghijklmno"],
    "Google OAuth token": ["ya29." + A1 * 2],
    "Stripe key": ["sk_live_" + A1, "rk_test_" + A1, "whsec_" + A1],
    "Twilio key": ["SK" + HEX * 2],
    "SendGrid key": ["SG." + A1 + "ab." + A1 * 2],
    "Mailgun key": ["key-" + HEX * 2],
    "Mailchimp key": [HEX * 2 + "-us12"],
    "npm token": ["npm_" + A1 + "abcdefghijklmnop"],
    "PyPI token": ["pypi-AgEIcHlwaS5vcmc" + A1 * 3],
    "RubyGems key": ["rubygems_" + HEX * 3],
    "crates.io token": ["cio" + A1 + "abcdefghijkl"],
    "Docker token": ["dckr_pat_" + A1],
    "DigitalOcean token": ["dop_v1_" + HEX * 4],
    "Heroku key": ["HRKU-" + A1 * 2],
    "Anthropic key": ["sk-ant-api03-" + A1],
    "OpenAI key": ["sk-proj-" + A1, "sk-" + A1 * 2],
    "Hugging Face token": ["hf_" + A1 + "abcdefghijkl12"],
    "Linear key": ["lin_api_" + A1 * 2],
    "Databricks token": ["dapi" + HEX * 2],
    "Shopify token": ["shpat_" + HEX * 2],
    "Square token": ["sq0atp-" + A1 + "ab"],
    "Telegram token": ["123456789:AA" + A1 + "abcdefghijklm"],
    "New Relic key": ["NRAK-" + "ABCDEFGHIJ0123456789ABCDEFG"],
    "Grafana token": ["glsa_" + A1 + "abcdefghijkl_" + "0123abcd"],
    "Sentry token": ["sntrys_" + A1 * 2],
    "Vault token": ["hvs." + A1 * 2],
    "Terraform token": ["a1B2c3D4e5F6g7.atlasv1." + A1 * 3],
    "Pulumi token": ["pul-" + HEX * 2 + "01234567"],
    "Atlassian token": ["ATATT3" + A1 * 5],
    "age key": ["AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"],
    "JSON web token": ["eyJ" + A1 + ".eyJ" + A1 + "." + A1 * 2],
}
IN_CONTEXT = [
    ("AWS secret key", "AWS_SECRET_ACCESS_KEY=", A1 * 2, ""),
    ("Azure storage key", "DefaultEndpointsProtocol=https;AccountKey=", A1 * 4 + "abcd12==", ";x"),
    ("Azure shared access signature", "https://a.example/b?se=1&sig=", "a1B2c3D4%2F" * 5, "&sp=r"),
    ("Heroku key", "HEROKU_API_KEY: ", "01234567-89ab-cdef-0123-456789abcdef", ""),
    ("Slack webhook", "https://hooks.slack.com/services/", "T0001/B0002/" + A1, ""),
    ("Discord webhook", "https://discord.com/api/webhooks/", "123456789012345678/" + A1 * 3, ""),
    ("npm token", "//registry.example.org/:_authToken=", A1, ""),
    ("password in an address", "postgres://app:", "hunter2!", "@db:5432/app"),
    ("authorization header", "Authorization: Bearer ", A1, ""),
    ("authorization header", "curl -H 'authorization: Basic ", "YTpiMTIzNDU2Nzg5", "'"),
    ("authorization header", "sent bearer ", A1 + "x", " to it"),
    ("password", "DB_PASSWORD=", "correcthorse", ""),
    ("password", '"client_secret": "', "s3cr3t-value", '",'),
    ("password", "api_key: ", "abc123def456", ""),
    ("password", "token => '", "abc123def456", "'"),
    ("password", "SECRET_KEY=", HEX * 2, ""),
    ("password", "password = '", "my secret pass", "' # x"),
    ("password", '"passphrase": "', "correct horse battery", '",'),
    ("password", "login --db-password ", "hunter2hunter2", " now"),
    ("password", "curl -sS -u admin:", "hunter", " https://example.org"),
    ("password", '{"auth": "', "dXNlcjpwYXNzd29yZA==", '"}'),
    ("password", "machine example.org login me password ", "hunter", ""),
    ("token in an address", "git clone https://", HEX + A1, "@example.org/x"),
    ("cookie", "Cookie: ", "session=abcdef; theme=dark", ""),
    ("cookie", "'Set-Cookie': '", "sid=abcdef; HttpOnly", "'"),
    ("authorization header", "HTTP_AUTHORIZATION: Basic ", "dXNlcjpwYXNzd29yZA==", ""),
    ("GitHub token", "made ", "ghs_" + "123456_eyJ" + A1 + ".eyJ" + A1 + "." + A1 * 2, " for it"),
]
ORDINARY = [
    "HEAD is now at 3f786850e387550fdab836ed7e6dc881de23001b Fix the sum",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "run 550e8400-e29b-41d4-a716-446655440000 ended",
    '  File "/home/runner/work/shop/shop/tests/test_cart.py", line 12, in test_total',
    "E       assert token == expected_token",
    "    at com.example.shop.CartTest.addsUp(CartTest.java:14)",
    "def login(user: str, password: str | None = None) -> Token:",
    "connect(host=host, password=password, token=settings.API_TOKEN)",
    "secrets: inherit",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "https://example.org/a/b?c=d#e and git@github.com:owner/name.git",
    "https://user:***@example.org and password=*** and token: ***",
    "sk-loading-indicator-wrapper-large is a class",
    "SyntaxError: Unexpected token '<' at position 12",
    "aws-sdk commit=3f786850e387550fdab836ed7e6dc881de23001b",
    "##[error]Process completed with exit code 1.",
    "error: --password option is required, and so is --token TOKEN",
    "docker run --user 1000:1000 -u root:root curl",
    "git clone ssh://git@example.org/x and https://octo@example.org/y",
    "AssertionError: cookie: expected 3, got 4",
    "com.example.MonkeyJourneyPlanner.JourneyPlannerTest.testEverything",
    "tests/test_task_live_updates.py::test_risk_test_of_everything PASSED",
    "usr/local/lib/python3.12/site-packages/example/internal/module.py",
    "the highs_and_lows_of_a_very_long_identifier_in_a_program",
    'Check: CKV_SECRET_6: "Base64 High Entropy String"',
    "npm notice integrity: sha512-" + "x" * 20 + "==",
    "",
]
KEY = "\n".join(
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
        "",
        "MIIEpAIBAAKCAQEA" + A1 * 2,
        A1 * 3 + "ab==",
        "-----END RSA PRIVATE KEY-----",
    ]
)


def all_examples() -> list[tuple[str, str]]:
    return [(kind, example) for kind, examples in CREDENTIALS.items() for example in examples]


@pytest.mark.parametrize(("kind", "secret"), all_examples())
def test_a_credential_is_known_by_its_looks(kind: str, secret: str) -> None:
    assert redact(f"got {secret} here") == Redacted(f"got [REDACTED:{kind}] here", (kind,))


@pytest.mark.parametrize(("kind", "before", "secret", "after"), IN_CONTEXT)
def test_a_credential_is_known_by_what_stands_beside_it(kind: str, before: str, secret: str, after: str) -> None:
    assert redact(before + secret + after) == Redacted(f"{before}[REDACTED:{kind}]{after}", (kind,))


def test_at_least_25_kinds_are_known() -> None:
    assert len({*CREDENTIALS, *(case[0] for case in IN_CONTEXT), "private key"}) >= 25


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert redact(line) == Redacted(line, ())


INVISIBLE = [
    "\x1b[0m",
    "\x1b[31;1m",
    "\x9b0m",
    "\x1b]8;;x\x07",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u202e",
    "\u2066",
    "\x00",
]
INVISIBLE += ["\x7f", "\u00ad", "\u2060", "\ufe0f", "\u034f", "\u3164", "\U000e0020", "\ud800"]


@pytest.mark.parametrize("hidden", INVISIBLE, ids=ascii)
@pytest.mark.parametrize("at", [2, 4, 12])
def test_what_is_invisible_cannot_hold_a_credential_apart(hidden: str, at: int) -> None:
    """T23, X28."""
    secret = "ghp_" + A1 * 2
    assert redact(f"got {secret[:at]}{hidden}{secret[at:]} here").text == "got [REDACTED:GitHub token] here"


@pytest.mark.parametrize("hidden", INVISIBLE, ids=ascii)
def test_what_is_invisible_cannot_hide_a_password_or_our_own_secret(hidden: str) -> None:
    """T23, X28."""
    text = redact(f"password={hidden}hunter2hunter2 and our-own-{hidden}secret-value", ["our-own-secret-value"]).text
    assert text == "password=[REDACTED:password] and [REDACTED:own secret]"


ODD = st.lists(st.sampled_from([*"a\n\t\r[m]0ghp_2\x1b\x9b", *INVISIBLE]), max_size=40).map("".join)


@given(ODD)
def test_whatever_is_redacted_is_clean_so_that_nothing_can_be_cleaned_afterwards(text: str) -> None:
    """T23: cleaning that takes anything away behind redaction could put a credential together."""
    once = redact(f"{text}ghp_{A1 * 2}{text}").text
    assert [visible(line) for line in once.split("\n")] == once.split("\n")
    assert redact(once).text == once


def test_a_time_stamp_outlives_a_bar_that_redraws_itself() -> None:
    line = "2026-01-02T03:04:05.1234567Z 10 %\r\x1b[32m100 %\r"
    assert redact(line).text == "2026-01-02T03:04:05.1234567Z 100 %"
    assert clean(redact(line).text) == "100 %"


UNMISTAKABLE = {
    "GitHub token",
    "GitLab token",
    "Slack token",
    "Google API key",
    "Stripe key",
    "npm token",
    "PyPI token",
}
UNMISTAKABLE |= {"Docker token", "DigitalOcean token", "Hugging Face token", "Shopify token", "Telegram token"}


@pytest.mark.parametrize(("kind", "secret"), all_examples())
@pytest.mark.parametrize("before", [r"b'\n", r"\t", "%22", "TOKEN_", r"\u0022", r"\x22"])
def test_an_escape_or_an_underscore_before_a_credential_does_not_hide_it(kind: str, secret: str, before: str) -> None:
    """T23."""
    redacted = redact(f"got {before}{secret} here")
    assert secret not in redacted.text
    assert redacted.kinds == (kind,)


@pytest.mark.parametrize(("kind", "secret"), [each for each in all_examples() if each[0] in UNMISTAKABLE])
def test_what_no_word_contains_is_found_inside_a_word(kind: str, secret: str) -> None:
    assert redact(f"got word{secret} here").kinds == (kind,)


def test_a_key_of_aws_is_not_found_inside_base32() -> None:
    """X30: half of a longer run of such letters is no key."""
    line = "secret base32 QRSTAKIAABCDEFGH234567IJ"
    assert redact(line) == Redacted(line, ())


def test_a_long_token_does_not_keep_its_tail() -> None:
    assert redact(f"ghp_{A1 * 40} here").text == "[REDACTED:GitHub token] here"


def test_a_line_is_cut_where_nothing_was_half_seen() -> None:
    """X28."""
    secret = "ghp_" + A1 * 2
    for place in range(LINE - 60, LINE + 1, 7):
        text = redact(f"{' ' * place}{secret}{' more' * 20}\nnext").text
        assert "ghp_" not in text
        assert text.endswith(" \nnext")


def test_a_private_key_goes_on_in_the_next_block_of_lines() -> None:
    redactor = Redactor()
    lines = KEY.split("\n")
    out = [line for each in lines for line in redactor.lines([each])]
    assert out == ["[REDACTED:private key]" if line else "" for line in lines]


def test_lines_behind_a_gap_may_be_the_rest_of_a_private_key() -> None:
    redactor = Redactor()
    redactor.skip()
    out = redactor.lines([A1 * 3, "-----END RSA PRIVATE KEY-----", A1 * 3])
    assert out == ["[REDACTED:private key]", "[REDACTED:private key]", A1 * 3]


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(f"{text} ghp_{A1 * 2} {text} https://a:{A1}@b token={A1}").text
    assert redact(once).text == once


@given(st.text(max_size=400))
def test_as_many_lines_leave_as_came_in(text: str) -> None:
    assert redact(f"{text}\n{KEY}\n{text}").text.count("\n") == f"{text}\n{KEY}\n{text}".count("\n")


@pytest.mark.parametrize("stamp", ["", "2026-01-02T03:04:05.1234567Z ", "  "])
def test_a_private_key_is_taken_out_line_by_line(stamp: str) -> None:
    text = "before\n" + "\n".join(stamp + line for line in KEY.split("\n")) + "\nafter"
    redacted = redact(text)
    assert redacted.kinds == ("private key",)
    assert A1 not in redacted.text
    assert redacted.text.split("\n")[0] == "before"
    assert redacted.text.split("\n")[-1] == "after"
    assert redacted.text.count("\n") == text.count("\n")


def test_a_private_key_on_one_line_is_taken_out() -> None:
    line = f'"private_key": "{KEY.replace(chr(10), chr(92) + "n")}", "x": 1'
    assert redact(line).text == '"private_key": "[REDACTED:private key]", "x": 1'


def test_a_private_key_that_does_not_end_stops_at_the_next_ordinary_line() -> None:
    text = f"-----BEGIN PRIVATE KEY-----\n{A1 * 3}\nRunning 12 tests, please wait\n{A1 * 3}"
    assert redact(text).text.split("\n") == [
        "[REDACTED:private key]",
        "[REDACTED:private key]",
        "Running 12 tests, please wait",
        A1 * 3,
    ]


def test_what_looks_like_a_key_for_ever_is_given_up() -> None:
    text = "-----BEGIN PRIVATE KEY-----\n" + "word\n" * 300
    assert redact(text).text.count("word\n") == 100


def encodings(secret: str) -> list[str]:
    raw = secret.encode()
    shifted = [b64encode(b"x" * shift + raw + b"yz").decode() for shift in range(3)]
    return [secret, quote(secret, safe=""), b64encode(raw).decode(), *shifted]


@pytest.mark.parametrize("written", encodings("our/own+secret?value=1"))
def test_our_own_secrets_are_found_however_they_are_written(written: str) -> None:
    redacted = redact(f"got {written} here", ["our/own+secret?value=1"])
    assert redacted.kinds == ("own secret",)
    assert written not in redacted.text


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("before", ["", "a", "/x/y", "abc"])
@pytest.mark.parametrize("secret", ["ghp_" + A1 * 2, "password=hunter2hunter2", "our-own-secret-value", KEY])
def test_a_credential_in_base64_is_found_wherever_it_begins(times: int, before: str, secret: str) -> None:
    """T23."""
    raw = f"some {secret} in it".encode()
    for _ in range(times):
        raw = b64encode(raw)
    redacted = redact(f"got {before}{raw.decode()} here", ["our-own-secret-value"])
    assert raw[-12:].decode() not in redacted.text or redacted.kinds == ("own secret",)
    assert redacted.kinds in {("encoded credential",), ("own secret",)}


@pytest.mark.parametrize(
    "raw", [bytes(range(256)), b"nothing to see here, only words and words", b"password=password, as ever", b"a" * 300]
)
def test_other_things_in_base64_stay(raw: bytes) -> None:
    text = f"sha {b64encode(raw).decode()} end"
    assert redact(text, ["our-own-secret-value"]) == Redacted(text, ())


@pytest.mark.parametrize("shift", range(3))
def test_our_own_secret_is_found_in_hex_and_twice_in_base64_whatever_stands_before(shift: int) -> None:
    """T23."""
    own = "our-own-secret-value-of-some-length"
    twice = b64encode(b"." * shift + b64encode(b"!" * shift + own.encode() + b"?")).decode()
    for written in (own.encode().hex(), own.encode().hex().upper(), twice):
        assert "own secret" in redact(f"got {written} here", [own]).kinds


def test_our_own_key_is_found_by_each_of_its_lines() -> None:
    assert A1 not in redact(f"key is {A1 * 2}", [f"-----BEGIN X-----\n{A1 * 2}\n-----END X-----"]).text


def test_a_short_own_secret_does_not_eat_words() -> None:
    assert redact("to be or not to be", ["be"]).text == "to be or not to be"


def test_a_lone_surrogate_does_not_stop_redaction() -> None:
    assert redact(f"\ud800 ghp_{A1 * 2}").text == " [REDACTED:GitHub token]"


@pytest.mark.parametrize(
    "unit", ["a ", "A1b2", "://a:", "eyJ.", "-----BEGIN ", "password=", "\u202e\x1b[", "QUFB", "token=aaaaaa1 "]
)
def test_hostile_lines_take_no_longer_than_their_length_allows(unit: str) -> None:
    """X29: half a megabyte on one line, after the start of a key; a quadratic pattern would take minutes."""
    assert redact(f"-----BEGIN PRIVATE KEY-----\n{unit * (500_000 // len(unit))}").text
