"""Brings a database to the tables that this version needs, whole or not at all, whoever else tries at the same time."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from github_app.store import postgres, sqlite
from github_app.store.database import StoreRefused

PATIENCE_SECONDS = 15.0
PAUSE_SECONDS = 0.1
LOCK = 0x6661696C  # any number that only our upgrades use as an advisory lock


def database_url(text: str) -> sa.URL:
    """Return the address with the driver that we use; StoreRefused for one that is not a database of ours."""
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise StoreRefused("DATABASE_URL is no database address: try sqlite:///file.db or postgresql://...") from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres" if find_spec("psycopg") is None:
            raise StoreRefused("PostgreSQL needs a driver: pip install 'pytest-failure-review[app,postgres]'")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case "sqlite":
            raise StoreRefused(
                "DATABASE_URL names 'sqlite' without a file: deliveries kept in memory die with the process."
            )
        case other:
            raise StoreRefused(f"DATABASE_URL names {other!r}: only a SQLite file or PostgreSQL can keep deliveries.")


def upgrade(url: str) -> None:
    """Create or upgrade the tables. Idempotent; blocks; StoreRefused for tables of a newer version."""
    where = database_url(url)
    engine = sqlite.connect(where) if where.get_backend_name() == "sqlite" else postgres.connect(where)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    try:
        while not _upgraded(engine, may_wait=time.monotonic() < give_up_at):
            time.sleep(PAUSE_SECONDS)
    except sa.exc.DBAPIError as error:
        raise StoreRefused(f"The database cannot be upgraded: {error.orig}") from error
    finally:
        engine.dispose()


def _upgraded(engine: sa.Engine, *, may_wait: bool) -> bool:
    """Try once; False when another process holds the file. SQLite's own waiting leaves out the change to WAL."""
    try:
        with engine.connect() as conn:
            _upgrade_alone(conn)
    except sa.exc.OperationalError as error:
        if may_wait and "locked" in str(error.orig):
            return False
        raise
    return True


def _upgrade_alone(conn: sa.Connection) -> None:
    """One transaction holds the lock and all of the change: a kill half-way leaves the old tables (F8)."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    _refuse_newer(conn)
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("COMMIT")
    conn.commit()


def refuse_missing(where: sa.URL) -> None:
    """Raise StoreRefused when there is no such SQLite file, rather than make an empty one."""
    if where.database and not where.database.startswith("file:") and not Path(where.database).exists():
        raise StoreRefused(
            f"There is no database {where.database}: check DATABASE_URL, or run `failure-review db upgrade` first."
        )


def refuse_other_revision(engine: sa.Engine) -> None:
    """Raise StoreRefused unless the tables are exactly those of this version."""
    with engine.connect() as conn:
        _refuse_newer(conn)
        if MigrationContext.configure(conn).get_current_revision() != _scripts().get_current_head():
            raise StoreRefused("The database is older than this version: run `failure-review db upgrade` first.")


def _refuse_newer(conn: sa.Connection) -> None:
    revision = MigrationContext.configure(conn).get_current_revision()
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreRefused(
            f"A newer version has upgraded this database (to {revision}): run that version, or restore an older backup."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "github_app.store:migrations")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
