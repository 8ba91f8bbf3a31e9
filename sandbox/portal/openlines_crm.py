"""The CRM tracker of Open Lines: who the client is, and what is created for strangers."""

from typing import Any

from sandbox.portal import crm, openlines
from sandbox.portal.crm_fields import COMPANY, CONTACT, DEAL, LEAD, NAMES
from sandbox.portal.state import Chat, State

SOURCE = "IMOL"


def track(state: State, chat: Chat, user: dict[str, Any]) -> None:
    """Link a chat to the CRM as its line's settings say."""
    config = state.lines[chat.line]
    if chat.crm_main is not None or config["CRM"] != "Y":
        return
    if _known(state, chat, user):
        return
    create = str(config["CRM_CREATE"])
    if create == "lead":
        _create_lead(state, chat, user)
    elif create == "deal":
        _create_deal(state, chat, user)


def _known(state: State, chat: Chat, user: dict[str, Any]) -> bool:
    found: dict[str, Any] = {}
    for kind, key in (("PHONE", "phone"), ("EMAIL", "email")):
        if user.get(key) and not found:
            found = crm.found_by(state, kind, [str(user[key])], (CONTACT, COMPANY, LEAD))
    for type_id in (CONTACT, COMPANY, LEAD):
        if NAMES[type_id] in found:
            attach(state, chat, type_id, found[NAMES[type_id]][-1])
    if "CONTACT" in chat.crm:
        _attach_open_deal(state, chat)
    return chat.crm_main is not None


def _attach_open_deal(state: State, chat: Chat) -> None:
    for row in state.items[DEAL].values():
        if row["closed"] == "N" and chat.crm["CONTACT"] in row["contactIds"]:
            attach(state, chat, DEAL, row["id"])


def attach(state: State, chat: Chat, type_id: int, identity: int) -> None:
    """Bind a chat to an item; the first one is the main one, deals and leads come before people."""
    chat.crm[NAMES[type_id]] = identity
    if chat.crm_main is None or type_id in (LEAD, DEAL):
        chat.crm_main = (NAMES[type_id], identity)


def _communications(chat: Chat, user: dict[str, Any]) -> list[dict[str, str]]:
    fm = [{"typeId": "IM", "valueType": "IMOL", "value": f"imol|{chat.user_code}"}]
    if user.get("phone"):
        fm.append({"typeId": "PHONE", "valueType": "WORK", "value": str(user["phone"])})
    if user.get("email"):
        fm.append({"typeId": "EMAIL", "valueType": "WORK", "value": str(user["email"])})
    return fm


def _create_lead(state: State, chat: Chat, user: dict[str, Any]) -> None:
    fields = {
        "title": chat.name,
        "name": user.get("name"),
        "lastName": user.get("last_name"),
        "sourceId": SOURCE,
        "fm": _communications(chat, user),
    }
    attach(state, chat, LEAD, crm.add(state, LEAD, fields, responsible(state, chat))["id"])


def _create_deal(state: State, chat: Chat, user: dict[str, Any]) -> None:
    person = {
        "name": user.get("name") or state.user_name(chat.client_id),
        "lastName": user.get("last_name"),
        "sourceId": SOURCE,
        "fm": _communications(chat, user),
    }
    author = responsible(state, chat)
    contact = crm.add(state, CONTACT, person, author)["id"]
    attach(state, chat, CONTACT, contact)
    deal = {"title": chat.name, "contactIds": [contact], "sourceId": SOURCE}
    attach(state, chat, DEAL, crm.add(state, DEAL, deal, author)["id"])


def responsible(state: State, chat: Chat) -> int:
    """Who gets what the tracker creates: the owner, else the first of the queue."""
    return chat.owner or next(iter(openlines.queue(state, chat.line)), 1)
