"""Open Lines that are being made, and words of lines that fit no channel of ours."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Json, Row, Utc


class LineOrder(Row):
    """A line that a person wants made, written down before Bitrix24 is asked.

    known: ids of the lines that were there before; the made one is none of them.
    line_id: None while it is not known whether Bitrix24 made it.
    """

    __tablename__ = "line_order"
    __table_args__ = (UniqueConstraint("portal_id", "client_uuid"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    client_uuid: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    known: Mapped[list[Any]] = mapped_column(Json, default=list)
    line_id: Mapped[int | None] = mapped_column()
    asked_at: Mapped[datetime] = mapped_column(Utc)


class LineStray(Row):
    """Replies of a line that no channel of ours serves: they reached nobody.

    channel_id: 0 when the chat names no channel of this portal.
    """

    __tablename__ = "line_stray"
    __table_args__ = (UniqueConstraint("portal_id", "line_id", "channel_id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    line_id: Mapped[int] = mapped_column()
    channel_id: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(Utc)
    last_at: Mapped[datetime] = mapped_column(Utc)
