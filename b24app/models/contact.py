"""A person, and the addresses by which channels know them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from b24app.db import Json, Row, Utc
from b24app.values import Person


class Contact(Row):
    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_portal_phone", "portal_id", "phone"),
        Index("ix_contact_portal_email", "portal_id", "email"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")  # E.164
    email: Mapped[str] = mapped_column(String(200), default="")
    phone_source: Mapped[str] = mapped_column(String(12), default="")  # see ContactAddress
    crm_contact_id: Mapped[int | None] = mapped_column()
    crm_company_id: Mapped[int | None] = mapped_column()
    manager_id: Mapped[int | None] = mapped_column()  # Bitrix24 user
    note: Mapped[str] = mapped_column(Text, default="")
    merged_into: Mapped[int | None] = mapped_column()  # contact; see ContactMerge
    created_at: Mapped[datetime] = mapped_column(Utc)

    def learn(self, person: Person) -> bool:
        """Fill what is not known yet from what a messenger tells; True if anything is new."""
        news = {
            "name": person.name,
            "phone": person.phone,
            "email": person.email,
        }
        fresh = {key: value for key, value in news.items() if value and not getattr(self, key)}
        for key, value in fresh.items():
            setattr(self, key, value)
        if "phone" in fresh:
            self.phone_source = "messenger"
        return bool(fresh)


class ContactAddress(Row):
    """Another phone or e-mail of a contact, beside the first of each.

    kind: phone (E.164) / email (lower case); source: who told it: messenger, form, operator.
    """

    __tablename__ = "contact_address"
    __table_args__ = (
        UniqueConstraint("contact_id", "kind", "value"),
        Index("ix_contact_address_value", "portal_id", "kind", "value"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    value: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(12), default="operator")
    created_at: Mapped[datetime] = mapped_column(Utc)


class ContactMerge(Row):
    """Two contacts that became one: gone_id went into kept_id.

    before, after: the fields of the one who stayed; moved: table → ids that changed hands;
    added: ids of addresses that were made for it. With these it can be undone exactly.
    user_id: who merged them, or 0: they were joined by themselves, by what both are known by.
    cause: then id / phone / email, and mark: its value, as rules.identity has it.
    """

    __tablename__ = "contact_merge"
    __table_args__ = (
        Index("ix_contact_merge_kept", "kept_id"),
        Index("ix_contact_merge_mark", "portal_id", "mark"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kept_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    gone_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column()
    cause: Mapped[str] = mapped_column(String(8), default="")
    mark: Mapped[str] = mapped_column(String(240), default="")
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    after: Mapped[dict[str, Any]] = mapped_column(Json)
    moved: Mapped[dict[str, Any]] = mapped_column(Json)
    added: Mapped[list[Any]] = mapped_column(Json)
    merged_at: Mapped[datetime] = mapped_column(Utc)
    undone_at: Mapped[datetime | None] = mapped_column(Utc)


class Identity(Row):
    """A contact's address in one channel; external_id is the messenger's chat id."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("channel_id", "external_id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    external_id: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[str] = mapped_column(String(200), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    username: Mapped[str] = mapped_column(String(200), default="")
    avatar_url: Mapped[str] = mapped_column(String(1000), default="")
    language: Mapped[str] = mapped_column(String(16), default="")
    blocked: Mapped[bool] = mapped_column(default=False)
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    heard_at: Mapped[datetime | None] = mapped_column(Utc)  # their last words, by our clock
    created_at: Mapped[datetime] = mapped_column(Utc)

    contact: Mapped[Contact] = relationship()


class Lookup(Row):
    """Whom a messenger knows by an address: asked once, believed for a while.

    state: asking / found / absent / failed (error says why).
    person: of who was found, as values.Person has it.
    """

    __tablename__ = "lookup"
    __table_args__ = (UniqueConstraint("channel_id", "kind", "value"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    value: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(8), default="asking")
    chat_id: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    error: Mapped[str] = mapped_column(String(500), default="")
    asked_at: Mapped[datetime] = mapped_column(Utc)
