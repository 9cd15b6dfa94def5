"""No token leaves GitHub's API, and nothing is fetched from where logs are not kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from github_app.github.addresses import (
    LOG_HOSTS,
    api_address,
    expand,
    is_public,
    log_place_refusal,
    on_api,
    redirected,
)
from github_app.outcomes import GiveUp

API = api_address("https://api.github.com")
ENTERPRISE = api_address("https://ghes.acme.example/api/v3/")
LOOPBACK = api_address("http://127.0.0.1:9000")


def test_a_template_becomes_an_address_below_the_api() -> None:
    assert expand(API, "/repos/{o}/{r}", {"o": "acme", "r": "a b"}) == "https://api.github.com/repos/acme/a%20b"
    assert expand(ENTERPRISE, "/user", {}) == "https://ghes.acme.example/api/v3/user"


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("https://evil.example/x", {}),
        ("//evil.example/x", {"evil": "1"}),
        ("user", {}),
        ("/repos/{+path}", {"path": "x"}),
        ("/repos/{path*}", {"path": "x"}),
        ("/repos/{o}/../../user", {"o": "acme"}),
        ("/repos/{o}/./x", {"o": "acme"}),
        ("/repos/{o}/%2e%2e/x", {"o": "acme"}),
        ("/repos/{o}/{r}/issues/{n}", {"o": "acme", "r": "shop"}),
        ("/repos/{o}/{r}", {"o": "", "r": "shop"}),
        ("/repos/{o}/{r}", {"o": "..", "r": "shop"}),
        ("/repos/{o}/{r}", {"o": "acme", "r": "."}),
        ("/repos/{o}/{r}", {"o": "a/../b", "r": "shop"}),
        ("/repos/{o}/{r}", {"o": "a\\..\\b", "r": "shop"}),
        ("/repos/{o}/{r}", {"o": "\ud800", "r": "shop"}),
    ],
)
def test_what_is_no_plain_path_is_refused_l7_p16(template: str, names: dict[str, str | int]) -> None:
    if template.startswith("//"):
        assert expand(API, template, names).startswith("https://api.github.com/")
        return
    with pytest.raises(GiveUp) as refused:
        expand(API, template, names)
    assert refused.value.status == 0


@given(st.text(min_size=1), st.dictionaries(st.text(min_size=1), st.text() | st.integers(), max_size=3))
def test_no_value_moves_a_request_off_its_path_l7(value: str, query: dict[str, str | int]) -> None:
    try:
        address = expand(ENTERPRISE, "/repos/{o}/issues", {"o": value}, query)
    except GiveUp:
        return
    url = URL(address, encoded=True)
    assert url.origin() == ENTERPRISE.origin()
    assert url.raw_path.count("/") == 5
    assert url.raw_path.endswith("/issues")


@pytest.mark.parametrize(
    "address",
    [
        "http://api.github.com/user",
        "https://api.github.com:8443/user",
        "https://api.github.com.evil.example/user",
        "https://api.github.com@evil.example/user",
        "https://me:pw@api.github.com/user",
        "https://evil.example/user",
        "//evil.example/user",
        "/user",
        "https://api.github.com:port/user",
        "https:///user",
        "javascript:alert(1)",
        "https://api.github.com/a/../user",
        "https://api.github.com/a/%2E%2e/user",
        "https://api.github.com/a%2f..%2fuser",
        "",
    ],
)
def test_a_token_goes_to_no_other_origin_l7_p16_t22(address: str) -> None:
    with pytest.raises(GiveUp, match="no token was sent"):
        on_api(API, address)


def test_an_enterprise_server_s_other_pages_are_not_its_api() -> None:
    with pytest.raises(GiveUp, match="steps out"):
        on_api(ENTERPRISE, "https://ghes.acme.example/login")
    with pytest.raises(GiveUp, match="steps out"):
        on_api(ENTERPRISE, "https://ghes.acme.example/api/v33/user")


def test_a_move_may_be_told_without_the_host() -> None:
    assert redirected(API, "/repositories/9") == "https://api.github.com/repositories/9"
    with pytest.raises(GiveUp):
        redirected(API, "//evil.example/repositories/9")


@given(st.text())
def test_no_address_makes_the_checks_raise_anything_else(address: str) -> None:
    assert log_place_refusal(API, address, LOG_HOSTS)
    with pytest.raises(GiveUp):
        redirected(ENTERPRISE, address)


@pytest.mark.parametrize(
    ("api", "place"),
    [
        (API, "https://productionresultssa1.blob.core.windows.net/a/job.txt?sig=x"),
        (API, "https://pipelines.actions.githubusercontent.com/x"),
        (API, "https://api.github.com/x"),
        (ENTERPRISE, "https://ghes.acme.example/_services/pipelines/x?sig=%2F"),
        (LOOPBACK, "http://127.0.0.1:9001/log"),
    ],
)
def test_the_places_where_logs_are_kept_are_allowed_g24(api: URL, place: str) -> None:
    assert log_place_refusal(api, place, LOG_HOSTS) is None


@pytest.mark.parametrize(
    ("api", "place"),
    [
        (API, "http://a.blob.core.windows.net/x"),
        (API, "https://a.blob.core.windows.net:8443/x"),
        (API, "https://me:pw@a.blob.core.windows.net/x"),
        (API, "https://blob.core.windows.net.evil.example/x"),
        (API, "https://evilblob.core.windows.net/x"),
        (API, "https://a.blob.core.windows.net@evil.example/x"),
        (API, "https://169.254.169.254/latest/meta-data"),
        (API, "https://[::1]/x"),
        (API, "https://127.0.0.1/x"),
        (API, "http://127.0.0.1:9001/log"),
        (API, "http://api.github.com/x"),
        (API, "file:///etc/passwd"),
        (API, "//a.blob.core.windows.net/x"),
        (API, "/relative"),
        (API, ""),
        (API, "https://a.blob.core.windows.net:x/"),
        (ENTERPRISE, "http://ghes.acme.example/x"),
        (LOOPBACK, "http://127.0.0.2:9000/x"),
        (LOOPBACK, "https://localhost/x"),
    ],
)
def test_any_other_place_is_refused_with_a_reason_t22(api: URL, place: str) -> None:
    assert log_place_refusal(api, place, LOG_HOSTS)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("140.82.112.3", True),
        ("2606:50c0:8000::153", True),
        ("10.0.0.1", False),
        ("172.16.5.4", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_private_addresses_are_told_from_public_ones_t22(address: str, public: bool) -> None:
    assert is_public(address) is public
