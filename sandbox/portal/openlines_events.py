"""What the application is told about Open Lines: messages, edits, dialogs, disconnects."""

from typing import Any

from sandbox.portal import events, files
from sandbox.portal.state import Chat, Connector, Message, Session, State, StoredFile

CLOSE_TERM_MINUTES = 10


def tell_message(state: State, chat: Chat, message: Message) -> None:
    """ONIMCONNECTORMESSAGEADD: what a connector has to carry to the client."""
    connector = state.connectors.get(chat.connector)
    if connector is None or not connector.own:
        return
    if message.author == 0 and not connector.system_messages:
        return
    message.sending_since = state.now()
    body: dict[str, Any] = {
        "user_id": message.author,
        "text": _signed(state, connector, message),
    }
    if message.files:
        body["files"] = [_file(state, state.files[number]) for number in message.files]
    element = {"im": _im(message), "message": body, "chat": {"id": chat.external_id}}
    _tell(state, "ONIMCONNECTORMESSAGEADD", chat, element, message.author)


def _signed(state: State, connector: Connector, message: Message) -> str:
    if not connector.signature or message.author == 0:
        return message.text
    return f"[b]{state.user_name(message.author)}:[/b] [br]{message.text}"


def _im(message: Message) -> dict[str, int]:
    return {"chat_id": message.chat_id, "message_id": message.id}


def _file(state: State, file: StoredFile) -> dict[str, Any]:
    kind = file.mime.partition("/")[0]
    size = len(file.content)
    answer: dict[str, Any] = {
        "name": file.name,
        "type": kind if kind in ("image", "audio", "video") else "file",
        "mime": file.mime,
        "size": size,
        "sizef": f"{size / 1024:.2f} KB",
        "link": files.address_of(state, file),
    }
    if state.switches.file_download_link:
        answer["downloadLink"] = files.path_of(file)
    return answer


def _tell(state: State, event: str, chat: Chat, element: dict[str, Any], user_id: int) -> None:
    data = {"CONNECTOR": chat.connector, "LINE": chat.line, "MESSAGES": [element]}
    events.emit(state, event, data, user_id or None)


def tell_edit(state: State, chat: Chat, message: Message) -> None:
    """ONIMCONNECTORMESSAGEUPDATE: only for messages whose delivery was confirmed."""
    connector = state.connectors.get(chat.connector)
    if connector is None or not connector.own or not connector.edit_internal:
        return
    if not message.external_ids:
        return
    body = {"id": list(message.external_ids), "text": _signed(state, connector, message)}
    element = {"im": _im(message), "message": body, "chat": {"id": chat.external_id}}
    _tell(state, "ONIMCONNECTORMESSAGEUPDATE", chat, element, message.author)


def tell_deletion(state: State, chat: Chat, message: Message) -> None:
    """ONIMCONNECTORMESSAGEDELETE: one for each external id, and only when there are some."""
    connector = state.connectors.get(chat.connector)
    if connector is None or not connector.own or not connector.delete_internal:
        return
    for external_id in message.external_ids:
        element = {
            "im": _im(message),
            "message": {"id": external_id},
            "chat": {"id": chat.external_id},
        }
        _tell(state, "ONIMCONNECTORMESSAGEDELETE", chat, element, message.author)


def tell_dialog(state: State, chat: Chat, session: Session, user_id: int | None) -> None:
    """Start or finish of a dialog, by both families of events."""
    connector = state.connectors.get(chat.connector)
    own = connector is not None and connector.own
    word = "FINISH" if session.closed else "START"
    element = _dialog(state, chat, session)
    shaped: Any = [element] if state.switches.dialog_data == "list" else element
    data = {"CONNECTOR": chat.connector, "LINE": chat.line, "DATA": shaped}
    if own:
        events.emit(state, f"ONIMCONNECTORDIALOG{word}", data, user_id)
    if own or state.switches.openline_events_of_all:
        events.emit(state, f"ONSESSION{word}", {"DATA": shaped}, user_id)


def _dialog(state: State, chat: Chat, session: Session) -> dict[str, Any]:
    external = state.switches.dialog_chat_id == "external"
    chat_id = chat.external_id if external else str(chat.id)
    return {
        "connector": {
            "connector_id": chat.connector,
            "line_id": chat.line,
            "chat_id": chat_id,
            "user_id": chat.external_user_id,
        },
        "session": {
            "id": session.id,
            "closed": "Y" if session.closed else "N",
            "parent_id": session.parent_id,
            "close_term": CLOSE_TERM_MINUTES,
        },
        "chat": {"id": chat_id},
        "user": {"id": chat.external_user_id},
    }


def tell_open_line(state: State, chat: Chat, message: Message) -> None:
    """ONOPENLINEMESSAGEADD: every message of a chat, of both sides."""
    connector = state.connectors.get(chat.connector)
    own = connector is not None and connector.own
    if not own and not state.switches.openline_events_of_all:
        return
    element = {
        "connector": {
            "connector_id": chat.connector,
            "line_id": chat.line,
            "chat_id": chat.external_id,
            "user_id": chat.external_user_id,
        },
        "chat": {"id": chat.id},
        "message": {
            "id": message.id,
            "date": int(message.at),
            "text": message.text,
            "system": "Y" if message.system else "N",
            "user_id": message.author,
        },
    }
    data = {"CONNECTOR": chat.connector, "LINE": chat.line, "DATA": [element]}
    events.emit(state, "ONOPENLINEMESSAGEADD", data, message.author or None)


def tell_disconnect(state: State, connector: str, line: int, user_id: int) -> None:
    """ONIMCONNECTORSTATUSDELETE; its keys are in lower case."""
    data = {"connector": connector, "line": line}
    events.emit(state, "ONIMCONNECTORSTATUSDELETE", data, user_id)


def tell_line_gone(state: State, line: int, user_id: int) -> None:
    """ONIMCONNECTORLINEDELETE; its data is a bare number."""
    events.emit(state, "ONIMCONNECTORLINEDELETE", line, user_id)
