"""The environment, read once and checked; nothing else reads it, and a value that makes no sense stops the start."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from github_app.failpoints import NAMES as FAILPOINTS

MIN_SECRET_BYTES = 16
MIN_SESSION_SECRET_BYTES = 32

Words = Annotated[tuple[str, ...], NoDecode]


class Refused(Exception):  # noqa: N818  (a refusal to start, told in one line)
    """The environment cannot be started with; the text says why, and holds no secret."""


class TerminalSettings(BaseSettings):
    """What people say about how their terminal is to be written to (https://no-color.org)."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    no_color: str = ""
    term: str = ""

    @property
    def may_colour(self) -> bool:
        return not self.no_color and self.term != "dumb"


class DatabaseSettings(BaseSettings):
    """What a command needs that works on the database alone: no key of the App, and no webhook secret."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    database_url: SecretStr = SecretStr("sqlite:///failure-review.db")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        if isinstance(value, str) and value != value.encode("utf-8", "replace").decode():
            raise ValueError("is no UTF-8 text")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _level(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for redaction."""
        return tuple(value for value in _passwords(self.database_url.get_secret_value()) if value)


class GitHubSettings(DatabaseSettings):
    """What a command needs that reads from GitHub as the App, and receives nothing."""

    github_app_id: int = Field(gt=0, description="the App's numeric id")
    github_private_key: SecretStr = Field(description="the App's private key: PEM text, or the path of a PEM file")
    github_api_url: str = "https://api.github.com"
    https_proxy: str = Field("", repr=False, description="for requests to https addresses; may hold a password")

    @field_validator("github_private_key", mode="after")
    @classmethod
    def _pem(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().replace("\\n", "\n")
        if "-----BEGIN" not in text:
            try:
                text = Path(text).read_text(encoding="ascii")
            except (OSError, ValueError):
                raise ValueError("is neither PEM text nor the path of a readable PEM file") from None
        if "PRIVATE KEY-----" not in text:
            raise ValueError("holds no PEM private key")
        return SecretStr(text)

    @field_validator("github_api_url", mode="after")
    @classmethod
    def _api(cls, value: str) -> str:
        return _secure(value).geturl().rstrip("/")

    @field_validator("https_proxy", mode="after")
    @classmethod
    def _proxy(cls, value: str) -> str:
        if value:
            _address(value)
        return value

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for redaction."""
        known = (self.github_private_key.get_secret_value(), *_passwords(self.https_proxy))
        return (*super().secrets, *(value for value in known if value))


class Settings(GitHubSettings):
    """Everything that can be set from outside; names are those of the environment."""

    github_webhook_secret: SecretStr = Field(description="the webhook secret; several, comma-separated, while rotating")
    github_client_id: str = ""
    github_client_secret: SecretStr = SecretStr("")
    session_secret: SecretStr = SecretStr("")
    app_env: Literal["production", "test", "dev"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = ""
    trusted_proxies: Words = ()
    failpoint: str = Field("", description="dies at this point of the program; for tests, refused in production")

    @field_validator("github_webhook_secret", mode="after")
    @classmethod
    def _secrets(cls, value: SecretStr) -> SecretStr:
        secrets = [part.strip() for part in value.get_secret_value().split(",")]
        if any(len(part.encode()) < MIN_SECRET_BYTES for part in secrets):
            raise ValueError(f"needs at least {MIN_SECRET_BYTES} bytes in each secret")
        if len(set(secrets)) < len(secrets):
            raise ValueError("names the same secret twice")
        return value

    @field_validator("public_url", mode="after")
    @classmethod
    def _origin(cls, value: str) -> str:
        if not value:
            return value
        parts = _secure(value)
        if parts.path not in {"", "/"}:
            raise ValueError("must be scheme and host alone, like https://reviews.example")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        for part in parts:
            ipaddress.ip_network(part, strict=False)
        return parts

    @model_validator(mode="after")
    def _together(self) -> Settings:
        secret = self.session_secret.get_secret_value()
        if self.github_client_id and len(secret.encode()) < MIN_SESSION_SECRET_BYTES:
            raise ValueError(f"SESSION_SECRET needs at least {MIN_SESSION_SECRET_BYTES} bytes when people can sign in")
        if bool(self.github_client_id) != bool(self.github_client_secret.get_secret_value()):
            raise ValueError("GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET belong together: set both or neither")
        if self.failpoint and self.app_env == "production":
            raise ValueError("FAILPOINT is for tests: set APP_ENV=test, or leave it out")
        if self.failpoint and self.failpoint not in FAILPOINTS:
            raise ValueError("FAILPOINT names no failpoint of this version")
        return self

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """The accepted webhook secrets, in the order given."""
        return tuple(part.strip().encode() for part in self.github_webhook_secret.get_secret_value().split(","))

    @property
    def base_url(self) -> str:
        """Where people reach this App."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for redaction."""
        fields = (self.github_client_secret, self.session_secret)
        known = [field.get_secret_value() for field in fields] + [item.decode() for item in self.webhook_secrets]
        return (*super().secrets, *(value for value in known if value))


def read_settings(**given: object) -> Settings:
    """Return the settings of the environment, with `given` values over them.

    Raises `Refused` with one line that names each wrong variable.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]  # the environment fills in the rest
    except ValidationError as error:
        raise _refused(error) from None


def read_database_settings() -> DatabaseSettings:
    """Return those settings of the environment that the database needs; raises `Refused` like `read_settings`."""
    try:
        return DatabaseSettings()
    except ValidationError as error:
        raise _refused(error) from None


def read_github_settings() -> GitHubSettings:
    """Return those settings that reading from GitHub needs; raises `Refused` like `read_settings`."""
    try:
        return GitHubSettings()
    except ValidationError as error:
        raise _refused(error) from None


def _refused(error: ValidationError) -> Refused:
    return Refused("; ".join(_sentence(item) for item in error.errors(include_input=False)))


def _sentence(error: ErrorDetails) -> str:
    name = str(error["loc"][0]).upper() if error["loc"] else ""
    if error["type"] == "missing":
        return f"{name} is not set"
    if error["type"] == "value_error":
        return f"{name} {error['ctx']['error']}".lstrip()
    return f"{name}: {error['msg']}"


def _address(value: str) -> SplitResult:
    """Take an http(s) address apart. Raises ValueError, without the value, for anything else."""
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.query or parts.fragment or not value.isprintable() or " " in value:
        raise ValueError("is no http(s) address")
    return parts


def _secure(value: str) -> SplitResult:
    """Take an address apart that tokens or people go to."""
    parts = _address(value)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a name or a password")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("must be https, except on this machine")
    return parts


def _passwords(url: str) -> tuple[str, ...]:
    """The password in an address, as it is written and as it is meant."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return ()
    return (password, unquote(password))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
