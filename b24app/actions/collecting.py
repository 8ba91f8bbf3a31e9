"""Channels that do not call us: looked into again and again, each call kept once.

A call and the bookmark behind it are committed together, before the next one is asked for:
a crash brings at most one call again, and its number is known then.
"""

import logging
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice

from sqlalchemy import Select, exists, select

from b24app import channels, clock, media
from b24app.actions import accounts, apart, hooks
from b24app.channels.base import Adapter
from b24app.db import db, reading, transaction
from b24app.errors import ChannelError, Invalid
from b24app.models import Channel, Job, Portal
from b24app.models.job import LATER, promise
from b24app.values import Brought, HookCall

EVERY = timedelta(seconds=20)
AFTER_TROUBLE = timedelta(minutes=1)
ROW_LIMIT = 64 << 10  # longer bodies lie in our store
BODY_LIMIT = 100 << 20
AT_ONCE = 50
log = logging.getLogger(__name__)


def promise_start(now: datetime) -> None:
    """Look into every mailbox again; a chain of promises that broke goes on."""
    kinds = [kind for kind, found in channels.kinds().items() if found.polls]
    for row in db.session.scalars(_connected(kinds)):
        promise_next(row, now)


def promise_next(row: Channel, now: datetime, pause: timedelta = timedelta()) -> None:
    """Promise the next look, unless one is promised already; nothing for who calls us."""
    kind = channels.kinds().get(row.kind)
    lane = f"channel:{row.id}:collect"
    if kind is None or not kind.polls or _promised(lane):
        return
    due = now + pause
    promise(
        "collect",
        f"collect:{row.id}:{int(due.timestamp() * 1000)}",
        now,
        portal_id=row.portal_id,
        lane=lane,
        priority=LATER,
        due_at=due,
        payload={"channel_id": row.id},
    )


def collect(job: Job) -> None:
    """Bring what is new in one channel, and promise to look again."""
    number = job.payload["channel_id"]
    with reading():
        found = db.session.get(Channel, number)
        if found is None or not wanted(found):
            return
        door = hooks.Door(found.id, found.portal_id, accounts.adapter(found))
        after = bookmark(found.id)
    pause = _bring_or_wait(door, after)
    with transaction() as session:
        promise_next(session.get_one(Channel, number), clock.now(), pause)


def _bring_or_wait(door: hooks.Door, after: str) -> timedelta:
    """Keep what is new; when to look again. Trouble is told by the channel's own check."""
    try:
        return timedelta() if bring(door, after) >= AT_ONCE else EVERY
    except ChannelError as error:
        log.warning("channel %s cannot be looked into: %s", door.channel_id, error.message)
        return max(AFTER_TROUBLE, timedelta(seconds=error.retry_after or 0))


def bookmark(channel_id: int) -> str:
    """Where the next look begins; in the running transaction."""
    row = db.session.get_one(Channel, channel_id)
    return str((row.details or {}).get("bookmark", ""))


def bring(door: hooks.Door, after: str) -> int:
    """Keep everything new; how many calls came.

    Raises:
        ChannelError: the channel cannot be looked into.
    """
    apart.refuse_open_transaction()
    kept: list[HookCall] = []
    for brought in islice(door.adapter.collect(after), AT_ONCE):
        _keep(door, brought)
        kept += [brought.call] if brought.call else []
    if kept:
        _thank(door.adapter, kept)
    return len(kept)


def _thank(adapter: Adapter, kept: list[HookCall]) -> None:
    try:
        adapter.collected(kept)
    except ChannelError as error:
        log.info("what was brought could not be marked: %s", error.message)


def _keep(door: hooks.Door, brought: Brought) -> None:
    call = brought.call
    stored = _stored(call.body) if call else ""
    fresh = False
    try:
        with transaction() as session:
            fresh = call is not None and _kept(door, call, stored)
            row = session.get_one(Channel, door.channel_id)
            row.details = {**(row.details or {}), "bookmark": brought.after}
    finally:
        if stored and not fresh:
            media.delete(stored)


def _kept(door: hooks.Door, call: HookCall, stored: str) -> bool:
    """Whether it is new; what nobody can number is left, or it would come again for ever."""
    try:
        return hooks.keep(door, call, clock.now(), stored)
    except Invalid as error:
        log.warning("channel %s: %s", door.channel_id, error.message)
        return False


def _stored(body: bytes) -> str:
    """Where a long body lies; "" for one that a row takes."""
    return media.save(BytesIO(body), BODY_LIMIT).key if len(body) > ROW_LIMIT else ""


def wanted(row: Channel) -> bool:
    """Whether anybody wants what this channel brings."""
    return row.connected and db.session.get_one(Portal, row.portal_id).status != "deleted"


def _promised(lane: str) -> bool:
    return bool(db.session.scalar(select(exists().where(Job.lane == lane, Job.state == "queued"))))


def _connected(kinds: list[str]) -> Select[Channel]:
    return select(Channel).where(
        Channel.kind.in_(kinds), Channel.state != "disconnected", Channel.deleted_at.is_(None)
    )


JOBS = {"collect": collect}
