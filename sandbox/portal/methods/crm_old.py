"""crm.lead.*, crm.deal.*, crm.contact.*, crm.company.*: the deprecated methods, still at work."""

from typing import Any

from sandbox.portal import crm
from sandbox.portal.crm_fields import (
    COMPANY,
    CONTACT,
    DEAL,
    LEAD,
    OLD_MULTI,
    described,
    from_old,
    old_names,
    to_old,
)
from sandbox.portal.filters import Matcher, ordered, selected
from sandbox.portal.phpform import as_list
from sandbox.portal.registry import Call, Page, Run, method, page_of

ADD = ("fields*:object", "params:object", "FIELDS:object", "PARAMS:object")
UPDATE = ("id*:integer", *ADD)
LIST = ("select:array", "filter:object", "order:object", "start:integer", "SELECT", "FILTER")


def _adder(type_id: int) -> Run:
    def add(call: Call) -> int:
        """A new item; its number."""
        fields = from_old(type_id, call.map("fields"))
        return int(crm.add(call.state, type_id, fields, call.user_id)["id"])

    return add


def _updater(type_id: int) -> Run:
    def update(call: Call) -> bool:
        """Change an item."""
        fields = from_old(type_id, call.map("fields"))
        crm.change(call.state, type_id, call.int("id"), fields, call.user_id)
        return True

    return update


def _getter(type_id: int) -> Run:
    def get(call: Call) -> dict[str, Any]:
        """One item."""
        return to_old(type_id, crm.item(call.state, type_id, call.int("id")), multi=True)

    return get


def _deleter(type_id: int) -> Run:
    def delete(call: Call) -> bool:
        """Delete an item."""
        crm.remove(call.state, type_id, call.int("id"), call.user_id)
        return True

    return delete


def _lister(type_id: int) -> Run:
    def rows(call: Call) -> Page:
        """Items: filter by exact phones and e-mails too."""
        shown = [to_old(type_id, row, multi=True) for row in call.state.items[type_id].values()]
        matcher = Matcher(call.get("filter") or call.get("FILTER"))
        found = [row for row in shown if matcher.fits(_flat(row))]
        page = page_of(call, ordered(found, call.get("order"), "ID"))
        select = as_list(call.get("select") or call.get("SELECT"))
        return Page([_chosen(row, select) for row in page.items], page.total, page.next)

    return rows


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose multiple fields are lists of values."""
    many = {kind: [one["VALUE"] for one in row.get(kind, ())] for kind in OLD_MULTI}
    return {**row, **many}


def _chosen(row: dict[str, Any], select: list[Any]) -> dict[str, Any]:
    if select and "*" not in select:
        return selected(row, select, ("ID",))
    return {key: value for key, value in row.items() if key not in OLD_MULTI or key in select}


def _describer(type_id: int) -> Run:
    def fields(call: Call) -> dict[str, Any]:
        """Fields by their old names."""
        names = old_names(type_id)
        known = described(type_id, original=True)
        return {names[key]: value for key, value in known.items() if key in names}

    return fields


for _type, _word in ((LEAD, "lead"), (DEAL, "deal"), (CONTACT, "contact"), (COMPANY, "company")):
    method(f"crm.{_word}.add", scope="crm", params=ADD)(_adder(_type))
    method(f"crm.{_word}.update", scope="crm", params=UPDATE)(_updater(_type))
    method(f"crm.{_word}.get", scope="crm", params=("id*:integer",))(_getter(_type))
    method(f"crm.{_word}.delete", scope="crm", params=("id*:integer",))(_deleter(_type))
    method(f"crm.{_word}.list", scope="crm", params=LIST)(_lister(_type))
    method(f"crm.{_word}.fields", scope="crm", params=())(_describer(_type))
