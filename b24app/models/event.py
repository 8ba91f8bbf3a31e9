"""News for screens, numbered per portal without gaps."""

from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    bindparam,
    event,
    insert,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

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


NEWS = "news"
NUMBERS = (
    update(Portal)
    .where(Portal.id == bindparam("portal"))
    .values(last_event=Portal.last_event + bindparam("more"))
    .returning(Portal.last_event)
    .execution_options(synchronize_session=False)
)


WRITE = insert(Event)


def announce(
    portal_id: int, kind: str, data: dict[str, Any], now: datetime, visitor: str | None = None
) -> None:
    """Tell news with the running transaction; screens hear of it after the commit."""
    news = {
        "portal_id": portal_id,
        "kind": kind,
        "data": data,
        "visitor": visitor,
        "created_at": now,
    }
    db.session.connection()  # without a transaction begun there is no rollback to forget at
    db.session.info.setdefault(NEWS, []).append(news)
    ring_after_commit(f"events:{portal_id}")


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Number and write what was announced.

    The counter's row lock is held until the commit, so numbers appear in order. It is
    taken last, for all news of a transaction at once: nobody waits for it longer than a
    commit takes, and who holds it waits for no other row.
    """
    told = session.info.pop(NEWS, None)
    if not told:
        return
    session.flush()
    connection = session.connection()
    mine = itemgetter("portal_id")
    for portal_id, group in groupby(sorted(told, key=mine), mine):
        news = list(group)
        given = {"portal": portal_id, "more": len(news)}
        last = connection.execute(NUMBERS, given).scalar_one()
        numbers = range(last - len(news) + 1, last + 1)
        numbered = [{**one, "number": number} for one, number in zip(news, numbers, strict=True)]
        connection.execute(WRITE, numbered)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(NEWS, None)
