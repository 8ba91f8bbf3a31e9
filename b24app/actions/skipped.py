"""What messengers bring and people do not see: counted, with the reason, never just dropped."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import Counter
from sqlalchemy import func, select

from b24app.actions.shown import moment
from b24app.db import db
from b24app.models import Arrival, Channel
from b24app.values import Skipped

COUNTED = Counter(
    "callgear_skipped_news_total", "News of messengers that nobody is shown", ["kind", "reason"]
)
REASON_LENGTH = 60


def note(channel: Channel, news: Sequence[Skipped]) -> str:
    """Count them; the reasons, to be kept with the call, which can be read and replayed."""
    for one in news:
        count(channel, one.reason)
    return ", ".join(dict.fromkeys(one.reason for one in news))[:500]


def count(channel: Channel, reason: str) -> None:
    COUNTED.labels(channel.kind, reason[:REASON_LENGTH]).inc()


def reasons(channel_id: int) -> list[dict[str, Any]]:
    """Why calls of a channel were skipped or not understood, as far as they are kept."""
    rows = db.session.execute(
        select(Arrival.state, Arrival.error, func.count(), func.max(Arrival.received_at))
        .where(Arrival.channel_id == channel_id, Arrival.state.in_(("skipped", "failed")))
        .group_by(Arrival.state, Arrival.error)
        .order_by(func.count().desc(), Arrival.error)
        .limit(50)
    )
    return [
        {"state": state, "reason": reason, "count": number, "last_at": moment(last_at)}
        for state, reason, number, last_at in rows
    ]
