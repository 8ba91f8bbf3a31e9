"""How usual a silence is, what waits for a channel, and files that requests bring."""

import sqlalchemy as sa
from alembic import op

import b24app.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WAITING = sa.text("state IN ('queued', 'sending')")


def upgrade() -> None:
    with op.batch_alter_table("channel") as batch_op:
        batch_op.add_column(
            sa.Column("silence_hours", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("silent_since", b24app.db.Utc(), nullable=True))
        batch_op.add_column(
            sa.Column("rhythm", b24app.db.Json, nullable=False, server_default="{}")
        )
    with op.batch_alter_table("attachment") as batch_op:
        batch_op.add_column(
            sa.Column(
                "request_id",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.create_foreign_key(
            op.f("fk_attachment_request_id_offline_request"),
            "offline_request",
            ["request_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch_op.create_index(op.f("ix_attachment_request_id"), ["request_id"])
        batch_op.create_index("ix_attachment_age", ["state", "created_at"])
    op.create_index(
        "ix_message_waiting",
        "message",
        ["channel_id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_message_waiting", "message")
    with op.batch_alter_table("attachment") as batch_op:
        batch_op.drop_index("ix_attachment_age")
        batch_op.drop_index(op.f("ix_attachment_request_id"))
        batch_op.drop_constraint(
            op.f("fk_attachment_request_id_offline_request"), type_="foreignkey"
        )
        batch_op.drop_column("request_id")
    with op.batch_alter_table("channel") as batch_op:
        batch_op.drop_column("rhythm")
        batch_op.drop_column("silent_since")
        batch_op.drop_column("silence_hours")
