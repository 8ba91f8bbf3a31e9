"""Employees as we know them."""

from typing import Any

from sqlalchemy import select

from b24app.bitrix.client import Client
from b24app.db import db, transaction
from b24app.models import Operator
from b24app.values import Call

THEMES = ("light", "dark")
PAGE = BATCH = 50
EMPLOYEES: dict[str, Any] = {"FILTER": {"ACTIVE": True, "USER_TYPE": "employee"}}


def operator(portal_id: int, user_id: int) -> Operator:
    """The employee; made nameless when Bitrix24 has not told us of them yet."""
    found = db.session.scalar(
        select(Operator).where(Operator.portal_id == portal_id, Operator.user_id == user_id)
    )
    if found is None:
        found = Operator(
            portal_id=portal_id, user_id=user_id, name=f"#{user_id}", photo_url="", preferences={}
        )
        db.session.add(found)
        db.session.flush()  # replies name the operator
    return found


def listed(portal_id: int) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Operator)
        .where(Operator.portal_id == portal_id, Operator.active.is_(True))
        .order_by(Operator.name, Operator.user_id)
    )
    return [{"id": str(row.user_id), "name": row.name, "photo_url": row.photo_url} for row in rows]


def prefer(row: Operator, changes: dict[str, Any]) -> dict[str, Any]:
    """Keep an employee's own settings; what is not named stays."""
    row.preferences = {**row.preferences, **changes}
    return row.preferences


def refresh(portal_id: int, client: Client) -> None:
    """Read all employees of the portal; who is not among them any more is dismissed."""
    seen = _employees(client)
    with transaction() as session:
        rows = session.scalars(select(Operator).where(Operator.portal_id == portal_id))
        known = {row.user_id: row for row in rows}
        for user_id, told in seen.items():
            row = known.pop(user_id, None) or Operator(portal_id=portal_id, user_id=user_id)
            row.name, row.photo_url, row.active = _name(told), _photo(told), True
            session.add(row)
        for row in known.values():
            row.active = False


def _employees(client: Client) -> dict[int, dict[str, Any]]:
    """Active employees by their number."""
    first = client.call("user.get", EMPLOYEES | {"start": 0})
    people = list(first.result)
    starts = range(PAGE, first.total or 0, PAGE)
    for chunk in range(0, len(starts), BATCH):
        calls = [
            Call("user.get", EMPLOYEES | {"start": start}, f"from{start}")
            for start in starts[chunk : chunk + BATCH]
        ]
        answer = client.batch(calls)
        people += (row for call in calls for row in answer.result(call.key))
    return {int(row["ID"]): row for row in people}


def _name(told: dict[str, Any]) -> str:
    names = (str(told.get(part) or "").strip() for part in ("NAME", "LAST_NAME"))
    return " ".join(filter(None, names))[:200] or f"#{told['ID']}"


def _photo(told: dict[str, Any]) -> str:
    photo = told.get("PERSONAL_PHOTO")
    return photo[:1000] if isinstance(photo, str) and photo.startswith("http") else ""
