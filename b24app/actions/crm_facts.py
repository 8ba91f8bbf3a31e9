"""What a portal knows of a client, by one request; a failure never means "not found"."""

from datetime import UTC, datetime
from typing import Any

from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import BatchAnswer, Client
from b24app.errors import BitrixError
from b24app.rules import crm, phones
from b24app.rules.crm import Card, Chat, CrmFacts
from b24app.values import Call

ENTITIES: tuple[bitrix.Found, ...] = ("LEAD", "CONTACT", "COMPANY")
OPTIONAL = frozenset({"own_deal", "own_lead", "own_contact", "mode"})
CARD_FIELDS = [
    "id",
    "stageSemanticId",
    "closed",
    "contactIds",
    "companyId",
    "createdTime",
]


def gather(client: Client, chat: Chat, known_contact: int | None) -> CrmFacts:
    """What the portal knows of the client, by one request.

    Raises:
        BitrixError: any part failed; "not found" is never concluded from a failure.
    """
    calls = [*_finds(chat), *_cards(chat, known_contact), *_own(chat)]
    answer = client.batch(calls)
    for call in calls:
        error = answer.errors.get(call.key)
        if error and error.permanent and call.key in OPTIONAL:
            continue  # an older portal cannot filter by our origin, or has no such method
        answer.result(call.key)
        if call.key not in answer.results:
            raise BitrixError(f"Bitrix24 did not answer {call.method}.", code="no_answer")
    return _facts(answer, known_contact)


def _finds(chat: Chat) -> list[Call]:
    """Leads, contacts and companies with this phone or address, each asked for by itself."""
    addresses: list[tuple[bitrix.Communication, list[str]]] = [
        ("PHONE", phones.variants(chat.phone)),
        ("EMAIL", [chat.email] if chat.email else []),
    ]
    return [
        bitrix.find_by_comm(kind, values, entity, f"find_{kind}_{entity}")
        for kind, values in addresses
        if values
        for entity in ENTITIES
    ]


def _cards(chat: Chat, known_contact: int | None) -> list[Call]:
    """Deals and leads of the people found; each list names whom it belongs to."""
    calls = []
    for kind in [name for name, value in (("PHONE", chat.phone), ("EMAIL", chat.email)) if value]:
        contacts = f"$result[find_{kind}_CONTACT][CONTACT]"
        companies = f"$result[find_{kind}_COMPANY][COMPANY]"
        leads = f"$result[find_{kind}_LEAD][LEAD]"
        calls += [
            _list(crm.DEAL, {"@contactIds": contacts}, f"deals_{kind}"),
            _list(crm.DEAL, {"@companyId": companies}, f"deals_{kind}_company"),
            _list(crm.LEAD, {"@id": leads}, f"leads_{kind}"),
            _list(crm.LEAD, {"@contactIds": contacts}, f"leads_{kind}_contact"),
        ]
    if known_contact:
        calls += [
            _list(crm.DEAL, {"@contactIds": [known_contact]}, "deals_known"),
            _list(crm.LEAD, {"@contactIds": [known_contact]}, "leads_known"),
        ]
    return calls


def _own(chat: Chat) -> list[Call]:
    """What we made for this chat already, if an answer was lost; and the portal's mode."""
    ours = {"=originatorId": crm.ORIGINATOR}
    chat_origin = {**ours, "=originId": crm.origin(chat.id)}
    person = {**ours, "=originId": f"visitor:{chat.client_key}"}
    return [
        _list(crm.DEAL, chat_origin, "own_deal"),
        _list(crm.LEAD, chat_origin, "own_lead"),
        bitrix.item_list(crm.CONTACT, person, ["id"], key="own_contact"),
        bitrix.mode_get("mode"),
    ]


def _list(type_id: int, filter_: dict[str, Any], key: str) -> Call:
    return bitrix.item_list(type_id, filter_, CARD_FIELDS, key=key)


def _facts(answer: BatchAnswer, known_contact: int | None) -> CrmFacts:
    contacts = _found(answer, "CONTACT") | ({known_contact} if known_contact else set())
    companies, leads = _found(answer, "COMPANY"), _found(answer, "LEAD")
    deals = [
        card
        for card in _read_cards(answer, "deals_")
        if contacts & set(card.contact_ids) or card.company_id in companies
    ]
    lead_cards = [
        card
        for card in _read_cards(answer, "leads_")
        if card.id in leads or contacts & set(card.contact_ids) or card.company_id in companies
    ]
    return CrmFacts(
        leads=tuple(lead_cards),
        deals=tuple(deals),
        contact_ids=tuple(sorted(contacts)),
        company_ids=tuple(sorted(companies)),
        own_lead_id=_first_id(answer, "own_lead"),
        own_deal_id=_first_id(answer, "own_deal"),
        own_contact_id=_first_id(answer, "own_contact"),
        leads_exist=str(answer.results.get("mode")) != "2",
    )


def _found(answer: BatchAnswer, entity: bitrix.Found) -> set[int]:
    return {
        number
        for key, result in answer.results.items()
        if key.startswith("find_")
        for number in bitrix.read_found(result, entity)
    }


def _read_cards(answer: BatchAnswer, prefix: str) -> list[Card]:
    """Cards of every list that begins with `prefix`, each once.

    An empty reference may come back as "everything": who they belong to is checked above.
    """
    cards = {
        int(item["id"]): _card(item)
        for key, result in answer.results.items()
        if key.startswith(prefix)
        for item in bitrix.read_items(result)
    }
    return [cards[number] for number in sorted(cards)]


def _card(item: dict[str, Any]) -> Card:
    semantics = item.get("stageSemanticId")
    opened = semantics == "P" if semantics else item.get("closed") != "Y"
    return Card(
        id=int(item["id"]),
        opened=opened,
        created_at=_moment(item.get("createdTime")),
        contact_ids=tuple(int(number) for number in item.get("contactIds") or ()),
        company_id=int(item["companyId"]) if item.get("companyId") else None,
    )


def _first_id(answer: BatchAnswer, key: str) -> int | None:
    ids = [int(item["id"]) for item in bitrix.read_items(answer.results.get(key))]
    return min(ids, default=None)


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
