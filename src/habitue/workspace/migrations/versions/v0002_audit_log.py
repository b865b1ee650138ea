"""Acts on people's data: a row an act and store."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the audit log."""
    op.create_table(
        "audit_log",
        sa.Column("audit_id", sa.String, primary_key=True),
        sa.Column("store", sa.String, primary_key=True),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("people_count", sa.BigInteger, nullable=False),
        sa.Column("rows_count", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("audit_log")
