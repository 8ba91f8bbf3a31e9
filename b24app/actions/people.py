"""Employees as we know them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from b24app.db import db
from b24app.models import Operator
from b24app.models.event import announce

THEMES = ("light", "dark")


def operator(portal_id: int, user_id: int) -> Operator:
    """The employee; made nameless when Bitrix24 has not told us of them yet."""
    found = known(portal_id, user_id)
    if found is None:
        found = _nameless(portal_id, user_id)
        db.session.add(found)
        db.session.flush()  # replies name the operator
    return found


def known(portal_id: int, user_id: int) -> Operator | None:
    return db.session.scalar(
        select(Operator).where(Operator.portal_id == portal_id, Operator.user_id == user_id)
    )


def seen(portal_id: int, user_id: int) -> Operator:
    """The employee, to read about: one who is not kept yet is not kept by this either."""
    return known(portal_id, user_id) or _nameless(portal_id, user_id)


def listed(portal_id: int) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Operator)
        .where(Operator.portal_id == portal_id, Operator.active.is_(True))
        .order_by(Operator.name, Operator.user_id)
    )
    return [{"id": str(row.user_id), "name": row.name, "photo_url": row.photo_url} for row in rows]


def prefer(row: Operator, changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Keep an employee's own settings; what is not named stays. Their other screens follow."""
    row.preferences = {**row.preferences, **changes}
    told = {"user_id": str(row.user_id), "preferences": changes}
    announce(row.portal_id, "preferences", told, now)
    return row.preferences


def _nameless(portal_id: int, user_id: int) -> Operator:
    return Operator(
        portal_id=portal_id,
        user_id=user_id,
        name=f"#{user_id}",
        photo_url="",
        role="operator",
        status="",
        is_admin=False,
        may_configure=False,
        active=True,
        preferences={},
    )


def keep(portal_id: int, told: Sequence[Mapping[str, Any]]) -> None:
    """All employees of the portal as it tells of them: `id`, `name`, `photo_url`.

    Who is not among them any more is dismissed.
    """
    rows = db.session.scalars(select(Operator).where(Operator.portal_id == portal_id))
    known = {row.user_id: row for row in rows}
    for one in told:
        user_id = int(one["id"])
        row = known.pop(user_id, None) or Operator(portal_id=portal_id, user_id=user_id)
        row.name, row.photo_url, row.active = one["name"], one["photo_url"], True
        db.session.add(row)
    for row in known.values():
        row.active = False
