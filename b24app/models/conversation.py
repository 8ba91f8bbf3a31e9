"""A talk with a client in one channel, from the first word to the close."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from b24app.db import Json, JsonOrNull, Row, Utc
from b24app.errors import Conflict
from b24app.models.channel import Channel
from b24app.models.contact import Contact, Identity

PREVIEW = 200


class Conversation(Row):
    """status: new (nobody took it) / active / closed.

    An identity has at most one conversation that is not closed: the index guards it.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        Index(
            "uq_conversation_open",
            "identity_id",
            unique=True,
            sqlite_where=text("status != 'closed'"),
            postgresql_where=text("status != 'closed'"),
        ),
        Index("ix_conversation_identity", "identity_id", "id"),
        Index("ix_conversation_list", "portal_id", "status", "last_at", "id"),
        Index(
            "ix_conversation_responsible", "portal_id", "responsible_id", "status", "last_at", "id"
        ),
        Index(
            "ix_conversation_waiting",
            "portal_id",
            "status",
            "last_at",
            "id",
            sqlite_where=text("waiting_since IS NOT NULL"),
            postgresql_where=text("waiting_since IS NOT NULL"),
        ),
        Index("ix_conversation_deal", "portal_id", "deal_id"),
        Index("ix_conversation_lead", "portal_id", "lead_id"),
        Index("ix_conversation_line_chat", "portal_id", "line_chat_id"),
        Index(
            "ix_conversation_wish",
            "portal_id",
            sqlite_where=text("line_wish IS NOT NULL"),
            postgresql_where=text("line_wish IS NOT NULL"),
        ),
        Index(
            "ix_conversation_doubt",
            "portal_id",
            "id",
            sqlite_where=text("line_doubt"),
            postgresql_where=text("line_doubt"),
        ),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(8), default="new")
    responsible_id: Mapped[int | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(Utc)
    accepted_at: Mapped[datetime | None] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    waiting_since: Mapped[datetime | None] = mapped_column(Utc)
    first_reply_at: Mapped[datetime | None] = mapped_column(Utc)
    last_at: Mapped[datetime] = mapped_column(Utc)
    last_message_id: Mapped[int | None] = mapped_column()
    last_text: Mapped[str] = mapped_column(String(PREVIEW), default="")
    last_kind: Mapped[str] = mapped_column(String(12), default="")  # of its first file
    last_direction: Mapped[str] = mapped_column(String(8), default="in")
    unread: Mapped[int] = mapped_column(default=0)
    visit: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    draft: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[Any]] = mapped_column(Json, default=list)  # ids; see ConversationTag
    # The Open Line side.
    line_id: Mapped[int | None] = mapped_column()
    line_chat_id: Mapped[int | None] = mapped_column()
    line_session_id: Mapped[int | None] = mapped_column()
    line_user_id: Mapped[int | None] = mapped_column()
    line_seen_id: Mapped[int | None] = mapped_column()  # last message there that we compared
    line_wish: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)  # rules.lifecycle.Wish
    line_ended_id: Mapped[int | None] = mapped_column()  # the session known to be over
    line_doubt: Mapped[bool] = mapped_column(default=False)  # the line is to be read
    # The CRM side.
    crm_state: Mapped[str] = mapped_column(String(12), default="")  # "", ready, skipped, failed
    crm_error: Mapped[str] = mapped_column(String(500), default="")
    lead_id: Mapped[int | None] = mapped_column()
    deal_id: Mapped[int | None] = mapped_column()
    crm_contact_id: Mapped[int | None] = mapped_column()
    crm_company_id: Mapped[int | None] = mapped_column()
    crm_comment_id: Mapped[int | None] = mapped_column()
    crm_comment_from: Mapped[int] = mapped_column(default=0)  # first message in the rolling comment
    crm_told: Mapped[int] = mapped_column(default=0)  # last message that is in CRM
    # A comment was to be written and nobody knows whether it was: look before writing.
    crm_unsure: Mapped[bool] = mapped_column(default=False)
    # Ids of told messages that changed since, 0: system lines wait; None: nothing.
    crm_stale: Mapped[list[Any] | None] = mapped_column(JsonOrNull)
    crm_activity_id: Mapped[int | None] = mapped_column()
    crm_activity_done: Mapped[bool] = mapped_column(default=False)  # as CRM was told
    # [type id, id]: the card that has the comment; None while ready: look for a place anew.
    crm_target: Mapped[list[Any] | None] = mapped_column(Json)
    crm_bound: Mapped[list[Any]] = mapped_column(Json, default=list)  # [type id, id] beside
    crm_pin: Mapped[list[Any] | None] = mapped_column(Json)  # [type id, id], by an operator
    settings_version: Mapped[int | None] = mapped_column()  # of the rules at its start

    # Every screen and every promise needs all three: one query brings them along.
    channel: Mapped[Channel] = relationship(lazy="joined", innerjoin=True)
    contact: Mapped[Contact] = relationship(lazy="joined", innerjoin=True)
    identity: Mapped[Identity] = relationship(lazy="joined", innerjoin=True)

    @property
    def is_open(self) -> bool:
        return self.status != "closed"

    def heard(self, text: str, kind: str, at: datetime) -> None:
        """The client said something; `kind` is that of its first file, or ""."""
        self.unread += 1
        self.waiting_since = self.waiting_since or at
        self._last(text, kind, "in", at)

    def replied(self, text: str, kind: str, at: datetime, *, by_person: bool = True) -> None:
        """We said something; only a person's answer stops the clock."""
        self._last(text, kind, "out", at)
        if by_person:
            self.waiting_since = None
            self.first_reply_at = self.first_reply_at or at
            self.unread = 0

    def accept(self, user_id: int, now: datetime) -> None:
        if self.status == "active" and self.responsible_id == user_id:
            return
        if self.status != "new":
            raise Conflict("This chat has already been taken or closed.", code="not_new")
        self.status = "active"
        self.responsible_id = user_id
        self.accepted_at = now

    def close(self, now: datetime) -> None:
        if self.status == "closed":
            return
        self.status = "closed"
        self.closed_at = now
        self.waiting_since = None
        self.unread = 0

    def hand(self, user_id: int, now: datetime) -> None:
        """An open chat goes to another employee."""
        if self.status == "closed":
            raise Conflict("This chat is closed.", code="closed")
        self.status = "active"
        self.responsible_id = user_id
        self.accepted_at = self.accepted_at or now

    def reopen(self, user_id: int, now: datetime) -> None:
        if self.status != "closed":
            raise Conflict("This chat is open already.", code="not_closed")
        self.status = "active"
        self.responsible_id = user_id
        self.closed_at = None
        self.accepted_at = now

    def wait_again(self) -> None:
        """Nobody has it any more: it waits for an operator as at its beginning."""
        self.status = "new"
        self.responsible_id = None
        self.accepted_at = self.closed_at = None

    def _last(self, text: str, kind: str, direction: str, at: datetime) -> None:
        """By our clock: messengers' clocks differ, and some lie."""
        self.last_text, self.last_kind = text[:PREVIEW], kind
        self.last_direction = direction
        self.last_at = max(self.last_at, at)
