"""A connected account of a messenger, and the Open Lines it serves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from b24app.db import Encrypted, EncryptedJson, Json, Row, Utc
from b24app.models.portal import Portal


class Channel(Row):
    """state: working / attention (last_error says why) / disconnected."""

    __tablename__ = "channel"
    __table_args__ = (Index("ix_channel_portal_id", "portal_id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(EncryptedJson, default=dict)
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    hook_key: Mapped[str] = mapped_column(String(64), unique=True)
    secret: Mapped[str] = mapped_column(Encrypted)
    state: Mapped[str] = mapped_column(String(16), default="working")
    last_error: Mapped[str] = mapped_column(String(500), default="")
    last_in_at: Mapped[datetime | None] = mapped_column(Utc)
    last_out_at: Mapped[datetime | None] = mapped_column(Utc)
    # Silence: after so many hours without a message it is an alarm, if that is unusual.
    silence_hours: Mapped[int] = mapped_column(default=0)  # 0: never
    silent_since: Mapped[datetime | None] = mapped_column(Utc)
    rhythm: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # rules/silence.py
    checked_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)

    portal: Mapped[Portal] = relationship()

    @property
    def connected(self) -> bool:
        return self.state != "disconnected" and self.deleted_at is None

    def works(self) -> None:
        self.state = "working"
        self.last_error = ""

    def needs_attention(self, reason: str) -> None:
        self.state = "attention"
        self.last_error = reason[:500]


class LineLink(Row):
    """A channel talks through one Open Line; a line may carry several channels."""

    __tablename__ = "line_link"
    __table_args__ = (
        UniqueConstraint("channel_id"),
        Index("ix_line_link_portal_line", "portal_id", "connector", "line_id"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    connector: Mapped[str] = mapped_column(String(64))
    line_id: Mapped[int] = mapped_column()
    active: Mapped[bool] = mapped_column(default=True)
    error: Mapped[str] = mapped_column(String(500), default="")
    linked_at: Mapped[datetime] = mapped_column(Utc)
