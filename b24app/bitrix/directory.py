"""What a portal has to choose from: employees, pipelines, stages, sources, fields; its time.

Source: apidocs.bitrix24.com/api-reference (user.get, department.get, crm.category.list,
crm.status.list, crm.item.fields, crm.settings.mode.get, profile)
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from b24app.bitrix import crm
from b24app.bitrix.crm import DEAL
from b24app.bitrix.payloads import whole
from b24app.values import Call

EMPLOYEES = {"FILTER": {"ACTIVE": True, "USER_TYPE": "employee"}}
SEMANTICS = {"S": "success", "F": "failure"}  # anything else is on its way
DEAL_STAGES, LEAD_STAGES, SOURCES = "DEAL_STAGE", "STATUS", "SOURCE"


def user_list(key: str = "") -> Call:
    """Employees who have not been dismissed; 50 a page."""
    return Call("user.get", EMPLOYEES, key)


def department_list(key: str = "") -> Call:
    return Call("department.get", {"sort": "ID", "order": "ASC"}, key)


def category_list(key: str = "") -> Call:
    """Pipelines of deals; 0 is the one that is always there."""
    return Call("crm.category.list", {"entityTypeId": DEAL}, key)


def status_list(directory: str, key: str = "") -> Call:
    """Entries of one directory, in order; `directory` cannot be a list."""
    return Call(
        "crm.status.list", {"order": {"SORT": "ASC"}, "filter": {"ENTITY_ID": directory}}, key
    )


def item_fields(type_id: int, key: str = "") -> Call:
    params = {"entityTypeId": type_id, "useOriginalUfNames": "Y"}
    return Call("crm.item.fields", params, key)


def profile(key: str = "") -> Call:
    """Whose token it is; needs no permission and names their time zone."""
    return Call("profile", {}, key)


mode = crm.mode_get


def page(call: Call, start: int, mark: str) -> Call:
    """A later page of a list; its key is that of the first with a mark and a number."""
    name = "START" if call.method == "department.get" else "start"
    return Call(call.method, {**call.params, name: start}, f"{call.key}{mark}{start}")


def stages_of(pipeline: str) -> str:
    """The directory of a pipeline's stages; its codes cannot be made up by hand."""
    return f"{DEAL_STAGES}_{pipeline}" if pipeline != "0" else DEAL_STAGES


def read_users(pages: Iterable[Any]) -> list[dict[str, Any]]:
    """`{"id", "name", "photo_url", "position", "departments"}` of each employee."""
    return [
        {
            "id": str(number),
            "name": _full_name(row) or f"#{number}",
            "photo_url": _photo(row),
            "position": _text(row, "WORK_POSITION")[:200],
            "departments": [str(one) for one in _numbers(row.get("UF_DEPARTMENT"))],
        }
        for row in _rows(pages)
        if (number := whole(row.get("ID")))
    ]


def read_departments(pages: Iterable[Any]) -> list[dict[str, Any]]:
    """`{"id", "name", "parent"}`; parent: None at the top."""
    return [
        {"id": _text(row, "ID"), "name": _text(row, "NAME"), "parent": _text(row, "PARENT") or None}
        for row in _rows(pages)
        if _text(row, "ID")
    ]


def read_pipelines(pages: Iterable[Any]) -> list[dict[str, Any]]:
    """`{"id", "name", "default"}` in the portal's order."""
    told = [one.get("categories") for one in pages if isinstance(one, Mapping)]
    rows = sorted(_rows(told), key=lambda row: whole(row.get("sort")) or 0)
    return [
        {
            "id": str(number),
            "name": _text(row, "name"),
            "default": row.get("isDefault") == "Y",
        }
        for row in rows
        if (number := whole(row.get("id"))) is not None
    ]


def read_stages(pages: Iterable[Any]) -> list[dict[str, Any]]:
    """`{"id", "name", "color", "semantics"}`; semantics: process, success or failure."""
    return [
        {
            "id": _text(row, "STATUS_ID"),
            "name": _text(row, "NAME"),
            "color": _color(row),
            "semantics": SEMANTICS.get(_text(row, "SEMANTICS"), "process"),
        }
        for row in _rows(pages)
        if _text(row, "STATUS_ID")
    ]


def read_entries(pages: Iterable[Any]) -> list[dict[str, Any]]:
    """`{"id", "name"}` of a plain directory."""
    return [{"id": one["id"], "name": one["name"]} for one in read_stages(pages)]


def read_zone(profile: Any, date_start: Any) -> dict[str, Any] | None:
    """`{"name", "offset_seconds"}`: the administrator's time zone and what the portal's
    answers are stamped with; None if neither is told."""
    name = _text(profile, "TIME_ZONE") if isinstance(profile, Mapping) else ""
    offset = _offset(date_start)
    return {"name": name, "offset_seconds": offset} if name or offset is not None else None


def _offset(told: Any) -> int | None:
    try:
        offset = datetime.fromisoformat(str(told)).utcoffset()
    except ValueError:
        return None
    return int(offset.total_seconds()) if offset is not None else None


def _rows(pages: Iterable[Any]) -> list[Mapping[str, Any]]:
    return [row for page in pages for row in _values(page) if isinstance(row, Mapping)]


def _values(told: Any) -> Sequence[Any]:
    """PHP makes a list, or a map with numbers."""
    values = list(told.values()) if isinstance(told, Mapping) else told
    return values if isinstance(values, list) else []


def _numbers(told: Any) -> list[int]:
    found = (whole(one) for one in _values(told))
    return [number for number in found if number]


def _full_name(row: Mapping[str, Any]) -> str:
    names = (_text(row, part).strip() for part in ("NAME", "LAST_NAME"))
    return " ".join(filter(None, names))[:200]


def _photo(row: Mapping[str, Any]) -> str:
    photo = _text(row, "PERSONAL_PHOTO")
    return photo[:1000] if photo.startswith("http") else ""


def _color(row: Mapping[str, Any]) -> str:
    extra = row.get("EXTRA")
    return _text(row, "COLOR") or (_text(extra, "COLOR") if isinstance(extra, Mapping) else "")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
