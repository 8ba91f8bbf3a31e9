"""Open Lines being made, and replies of lines that reached nobody."""

import sqlalchemy as sa
from alembic import op

import b24app.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _number(name: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=name == "id", nullable=False)


def upgrade() -> None:
    op.create_table(
        "line_order",
        _number("portal_id"),
        sa.Column("client_uuid", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("known", b24app.db.Json, nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", b24app.db.Utc(), nullable=False),
        _number("id"),
        sa.ForeignKeyConstraint(
            ["portal_id"],
            ["portal.id"],
            name=op.f("fk_line_order_portal_id_portal"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_order")),
        sa.UniqueConstraint(
            "portal_id", "client_uuid", name=op.f("uq_line_order_portal_id_client_uuid")
        ),
    )
    op.create_table(
        "line_stray",
        _number("portal_id"),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", b24app.db.Utc(), nullable=False),
        sa.Column("last_at", b24app.db.Utc(), nullable=False),
        _number("id"),
        sa.ForeignKeyConstraint(
            ["portal_id"],
            ["portal.id"],
            name=op.f("fk_line_stray_portal_id_portal"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_stray")),
        sa.UniqueConstraint(
            "portal_id",
            "line_id",
            "channel_id",
            name=op.f("uq_line_stray_portal_id_line_id_channel_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("line_stray")
    op.drop_table("line_order")
