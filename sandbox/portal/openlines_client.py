"""What connectors bring into Open Lines: clients, their messages, edits and deletions."""

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.outside import Unreachable
from sandbox.portal import files, openlines, openlines_crm
from sandbox.portal import openlines_events as tell
from sandbox.portal.phpform import EmptyObject, as_list, as_map, yes
from sandbox.portal.registry import RestError, bad_argument, number
from sandbox.portal.state import Chat, Connector, Message, State

NAME_LENGTH = 25
NAME = re.compile(r"[^\W\d_]+([ '\-][^\W\d_]+)*")
NOT_FETCHED = "Не все необходимые данные были переданы"


def connector_on(state: State, code: str, line: int) -> Connector:
    """An active connector of the application on an active line.

    Raises:
        RestError: IMCONNECTOR_NO_CORRECT_PROVIDER, NOT_ACTIVE_LINE.
    """
    connector = provider(state, code)
    active = openlines.link(state, connector.code, line).active if line in state.lines else False
    if not active or state.lines[line]["ACTIVE"] != "Y":
        raise RestError("NOT_ACTIVE_LINE", "Line is not active", 400)
    return connector


def provider(state: State, code: str) -> Connector:
    """A registered connector.

    Raises:
        RestError: IMCONNECTOR_NO_CORRECT_PROVIDER.
    """
    connector = state.connectors.get(code.lower())
    if connector is None:
        text = "Could not find an appropriate provider"
        raise RestError("IMCONNECTOR_NO_CORRECT_PROVIDER", text, 400)
    return connector


def checked(messages: Any, blocks: tuple[str, ...]) -> list[dict[str, Any]]:
    """MESSAGES as maps, each with all its blocks.

    Raises:
        RestError: ERROR_ARGUMENT.
    """
    if not isinstance(messages, list | dict) or not messages:
        raise bad_argument("Argument 'MESSAGES' is null or empty", "MESSAGES")
    elements = []
    for one in as_list(messages):
        element = as_map(one)
        for block in blocks:
            if not as_map(element.get(block)):
                raise bad_argument(f"MESSAGES: block '{block}' is missing", "MESSAGES")
        elements.append(element)
    return elements


def receive(state: State, connector: Connector, line: int, element: dict[str, Any]) -> Any:
    """One element of imconnector.send.messages; its place in DATA.RESULT."""
    user, message, place = (as_map(element[block]) for block in ("user", "message", "chat"))
    trouble = _trouble(state, user, message, place)
    if trouble:
        return {**_echo(message, place), "SUCCESS": False, "ERRORS": [trouble]}
    client = client_user(state, connector, user)
    chat = chat_for(state, connector, line, user, place, client)
    posted = _post(state, connector, chat, user, message)
    if posted is None:
        return {**_echo(message, place), "SUCCESS": False, "ERRORS": [NOT_FETCHED]}
    told = {
        "user": str(client),
        **_echo(message, place),
        "extra": _extra(user, message),
        "SUCCESS": True,
    }
    if message.get("user_id") is not None and not state.switches.send_messages_user_id_session:
        return told
    return {**told, "session": {"ID": str(chat.session_id), "CHAT_ID": str(chat.id)}}


def _trouble(
    state: State, user: dict[str, Any], message: dict[str, Any], place: dict[str, Any]
) -> str:
    if not str(user.get("id") or "") or not str(place.get("id") or ""):
        return NOT_FETCHED
    if not message.get("text") and not as_list(message.get("files")):
        return NOT_FETCHED
    names = [str(user.get(key) or "") for key in ("name", "last_name")]
    if state.switches.long_names == "refuse" and not all(map(_good_name, names)):
        return "Wrong user name"
    return ""


def _good_name(name: str) -> bool:
    return not name or (len(name) <= NAME_LENGTH and NAME.fullmatch(name) is not None)


def _echo(message: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    return {
        "message": {
            "id": str(message.get("id") or ""),
            "date": EmptyObject(),
            "text": str(message.get("text") or ""),
            "files": as_list(message.get("files")),
        },
        "chat": {
            "id": str(place.get("id") or ""),
            "name": str(place.get("name") or ""),
            "description": str(place.get("url") or ""),
        },
    }


def _extra(user: dict[str, Any], message: dict[str, Any]) -> dict[str, str]:
    extra = {}
    if yes(user.get("skip_phone_validate")):
        extra["skip_phone_validate"] = "Y"
    if yes(message.get("disable_crm")):
        extra["disable_tracker"] = "Y"
    return extra


def client_user(state: State, connector: Connector, user: dict[str, Any]) -> int:
    """The portal's user of a client; made at the first message, refreshed by each."""
    key = (connector.code, str(user["id"]))
    identity = state.clients.get(key)
    if identity is None:
        identity = state.clients[key] = state.next_id("client", 585)
        state.users[identity] = {"ID": identity, **CLIENT}
    known = state.users[identity]
    for field, name in (("name", "NAME"), ("last_name", "LAST_NAME"), ("email", "EMAIL")):
        if user.get(field):
            known[name] = _fitted(state, str(user[field]))
    if user.get("phone"):
        known["PERSONAL_MOBILE"] = str(user["phone"])
    picture = as_map(user.get("picture")).get("url")
    if picture:
        known["PERSONAL_PHOTO"] = str(picture)
    return identity


CLIENT: dict[str, Any] = {
    "ACTIVE": True,
    "ADMIN": False,
    "NAME": "Гость",
    "LAST_NAME": "",
    "EMAIL": "",
    "PERSONAL_MOBILE": "",
    "PERSONAL_PHOTO": "",
    "WORK_POSITION": "",
    "UF_DEPARTMENT": [],
    "USER_TYPE": "imconnector",
}


def _fitted(state: State, name: str) -> str:
    return name[:NAME_LENGTH] if state.switches.long_names == "cut" else name


def chat_for(
    state: State,
    connector: Connector,
    line: int,
    user: dict[str, Any],
    place: dict[str, Any],
    client: int,
) -> Chat:
    """The client's chat on the line; a new one at first."""
    known = state.chat_keys.get(_key(state, connector, line, place, user))
    if known is not None:
        return state.chats[known]
    chat = Chat(
        id=state.next_id("chat", 1761),
        connector=connector.code,
        line=line,
        external_id=str(place["id"]),
        external_user_id=str(user["id"]),
        client_id=client,
        name=str(place.get("name") or "") or state.user_name(client),
        description=str(place.get("url") or ""),
        code_by_external=state.switches.user_code_tail == "external",
    )
    chat.name = f"{chat.name} - {state.lines[line]['LINE_NAME']}"
    state.chats[chat.id] = chat
    state.chat_keys |= dict.fromkeys(_keys(chat), chat.id)
    return chat


def _keys(chat: Chat) -> list[tuple[str, ...]]:
    """All that a chat can be found by, whichever way the portal keys its chats."""
    place = chat.connector, str(chat.line)
    by_chat = ("chat", *place, chat.external_id)
    by_user = ("user", *place, chat.external_user_id)
    return [by_chat, by_user, ("both", *place, chat.external_id, chat.external_user_id)]


def _key(
    state: State, connector: Connector, line: int, place: dict[str, Any], user: dict[str, Any]
) -> tuple[str, ...]:
    where = connector.code, str(line)
    if connector.chat_group:
        return ("chat", *where, str(place["id"]))
    if state.switches.chat_key == "user":
        return ("user", *where, str(user["id"]))
    return ("both", *where, str(place["id"]), str(user["id"]))


def _post(
    state: State,
    connector: Connector,
    chat: Chat,
    user: dict[str, Any],
    message: dict[str, Any],
) -> Message | None:
    if state.switches.dedupe_message_id:
        known = by_external_id(state, chat, str(message.get("id") or ""))
        if known is not None:
            return known
    numbers = _fetched(state, chat, message)
    if numbers is None:
        return None
    by_client = message.get("user_id") is None
    going = openlines.running(state, chat) is not None
    first = not going and not (by_client and openlines.went_on(state, chat))
    if first:
        openlines.open_session(state, chat)
    if message.get("user_id") is not None:
        return _post_for_employee(state, chat, message, numbers)
    posted = openlines.write(
        state,
        chat,
        chat.client_id,
        str(message.get("text") or ""),
        files=numbers,
        external_ids=[str(message.get("id") or "")],
    )
    _after_client(state, connector, chat, user, message, first)
    return posted


def _post_for_employee(
    state: State, chat: Chat, message: dict[str, Any], numbers: list[int]
) -> Message:
    """`message.user_id`: an employee's words, or the system's when it is 0 (question 1)."""
    author = number(message["user_id"])
    external = [str(message.get("id") or "")]
    text = str(message.get("text") or "")
    posted = openlines.write(
        state, chat, author, text, files=numbers, system=author == 0, external_ids=external
    )
    if author and state.switches.send_messages_user_id_answers:
        openlines.answer(state, chat.id, author)
    switches = state.switches
    if switches.send_messages_user_id_echo if author else switches.send_messages_system_echo:
        tell.tell_message(state, chat, posted)
    return posted


def _after_client(
    state: State,
    connector: Connector,
    chat: Chat,
    user: dict[str, Any],
    message: dict[str, Any],
    first: bool,
) -> None:
    config = state.lines[chat.line]
    if first and config["WELCOME_MESSAGE"] == "Y":
        openlines.say(state, chat, str(config["WELCOME_MESSAGE_TEXT"] or ""))
    if not connector.chat_group and not yes(message.get("disable_crm")):
        openlines_crm.track(state, chat, user)


def _fetched(state: State, chat: Chat, message: dict[str, Any]) -> list[int] | None:
    """Numbers of the message's files; None when one cannot be downloaded."""
    numbers = []
    for one in as_list(message.get("files")):
        entry = as_map(one)
        url = str(entry.get("url") or "")
        name = str(entry.get("name") or urlsplit(url).path.rpartition("/")[2] or "file")
        content, mime = b"", ""
        if state.switches.fetch_files:
            try:
                content, mime = state.outside.get(url)
            except Unreachable:
                return None
        file = files.keep(state, name, content, chat.client_id, chat.id, mime)
        file.url = url
        numbers.append(file.id)
    return numbers


def by_external_id(state: State, chat: Chat, external_id: str) -> Message | None:
    """A message of a chat by the messenger's id."""
    for message_id in reversed(chat.message_ids):
        message = state.messages[message_id]
        if external_id and external_id in message.external_ids:
            return message
    return None


def find_chat(state: State, connector: str, line: int, external_id: str) -> Chat | None:
    """A chat by the messenger's id."""
    known = state.chat_keys.get(("chat", connector, str(line), external_id))
    return None if known is None else state.chats[known]


def rewrite(state: State, connector: Connector, line: int, element: dict[str, Any]) -> Any:
    """One element of imconnector.update.messages."""
    message, place = as_map(element["message"]), as_map(element["chat"])
    client = client_user(state, connector, as_map(element["user"]))
    posted = _meant(state, connector.code, line, place, message)
    if posted is not None:
        posted.text, posted.edited = str(message.get("text") or posted.text), True
    return {"user": str(client), **_echo(message, place), "SUCCESS": True}


def withdraw(state: State, connector: Connector, line: int, element: dict[str, Any]) -> Any:
    """One element of imconnector.delete.messages; unknown ids succeed too."""
    message, place = as_map(element["message"]), as_map(element["chat"])
    posted = _meant(state, connector.code, line, place, message)
    if posted is not None and connector.delete_external:
        posted.text, posted.deleted = "", True
    client = state.clients.get((connector.code, str(as_map(element["user"]).get("id"))), 0)
    short = {"message": {"id": str(message.get("id"))}, "chat": {"id": str(place.get("id"))}}
    return {"user": str(client), **short, "SUCCESS": True}


def _meant(
    state: State, connector: str, line: int, place: dict[str, Any], message: dict[str, Any]
) -> Message | None:
    chat = find_chat(state, connector, line, str(place.get("id")))
    return by_external_id(state, chat, str(message.get("id"))) if chat else None
