"""The portal's CRM: leads, deals, contacts, companies, their stages, phones and events."""

import re
from copy import deepcopy
from typing import Any

from sandbox.portal import events
from sandbox.portal.crm_fields import (
    COMPANY,
    CONTACT,
    DEAL,
    LEAD,
    NAMES,
    WITH_COMMUNICATIONS,
    camel,
    clean,
    defaults,
)
from sandbox.portal.phpform import as_map
from sandbox.portal.registry import RestError
from sandbox.portal.state import State

FINAL = {"S": 3, "F": 3}
FOUND_LIMIT = 20


def not_found(text: str = "Элемент не найден") -> RestError:
    """No such item."""
    return RestError("NOT_FOUND", text, 400)


def items(state: State, type_id: int) -> dict[int, dict[str, Any]]:
    """All items of a type.

    Raises:
        RestError: ENTITY_TYPE_NOT_SUPPORTED.
    """
    if type_id not in state.items:
        text = f"Entity type is not supported: {type_id}"
        raise RestError("ENTITY_TYPE_NOT_SUPPORTED", text, 400)
    return state.items[type_id]


def item(state: State, type_id: int, number: int) -> dict[str, Any]:
    """One item.

    Raises:
        RestError: NOT_FOUND, ENTITY_TYPE_NOT_SUPPORTED.
    """
    found = items(state, type_id).get(number)
    if found is None:
        raise not_found()
    return found


def add(
    state: State, type_id: int, fields: dict[str, Any], user_id: int, *, automation: bool = True
) -> dict[str, Any]:
    """A new item; events are sent unless `automation` is off (an import)."""
    items(state, type_id)
    given = clean(type_id, fields)
    row = defaults(state, type_id, user_id)
    row["id"] = state.next_id(f"crm{type_id}", 1)
    row |= {key: value for key, value in given.items() if key != "fm"}
    _settle(state, type_id, row, given)
    _keep_communications(state, type_id, row, given.get("fm"))
    state.items[type_id][row["id"]] = row
    _record_stage(state, type_id, row, 1)
    if automation:
        _tell(state, type_id, "ADD", row, user_id)
        _simple_mode(state, type_id, row, user_id)
    return row


def change(
    state: State, type_id: int, number: int, fields: dict[str, Any], user_id: int
) -> dict[str, Any]:
    """A changed item; without a change nothing is saved and nobody is told."""
    row = item(state, type_id, number)
    given = clean(type_id, fields)
    before = deepcopy(row)
    row |= {key: value for key, value in given.items() if key != "fm"}
    _settle(state, type_id, row, given)
    _keep_communications(state, type_id, row, given.get("fm"))
    if row == before:
        return row
    row |= {"updatedTime": state.clock.iso(), "updatedBy": user_id}
    row["lastActivityTime"] = row["updatedTime"]
    _tell_change(state, type_id, before, row, user_id)
    return row


def remove(state: State, type_id: int, number: int, user_id: int) -> None:
    """Delete an item with its communications."""
    row = item(state, type_id, number)
    row["fm"] = []
    _index(state, type_id, row)
    del state.items[type_id][number]
    _tell(state, type_id, "DELETE", row, user_id)


def _settle(state: State, type_id: int, row: dict[str, Any], given: dict[str, Any]) -> None:
    """Fields that follow from others: stage, links, title."""
    if type_id in (LEAD, DEAL):
        _settle_stage(state, type_id, row, given)
    _settle_links(type_id, row, given)
    if type_id == LEAD:
        row["isReturnCustomer"] = "Y" if row["contactIds"] or row["companyId"] else "N"
    if type_id == CONTACT and not row["name"] and not row["lastName"]:
        row["name"] = "Без имени"
    if "title" in row and not row["title"]:
        words = {LEAD: "Лид", DEAL: "Сделка", COMPANY: "Компания"}
        row["title"] = f"{words[type_id]} #{row['id']}"
    if given.get("assignedById") and row["assignedById"] not in state.users:
        raise wrong_value("assignedById")


def wrong_value(name: str) -> RestError:
    """A value that the field cannot hold."""
    text = f"Неверное значение поля {name}"
    return RestError("CRM_FIELD_ERROR_VALUE_NOT_VALID", text, 400)


def _settle_links(type_id: int, row: dict[str, Any], given: dict[str, Any]) -> None:
    many, one = ("companyIds", "companyId") if type_id == CONTACT else ("contactIds", "contactId")
    if many not in row:
        return
    if one in given and many not in given:
        row[many] = [given[one]] if given[one] else []
    if one in row:
        row[one] = row[many][0] if row[many] else 0


def stage_directory(type_id: int, category: int = 0) -> str:
    """ENTITY_ID of the stages of a type and pipeline."""
    if type_id == LEAD:
        return "STATUS"
    return f"DEAL_STAGE_{category}" if category else "DEAL_STAGE"


def stages(state: State, directory: str) -> list[dict[str, Any]]:
    """Entries of a directory in their order."""
    found = [row for row in state.statuses.values() if row["ENTITY_ID"] == directory]
    return sorted(found, key=lambda row: int(row["SORT"]))


def semantics(state: State, type_id: int, stage: str, category: int = 0) -> str:
    """P open, S won, F lost."""
    for row in stages(state, stage_directory(type_id, category)):
        if row["STATUS_ID"] == stage:
            return str(row["SEMANTICS"] or "P")
    raise wrong_value("stageId")


def _settle_stage(state: State, type_id: int, row: dict[str, Any], given: dict[str, Any]) -> None:
    category = int(row.get("categoryId", 0))
    if type_id == DEAL and category not in state.categories[DEAL]:
        raise wrong_value("categoryId")
    if not row["stageId"] or ("categoryId" in given and "stageId" not in given):
        row["stageId"] = stages(state, stage_directory(type_id, category))[0]["STATUS_ID"]
    before = row.get("stageSemanticId")
    row["stageSemanticId"] = semantics(state, type_id, row["stageId"], category)
    if type_id == DEAL:
        row["closed"] = "N" if row["stageSemanticId"] == "P" else "Y"
    if before != row["stageSemanticId"] and row["stageSemanticId"] != "P":
        row["movedTime"] = state.clock.iso()


def _record_stage(state: State, type_id: int, row: dict[str, Any], kind: int) -> None:
    if type_id not in (LEAD, DEAL):
        return
    name = "STATUS" if type_id == LEAD else "STAGE"
    record = {
        "ID": state.next_id("stage_history"),
        "TYPE_ID": kind,
        "OWNER_ID": row["id"],
        "CREATED_TIME": state.clock.iso(),
        f"{name}_SEMANTIC_ID": row["stageSemanticId"],
        f"{name}_ID": row["stageId"],
        "entityTypeId": type_id,
    }
    if type_id == DEAL:
        record["CATEGORY_ID"] = row["categoryId"]
    state.stage_history.append(record)


def _tell_change(
    state: State, type_id: int, before: dict[str, Any], row: dict[str, Any], user_id: int
) -> None:
    if type_id in (LEAD, DEAL) and before["stageId"] != row["stageId"]:
        row["movedTime"], row["movedBy"] = state.clock.iso(), user_id
        moved = before.get("categoryId") != row.get("categoryId")
        _record_stage(state, type_id, row, 5 if moved else FINAL.get(row["stageSemanticId"], 2))
    if type_id == DEAL and before["categoryId"] != row["categoryId"]:
        fields = {"ID": row["id"], "CATEGORY_ID": row["categoryId"], "STAGE_ID": row["stageId"]}
        events.emit(state, "ONCRMDEALMOVETOCATEGORY", {"FIELDS": fields}, user_id)
        return
    _tell(state, type_id, "UPDATE", row, user_id)


def _tell(state: State, type_id: int, deed: str, row: dict[str, Any], user_id: int) -> None:
    data = {"FIELDS": {"ID": row["id"]}}
    events.emit(state, f"ONCRM{NAMES[type_id]}{deed}", data, user_id)


def _simple_mode(state: State, type_id: int, row: dict[str, Any], user_id: int) -> None:
    """Without leads in the portal's mode, a lead with a name becomes a deal at once."""
    if type_id != LEAD or state.switches.crm_mode != 2 or not row["name"]:
        return
    same = ("title", "assignedById", "sourceId", "contactIds", "companyId", "originId")
    deal = {key: row[key] for key in same if row[key]}
    add(state, DEAL, {**deal, "leadId": row["id"]}, user_id)
    change(state, LEAD, row["id"], {"stageId": "CONVERTED"}, user_id)


def _keep_communications(state: State, type_id: int, row: dict[str, Any], given: Any) -> None:
    """Phones and addresses: a list or n0, n1 … adds, a number changes, an empty value deletes."""
    if type_id not in WITH_COMMUNICATIONS or given is None:
        return
    for key, one in as_map(given).items():
        entry = as_map(one)
        known = next((old for old in row["fm"] if str(old["id"]) == key), None)
        if isinstance(given, list) or known is None:
            _new_communication(state, row, entry)
        elif not entry.get("value"):
            row["fm"].remove(known)
        elif entry.get("typeId"):
            known |= {"value": entry["value"], "valueType": entry.get("valueType", "WORK")}
    _index(state, type_id, row)


def _new_communication(state: State, row: dict[str, Any], entry: dict[str, Any]) -> None:
    if not entry.get("typeId") or not entry.get("value"):
        return
    row["fm"].append(
        {
            "id": state.next_id("fm"),
            "typeId": str(entry["typeId"]).upper(),
            "valueType": str(entry.get("valueType") or "WORK"),
            "value": str(entry["value"]),
        }
    )


def normalised(kind: str, value: str) -> str:
    """A phone or an e-mail as the portal's index keeps it (a Russian portal)."""
    if kind != "PHONE":
        return value.strip().lower()
    digits = re.sub(r"\D", "", value)
    if len(digits) == 11 and digits[0] == "8":
        return f"7{digits[1:]}"
    return f"7{digits}" if len(digits) == 10 else digits


def _index(state: State, type_id: int, row: dict[str, Any]) -> None:
    mark = (type_id, row["id"])
    for key in state.communication_keys.pop(mark, ()):
        state.communications[key].remove(mark)
    keys = {
        (one["typeId"], normalised(one["typeId"], one["value"]))
        for one in row["fm"]
        if one["typeId"] in ("PHONE", "EMAIL")
    }
    for key in keys:
        state.communications.setdefault(key, []).append(mark)
    state.communication_keys[mark] = keys


def found_by(state: State, kind: str, values: list[Any], types: tuple[int, ...]) -> dict[str, Any]:
    """Ids by type name; without one type asked for, a type with 20 hits hides the following."""
    answer: dict[str, Any] = {}
    for type_id in types:
        ids: list[int] = []
        for value in [one for one in values if isinstance(one, str | int)]:
            marks = state.communications.get((kind, normalised(kind, str(value))), [])
            ids += [number for known, number in marks if known == type_id][:FOUND_LIMIT]
        if ids:
            answer[NAMES[type_id]] = sorted(set(ids))
        if len(ids) >= FOUND_LIMIT:
            break
    return answer


def shown(type_id: int, row: dict[str, Any], *, original: bool, full: bool) -> dict[str, Any]:
    """An item as crm.item.* answers it; `full` with communications and their short names."""
    answer = {key: value for key, value in row.items() if key != "fm"}
    if full and type_id in WITH_COMMUNICATIONS:
        answer |= {"fm": row["fm"], **_aliases(row["fm"])}
    return answer if original else {camel(key): value for key, value in answer.items()}


def _aliases(fm: list[dict[str, Any]]) -> dict[str, Any]:
    def first(kind: str, value_type: str = "") -> str | None:
        values = (
            one["value"]
            for one in fm
            if one["typeId"] == kind and value_type in ("", one["valueType"])
        )
        return next(values, None)

    return {
        "phone": first("PHONE"),
        "phoneWork": first("PHONE", "WORK"),
        "phoneMobile": first("PHONE", "MOBILE"),
        "email": first("EMAIL"),
        "emailWork": first("EMAIL", "WORK"),
        "imol": imol(fm),
        "hasPhone": "Y" if first("PHONE") else "N",
        "hasEmail": "Y" if first("EMAIL") else "N",
        "hasImol": "Y" if imol(fm) else "N",
    }


def imol(fm: list[dict[str, Any]]) -> str | None:
    """The Open Lines address among communications."""
    values = (one["value"] for one in fm if str(one["value"]).startswith("imol|"))
    return next(values, None)


def rows_for_filter(type_id: int, row: dict[str, Any]) -> dict[str, Any]:
    """An item with what can only be filtered by."""
    extra = {"imol": imol(row["fm"])} if type_id in WITH_COMMUNICATIONS else {}
    return {**row, **extra}


def type_by_name(name: Any) -> int:
    """1 for "lead", 2 for "DEAL" …; 0: no such type."""
    wanted = str(name).upper()
    return next((key for key, known in NAMES.items() if known == wanted), 0)
