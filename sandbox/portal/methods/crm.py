"""CRM outside of items: duplicates, directories, links, history, triggers."""

import re
from typing import Any

from sandbox.portal import crm
from sandbox.portal.crm_fields import COMPANY, CONTACT, DEAL, LEAD, NAMES, SHORT
from sandbox.portal.filters import Matcher, ordered
from sandbox.portal.phpform import as_map, yes
from sandbox.portal.registry import (
    Call,
    Page,
    RestError,
    access_denied,
    bad_argument,
    method,
    number,
    page_of,
)

OWNER_TYPES = {LEAD: "Лид", DEAL: "Сделка", CONTACT: "Контакт", COMPANY: "Компания"}
VALUES_LIMIT = 20


@method("crm.duplicate.findbycomm", scope="crm")
def find_by_communication(call: Call) -> dict[str, Any]:
    """Leads, contacts and companies by phones or e-mails; `[]` when nothing is found."""
    kind, values = call.text("type").upper(), call.get("values")
    if kind not in ("PHONE", "EMAIL"):
        raise bad_argument("Communication type is not supported", "type")
    if not isinstance(values, list) or not values:
        raise bad_argument("Parameter 'values' must be a list of strings", "values")
    wanted = crm.type_by_name(call.text("entity_type"))
    types = (wanted,) if call.get("entity_type") else (LEAD, CONTACT, COMPANY)
    return crm.found_by(call.state, kind, values[:VALUES_LIMIT], types)


@method("crm.settings.mode.get", scope="crm")
def settings_mode(call: Call) -> int:
    """1 with leads, 2 without."""
    return call.state.switches.crm_mode


@method("crm.category.list", scope="crm")
def category_list(call: Call) -> Page:
    """Pipelines of a type."""
    known = call.state.categories.get(call.int("entityTypeId"))
    if known is None:
        raise RestError("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported", 400)
    page = page_of(call, sorted(known.values(), key=lambda row: int(row["sort"])))
    return Page({"categories": page.items}, page.total, page.next)


@method("crm.status.list", scope="crm")
def status_list(call: Call) -> Page:
    """Entries of directories: stages, sources, kinds."""
    conditions = call.map("filter")
    if isinstance(conditions.get("ENTITY_ID"), list | dict):
        raise bad_argument("ENTITY_ID must be a string", "ENTITY_ID")
    matcher = Matcher(conditions, call.state.switches.empty_filter)
    rows = [row for row in call.state.statuses.values() if matcher.fits(row)]
    return page_of(call, ordered(rows, call.get("order") or {"SORT": "ASC"}, "ID"))


@method("crm.status.add", scope="crm")
def status_add(call: Call) -> int:
    """A new entry of a directory."""
    if not call.admin:
        raise access_denied()
    fields = call.map("fields")
    same = (fields["ENTITY_ID"], fields["STATUS_ID"])
    known = call.state.statuses.values()
    if any((row["ENTITY_ID"], row["STATUS_ID"]) == same for row in known):
        text = f"Элемент справочника с кодом {same[1]} уже существует (already exists)"
        raise RestError("ERROR_CORE", text, 400)
    identity = call.state.next_id("status")
    row = {"ID": str(identity), "NAME_INIT": "", "SORT": "500", "SYSTEM": "N", "SEMANTICS": None}
    row |= {"CATEGORY_ID": None, "COLOR": ""}
    row |= {key: str(value) for key, value in fields.items()}
    call.state.statuses[identity] = row
    return identity


@method("crm.stagehistory.list", scope="crm")
def stage_history(call: Call) -> Page:
    """How items moved through stages."""
    type_id = call.int("entityTypeId")
    rows = [row for row in call.state.stage_history if row["entityTypeId"] == type_id]
    matcher = Matcher(call.get("filter"), call.state.switches.empty_filter)
    shown = [
        {key: value for key, value in row.items() if key != "entityTypeId"}
        for row in rows
        if matcher.fits(row)
    ]
    page = page_of(call, ordered(shown, call.get("order"), "ID"))
    return Page({"items": page.items}, page.total, page.next)


@method("crm.type.list", scope="crm")
def type_list(call: Call) -> Page:
    """Smart processes; this portal has none."""
    return Page({"types": []}, 0)


@method("crm.enum.ownertype", scope="crm")
def owner_types(call: Call) -> list[dict[str, Any]]:
    """Types of CRM objects."""
    return [
        {
            "ID": type_id,
            "NAME": name,
            "SYMBOL_CODE": NAMES[type_id],
            "SYMBOL_CODE_SHORT": SHORT[type_id],
        }
        for type_id, name in OWNER_TYPES.items()
    ]


def _contacts_get(type_id: int) -> Any:
    def contacts_get(call: Call) -> list[dict[str, Any]]:
        """Contacts of an item."""
        ids = crm.item(call.state, type_id, call.int("id"))["contactIds"]
        return [
            {
                "CONTACT_ID": contact,
                "SORT": 10 * (index + 1),
                "ROLE_ID": 0,
                "IS_PRIMARY": "N" if index else "Y",
            }
            for index, contact in enumerate(ids)
        ]

    return contacts_get


def _contact_add(type_id: int) -> Any:
    def contact_add(call: Call) -> bool:
        """Link a contact; False: it was linked already."""
        fields = call.map("fields")
        row, contact = crm.item(call.state, type_id, call.int("id")), number(fields["CONTACT_ID"])
        if contact in row["contactIds"]:
            return False
        crm.item(call.state, CONTACT, contact)
        first = yes(fields.get("IS_PRIMARY", "N"))
        ids = [contact, *row["contactIds"]] if first else [*row["contactIds"], contact]
        crm.change(call.state, type_id, row["id"], {"contactIds": ids}, call.user_id)
        return True

    return contact_add


def _contact_delete(type_id: int) -> Any:
    def contact_delete(call: Call) -> bool:
        """Unlink a contact; False: it was not linked."""
        contact = number(call.map("fields").get("CONTACT_ID"))
        row = crm.item(call.state, type_id, call.int("id"))
        if contact not in row["contactIds"]:
            return False
        ids = [one for one in row["contactIds"] if one != contact]
        crm.change(call.state, type_id, row["id"], {"contactIds": ids}, call.user_id)
        return True

    return contact_delete


def _contacts_set(type_id: int) -> Any:
    def contacts_set(call: Call) -> bool:
        """Replace all contacts of an item."""
        ids = [as_map(one).get("CONTACT_ID") for one in call.list("items")]
        crm.change(call.state, type_id, call.int("id"), {"contactIds": ids}, call.user_id)
        return True

    return contacts_set


for _type, _word in ((LEAD, "lead"), (DEAL, "deal"), (COMPANY, "company")):
    method(f"crm.{_word}.contact.items.get", scope="crm")(_contacts_get(_type))
    method(f"crm.{_word}.contact.items.set", scope="crm")(_contacts_set(_type))
    method(f"crm.{_word}.contact.add", scope="crm")(_contact_add(_type))
    method(f"crm.{_word}.contact.delete", scope="crm")(_contact_delete(_type))


@method("crm.automation.trigger.add", scope="crm", app=True, admin=True)
def trigger_add(call: Call) -> bool:
    """Register a trigger; the same code renames it."""
    code = call.text("CODE")
    if not re.fullmatch(r"[a-z0-9.\-_]+", code):
        raise bad_argument("Wrong trigger code", "CODE")
    call.state.triggers[code] = {"CODE": code, "NAME": call.text("NAME")}
    return True


@method("crm.automation.trigger.list", scope="crm", app=True, admin=True, params=())
def trigger_list(call: Call) -> list[dict[str, Any]]:
    """Triggers of the application."""
    return list(call.state.triggers.values())


@method("crm.automation.trigger.delete", scope="crm", app=True, admin=True)
def trigger_delete(call: Call) -> bool:
    """Forget a trigger."""
    if call.state.triggers.pop(call.text("CODE"), None) is None:
        raise crm.not_found("Trigger not found")
    return True


@method("crm.automation.trigger.execute", scope="crm", app=True, admin=True)
def trigger_execute(call: Call) -> bool:
    """Set a trigger off; accepted, whatever stages do with it."""
    if call.text("CODE") not in call.state.triggers:
        raise crm.not_found("Trigger not found")
    crm.item(call.state, call.int("OWNER_TYPE_ID"), call.int("OWNER_ID"))
    run = {key: call.get(key) for key in ("CODE", "OWNER_TYPE_ID", "OWNER_ID")}
    call.state.trigger_runs.append(run)
    return True
