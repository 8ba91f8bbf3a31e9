"""One utterance, its files and its earlier versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from b24app.db import Json, Row, Utc

WAITING = text("state IN ('queued', 'sending')")  # few at any time: a small index
PROGRESS = ("queued", "sending", "sent", "delivered", "read")


class Message(Row):
    """direction: in / out / system; origin: channel, workplace, line, device, bot, system.

    state: received (in) · queued, sending, sent, delivered, read, failed (out).
    line_state, the way to the Open Line: "" (not to go), queued, sending, unknown, sent, failed.
    line_ack, telling the Open Line that the messenger took its reply: "", queued, sent.
    details: of a system line `{"code", "params"}`; of an outgoing one what its delivery
    needs to be resumed safely, see actions/deliveries.py.
    A message is never sent to where it came from.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        UniqueConstraint("portal_id", "client_uuid"),
        UniqueConstraint("portal_id", "line_message_id"),
        Index("ix_message_conversation", "conversation_id", "id"),
        Index("ix_message_channel", "channel_id", "id"),
        Index("ix_message_line_state", "portal_id", "line_state", "id"),
        Index("ix_message_line_ack", "portal_id", "line_ack"),
        Index("ix_message_waiting", "channel_id", sqlite_where=WAITING, postgresql_where=WAITING),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    external_id: Mapped[str | None] = mapped_column(String(240))  # "<chat>:<message>"
    external_ids: Mapped[list[Any]] = mapped_column(Json, default=list)  # all parts
    client_uuid: Mapped[str | None] = mapped_column(String(64))
    album_id: Mapped[str | None] = mapped_column(String(100))
    direction: Mapped[str] = mapped_column(String(8))
    origin: Mapped[str] = mapped_column(String(12))
    author_id: Mapped[int | None] = mapped_column()  # Bitrix24 user
    author_name: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    quote_id: Mapped[int | None] = mapped_column()
    quote_text: Mapped[str] = mapped_column(String(500), default="")
    quote_author: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(12))
    error_code: Mapped[str] = mapped_column(String(40), default="")
    error: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    line_state: Mapped[str] = mapped_column(String(8), default="")
    line_message_id: Mapped[int | None] = mapped_column()  # im.message_id in the Open Line
    line_error: Mapped[str] = mapped_column(String(500), default="")
    line_ack: Mapped[str] = mapped_column(String(8), default="")
    said_at: Mapped[datetime] = mapped_column(Utc)  # by the messenger's clock
    created_at: Mapped[datetime] = mapped_column(Utc)
    edited_at: Mapped[datetime | None] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)

    attachments: Mapped[list["Attachment"]] = relationship(
        order_by="Attachment.id", lazy="selectin", back_populates="message"
    )

    layout: Mapped["MessageLayout | None"] = relationship(back_populates="message")

    @property
    def first_kind(self) -> str:
        """The kind of its first file, or ""."""
        return self.attachments[0].kind if self.attachments else ""

    def progress(self, state: str) -> bool:
        """Move forward along PROGRESS; never back. True if it moved."""
        if state == "failed":
            moved = self.state not in ("delivered", "read", "failed")
        elif self.state == "failed":
            moved = state in ("delivered", "read")
        else:
            moved = PROGRESS.index(state) > PROGRESS.index(self.state)
        if moved:
            self.state = state
            self.version += 1
        return moved

    def fail(self, code: str, error: str) -> None:
        if self.progress("failed"):
            self.error_code = code[:40]
            self.error = error[:500]

    def went_after_all(self) -> None:
        """The messenger tells of a message that was given up because it said nothing."""
        self.state = "sent"
        self.error_code = self.error = ""
        self.version += 1


class Attachment(Row):
    """state: remote (the messenger has it) / stored / failed / infected / gone (too old).

    crm_state, the way to the timeline: "" (not told of), queued, sending (or nobody knows),
    sent, large, failed.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_external", "channel_id", "external_id"),
        Index("ix_attachment_crm", "portal_id", "crm_state"),
        Index("ix_attachment_age", "state", "created_at"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("offline_request.id", ondelete="CASCADE"), index=True
    )
    owner: Mapped[str] = mapped_column(String(200), default="")  # who uploaded it
    kept: Mapped[bool] = mapped_column(default=False)  # for a quick reply, or for later
    external_id: Mapped[str | None] = mapped_column(String(240))  # "<chat>:<message>" it came in
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(255), default="")
    mime: Mapped[str] = mapped_column(String(100), default="application/octet-stream")
    size: Mapped[int | None] = mapped_column()
    duration_seconds: Mapped[int | None] = mapped_column()
    remote_id: Mapped[str] = mapped_column(String(1000), default="")
    media_key: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[str] = mapped_column(String(8), default="remote")
    error: Mapped[str] = mapped_column(String(500), default="")
    crm_state: Mapped[str] = mapped_column(String(8), default="")
    created_at: Mapped[datetime] = mapped_column(Utc)

    message: Mapped[Message | None] = relationship(back_populates="attachments")


class MessageVersion(Row):
    """What a message said before it was edited or deleted."""

    __tablename__ = "message_version"
    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime] = mapped_column(Utc)


class MessageLayout(Row):
    """A letter as it was laid out: harmless HTML, kept apart so that lists stay light."""

    __tablename__ = "message_layout"
    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), unique=True
    )
    html: Mapped[str] = mapped_column(Text)

    message: Mapped[Message] = relationship(back_populates="layout")
