"""The tables, as the queries see them; `migrations/` builds them, and a test asserts that both agree.

Instants are whole microseconds since 1970 (UTC) in an integer column: exact, comparable and the same on both databases.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; a datetime without a zone is refused, for nobody can say which moment it means."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  (SQLAlchemy's signature)
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (same)
        return None if value is None else EPOCH + value * MICROSECOND


class PlainText(TypeDecorator[str]):
    """Text that both databases and every reader accept; see `plain`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  (same)
        return None if value is None else plain(value)


def plain(value: str) -> str:
    """Return `value` with U+FFFD for U+0000 (PostgreSQL refuses it) and lone surrogates (UTF-8 has none) (L5)."""
    if "\x00" in value:
        value = value.replace("\x00", "\ufffd")
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER key

metadata = MetaData()

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=True),
    Column("guid", PlainText, nullable=False, unique=True),
    Column("event", PlainText, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("state", String, nullable=False, server_default="new"),
    Column("subject", PlainText),
    Column("installation_id", BigInteger),
    Column("repo_id", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Instant),
    Column("reason", PlainText),
    Column("finished_at", Instant),
    Column("token", BigInteger, nullable=False, server_default="0"),
    Column("worker", String),
    Column("lease_until", BigInteger),
    Column("body", LargeBinary, nullable=False),
    # The claim reads nothing but this index, and never the bodies beside it.
    Index(
        "deliveries_ready",
        "subject",
        "seq",
        "installation_id",
        "not_before",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "deliveries_running",
        "subject",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index("deliveries_state", "state", "seq"),
    Index("deliveries_installation", "installation_id"),
    sqlite_autoincrement=True,  # a number is never given twice, so an old claim cannot meet a new row
)

records = Table(
    "records",
    metadata,
    Column("id", PlainText, primary_key=True),
    Column("kind", PlainText, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("repo_id", BigInteger, nullable=False),
    Column("sha", PlainText),
    Column("ref", PlainText),
    Column("open_key", PlainText, unique=True),
    Column("print", PlainText),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("body", PlainText, nullable=False),
    Index("records_sha", "repo_id", "kind", "sha"),
    Index("records_ref", "repo_id", "kind", "ref"),
    Index("records_print", "repo_id", "kind", "print", "updated_at"),
    Index("records_installation", "installation_id"),
)

journal = Table(
    "journal",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("repo_id", BigInteger, nullable=False),
    Column("cause", PlainText, nullable=False),
    Column("detail", PlainText),
    Column("detail_hash", String, nullable=False),
    Column("hash", String, nullable=False),
    Index("journal_subject", "subject"),
)

journal_heads = Table(
    "journal_heads",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String, nullable=False),
)

timers = Table(
    "timers",
    metadata,
    Column("subject", PlainText, primary_key=True),
    Column("kind", PlainText, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("repo_id", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Instant),
    Column("token", BigInteger, nullable=False, server_default="0"),
    Column("worker", String),
    Column("lease_until", BigInteger),
    Index("timers_due", "due_at"),
    Index("timers_installation", "installation_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("payload", PlainText, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("wanted_at", Instant, nullable=False),
    Column("state", String, nullable=False, server_default="pending"),
    Column("installation_id", BigInteger, nullable=False),
    Column("repo_id", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Instant),
    Column("reason", PlainText),
    Column("finished_at", Instant),
    Column("token", BigInteger, nullable=False, server_default="0"),
    Column("worker", String),
    Column("lease_until", BigInteger),
    Index(
        "outbox_pending",
        "key",
        unique=True,
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "outbox_running",
        "key",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index("outbox_state", "state", "due_at"),
    Index("outbox_installation", "installation_id"),
    sqlite_autoincrement=True,
)

sent = Table(
    "sent",
    metadata,
    Column("key", PlainText, primary_key=True),
    Column("remote_id", PlainText, nullable=False),
    Column("digest", PlainText, nullable=False),
    Column("body", PlainText, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("repo_id", BigInteger, nullable=False),
    Index("sent_installation", "installation_id"),
)
