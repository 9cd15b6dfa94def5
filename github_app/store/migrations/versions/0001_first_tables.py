"""The first tables.

irreversible: before them there is nothing to go back to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    create_deliveries()
    create_records()
    create_journal()
    create_timers()
    create_outbox()
    create_sent()
    refuse_changes_of_the_journal()


def partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("seq", Id, primary_key=True, autoincrement=True),
        sa.Column("guid", sa.String, nullable=False, unique=True),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="new"),
        sa.Column("subject", sa.String),
        sa.Column("installation_id", sa.BigInteger),
        sa.Column("repo_id", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("reason", sa.String),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("worker", sa.String),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    partial_index(
        "deliveries_ready", "deliveries", ["subject", "seq", "installation_id", "not_before"], "state = 'ready'"
    )
    partial_index("deliveries_running", "deliveries", ["subject"], "state = 'running'", unique=True)
    op.create_index("deliveries_state", "deliveries", ["state", "seq"])
    op.create_index("deliveries_installation", "deliveries", ["installation_id"])


def create_records() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("installation_id", sa.BigInteger, nullable=False),
        sa.Column("repo_id", sa.BigInteger, nullable=False),
        sa.Column("sha", sa.String),
        sa.Column("ref", sa.String),
        sa.Column("open_key", sa.String, unique=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.String, nullable=False),
    )
    op.create_index("records_sha", "records", ["repo_id", "kind", "sha"])
    op.create_index("records_ref", "records", ["repo_id", "kind", "ref"])
    op.create_index("records_installation", "records", ["installation_id"])


def create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("installation_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("repo_id", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("detail", sa.String),
        sa.Column("detail_hash", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    op.create_index("journal_subject", "journal", ["subject"])
    op.create_table(
        "journal_heads",
        sa.Column("installation_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )


def create_timers() -> None:
    op.create_table(
        "timers",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("installation_id", sa.BigInteger, nullable=False),
        sa.Column("repo_id", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("worker", sa.String),
        sa.Column("lease_until", sa.BigInteger),
    )
    op.create_index("timers_due", "timers", ["due_at"])
    op.create_index("timers_installation", "timers", ["installation_id"])


def create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("payload", sa.String, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("wanted_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="pending"),
        sa.Column("installation_id", sa.BigInteger, nullable=False),
        sa.Column("repo_id", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("reason", sa.String),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("worker", sa.String),
        sa.Column("lease_until", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    partial_index("outbox_pending", "outbox", ["key"], "state = 'pending'", unique=True)
    partial_index("outbox_running", "outbox", ["key"], "state = 'running'", unique=True)
    op.create_index("outbox_state", "outbox", ["state", "due_at"])
    op.create_index("outbox_installation", "outbox", ["installation_id"])


def create_sent() -> None:
    op.create_table(
        "sent",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("remote_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("installation_id", sa.BigInteger, nullable=False),
        sa.Column("repo_id", sa.BigInteger, nullable=False),
    )
    op.create_index("sent_installation", "sent", ["installation_id"])


KEPT = (
    "installation_id", "seq", "subject", "kind", "at", "actor", "repo_id", "cause", "detail_hash", "hash"
)
SENTENCE = "the journal is append-only: a line may only have its detail erased"


def refuse_changes_of_the_journal() -> None:
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)
        op.execute(
            f"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal WHEN NEW.detail IS NOT NULL OR {changed} "
            f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
        )
        op.execute(f"CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END")
        return
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)
    op.execute(
        "CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal FOR EACH ROW WHEN (NEW.detail IS NOT NULL OR {changed}) "
        "EXECUTE FUNCTION refuse_journal_change()"
    )
    op.execute(
        "CREATE TRIGGER journal_no_delete BEFORE DELETE OR TRUNCATE ON journal FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_journal_change()"
    )
