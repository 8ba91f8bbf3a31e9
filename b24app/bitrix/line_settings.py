"""Settings of an Open Line: calls, and what they answer.

Source: apidocs.bitrix24.com/api-reference/imopenlines/openlines/imopenlines-config-get,
…-update, …-list-get
"""

from collections.abc import Mapping
from typing import Any

from b24app.values import Call


def config_get(line_id: int, key: str = "") -> Call:
    """One line with its people; false when there is none."""
    return Call("imopenlines.config.get", {"CONFIG_ID": line_id, "WITH_QUEUE": "Y"}, key)


def config_members(line_id: int, key: str = "") -> Call:
    """Who is in the queue as it was set up: employees and departments."""
    params = {"select": ["ID"], "filter": {"ID": line_id}, "limit": 1}
    options = {"QUEUE": "N", "CONFIG_QUEUE": "Y"}
    return Call("imopenlines.config.list.get", {"PARAMS": params, "OPTIONS": options}, key)


def config_update(line_id: int, fields: Mapping[str, Any], key: str = "") -> Call:
    """Not for a batch: an empty list would be lost on the way."""
    return Call("imopenlines.config.update", {"CONFIG_ID": line_id, "PARAMS": dict(fields)}, key)


def read_members(result: Any, line_id: int) -> Any:
    """CONFIG_QUEUE of the line; None when the list does not tell it."""
    values = result.values() if isinstance(result, dict) else result or ()
    for told in values:
        if isinstance(told, dict) and str(told.get("ID")) == str(line_id):
            return told.get("CONFIG_QUEUE")
    return None


def read_people(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Employees who answer now, in order, as clients see them: id, name, photo_url."""
    shown = config.get("QUEUE_USERS_FIELDS")
    fields = shown if isinstance(shown, dict) else {}
    queue = config.get("QUEUE")
    numbers = queue if isinstance(queue, list) else fields
    return [_person(str(number), fields.get(str(number))) for number in numbers]


def _person(number: str, told: Any) -> dict[str, Any]:
    told = told if isinstance(told, dict) else {}
    return {
        "id": number,
        "name": str(told.get("USER_NAME") or f"#{number}"),
        "photo_url": str(told.get("USER_AVATAR") or "") or None,
    }
