"""CRM items, duplicates, timeline comments and directories: calls and their answers.

Source: apidocs.bitrix24.com/api-reference/crm (universal methods, duplicates, timeline)
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from b24app.bitrix.payloads import whole
from b24app.values import Call

LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
VALUES_LIMIT = 20
NO_COUNT = -1  # `start`: the portal does not count the total
Communication = Literal["PHONE", "EMAIL"]
Found = Literal["LEAD", "CONTACT", "COMPANY"]


def item_list(
    type_id: int,
    filter: Mapping[str, Any],
    select: Sequence[str] = (),
    *,
    order: Mapping[str, str] | None = None,
    start: int = NO_COUNT,
    key: str = "",
) -> Call:
    """Up to 50 items, the youngest first."""
    asked = {"select": list(select)} if select else {}
    ordered = dict(order or {"id": "DESC"})
    params = _item(type_id, filter=dict(filter), order=ordered, start=start, **asked)
    return Call("crm.item.list", params, key)


def item_get(type_id: int, item_id: int, key: str = "") -> Call:
    """One item, if the caller may read it."""
    return Call("crm.item.get", _item(type_id, id=item_id), key)


def find_by_comm(kind: Communication, values: Sequence[str], entity: Found, key: str = "") -> Call:
    """Who has this phone or address; without `entity` many leads would hide contacts."""
    params = {"type": kind, "values": list(values)[:VALUES_LIMIT], "entity_type": entity}
    return Call("crm.duplicate.findbycomm", params, key)


def comment_list(entity: str, item_id: int, key: str = "") -> Call:
    """The youngest comments of a card: whether a lost answer's comment is there."""
    params = {
        "filter": {"ENTITY_ID": item_id, "ENTITY_TYPE": entity},
        "select": ["ID", "COMMENT"],
        "order": {"ID": "DESC"},
    }
    return Call("crm.timeline.comment.list", params, key)


def mode_get(key: str = "") -> Call:
    """1: with leads, 2: without."""
    return Call("crm.settings.mode.get", {}, key)


def read_item(result: Any) -> dict[str, Any]:
    return _mapping(_mapping(result).get("item"))


def read_item_id(result: Any) -> int | None:
    return whole(read_item(result).get("id"))


def read_items(result: Any) -> list[dict[str, Any]]:
    told = _mapping(result).get("items")
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def read_found(result: Any, entity: Found) -> list[int]:
    """Ids in ascending order; nothing found is an empty list, not an object."""
    told = _mapping(result).get(entity)
    found = (whole(one) for one in told) if isinstance(told, list) else ()
    return sorted({number for number in found if number})


def read_comments(result: Any) -> list[tuple[int, str]]:
    told = [_mapping(one) for one in result] if isinstance(result, list) else []
    found = [(whole(one.get("ID")), str(one.get("COMMENT") or "")) for one in told]
    return [(number, text) for number, text in found if number]


def _item(type_id: int, **params: Any) -> dict[str, Any]:
    return {"entityTypeId": type_id, **params, "useOriginalUfNames": "Y"}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
