"""Portals that one customer looks after together."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Row, Utc


class Account(Row):
    """Portals join it when somebody has shown to be an administrator of both."""

    __tablename__ = "account"
    created_at: Mapped[datetime] = mapped_column(Utc)


class PortalInvite(Row):
    """A portal named by hand that has not joined yet; its domain proves nothing."""

    __tablename__ = "portal_invite"
    __table_args__ = (UniqueConstraint("account_id", "domain"),)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200), default="")
    domain: Mapped[str] = mapped_column(String(255))  # scheme, host and port
    created_at: Mapped[datetime] = mapped_column(Utc)
