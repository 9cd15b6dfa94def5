"""Failures are found by their fingerprint, whatever line of work they are on; known ones get theirs from their body.

irreversible: to go back is to restore the database as it was before the upgrade.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("records", sa.Column("print", sa.String))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    fingerprint = "json_extract(body, '$.fingerprint')" if is_sqlite else "body::json ->> 'fingerprint'"
    op.execute(f"UPDATE records SET print = {fingerprint} WHERE kind = 'failure'")
    op.create_index("records_print", "records", ["repo_id", "kind", "print", "updated_at"])
