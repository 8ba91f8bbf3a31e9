"""crm.item.*: leads, deals, contacts and companies by the current methods."""

from typing import Any

from sandbox.portal import crm
from sandbox.portal.crm_fields import TYPES, described
from sandbox.portal.filters import Matcher, ordered, selected
from sandbox.portal.phpform import as_map, yes
from sandbox.portal.registry import Call, Page, RestError, access_denied, method, page_of

IMPORT_LIMIT = 20


def _answer(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    original = yes(call.get("useOriginalUfNames", "N"))
    type_id = call.int("entityTypeId")
    return {"item": crm.shown(type_id, row, original=original, full=True)}


@method("crm.item.add", scope="crm")
def item_add(call: Call) -> dict[str, Any]:
    """A new item."""
    row = crm.add(call.state, call.int("entityTypeId"), call.map("fields"), call.user_id)
    return _answer(call, row)


@method("crm.item.update", scope="crm")
def item_update(call: Call) -> dict[str, Any]:
    """Change an item."""
    where = call.int("entityTypeId"), call.int("id")
    return _answer(call, crm.change(call.state, *where, call.map("fields"), call.user_id))


@method("crm.item.get", scope="crm")
def item_get(call: Call) -> dict[str, Any]:
    """One item."""
    return _answer(call, crm.item(call.state, call.int("entityTypeId"), call.int("id")))


@method("crm.item.delete", scope="crm")
def item_delete(call: Call) -> list[Any]:
    """Delete an item."""
    crm.remove(call.state, call.int("entityTypeId"), call.int("id"), call.user_id)
    return []


@method("crm.item.list", scope="crm")
def item_list(call: Call) -> Page:
    """Items of a type: filter, order, selection, pages of 50."""
    type_id = call.int("entityTypeId")
    rows = list(crm.items(call.state, type_id).values())
    fields = frozenset(TYPES[type_id]) | {"imol"}
    matcher = Matcher(call.get("filter"), call.state.switches.empty_filter, fields - {"fm"})
    rows = [row for row in rows if matcher.fits(crm.rows_for_filter(type_id, row))]
    page = page_of(call, ordered(rows, call.get("order")))
    original, full = yes(call.get("useOriginalUfNames", "N")), "*" in call.list("select")
    shown = [crm.shown(type_id, row, original=original, full=full) for row in page.items]
    chosen = [selected(row, call.get("select"), ("id",)) for row in shown]
    return Page({"items": chosen}, page.total, page.next)


@method("crm.item.fields", scope="crm")
def item_fields(call: Call) -> dict[str, Any]:
    """Fields of a type."""
    crm.items(call.state, call.int("entityTypeId"))
    original = yes(call.get("useOriginalUfNames", "N"))
    return {"fields": described(call.int("entityTypeId"), original=original)}


@method("crm.item.batchImport", scope="crm")
def item_import(call: Call) -> dict[str, Any]:
    """Up to 20 items without automation: no events are sent."""
    data = call.list("data")
    if len(data) > IMPORT_LIMIT:
        text = f"Maximum number of items is {IMPORT_LIMIT}"
        raise RestError("MAX_IMPORT_BATCH_SIZE_EXCEEDED", text, 400)
    if not call.admin:
        raise access_denied()
    return {"items": [_imported(call, as_map(fields)) for fields in data]}


def _imported(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    try:
        row = crm.add(call.state, call.int("entityTypeId"), fields, call.user_id, automation=False)
    except RestError as error:
        return error.document()
    return {"item": {"id": row["id"]}}
