"""Leads, deals and contacts as the portal's items and as the rules see them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from b24app.bitrix.payloads import whole
from b24app.rules.plan import ORIGINATOR
from b24app.rules.target import CONTACT, DEAL, LEAD, Card, Person

STAGED = (
    "id",
    "title",
    "stageId",
    "stageSemanticId",
    "assignedById",
    "contactIds",
    "companyId",
    "createdTime",
    "movedTime",
    "originatorId",
)
SELECT = {
    LEAD: STAGED,
    DEAL: (*STAGED, "categoryId", "closed", "leadId"),
    CONTACT: ("id", "assignedById", "companyIds", "categoryId", "createdTime"),
}


def card(type_id: int, item: Mapping[str, Any]) -> Card:
    """A lead or deal out of an answer of crm.item.*."""
    semantics = item.get("stageSemanticId")
    return Card(
        type_id=type_id,
        id=int(item["id"]),
        opened=semantics == "P" if semantics else item.get("closed") != "Y",
        created_at=moment(item.get("createdTime")) or datetime.fromtimestamp(0, UTC),
        moved_at=moment(item.get("movedTime")),
        title=str(item.get("title") or ""),
        category_id=whole(item.get("categoryId")),
        stage_id=str(item.get("stageId") or ""),
        responsible_id=_id(item.get("assignedById")),
        contact_ids=_ids(item.get("contactIds")),
        company_id=_id(item.get("companyId")),
        lead_id=_id(item.get("leadId")),
        ours=item.get("originatorId") == ORIGINATOR,
    )


def person(item: Mapping[str, Any]) -> Person:
    """A contact out of an answer of crm.item.*."""
    return Person(
        id=int(item["id"]),
        responsible_id=_id(item.get("assignedById")),
        company_ids=_ids(item.get("companyIds")),
        created_at=moment(item.get("createdTime")),
    )


def document(found: Card | Person) -> dict[str, Any]:
    """A card or person as JSON holds it."""
    return {key: _plain(value) for key, value in asdict(found).items()}


def card_of(kept: Mapping[str, Any]) -> Card:
    """A card out of its document."""
    told = _timed(kept, "created_at", "moved_at")
    return Card(**{**told, "contact_ids": tuple(told["contact_ids"])})


def person_of(kept: Mapping[str, Any]) -> Person:
    """A person out of its document."""
    told = _timed(kept, "created_at")
    return Person(**{**told, "company_ids": tuple(told["company_ids"])})


def moment(text: Any) -> datetime | None:
    """A time of the portal; None for what is none."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def _id(value: Any) -> int | None:
    """An id; portals say 0 for none."""
    return whole(value) or None


def _ids(values: Any) -> tuple[int, ...]:
    told = values if isinstance(values, list) else ()
    return tuple(number for number in map(_id, told) if number)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _timed(kept: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**kept, **{name: moment(kept[name]) for name in names}}
