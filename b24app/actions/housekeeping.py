"""What nobody needs any more goes, a little at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import Select, delete, select

from b24app import clock, media
from b24app.actions import crm_memory
from b24app.config import Config
from b24app.db import Row, transaction
from b24app.models import Arrival, Attachment, CrmCard, CrmPerson, Event, Job, RestCall
from b24app.models.job import LATER, promise

EVERY = timedelta(hours=1)
AT_ONCE = 1000
FILES_AT_ONCE = 200
EVENTS_KEPT = timedelta(days=3)
JOBS_KEPT = timedelta(days=1)
ARRIVALS_KEPT = timedelta(days=7)
CALLS_KEPT = timedelta(days=7)
SECOND = timedelta(seconds=1)
MEMORY_KEPT = timedelta(hours=1)  # of CRM; it is believed for minutes only
UPLOADS_KEPT = timedelta(days=1)


def promise_next(now: datetime, pause: timedelta = timedelta()) -> None:
    """One promise an hour, however many processes make it."""
    due = now + pause
    slot = int(due.timestamp() // EVERY.total_seconds())
    promise(
        "housekeeping",
        f"housekeeping:{slot}",
        now,
        portal_id=None,
        lane="housekeeping",
        priority=LATER,
        due_at=due,
    )


def tidy(job: Job) -> None:
    """Delete what is old, in pieces that hold nobody up."""
    now = clock.now()
    while _delete_arrivals(now):
        pass
    for model, old in _old(now):
        while _delete_some(model, old):
            pass
    while _delete_uploads(now):
        pass
    while _drop_old_files(now):
        pass
    with transaction():
        promise_next(now, EVERY)


def _old(now: datetime) -> Iterator[tuple[type[Row], Select[int]]]:
    yield Event, select(Event.id).where(Event.created_at < now - EVENTS_KEPT)
    yield Job, select(Job.id).where(Job.state == "done", Job.finished_at < now - JOBS_KEPT)
    yield CrmPerson, select(CrmPerson.id).where(CrmPerson.checked_at < now - MEMORY_KEPT)
    # A card in doubt waits to be read, however long the portal is away.
    seen = CrmCard.fetched_at.between(crm_memory.STALE + SECOND, now - MEMORY_KEPT)
    yield CrmCard, select(CrmCard.id).where(seen)
    yield RestCall, select(RestCall.id).where(RestCall.at < now - CALLS_KEPT)


def _delete_some(model: type[Row], old: Select[int]) -> bool:
    """Delete one piece; True if there may be more."""
    with transaction() as session:
        numbers = session.scalars(old.limit(AT_ONCE)).all()
        if numbers:
            session.execute(delete(model).where(model.id.in_(numbers)))
    return len(numbers) == AT_ONCE


def _delete_arrivals(now: datetime) -> bool:
    """Calls of messengers, those too whose bodies lie in our store."""
    with transaction() as session:
        rows = session.execute(
            select(Arrival.id, Arrival.meta)
            .where(
                Arrival.state.in_(("done", "skipped")), Arrival.received_at < now - ARRIVALS_KEPT
            )
            .limit(AT_ONCE)
        ).all()
        numbers = [number for number, _ in rows]
        if numbers:
            session.execute(delete(Arrival).where(Arrival.id.in_(numbers)))
    for _, meta in rows:
        if key := (meta or {}).get("stored"):
            media.delete(key)
    return len(rows) == AT_ONCE


def _delete_uploads(now: datetime) -> bool:
    """Files that were put into our store and never sent."""
    with transaction() as session:
        rows = session.execute(
            select(Attachment.id, Attachment.media_key)
            .where(
                Attachment.message_id.is_(None),
                Attachment.request_id.is_(None),
                Attachment.kept.is_(False),
                Attachment.created_at < now - UPLOADS_KEPT,
            )
            .limit(AT_ONCE)
        ).all()
        numbers = [number for number, _ in rows]
        if numbers:
            session.execute(delete(Attachment).where(Attachment.id.in_(numbers)))
    for _, key in rows:
        if key:
            media.delete(key)
    return len(rows) == AT_ONCE


def _drop_old_files(now: datetime) -> bool:
    """Files that MEDIA_KEEP_DAYS gives no longer life; messages keep their words and say so."""
    config: Config = current_app.config["CALLGEAR"]
    if not config.media_keep_days:
        return False
    with transaction() as session:
        rows = session.scalars(
            select(Attachment)
            .where(
                Attachment.state == "stored",
                Attachment.created_at < now - timedelta(days=config.media_keep_days),
            )
            .limit(FILES_AT_ONCE)
        ).all()
        keys = [row.media_key for row in rows]
        for row in rows:
            row.state, row.media_key = "gone", ""
    for key in keys:
        media.delete(key)  # after the commit: a row never shows a file that is not there
    return len(keys) == FILES_AT_ONCE


JOBS = {"housekeeping": tidy}
