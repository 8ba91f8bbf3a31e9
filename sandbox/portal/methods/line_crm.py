"""imopenlines.crm.*: chats of CRM items."""

from sandbox.portal import crm, line_config, openlines
from sandbox.portal import openlines_events as tell
from sandbox.portal.phpform import yes
from sandbox.portal.registry import Call, RestError, method
from sandbox.portal.state import Chat

SCOPE = "imopenlines"


def _crm_chats(call: Call) -> list[Chat]:
    type_id = crm.type_by_name(call.text("CRM_ENTITY_TYPE"))
    if not type_id or not call.int("CRM_ENTITY"):
        raise RestError("CRM_CHAT_EMPTY_CRM_DATA", "Not enough data of the CRM item", 400)
    wanted = call.text("CRM_ENTITY_TYPE").upper(), call.int("CRM_ENTITY")
    return [chat for chat in call.state.chats.values() if wanted in chat.crm.items()]


@method("imopenlines.crm.chat.get", scope=SCOPE)
def crm_chat_get(call: Call) -> list[dict[str, str]]:
    """Chats of a CRM item."""
    chats = _crm_chats(call)
    if yes(call.get("ACTIVE_ONLY", "Y")):
        chats = [chat for chat in chats if openlines.running(call.state, chat)]
    return [
        {
            "CHAT_ID": str(chat.id),
            "CONNECTOR_ID": chat.connector,
            "CONNECTOR_TITLE": line_config.connector_name(call.state, chat.connector),
        }
        for chat in chats
    ]


@method("imopenlines.crm.chat.getLastId", scope=SCOPE)
def crm_chat_last(call: Call) -> int:
    """The newest chat of a CRM item."""
    chats = _crm_chats(call)
    if not chats:
        raise RestError("CRM_CHAT_EMPTY_CRM_DATA", "There is no chat", 400)
    return max(chat.id for chat in chats)


@method("imopenlines.crm.chat.user.add", scope=SCOPE)
def crm_chat_user_add(call: Call) -> int:
    """Add an employee to a chat of a CRM item; 0: there is no chat."""
    chat = _chat_of_item(call)
    if chat is None:
        return 0
    user = call.state.users.get(call.int("USER_ID"))
    if user is None or not user["ACTIVE"]:
        raise RestError("CRM_CHAT_USER_NOT_ACTIVE", "User is not active", 400)
    if user["ID"] in chat.members:
        raise RestError("WRONG_REQUEST", "The user is a member already", 400)
    openlines.join(call.state, chat, user["ID"])
    return chat.id


@method("imopenlines.crm.chat.user.delete", scope=SCOPE)
def crm_chat_user_delete(call: Call) -> int:
    """Take an employee out of a chat of a CRM item."""
    chat = _chat_of_item(call)
    if chat is None:
        return 0
    if call.int("USER_ID") not in chat.members:
        raise RestError("WRONG_REQUEST", "The user is not a member", 400)
    chat.members.remove(call.int("USER_ID"))
    return chat.id


def _chat_of_item(call: Call) -> Chat | None:
    chats = _crm_chats(call)
    if not call.int("CHAT_ID"):
        return max(chats, key=lambda chat: chat.id, default=None)
    for chat in chats:
        if chat.id == call.int("CHAT_ID"):
            return chat
    raise RestError("CHAT_NOT_IN_CRM", "The chat does not belong to the CRM item", 400)


@method("imopenlines.crm.message.add", scope=SCOPE)
def crm_message_add(call: Call) -> int:
    """Write into a chat of a CRM item as an employee who is its member."""
    chat = _chat_of_item(call)
    if chat is None or openlines.running(call.state, chat) is None:
        raise RestError("CHAT_NOT_IN_CRM", "The chat does not belong to the CRM item", 400)
    if call.int("USER_ID") not in chat.members:
        raise RestError("CANCELED", "Message was not added", 400)
    message = openlines.write(call.state, chat, call.int("USER_ID"), call.text("MESSAGE"))
    if call.state.switches.crm_message_add_event:
        tell.tell_message(call.state, chat, message)
    return message.id


@method("imopenlines.crm.lead.create", scope=SCOPE)
def crm_lead_create(call: Call) -> bool:
    """A lead out of a dialog."""
    chat = openlines.chat_by_id(call.state, call.int("CHAT_ID"))
    session = openlines.running(call.state, chat)
    if session is None or session.operator != call.user_id:
        raise RestError("ERROR_USER_NOT_OPERATOR", "You are not the operator", 400)
    lead = crm.add(call.state, 1, {"title": chat.name, "sourceId": "IMOL"}, call.user_id)
    chat.crm["LEAD"], chat.crm_main = lead["id"], ("LEAD", lead["id"])
    return True
