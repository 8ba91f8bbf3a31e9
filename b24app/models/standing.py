"""Who holds the connection of an account that may have only one."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Row, Utc


class Standing(Row):
    """`holder`: a worker's name; anybody may take over after `until`."""

    __tablename__ = "standing"
    channel_id: Mapped[int] = mapped_column(
        ForeignKey("channel.id", ondelete="CASCADE"), unique=True
    )
    holder: Mapped[str] = mapped_column(String(80), default="")
    until: Mapped[datetime] = mapped_column(Utc)
