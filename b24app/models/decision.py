"""Why things went as they did: decisions, REST calls, settings and who changed them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Json, Row, Utc


class Decision(Row):
    """What was known, what was decided and why; enough to replay it.

    inquiry, facts, verdict: see rules/inquiry.py. reasons: `{"text", "params"}` each.
    calls: what was planned; outcome: `{"results": {key: id}, "errors": {key: text},
    "requests": [ids of RestCall]}`.
    state: done, or failed (another follows).
    """

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_portal", "portal_id", "kind", "id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("offline_request.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(24))
    inquiry: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    verdict: Mapped[dict[str, Any]] = mapped_column(Json)
    reasons: Mapped[list[Any]] = mapped_column(Json)
    calls: Mapped[list[Any]] = mapped_column(Json)
    outcome: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    settings_kind: Mapped[str] = mapped_column(String(24), default="chats")
    settings_version: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default="done")
    created_at: Mapped[datetime] = mapped_column(Utc)


class RestCall(Row):
    """One HTTP request to Bitrix24 and its answer, secrets masked; kept at least 3 days."""

    __tablename__ = "rest_call"
    __table_args__ = (
        Index("ix_rest_call_portal_at", "portal_id", "at"),
        Index("ix_rest_call_request_id", "request_id"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    request_id: Mapped[str] = mapped_column(String(40))
    method: Mapped[str] = mapped_column(String(80))
    request: Mapped[str] = mapped_column(Text)
    response: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column()
    error: Mapped[str] = mapped_column(String(200), default="")
    milliseconds: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(Utc)


class SettingsDocument(Row):
    """Settings of one kind of a portal; a change is a new version, the highest counts."""

    __tablename__ = "settings_document"
    __table_args__ = (UniqueConstraint("portal_id", "kind", "version"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(24))
    version: Mapped[int] = mapped_column()
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column()
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(Utc)


class SettingsDraft(Row):
    """Settings that somebody works on: kept as they are, checked when published."""

    __tablename__ = "settings_draft"
    __table_args__ = (UniqueConstraint("portal_id", "kind"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(24))
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column()
    updated_at: Mapped[datetime] = mapped_column(Utc)


class Audit(Row):
    """Who changed what in the settings, channels and installation."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_portal_at", "portal_id", "at"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column()
    deed: Mapped[str] = mapped_column(String(60))
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    at: Mapped[datetime] = mapped_column(Utc)
