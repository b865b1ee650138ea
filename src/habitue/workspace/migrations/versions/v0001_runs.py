"""Runs: a row makes a run exist."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table of runs."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("manifest", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop the table of runs."""
    op.drop_table("runs")
