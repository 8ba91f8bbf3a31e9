"""The addresses of a CRM card's clients, for who writes first from its tab."""

from collections.abc import Iterable, Mapping
from typing import Any

from b24app.actions import portals
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import URGENT, Client
from b24app.bitrix.payloads import whole
from b24app.errors import BitrixError
from b24app.rules.forms import email_of
from b24app.rules.target import COMPANY, CONTACT, Target
from b24app.rules.texts import e164, one_line

MOST = 20
READERS = {"PHONE": ("phone", e164), "EMAIL": ("email", email_of)}


def addresses(portal_id: int, user_id: int, card: Target) -> list[dict[str, str]]:
    """`{"kind", "value", "name"}` of the card itself, its contacts and its company, each once.

    The employee's own token asks: nobody sees what CRM would not show them.
    """
    client = portals.client(portal_id, user_id)
    try:
        told = client.ask(bitrix.item_get(card.type_id, card.id or 0), priority=URGENT)
    except BitrixError as error:
        if error.permanent:
            return []  # the card is gone, or not theirs to see: they type the number themselves
        raise
    item = bitrix.read_item(told)
    found = {
        (kind, value): {"kind": kind, "value": value, "name": name}
        for one in (item, *_people(client, card, item))
        for name in (_name(one),)
        for kind, value in _told(one)
    }
    return list(found.values())[:MOST]


def _people(client: Client, card: Target, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The contacts and the company that the card names."""
    if card.type_id in (CONTACT, COMPANY):
        return []
    contacts = [number for one in item.get("contactIds") or () if (number := whole(one))]
    company = whole(item.get("companyId"))
    calls = [bitrix.item_get(CONTACT, number, f"contact{number}") for number in contacts[:MOST]]
    calls += [bitrix.item_get(COMPANY, company, "company")] if company else []
    if not calls:
        return []
    answer = client.batch(calls, priority=URGENT)
    return [bitrix.read_item(answer.results.get(call.key)) for call in calls]


def _told(item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for one in item.get("fm") or ():
        if not isinstance(one, Mapping) or one.get("typeId") not in READERS:
            continue
        kind, read = READERS[one["typeId"]]
        if value := read(str(one.get("value") or "")):
            yield kind, value


def _name(item: Mapping[str, Any]) -> str:
    parts = [str(item.get(key) or "") for key in ("name", "lastName")]
    return one_line(" ".join(parts)) or one_line(str(item.get("title") or ""))
