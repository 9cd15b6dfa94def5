"""Where everything is kept: one implementation over SQLAlchemy Core for SQLite and PostgreSQL."""

from github_app.store.database import StoreRefused
from github_app.store.journal import Finding, Head
from github_app.store.retention import Retention
from github_app.store.stats import Stats
from github_app.store.store import SqlStore
from github_app.store.upgrade import upgrade

__all__ = ["Finding", "Head", "Retention", "SqlStore", "Stats", "StoreRefused", "upgrade"]
