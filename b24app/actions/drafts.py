"""Settings that somebody works on: one draft a kind, kept as it is, checked when published."""

from datetime import datetime

from sqlalchemy import delete, select

from b24app.actions import journal
from b24app.actions.kept import Json, keepable, person, reader
from b24app.actions.shown import moment
from b24app.db import db
from b24app.models import SettingsDraft


def keep(portal_id: int, kind: str, given: Json, user_id: int, now: datetime) -> Json | None:
    """Keep what somebody works on as it is, right or wrong.

    Raises: TooLarge, Invalid.
    """
    reader(kind)
    keepable(given)
    row = _draft_row(portal_id, kind)
    if row is None or row.user_id != user_id:  # not with every letter they type
        journal.audit(portal_id, user_id, f"settings.{kind}.draft", {}, now)
    row = row or SettingsDraft(portal_id=portal_id, kind=kind)
    row.document, row.user_id, row.updated_at = given, user_id, now
    db.session.add(row)
    db.session.flush()  # it is read back below
    return shown(portal_id, kind)


def discard(portal_id: int, kind: str, user_id: int, now: datetime) -> None:
    """Forget the draft; nothing happens if there is none."""
    reader(kind)
    if drop(portal_id, kind):
        journal.audit(portal_id, user_id, f"settings.{kind}.draft_discarded", {}, now)


def shown(portal_id: int, kind: str) -> Json | None:
    """`{"document", "user", "at"}` of what is being worked on, or None."""
    row = _draft_row(portal_id, kind)
    if row is None:
        return None
    user = person(portal_id, row.user_id)
    return {"document": row.document, "user": user, "at": moment(row.updated_at)}


def drop(portal_id: int, kind: str) -> bool:
    gone = db.session.execute(
        delete(SettingsDraft)
        .where(SettingsDraft.portal_id == portal_id, SettingsDraft.kind == kind)
        .returning(SettingsDraft.id)
    )
    return gone.first() is not None


def _draft_row(portal_id: int, kind: str) -> SettingsDraft | None:
    return db.session.scalar(
        select(SettingsDraft).where(
            SettingsDraft.portal_id == portal_id, SettingsDraft.kind == kind
        )
    )
