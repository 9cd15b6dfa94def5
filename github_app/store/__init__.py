"""Where everything is kept: one implementation over SQLAlchemy Core for SQLite and PostgreSQL."""

from github_app.store.database import StoreRefused
from github_app.store.store import SqlStore
from github_app.store.upgrade import upgrade

__all__ = ["SqlStore", "StoreRefused", "upgrade"]
