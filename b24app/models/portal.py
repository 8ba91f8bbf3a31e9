"""A portal that installed us, its tokens, what we registered there and its people."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Encrypted, Json, Row, Utc


class Portal(Row):
    """Found by `member_id`, which never changes; the domain may.

    status: new (installing) / active / blocked (cannot be reached, `error` says why) / deleted.
    """

    __tablename__ = "portal"
    member_id: Mapped[str] = mapped_column(String(64), unique=True)
    domain: Mapped[str] = mapped_column(String(255))
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column(String(200), default="")  # the customer's own, or ""
    client_endpoint: Mapped[str] = mapped_column(String(512))
    oauth_url: Mapped[str] = mapped_column(String(255))
    application_token: Mapped[str | None] = mapped_column(Encrypted)
    status: Mapped[str] = mapped_column(String(16), default="new")
    error: Mapped[str] = mapped_column(String(500), default="")
    scope: Mapped[str] = mapped_column(String(500), default="")
    lang: Mapped[str] = mapped_column(String(8), default="en")
    app_status: Mapped[str] = mapped_column(String(4), default="")
    app_version: Mapped[str] = mapped_column(String(16), default="")
    integration_active: Mapped[bool] = mapped_column(default=True)
    lines_active: Mapped[bool] = mapped_column(default=True)  # as the settings of Open Lines say
    last_event: Mapped[int] = mapped_column(BigInteger, default=0)
    installed_at: Mapped[datetime | None] = mapped_column(Utc)
    uninstalled_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)

    @property
    def works(self) -> bool:
        return self.status == "active"

    @property
    def origin(self) -> str:
        """Scheme and host of the portal, for frame-ancestors and links."""
        return self.client_endpoint.split("/rest", 1)[0]


class Token(Row):
    """An employee's pair of OAuth tokens on a portal.

    endpoint: where the OAuth server last said that the pair works.
    renewing_until: `renewing_by` has asked for a new pair; others wait for it till then.
    """

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("portal_id", "user_id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigInteger)
    access_token: Mapped[str] = mapped_column(Encrypted)
    refresh_token: Mapped[str] = mapped_column(Encrypted)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_master: Mapped[bool] = mapped_column(default=False)
    dead: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str] = mapped_column(String(200), default="")
    renewed_at: Mapped[datetime] = mapped_column(Utc)
    endpoint: Mapped[str] = mapped_column(String(512), default="")
    renewing_until: Mapped[datetime | None] = mapped_column(Utc)
    renewing_by: Mapped[str] = mapped_column(String(32), default="")

    def fresh(self, now: datetime) -> bool:
        return not self.dead and self.expires_at > now + timedelta(seconds=60)


class Binding(Row):
    """Something we registered on a portal: kind is placement, event or connector.

    A row of the kind `step` says how a step of registering went.
    """

    __tablename__ = "binding"
    __table_args__ = (UniqueConstraint("portal_id", "kind", "code"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(64))
    handler: Mapped[str] = mapped_column(String(512))
    state: Mapped[str] = mapped_column(String(16), default="wanted")  # wanted, bound, failed
    error: Mapped[str] = mapped_column(String(500), default="")
    checked_at: Mapped[datetime | None] = mapped_column(Utc)


class Operator(Row):
    """An employee of the portal as we know them."""

    __tablename__ = "operator"
    __table_args__ = (UniqueConstraint("portal_id", "user_id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(200), default="")
    photo_url: Mapped[str] = mapped_column(String(1000), default="")
    is_admin: Mapped[bool] = mapped_column(default=False)
    may_configure: Mapped[bool] = mapped_column(default=False)  # named by an administrator
    role: Mapped[str] = mapped_column(String(12), default="operator")  # operator, manager
    status: Mapped[str] = mapped_column(String(24), default="")  # a key; see rules/workplace
    status_at: Mapped[datetime | None] = mapped_column(Utc)
    active: Mapped[bool] = mapped_column(default=True)
    preferences: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    seen_at: Mapped[datetime | None] = mapped_column(Utc)
