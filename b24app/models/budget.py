"""How much of Bitrix24's patience with us is used, per portal; survives a restart."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Base, Json, Utc


class Budget(Base):
    """The leaky bucket of a portal: `level` requests at `at`; `blocked_until` after a 503."""

    __tablename__ = "budget"
    portal_id: Mapped[int] = mapped_column(
        ForeignKey("portal.id", ondelete="CASCADE"), primary_key=True
    )
    level: Mapped[float] = mapped_column(default=0.0)
    at: Mapped[datetime] = mapped_column(Utc)
    blocked_until: Mapped[datetime | None] = mapped_column(Utc)


class MethodBudget(Base):
    """Server seconds a method used, by minute: `minutes` maps a unix minute to seconds."""

    __tablename__ = "method_budget"
    portal_id: Mapped[int] = mapped_column(
        ForeignKey("portal.id", ondelete="CASCADE"), primary_key=True
    )
    method: Mapped[str] = mapped_column(String(80), primary_key=True)
    minutes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    cost: Mapped[float] = mapped_column(default=0.0)  # learned seconds of one command
    blocked_until: Mapped[datetime | None] = mapped_column(Utc)
