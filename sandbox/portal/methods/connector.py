"""imconnector.*: the application's kinds of channels and their traffic."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.portal import openlines, openlines_client
from sandbox.portal import openlines_events as tell
from sandbox.portal.phpform import as_list, as_map, truthy, yes
from sandbox.portal.registry import Call, RestError, access_denied, bad_argument, method, number
from sandbox.portal.state import Connector

FLAGS = {
    "DEL_EXTERNAL_MESSAGES": "delete_external",
    "EDIT_INTERNAL_MESSAGES": "edit_internal",
    "DEL_INTERNAL_MESSAGES": "delete_internal",
    "NEWSLETTER": "newsletter",
    "NEED_SYSTEM_MESSAGES": "system_messages",
    "NEED_SIGNATURE": "signature",
    "CHAT_GROUP": "chat_group",
}


def _failed(code: str, text: str) -> dict[str, Any]:
    """register and unregister tell of failures with status 200."""
    return {"result": False, "error": code, "error_description": text}


@method("imconnector.register", scope="imopenlines", app=True)
def register(call: Call) -> dict[str, Any]:
    """Register or change a connector; the tile appears in Contact Center at once."""
    code = call.text("ID").lower()
    refusal = _refusal(call, code)
    if refusal:
        return refusal
    connector = Connector(code, call.text("NAME"), call.map("ICON"), call.text("PLACEMENT_HANDLER"))
    connector.icon_disabled = call.map("ICON_DISABLED")
    for name, attribute in FLAGS.items():
        if call.get(name) is not None:
            setattr(connector, attribute, yes(call.get(name)))
    call.state.connectors[code] = connector
    return {"result": True}


def _refusal(call: Call, code: str) -> dict[str, Any] | None:
    if "." in code:
        return _failed("APPLICATION_REGISTRATION_ERROR_POINT", "The ID must not contain a dot")
    if not code:
        return _failed("CONNECTOR_ID_REQUIRED", "Connector ID is required")
    if not re.fullmatch(r"[a-z0-9_]+", code):
        return _failed("GENERAL_CONNECTOR_REGISTRATION_ERROR", "Wrong characters in the ID")
    if not call.text("NAME"):
        return _failed("NAME_REQUIRED", "Connector name is required")
    if not call.map("ICON").get("DATA_IMAGE"):
        return _failed("ICON_REQUIRED", "Connector icon is required")
    if not call.text("PLACEMENT_HANDLER"):
        return _failed("NO_PLACEMENT_HANDLER", "Placement handler is required")
    known = call.state.connectors.get(code)
    if known is not None and not known.own:
        return _failed("APPLICATION_REGISTRATION_ERROR", "The connector belongs to another")
    return None


@method("imconnector.unregister", scope="imopenlines", app=True)
def unregister(call: Call) -> dict[str, Any]:
    """Forget a connector of the application."""
    code = call.text("ID").lower()
    known = call.state.connectors.get(code)
    if known is None or not known.own:
        text = "Application unregistration error"
        return _failed("APPLICATION_UNREGISTRATION_ERROR", text)
    del call.state.connectors[code]
    call.state.links = {key: one for key, one in call.state.links.items() if key[0] != code}
    return {"result": True}


@method("imconnector.list", scope="imopenlines", app=True)
def list_connectors(call: Call) -> dict[str, str]:
    """Names of all connectors by their codes."""
    if not call.admin:
        raise access_denied(status=400)
    return {code: connector.name for code, connector in call.state.connectors.items()}


def _place(call: Call) -> tuple[str, int]:
    code, line = call.text("CONNECTOR").lower(), call.int("LINE")
    openlines_client.provider(call.state, code)
    if line not in call.state.lines:
        raise bad_argument("Argument 'LINE' is wrong", "LINE")
    return code, line


@method("imconnector.activate", scope="imopenlines", app=True)
def activate(call: Call) -> bool:
    """Switch a connector on or off on a line; 0 and nothing mean off."""
    code, line = _place(call)
    link = openlines.link(call.state, code, line)
    was, link.active = link.active, truthy(call.get("ACTIVE"))
    if was and not link.active:
        link.data = {}
        if call.state.switches.deactivate_event:
            tell.tell_disconnect(call.state, code, line, call.user_id)
    return True


@method("imconnector.connector.data.set", scope="imopenlines", app=True)
def data_set(call: Call) -> bool:
    """Tell what the connector is on a line; the whole object is written anew."""
    code, line = _place(call)
    data = {key.upper(): str(value) for key, value in call.map("DATA").items()}
    openlines.link(call.state, code, line).data = data
    return True


@method("imconnector.status", scope="imopenlines", app=True)
def status(call: Call) -> dict[str, Any]:
    """State of a connector on a line."""
    code = openlines_client.provider(call.state, call.text("CONNECTOR")).code
    link = openlines.link(call.state, code, call.int("LINE"))
    return {
        "LINE": link.line,
        "CONNECTOR": code,
        "ERROR": link.error,
        "CONFIGURED": link.configured,
        "STATUS": link.status,
    }


Element = Callable[[Any, Connector, int, dict[str, Any]], Any]


def _traffic(call: Call, element: Element) -> dict[str, Any]:
    blocks = ("user", "message", "chat")
    messages = openlines_client.checked(call.get("MESSAGES"), blocks)
    line = call.int("LINE")
    connector = openlines_client.connector_on(call.state, call.text("CONNECTOR"), line)
    taken = call.state.switches.messages_limit or len(messages)
    results = [element(call.state, connector, line, one) for one in messages[:taken]]
    return {"SUCCESS": True, "DATA": {"RESULT": results}}


@method("imconnector.send.messages", scope="imopenlines", app=True)
def send_messages(call: Call) -> dict[str, Any]:
    """Messages of clients into the line."""
    return _traffic(call, openlines_client.receive)


@method("imconnector.update.messages", scope="imopenlines", app=True)
def update_messages(call: Call) -> dict[str, Any]:
    """Clients' edits."""
    return _traffic(call, openlines_client.rewrite)


@method("imconnector.delete.messages", scope="imopenlines", app=True)
def delete_messages(call: Call) -> dict[str, Any]:
    """Clients' deletions."""
    return _traffic(call, openlines_client.withdraw)


@method("imconnector.send.status.delivery", scope="imopenlines", app=True)
def status_delivery(call: Call) -> dict[str, Any]:
    """The messenger took an operator's message; only im.message_id decides which."""
    openlines_client.provider(call.state, call.text("CONNECTOR"))
    for one in openlines_client.checked(call.get("MESSAGES"), ("im", "message")):
        ids = as_map(one["message"]).get("id")
        if not isinstance(ids, list | dict):
            raise bad_argument("MESSAGES: message.id must be an array", "MESSAGES")
        external = [str(identity) for identity in as_list(ids)]
        message_id = number(as_map(one["im"]).get("message_id"))
        openlines.acknowledge(call.state, message_id, external)
    return {"SUCCESS": True, "DATA": []}


@method("imconnector.send.status.reading", scope="imopenlines", app=True)
def status_reading(call: Call) -> dict[str, Any]:
    """A stub in Bitrix24 itself."""
    return {"SUCCESS": True, "DATA": []}


@method("imconnector.chat.name.set", scope="imconnector", app=True)
def chat_name_set(call: Call) -> dict[str, Any]:
    """Rename a chat."""
    line = call.int("LINE")
    connector = openlines_client.connector_on(call.state, call.text("CONNECTOR"), line)
    external = call.text("CHAT_ID")
    chat = openlines_client.find_chat(call.state, connector.code, line, external)
    if chat is None or (not connector.chat_group and not call.text("USER_ID")):
        raise RestError("CHAT_RENAMING_FAILED", "The chat could not be renamed", 400)
    chat.name = call.text("NAME")
    return {"SUCCESS": True, "DATA": {"RESULT": []}}
