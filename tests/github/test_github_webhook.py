"""Only what GitHub signed gets in."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from github_app.github.webhook import refusal, verify

SECRET = b"It's a Secret to Everybody"
BODY = b"Hello, World!"
DIGEST = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
SHA1 = hmac.new(SECRET, BODY, hashlib.sha1).hexdigest()
GOOD = {
    "Content-Type": "application/json",
    "X-GitHub-Event": "check_run",
    "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
}


def test_the_example_of_github_s_documentation_is_accepted_g8() -> None:
    assert verify(BODY, f"sha256={DIGEST}", [SECRET]) == 0


def test_bytes_are_taken_as_they_came() -> None:
    assert verify(BODY, f"sha256={DIGEST}".encode(), [SECRET]) == 0


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        DIGEST,
        f"sha1={SHA1}",
        f"sha256={SHA1}",
        f"sha512={DIGEST}{DIGEST}",
        f"SHA256={DIGEST}",
        f"sha256={DIGEST.upper()}",
        f"sha256={DIGEST[:-1]}",
        f"sha256={DIGEST}0",
        f"sha256={DIGEST}\n",
        f" sha256={DIGEST}",
        f"sha256={DIGEST} ",
        f"sha256= {DIGEST}",
        f"sha256={DIGEST},sha256={DIGEST}",
        f'sha256="{DIGEST}"',
        "sha256=" + "0" * 64,
        "sha256=" + "é" * 64,
        "sha256=" + "٣" * 64,
        "sha256=\ud800" + "0" * 63,
        "\udcff\udcfe",
        b"\xff\xfe",
        b"sha256=" + b"\xe9" * 64,
    ],
)
def test_no_other_shape_is_a_signature_t1_l1_l2(header: str | bytes | None) -> None:
    assert verify(BODY, header, [SECRET]) is None


def test_while_rotating_the_old_and_the_new_secret_count_and_no_third_t4() -> None:
    signed_old, signed_new, signed_other = (
        "sha256=" + hmac.new(secret, BODY, hashlib.sha256).hexdigest() for secret in (b"old", b"new", b"other")
    )
    secrets = [b"new", b"old"]
    assert [verify(BODY, header, secrets) for header in (signed_new, signed_old, signed_other)] == [0, 1, None]


def test_without_a_secret_nothing_is_accepted() -> None:
    signed_with_nothing = "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert verify(BODY, signed_with_nothing, []) is None
    assert verify(BODY, signed_with_nothing, [b""]) is None


def test_one_changed_byte_of_the_body_voids_the_signature() -> None:
    assert verify(BODY + b" ", f"sha256={DIGEST}", [SECRET]) is None


@given(st.binary(max_size=64), st.none() | st.text() | st.binary(), st.lists(st.binary(max_size=40), max_size=3))
def test_no_header_makes_verification_raise_l2(body: bytes, header: str | bytes | None, secrets: list[bytes]) -> None:
    assert verify(body, header, secrets) is None


@given(st.binary(max_size=200), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3, unique=True))
def test_what_a_secret_signed_is_found_under_its_index(body: bytes, secrets: list[bytes]) -> None:
    header = "sha256=" + hmac.new(secrets[-1], body, hashlib.sha256).hexdigest()
    index = verify(body, header, secrets)
    assert index is not None
    # HMAC pads keys with zero bytes, so b"a" and b"a\0" are one key.
    assert secrets[index].rstrip(b"\0") == secrets[-1].rstrip(b"\0")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"Content-Type": "application/json; charset=utf-8"}, None),
        ({"Content-Type": 'Application/JSON ; charset="UTF-8"'}, None),
        ({"X-GitHub-Delivery": "72D3162E-CC78-11E3-81AB-4C9367DC0958"}, None),
        ({"X-GitHub-Event": "an_event_of_2031"}, None),
        ({"Content-Type": None}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/jsonp"}, 415),
        ({"Content-Type": "application/json; charset=utf-7"}, 415),
        ({"Content-Type": "application/json; charset=utf-8; charset=utf-7"}, 415),
        ({"Content-Type": "application/json; boundary=x"}, 415),
        ({"Content-Type": "application/json\udc80"}, 415),
        ({"Content-Type": "application/\u017fson"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Encoding": "identity, gzip"}, 415),
        ({"X-GitHub-Event": None}, 400),
        ({"X-GitHub-Event": ""}, 400),
        ({"X-GitHub-Event": "../../etc"}, 400),
        ({"X-GitHub-Event": "check_run\n"}, 400),
        ({"X-GitHub-Event": "a" * 65}, 400),
        ({"X-GitHub-Event": "\u0440ush"}, 400),
        ({"X-GitHub-Delivery": None}, 400),
        ({"X-GitHub-Delivery": "72d3162ecc7811e381ab4c9367dc0958"}, 400),
        ({"X-GitHub-Delivery": "{72d3162e-cc78-11e3-81ab-4c9367dc0958}"}, 400),
        ({"X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc095g"}, 400),
        ({"X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958\n"}, 400),
        ({"X-GitHub-Delivery": "\udcff" * 36}, 400),
    ],
)
def test_headers_are_those_of_a_delivery_or_refused_l3_l5_t5(
    changes: dict[str, str | None], expected: int | None
) -> None:
    headers = CIMultiDict({name: value for name, value in (GOOD | changes).items() if value is not None})
    found = refusal(headers)
    assert (found and found[0]) == expected


@pytest.mark.parametrize(
    ("name", "status"),
    [("Content-Type", 400), ("X-GitHub-Event", 400), ("X-GitHub-Delivery", 400), ("X-Hub-Signature-256", 401)],
)
def test_a_header_sent_twice_is_refused_t1(name: str, status: int) -> None:
    headers = CIMultiDict(GOOD)
    headers["X-Hub-Signature-256"] = f"sha256={DIGEST}"
    headers.add(name.lower(), headers[name])
    found = refusal(headers)
    assert found is not None
    assert found[0] == status


@given(st.lists(st.tuples(st.sampled_from([*GOOD, "Content-Encoding", "X-Hub-Signature-256"]), st.text())))
def test_no_headers_make_the_check_raise(pairs: list[tuple[str, str]]) -> None:
    found = refusal(CIMultiDict(pairs))
    assert found is None or found[0] in {400, 401, 415}
