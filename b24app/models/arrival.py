"""A call of the outside world exactly as it came, kept before it is understood."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Json, Row, Utc


class Arrival(Row):
    """source is `channel:<id>` or `bitrix:<portal id>`; provider_id is unique within it.

    state: new / done / skipped (nothing in it is for people; `error` says why) / failed.
    `meta` holds the headers and query that parsing needs.
    """

    __tablename__ = "arrival"
    __table_args__ = (
        UniqueConstraint("source", "provider_id"),
        Index("ix_arrival_received_at", "received_at"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(40))
    provider_id: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    meta: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(8), default="new")
    error: Mapped[str] = mapped_column(String(500), default="")
    received_at: Mapped[datetime] = mapped_column(Utc)
