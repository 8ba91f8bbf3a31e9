"""What a portal knows of a client, by one request; a failure never means "not found".

Source: crm.md 5 (finding the client), 18 (lost answers).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from b24app.actions import crm_cards
from b24app.actions.crm_found import Gathered, addresses, facts_of, found_of
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import BatchAnswer, Client
from b24app.errors import BitrixError
from b24app.rules.plan import ORIGINATOR
from b24app.rules.target import COMPANY, CONTACT, DEAL, LEAD
from b24app.rules.verdict import Inquiry
from b24app.values import Call

ENTITIES: tuple[bitrix.Found, ...] = ("LEAD", "CONTACT", "COMPANY")
KINDS: dict[str, bitrix.Communication] = {"phone": "PHONE", "email": "EMAIL"}
# An older portal cannot filter by our origin, or has no such method.
OPTIONAL = frozenset({"own_deal", "own_lead", "own_contact", "own_activity", "mode"})
PAGE = 50


def gather(client: Client, inquiry: Inquiry, known_contact: int | None = None) -> Gathered:
    """What the portal knows of the client.

    One request; another if the portal cannot refer to what it has just found, or if the
    client has so many closed cards that open ones may hide behind them.

    Raises:
        BitrixError: any part failed; "not found" is never concluded from a failure.
    """
    lists = _lists(inquiry, known_contact)
    calls = [*_finds(inquiry), *_own(inquiry), *lists]
    answer = client.batch(calls)
    broken = {call.key for call in lists if _refused(answer, call.key)}
    _demand(answer, [call for call in calls if call.key not in broken])
    results = dict(answer.results)
    if broken:
        results |= _asked_plainly(client, inquiry, results, known_contact)
    gathered = facts_of(inquiry, results, known_contact)
    return _with_hidden(client, gathered, results)


def _finds(inquiry: Inquiry) -> list[Call]:
    """Leads, contacts and companies with this phone or address, each asked for by itself."""
    return [
        bitrix.find_by_comm(KINDS[kind], values, entity, f"find_{kind}_{entity}")
        for kind, values in addresses(inquiry).items()
        for entity in ENTITIES
    ]


def _own(inquiry: Inquiry) -> list[Call]:
    """What we made for this inquiry already, if an answer was lost; and the portal's mode."""
    made = {"=originatorId": ORIGINATOR, "=originId": inquiry.origin}
    visitor = {"=originatorId": ORIGINATOR, "=originId": f"visitor:{inquiry.client_key}"}
    activity = {"ORIGINATOR_ID": ORIGINATOR, "ORIGIN_ID": inquiry.origin}
    return [
        _list(DEAL, made, "own_deal"),
        _list(LEAD, made, "own_lead"),
        _list(CONTACT, visitor, "own_contact"),
        Call("crm.activity.list", {"filter": activity, "select": ["ID"]}, "own_activity"),
        bitrix.mode_get("mode"),
    ]


def _lists(inquiry: Inquiry, known_contact: int | None) -> list[Call]:
    """Cards of the people found; each list refers to whom it belongs to."""
    calls = []
    for kind in addresses(inquiry):
        refer = {entity: f"$result[find_{kind}_{entity}][{entity}]" for entity in ENTITIES}
        calls += _related(kind, refer["CONTACT"], refer["COMPANY"], refer["LEAD"])
    calls += _related("client", "$result[own_contact][items][0][id]")
    if known_contact:
        calls += _related("known", [known_contact])
    return [*calls, *_recent(inquiry)]


def _related(kind: str, contacts: Any, companies: Any = None, leads: Any = None) -> list[Call]:
    calls = []
    if contacts:
        calls += [
            _list(CONTACT, {"@id": contacts}, f"people_{kind}"),
            _list(DEAL, {"@contactIds": contacts}, f"deals_{kind}"),
            _list(LEAD, {"@contactIds": contacts}, f"leads_{kind}"),
        ]
    if companies:
        calls += [
            bitrix.item_list(
                COMPANY, {"@id": companies}, ["id", "isMyCompany"], key=f"firms_{kind}"
            ),
            _list(DEAL, {"@companyId": companies}, f"deals_{kind}_firm"),
            _list(LEAD, {"@companyId": companies}, f"leads_{kind}_firm"),
        ]
    if leads:
        calls.append(_list(LEAD, {"@id": leads}, f"leads_{kind}_own"))
    return calls


def _recent(inquiry: Inquiry) -> list[Call]:
    """Cards that another inquiry of the same client got a moment ago."""
    return [
        _list(type_id, {"@id": ids}, f"{name}_recent")
        for type_id, name in ((DEAL, "deals"), (LEAD, "leads"))
        if (ids := [one.id for one in inquiry.recent if one.type_id == type_id and one.id])
    ]


def _list(type_id: int, filter_: dict[str, Any], key: str) -> Call:
    return bitrix.item_list(type_id, filter_, crm_cards.SELECT[type_id], key=key)


def _refused(answer: BatchAnswer, key: str) -> bool:
    return key in answer.errors and answer.errors[key].permanent


def _demand(answer: BatchAnswer, calls: Sequence[Call]) -> None:
    """Every part answered, or what it says is not known."""
    for call in calls:
        if call.key in OPTIONAL and _refused(answer, call.key):
            continue
        answer.result(call.key)
        if call.key not in answer.results:
            raise BitrixError(f"Bitrix24 did not answer {call.method}.", code="no_answer")


def _asked_plainly(
    client: Client, inquiry: Inquiry, results: Mapping[str, Any], known_contact: int | None
) -> dict[str, Any]:
    """The lists again, with ids instead of references."""
    calls = [
        call
        for kind, one in found_of(inquiry, results, known_contact).items()
        for call in _related(kind, sorted(one.contacts), sorted(one.companies), sorted(one.leads))
    ]
    calls += _recent(inquiry)
    if not calls:
        return {}
    answer = client.batch(calls)
    _demand(answer, calls)
    return dict(answer.results)


def _with_hidden(client: Client, gathered: Gathered, results: Mapping[str, Any]) -> Gathered:
    """Open deals behind a full page of closed ones."""
    facts = gathered.facts
    full = any(
        len(bitrix.read_items(result)) >= PAGE
        for key, result in results.items()
        if key.startswith("deals_")
    )
    ids = [one.id for one in facts.contacts]
    if not full or not ids or any(card.opened for card in facts.deals):
        return gathered
    asked = _list(DEAL, {"@contactIds": ids, "=stageSemanticId": "P"}, "hidden")
    answer = client.batch([asked])
    if not _refused(answer, asked.key):
        _demand(answer, [asked])
    more = [crm_cards.card(DEAL, one) for one in bitrix.read_items(answer.results.get("hidden"))]
    theirs = tuple(one for one in more if set(ids) & set(one.contact_ids))
    return _replaced(gathered, deals=(*facts.deals, *theirs))


def _replaced(gathered: Gathered, **more: Any) -> Gathered:
    return Gathered(replace(gathered.facts, **more), gathered.found)
