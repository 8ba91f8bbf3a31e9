"""Why two clients were joined by themselves, so that it is shown and can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contact_merge", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("cause", sa.String(length=8), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("mark", sa.String(length=240), nullable=False, server_default="")
        )
        batch_op.create_index("ix_contact_merge_mark", ["portal_id", "mark"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("contact_merge", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_merge_mark")
        batch_op.drop_column("mark")
        batch_op.drop_column("cause")
