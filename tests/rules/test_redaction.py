"""Credentials never leave the place where they were read; everything else does, unchanged."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(("kind", "secret"), all_examples())
@pytest.mark.parametrize("piece", [1, 7, 64])
def test_a_credential_split_over_pieces_is_found(kind: str, secret: str, piece: int) -> None:
    text = f"first line\ngot {secret} here\nlast"
    redactor = Redactor()
    out = "".join(redactor.feed(text[at : at + piece]) for at in range(0, len(text), piece)) + redactor.finish()
    assert (out, redactor.kinds) == (f"first line\ngot [REDACTED:{kind}] here\nlast", (kind,))


@pytest.mark.parametrize("offset", range(-60, 61, 7))
def test_a_credential_at_the_border_of_an_endless_line_is_found(offset: int) -> None:
    secret = "ghp_" + A1 * 2
    filler = " " * (LINE + 200)
    redactor = Redactor()
    out = redactor.feed(filler[: len(filler) - 4096 + offset] + secret + " " + "y " * 2048)
    out += redactor.feed(f" more {secret}") + redactor.finish()
    assert "ghp_" not in out
    assert out.count("[REDACTED:GitHub token]") == 2


def test_an_own_secret_across_the_border_of_an_endless_line_is_found() -> None:
    secret = "our-own-secret-value"
    redactor = Redactor((secret,))
    out = redactor.feed("x" * LINE + secret + "y" * (4096 - 5)) + redactor.feed(" end") + redactor.finish()
    assert secret not in out
    assert redactor.kinds == ("own secret",)


@given(st.text(alphabet="ab \n", max_size=300), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_how_a_text_is_cut_into_pieces_makes_no_difference(filler: str, sizes: list[int]) -> None:
    text = f"{filler} ghp_{A1 * 2} {filler}\n{KEY}\n{filler} password=s3cr3t-value"
    redactor = Redactor()
    out, at = "", 0
    for size in sizes:
        out += redactor.feed(text[at : at + size])
        at += size
    assert out + redactor.feed(text[at:]) + redactor.finish() == redact(text).text


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


def test_our_own_key_is_found_by_each_of_its_lines() -> None:
    assert A1 not in redact(f"key is {A1 * 2}", [f"-----BEGIN X-----\n{A1 * 2}\n-----END X-----"]).text


def test_a_short_own_secret_does_not_eat_words() -> None:
    assert redact("to be or not to be", ["be"]).text == "to be or not to be"


def test_a_lone_surrogate_does_not_stop_redaction() -> None:
    assert redact(f"\ud800 ghp_{A1 * 2}").text == "? [REDACTED:GitHub token]"


@pytest.mark.parametrize("unit", ["a ", "A1b2", "://a:", "eyJ.", "-----BEGIN ", "password=", "\u202e\x1b["])
def test_hostile_lines_take_no_longer_than_their_length_allows(unit: str) -> None:
    """X29: half a megabyte on one line, after the start of a key; a quadratic pattern would take minutes."""
    assert redact(f"-----BEGIN PRIVATE KEY-----\n{unit * (500_000 // len(unit))}").text
