"""The environment is read once: what makes no sense stops the start with one sentence, which holds no secret (F42)."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import private_key

from github_app.settings import Refused, Settings, read_settings

CANARY = "canary-7f3a9c-canary-7f3a9c-canary"
NEEDED = {
    "GITHUB_APP_ID": "7",
    "GITHUB_PRIVATE_KEY": private_key(),
    "GITHUB_WEBHOOK_SECRET": CANARY,
}
SIGN_IN = {"GITHUB_CLIENT_ID": "Iv1.7", "GITHUB_CLIENT_SECRET": CANARY, "SESSION_SECRET": CANARY}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The needed variables and no others of ours."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def read(environment: pytest.MonkeyPatch, **changes: str | None) -> Settings:
    for name, value in changes.items():
        if value is None:
            environment.delenv(name)
        else:
            environment.setenv(name, value)
    return read_settings()


def refusal(environment: pytest.MonkeyPatch, **changes: str | None) -> str:
    with pytest.raises(Refused) as refused:
        read(environment, **changes)
    return str(refused.value)


def test_three_variables_are_enough(environment: pytest.MonkeyPatch) -> None:
    settings = read(environment)
    assert (settings.github_app_id, settings.webhook_secrets) == (7, (CANARY.encode(),))
    assert (settings.github_api_url, settings.base_url) == ("https://api.github.com", "http://127.0.0.1:8080")


def test_an_empty_variable_is_one_that_is_not_set(environment: pytest.MonkeyPatch) -> None:
    """Compose files pass on what nobody filled in."""
    settings = read(environment, PORT="", PUBLIC_URL="", LOG_LEVEL="", GITHUB_CLIENT_ID="")
    assert (settings.port, settings.public_url, settings.log_level) == (8080, "", "INFO")
    assert refusal(environment, GITHUB_WEBHOOK_SECRET="") == "GITHUB_WEBHOOK_SECRET is not set"


def test_everything_that_is_missing_is_named_in_one_line(environment: pytest.MonkeyPatch) -> None:
    told = refusal(environment, GITHUB_APP_ID=None, GITHUB_PRIVATE_KEY=None, GITHUB_WEBHOOK_SECRET=None)
    assert told == "GITHUB_APP_ID is not set; GITHUB_PRIVATE_KEY is not set; GITHUB_WEBHOOK_SECRET is not set"


NO_ADDRESS = "is no http(s) address"
NO_KEY = "GITHUB_PRIVATE_KEY is neither PEM text nor the path of a readable PEM file"
PAIR = "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET belong together: set both or neither"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"GITHUB_APP_ID": CANARY}, "GITHUB_APP_ID: Input should be a valid integer"),
        ({"GITHUB_APP_ID": "0"}, "GITHUB_APP_ID: Input should be greater than 0"),
        ({"GITHUB_APP_ID": "-7"}, "GITHUB_APP_ID: Input should be greater than 0"),
        ({"GITHUB_PRIVATE_KEY": CANARY}, NO_KEY),
        ({"GITHUB_PRIVATE_KEY": "/"}, NO_KEY),
        ({"GITHUB_PRIVATE_KEY": "x" * 5000}, NO_KEY),
        ({"GITHUB_PRIVATE_KEY": "-----BEGIN PUBLIC KEY-----"}, "GITHUB_PRIVATE_KEY holds no PEM private key"),
        ({"GITHUB_PRIVATE_KEY": str(Path(__file__))}, "GITHUB_PRIVATE_KEY holds no PEM private key"),
        ({"GITHUB_WEBHOOK_SECRET": "short-canary"}, "GITHUB_WEBHOOK_SECRET needs at least 16 bytes in each secret"),
        ({"GITHUB_WEBHOOK_SECRET": f"{CANARY},"}, "GITHUB_WEBHOOK_SECRET needs at least 16 bytes in each secret"),
        ({"GITHUB_WEBHOOK_SECRET": f"{CANARY}, {CANARY}"}, "GITHUB_WEBHOOK_SECRET names the same secret twice"),
        ({"GITHUB_API_URL": "api.github.com"}, f"GITHUB_API_URL {NO_ADDRESS}"),
        ({"GITHUB_API_URL": "ftp://api.github.com"}, f"GITHUB_API_URL {NO_ADDRESS}"),
        ({"GITHUB_API_URL": "https://"}, f"GITHUB_API_URL {NO_ADDRESS}"),
        ({"GITHUB_API_URL": "https://[::1"}, f"GITHUB_API_URL {NO_ADDRESS}"),
        ({"GITHUB_API_URL": "https://ghe.example:99999"}, f"GITHUB_API_URL {NO_ADDRESS}"),
        ({"GITHUB_API_URL": "https://ghe.example/?x=1"}, f"GITHUB_API_URL {NO_ADDRESS}"),
        ({"GITHUB_API_URL": "https://ghe example/"}, f"GITHUB_API_URL {NO_ADDRESS}"),
        ({"GITHUB_API_URL": f"https://me:{CANARY}@ghe.example"}, "GITHUB_API_URL must not hold a name or a password"),
        ({"GITHUB_API_URL": "http://ghe.example/api/v3"}, "GITHUB_API_URL must be https, except on this machine"),
        ({"PUBLIC_URL": "reviews.example"}, f"PUBLIC_URL {NO_ADDRESS}"),
        ({"PUBLIC_URL": "http://reviews.example"}, "PUBLIC_URL must be https, except on this machine"),
        (
            {"PUBLIC_URL": "https://example.com/reviews"},
            "PUBLIC_URL must be scheme and host alone, like https://reviews.example",
        ),
        ({"HTTPS_PROXY": f"me:{CANARY}@proxy"}, f"HTTPS_PROXY {NO_ADDRESS}"),
        ({"TRUSTED_PROXIES": "10.0.0.0/8, proxy"}, "TRUSTED_PROXIES 'proxy' does not appear to be an IPv4 or IPv6"),
        ({"APP_ENV": "staging"}, "APP_ENV: Input should be 'production', 'test' or 'dev'"),
        ({"PORT": "http"}, "PORT: Input should be a valid integer"),
        ({"PORT": "65536"}, "PORT: Input should be less than or equal to 65535"),
        ({"LOG_LEVEL": "chatty"}, "LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ({**SIGN_IN, "GITHUB_CLIENT_SECRET": ""}, PAIR),
        ({**SIGN_IN, "GITHUB_CLIENT_ID": ""}, PAIR),
        (
            {**SIGN_IN, "SESSION_SECRET": "short-canary"},
            "SESSION_SECRET needs at least 32 bytes when people can sign in",
        ),
        ({**SIGN_IN, "SESSION_SECRET": ""}, "SESSION_SECRET needs at least 32 bytes when people can sign in"),
        ({"FAILPOINT": "inbox.after_commit"}, "FAILPOINT is for tests: set APP_ENV=test, or leave it out"),
        ({"FAILPOINT": "nowhere", "APP_ENV": "test"}, "FAILPOINT names no failpoint of this version"),
        ({"SESSION_SECRET": f"{CANARY}\udcff"}, "SESSION_SECRET is no UTF-8 text"),
    ],
)
def test_what_makes_no_sense_is_one_sentence_without_a_secret(
    environment: pytest.MonkeyPatch, changes: dict[str, str], sentence: str
) -> None:
    told = refusal(environment, **changes)
    assert told.startswith(sentence)
    assert "canary" not in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"GITHUB_API_URL": "https://ghe.example/api/v3/"}, "github_api_url", "https://ghe.example/api/v3"),
        ({"GITHUB_API_URL": "http://localhost:3000"}, "github_api_url", "http://localhost:3000"),
        ({"GITHUB_API_URL": "http://[::1]:3000"}, "github_api_url", "http://[::1]:3000"),
        ({"PUBLIC_URL": "https://Reviews.Example/"}, "base_url", "https://reviews.example"),
        ({"HOST": "::1", "PORT": "99"}, "base_url", "http://[::1]:99"),
        ({"TRUSTED_PROXIES": " 10.0.0.0/8 ,::1,"}, "trusted_proxies", ("10.0.0.0/8", "::1")),
        ({"LOG_LEVEL": "debug"}, "log_level", "DEBUG"),
        ({"GITHUB_WEBHOOK_SECRET": f"new-{CANARY} , {CANARY}"}, "webhook_secrets",
         (f"new-{CANARY}".encode(), CANARY.encode())),
        ({"HTTPS_PROXY": "http://me:pass@proxy.example:3128"}, "https_proxy", "http://me:pass@proxy.example:3128"),
    ],
)  # fmt: skip
def test_what_makes_sense_is_taken(
    environment: pytest.MonkeyPatch, changes: dict[str, str], name: str, value: object
) -> None:
    assert getattr(read(environment, **changes), name) == value


@pytest.mark.parametrize("form", ["text", "one line", "path"])
def test_the_private_key_comes_as_text_or_as_a_path(environment: pytest.MonkeyPatch, tmp_path: Path, form: str) -> None:
    file = tmp_path / "key.pem"
    file.write_text(private_key())
    given = {"text": private_key(), "one line": private_key().replace("\n", "\\n"), "path": str(file)}
    settings = read(environment, GITHUB_PRIVATE_KEY=given[form])
    assert settings.github_private_key.get_secret_value() == private_key()


def test_nothing_secret_shows_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    """T28: what a debugger, a log line or a traceback would show."""
    settings = read(
        environment,
        **SIGN_IN,
        DATABASE_URL=f"postgresql://me:{CANARY}@db/app",
        HTTPS_PROXY=f"http://me:{CANARY}@proxy.example",
    )
    told = f"{settings!r} {settings} {settings.model_dump_json(exclude={'https_proxy'})}"
    assert CANARY not in told
    assert "PRIVATE KEY" not in told


def test_every_secret_is_known_for_redaction(environment: pytest.MonkeyPatch) -> None:
    settings = read(
        environment,
        GITHUB_WEBHOOK_SECRET="webhook-secret-one,webhook-secret-two",
        GITHUB_CLIENT_ID="Iv1.7",
        GITHUB_CLIENT_SECRET="client-secret",
        SESSION_SECRET="session-secret-session-secret-00",
        DATABASE_URL="postgresql://me:data%40base@db/app",
        HTTPS_PROXY="http://me:proxy-word@proxy.example",
    )
    assert set(settings.secrets) == {
        private_key(),
        "webhook-secret-one",
        "webhook-secret-two",
        "client-secret",
        "session-secret-session-secret-00",
        "data%40base",
        "data@base",
        "proxy-word",
    }
