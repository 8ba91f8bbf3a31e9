"""Texts that operators send again and again, and words that wait for their time."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Json, Row, Utc


class QuickReply(Row):
    """user_id: whose it is; None: common to all of the portal. files: ids of attachments."""

    __tablename__ = "quick_reply"
    __table_args__ = (Index("ix_quick_reply_portal", "portal_id", "user_id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column()
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[list[Any]] = mapped_column(Json, default=list)
    used: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(Utc)


class Scheduled(Row):
    """A message of an operator for later.

    state: waiting / sent (message_id says which) / failed (error says why) / cancelled.
    client_uuid names the message it becomes: promised twice it is sent once.
    version: of the promise that counts; one made for an earlier version does nothing.
    """

    __tablename__ = "scheduled"
    __table_args__ = (
        UniqueConstraint("portal_id", "client_uuid"),
        Index("ix_scheduled_conversation", "conversation_id", "state", "due_at"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column()
    client_uuid: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[list[Any]] = mapped_column(Json, default=list)
    due_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    error: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)
    message_id: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Utc)


class MessageTemplate(Row):
    """A template as the messenger told of it; see values.Template."""

    __tablename__ = "message_template"
    __table_args__ = (UniqueConstraint("channel_id", "name", "language"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(12))
    told: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    fetched_at: Mapped[datetime] = mapped_column(Utc)
