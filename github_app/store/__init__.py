"""Where everything is kept: one implementation over SQLAlchemy Core for SQLite and PostgreSQL."""
