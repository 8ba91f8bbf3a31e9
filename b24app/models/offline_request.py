"""What somebody left on a site while nobody could answer, or in a form."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from b24app.db import Json, Row, Utc
from b24app.models.channel import Channel
from b24app.models.contact import Contact
from b24app.models.message import Attachment


class OfflineRequest(Row):
    """status: new («Не обработано») / active («В обработке») / done («Обработано»).

    external_id: what the sender called it; the same one twice is one request.
    form: everything that was filled in, by the form's own names.
    note: what employees wrote about it; clients never see it.
    """

    __tablename__ = "offline_request"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        Index("ix_offline_request_list", "portal_id", "status", "created_at", "id"),
        Index("ix_offline_request_contact", "contact_id"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    external_id: Mapped[str | None] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(8), default="new")
    responsible_id: Mapped[int | None] = mapped_column()
    kind: Mapped[str] = mapped_column(String(24), default="form")  # form, widget, email
    form_name: Mapped[str] = mapped_column(String(200), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")  # E.164
    email: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    form: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    visit: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    settings_version: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Utc)
    taken_at: Mapped[datetime | None] = mapped_column(Utc)
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    # The CRM side: as of a conversation.
    crm_state: Mapped[str] = mapped_column(String(12), default="")
    crm_error: Mapped[str] = mapped_column(String(500), default="")
    lead_id: Mapped[int | None] = mapped_column()
    deal_id: Mapped[int | None] = mapped_column()
    crm_contact_id: Mapped[int | None] = mapped_column()
    crm_company_id: Mapped[int | None] = mapped_column()
    crm_comment_id: Mapped[int | None] = mapped_column()
    crm_activity_id: Mapped[int | None] = mapped_column()
    crm_activity_done: Mapped[bool] = mapped_column(default=False)  # as CRM was told

    channel: Mapped[Channel] = relationship(lazy="joined", innerjoin=True)
    contact: Mapped[Contact] = relationship(lazy="joined", innerjoin=True)
    attachments: Mapped[list[Attachment]] = relationship(order_by="Attachment.id", lazy="selectin")
