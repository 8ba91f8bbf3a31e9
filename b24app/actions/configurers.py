"""Who may change the settings beside the administrators: employees named by one of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select

from b24app.actions import journal
from b24app.db import db
from b24app.errors import Invalid
from b24app.models import Operator


def listed(portal_id: int) -> list[dict[str, str]]:
    """`{"id", "name", "photo_url"}` of each employee named, by name."""
    rows = db.session.scalars(
        select(Operator)
        .where(
            Operator.portal_id == portal_id,
            Operator.may_configure.is_(True),
            Operator.active.is_(True),
        )
        .order_by(Operator.name, Operator.user_id)
    )
    return [{"id": str(row.user_id), "name": row.name, "photo_url": row.photo_url} for row in rows]


def name(portal_id: int, user_ids: Collection[int], by: int, now: datetime) -> list[dict[str, str]]:
    """Let these employees change the settings, and no others.

    Raises:
        Invalid: one of them does not work here.
    """
    people = {
        row.user_id: row
        for row in db.session.scalars(select(Operator).where(Operator.portal_id == portal_id))
    }
    here = {user_id for user_id, row in people.items() if row.active}
    if set(user_ids) - here:
        raise Invalid(fields={"user_ids": "Nobody with this number works in this Bitrix24."})
    for user_id, row in people.items():
        row.may_configure = user_id in user_ids
    told: dict[str, Any] = {"user_ids": sorted(map(str, set(user_ids)))}
    journal.audit(portal_id, by, "configurers", told, now)
    db.session.flush()  # the list below reads what was just named
    return listed(portal_id)
