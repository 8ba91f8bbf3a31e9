"""What we remember of a portal's CRM: its directories, people and cards."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Json, Row, Utc


class DirectoryPage(Row):
    """One directory of a portal as it was last read; error: why a later reading failed.

    kind: users, departments, pipelines, lead_stages, sources, mode, zone, fields_lead,
    fields_deal, fields_contact.
    """

    __tablename__ = "directory_page"
    __table_args__ = (UniqueConstraint("portal_id", "kind"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(24))
    document: Mapped[Any] = mapped_column(Json)
    fetched_at: Mapped[datetime | None] = mapped_column(Utc)
    error: Mapped[str] = mapped_column(String(500), default="")


class CrmPerson(Row):
    """Who in CRM has an address; kind: phone, email or client (a messenger's own name)."""

    __tablename__ = "crm_person"
    __table_args__ = (
        UniqueConstraint("portal_id", "kind", "value"),
        Index("ix_crm_person_checked_at", "checked_at"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    value: Mapped[str] = mapped_column(String(240))
    contact_ids: Mapped[list[Any]] = mapped_column(Json, default=list)
    company_ids: Mapped[list[Any]] = mapped_column(Json, default=list)
    lead_ids: Mapped[list[Any]] = mapped_column(Json, default=list)
    deal_ids: Mapped[list[Any]] = mapped_column(Json, default=list)
    checked_at: Mapped[datetime] = mapped_column(Utc)


class CrmCard(Row):
    """A lead or deal as we last saw it; dropped when the portal tells that it changed."""

    __tablename__ = "crm_card"
    __table_args__ = (
        UniqueConstraint("portal_id", "type_id", "card_id"),
        Index("ix_crm_card_fetched_at", "fetched_at"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    type_id: Mapped[int] = mapped_column()
    card_id: Mapped[int] = mapped_column()
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    fetched_at: Mapped[datetime] = mapped_column(Utc)
