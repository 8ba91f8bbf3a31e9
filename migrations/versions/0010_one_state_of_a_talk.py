"""One state of a talk: what is to be done in its Open Line, and what is known of its end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WISH = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
WISHES = sa.text("line_wish IS NOT NULL")
DOUBTS = sa.text("line_doubt")


def upgrade() -> None:
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line_wish", WISH, nullable=True))
        batch_op.add_column(sa.Column("line_ended_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("line_doubt", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.create_index(
            "ix_conversation_wish",
            ["portal_id"],
            sqlite_where=WISHES,
            postgresql_where=WISHES,
        )
        batch_op.create_index(
            "ix_conversation_doubt",
            ["portal_id", "id"],
            sqlite_where=DOUBTS,
            postgresql_where=DOUBTS,
        )


def downgrade() -> None:
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_index("ix_conversation_doubt")
        batch_op.drop_index("ix_conversation_wish")
        batch_op.drop_column("line_doubt")
        batch_op.drop_column("line_ended_id")
        batch_op.drop_column("line_wish")
