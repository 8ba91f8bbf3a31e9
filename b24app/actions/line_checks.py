"""When chats of Open Lines are compared with ours: events of Bitrix24 are never repeated."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select

from b24app.db import db
from b24app.models import Job
from b24app.models.job import LATER, SOON, promise

EVERY = timedelta(hours=1)
BREATH = timedelta(seconds=2)  # what waited for us is understood first
GLANCE = timedelta(seconds=35)  # between two looks at chats that nobody has taken
LAST = LATER + 5  # everything else goes before


def ask(
    portal_id: int,
    now: datetime,
    *,
    thorough: bool = True,
    after: int = 0,
    pause: timedelta = BREATH,
) -> None:
    """Compare a portal's chats with ours; it waits while the portal rests.

    Args:
        thorough: chats of the last weeks, and also those where nothing new was said.
        after: go on behind this conversation.
    """
    promise(
        "reconcile",
        f"reconcile:{portal_id}",
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:reconcile",
        priority=LAST,
        due_at=now + pause,
        payload={"portal_id": portal_id, "after": after, "thorough": thorough},
    )


def ask_doubts(portal_id: int, now: datetime, pause: timedelta = BREATH) -> None:
    """Read the chats of which we are not sure."""
    promise(
        "line_look",
        f"line_look:{portal_id}",
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:look*",
        priority=SOON,
        due_at=now + pause,
        payload={"portal_id": portal_id},
    )


def watch(portal_id: int, now: datetime) -> None:
    """See soon whether somebody took a new chat in the line: no event tells of it.

    A running look that promises the next one by its own name would run again at once.
    """
    due, lane = now + GLANCE, f"portal:{portal_id}:look*"
    waits = (Job.lane == lane, Job.state == "queued", Job.kind == "line_watch")
    if db.session.scalar(select(exists().where(*waits))):
        return
    promise(
        "line_watch",
        f"line_watch:{portal_id}:{int(due.timestamp() * 1000)}",
        now,
        portal_id=portal_id,
        lane=lane,
        priority=LAST,
        due_at=due,
        payload={"portal_id": portal_id},
    )


def promise_start(now: datetime) -> None:
    """We were away, who knows how long: every portal is compared."""
    promise(
        "reconcile_all",
        "reconcile_all:start",
        now,
        portal_id=None,
        lane="reconcile",
        priority=LAST,
        payload={"thorough": True},
    )


def promise_next(now: datetime) -> None:
    """One promise an hour, however many processes make it."""
    due = now + EVERY
    promise(
        "reconcile_all",
        f"reconcile_all:{int(due.timestamp() // EVERY.total_seconds())}",
        now,
        portal_id=None,
        lane="reconcile",
        priority=LAST,
        due_at=due,
        payload={"thorough": False},
    )
