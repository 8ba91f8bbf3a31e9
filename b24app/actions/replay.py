"""Calls that could not be understood are understood again, by the code of today."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from b24app.db import db
from b24app.models import Arrival
from b24app.models.job import LATER, promise

GIVEN_UP = timedelta(hours=1)


def failed(now: datetime, days: int) -> int:
    """Promise to understand failed arrivals of the last `days` anew; how many.

    One that is still new after an hour was given up: its job is dead.
    """
    rows = db.session.scalars(
        select(Arrival)
        .where(
            Arrival.received_at >= now - timedelta(days=days),
            or_(
                Arrival.state == "failed",
                and_(Arrival.state == "new", Arrival.received_at < now - GIVEN_UP),
            ),
        )
        .order_by(Arrival.id)
    ).all()
    for row in rows:
        row.state, row.error = "new", ""
        kind = "receive" if row.channel_id else "bitrix_event"
        lane = f"channel:{row.channel_id}:receive" if row.channel_id else None
        promise(
            kind,
            f"arrival:{row.id}",
            now,
            portal_id=row.portal_id,
            lane=lane,
            priority=LATER,
            payload={"arrival_id": row.id},
        )
    return len(rows)
