"""One running promise a lane, whoever claims at the same moment."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    # Nobody works during an upgrade: what still says so was left by a killed worker.
    op.execute("UPDATE job SET state = 'queued', locked_by = '' WHERE state = 'running'")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ux_job_running",
            ["lane"],
            unique=True,
            sqlite_where=RUNNING,
            postgresql_where=RUNNING,
        )


def downgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ux_job_running")
