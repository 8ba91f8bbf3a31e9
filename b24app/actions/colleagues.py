"""Employees to one another: who is there, in which status, who looks at which chat."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app.actions import workplace
from b24app.db import db
from b24app.models import Conversation, DirectoryPage, Operator
from b24app.models.event import announce
from b24app.rules import workplace as rules
from b24app.rules.workplace import Workplace

AWAY_AFTER = timedelta(minutes=2)
SEEN_EVERY = timedelta(seconds=45)


def listed(portal_id: int, now: datetime) -> dict[str, Any]:
    """`people` by name and `groups`: departments that have any of them."""
    found = workplace.document(portal_id)
    told = {one["id"]: one for one in _page(portal_id, "users")}
    rows = db.session.scalars(
        select(Operator)
        .where(Operator.portal_id == portal_id, Operator.active.is_(True))
        .order_by(Operator.name, Operator.user_id)
    ).all()
    return {
        "people": [_shown(row, found, told.get(str(row.user_id), {}), now) for row in rows],
        "groups": groups(portal_id),
    }


def groups(portal_id: int) -> list[dict[str, Any]]:
    """`{"id", "name", "people": [ids]}` of departments with employees, in the portal's order."""
    members: dict[str, list[str]] = {}
    for one in _page(portal_id, "users"):
        for department in one.get("departments") or ():
            members.setdefault(str(department), []).append(one["id"])
    return [
        {"id": one["id"], "name": one["name"], "people": members[one["id"]]}
        for one in _page(portal_id, "departments")
        if one["id"] in members
    ]


def groups_of(portal_id: int, user_id: int) -> list[str]:
    """Ids of the departments that an employee belongs to."""
    found = (one for one in _page(portal_id, "users") if one["id"] == str(user_id))
    return [str(one) for person in found for one in person.get("departments") or ()]


def is_here(row: Operator, now: datetime) -> bool:
    return row.seen_at is not None and now - row.seen_at < AWAY_AFTER


def look(operator: Operator, conversation: Conversation | None, deed: str, now: datetime) -> None:
    """Colleagues see who looks at a chat and who writes in it. deed: looking, typing or gone."""
    was_here = is_here(operator, now)
    if operator.seen_at is None or now - operator.seen_at > SEEN_EVERY:
        operator.seen_at = now
    if not was_here:
        workplace.tell(operator, now)
    if conversation is not None:
        data = {
            "conversation_id": str(conversation.id),
            "person": {"id": str(operator.user_id), "name": operator.name},
            "deed": deed,
        }
        announce(operator.portal_id, "presence", data, now)


def _page(portal_id: int, kind: str) -> list[dict[str, Any]]:
    row = db.session.scalar(
        select(DirectoryPage).where(
            DirectoryPage.portal_id == portal_id, DirectoryPage.kind == kind
        )
    )
    return list(row.document or ()) if row else []


def _shown(
    row: Operator, document: Workplace, told: dict[str, Any], now: datetime
) -> dict[str, Any]:
    status = document.status(row.status)
    return {
        "id": str(row.user_id),
        "name": row.name,
        "photo_url": row.photo_url,
        "position": told.get("position") or "",
        "groups": [str(one) for one in told.get("departments") or ()],
        "role": rules.role_of(row.role, row.is_admin or row.may_configure),
        "status": status.key,
        "here": is_here(row, now),
        "takes_transfers": "accept_transfer" in status.may,
    }
