"""News for screens, numbered per portal without gaps."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, bindparam, update
from sqlalchemy.orm import Mapped, mapped_column

from b24app.db import Json, Row, Utc, db, ring_after_commit
from b24app.models.portal import Portal


class Event(Row):
    """`visitor` is `<channel id>:<external id>` when a site visitor's screen must know too."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("portal_id", "number"),
        Index("ix_event_visitor", "visitor", "number"),
        Index("ix_event_created_at", "created_at"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    visitor: Mapped[str | None] = mapped_column(String(250))
    created_at: Mapped[datetime] = mapped_column(Utc)


NUMBER = (
    update(Portal)
    .where(Portal.id == bindparam("portal"))
    .values(last_event=Portal.last_event + 1)
    .returning(Portal.last_event)
    .execution_options(synchronize_session=False)
)


def announce(
    portal_id: int, kind: str, data: dict[str, Any], now: datetime, visitor: str | None = None
) -> None:
    """Write news in the running transaction; screens hear of it after the commit.

    The counter's row lock is held until the commit, so numbers appear in order.
    """
    db.session.flush()  # the news may show ids of rows not written yet
    number = db.session.execute(NUMBER, {"portal": portal_id}).scalar_one()
    db.session.add(
        Event(
            portal_id=portal_id,
            number=number,
            kind=kind,
            data=data,
            visitor=visitor,
            created_at=now,
        )
    )
    ring_after_commit(f"events:{portal_id}")
