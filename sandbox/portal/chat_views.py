"""How chats and messages are shown by REST."""

import re
from typing import Any

from sandbox.portal import files
from sandbox.portal.state import Chat, Message, State

ORDER = ("LEAD", "COMPANY", "CONTACT", "DEAL")
RESTRICTIONS = ("avatar", "rename", "extend", "call", "mute", "leave", "leave_owner", "send")


def entity_data(state: State, chat: Chat) -> tuple[str, str]:
    """entity_data_1 and entity_data_2 of a chat."""
    kind, identity = chat.crm_main or ("NONE", 0)
    session = state.sessions.get(chat.session_id)
    opened = int(session.opened_at) if session else 0
    saved = "Y" if chat.crm_main else "N"
    first = f"{saved}|{kind}|{identity}|N|N|{chat.session_id}|{opened}|0|0|0"
    return first, "|".join(f"{name}|{chat.crm.get(name, 0)}" for name in ORDER)


def dialog(state: State, chat: Chat) -> dict[str, Any]:
    """A chat as imopenlines.dialog.get and im.dialog.get answer it."""
    data = entity_data(state, chat)
    last = chat.message_ids[-1] if chat.message_ids else 0
    return {
        "id": chat.id,
        "dialog_id": f"chat{chat.id}",
        "parent_chat_id": 0,
        "parent_message_id": 0,
        "name": chat.name,
        "description": chat.description or None,
        "owner": chat.owner,
        "extranet": False,
        "avatar": "",
        "color": "#58cc47",
        "type": "lines",
        "counter": 0,
        "user_counter": len(chat.members) + 1,
        "message_count": len(chat.message_ids),
        "unread_id": 0,
        "restrictions": {**dict.fromkeys(RESTRICTIONS, True), "user_list": True},
        "last_message_id": last,
        "last_id": last,
        "marked_id": 0,
        "disk_folder_id": 0,
        "entity_type": "LINES",
        "entity_id": chat.user_code,
        "entity_data_1": data[0],
        "entity_data_2": data[1],
        "entity_data_3": "",
        "manager_list": list(chat.members),
        "readed_list": [],
        "mute_list": [],
    }


def history(state: State, chat: Chat, session_id: int) -> dict[str, Any]:
    """Messages of one session as session.history.get answers them, newest first."""
    messages = [state.messages[number] for number in reversed(chat.message_ids)]
    shown = [message for message in messages if message.session_id == session_id]
    people = {*chat.members, chat.client_id, *(message.author for message in shown)} - {0}
    numbers = [number for message in shown for number in message.files]
    return {
        "chatId": chat.id,
        "canJoin": "Y",
        "canVoteHead": "Y",
        "sessionId": session_id,
        "sessionVoteHead": 0,
        "sessionCommentHead": None,
        "userId": f"chat{chat.id}",
        "message": {str(message.id): _in_history(state, message) for message in shown},
        "usersMessage": {f"chat{chat.id}": [str(message.id) for message in shown]},
        "users": {str(user): _camel(_person(state, user)) for user in sorted(people)},
        "openlines": {"canvoteashead": {str(chat.line): True}},
        "userInGroup": [],
        "woUserInGroup": [],
        "chat": {str(chat.id): _camel(dialog(state, chat)) | {"id": str(chat.id)}},
        "userInChat": {str(chat.id): [*chat.members, chat.client_id]},
        "files": {str(number): _lower(_file(state, number)) for number in numbers},
    }


def _camel(row: dict[str, Any]) -> dict[str, Any]:
    """Keys as this one method writes them: external_auth_id is externalAuthId."""
    return {re.sub(r"_(\w)", lambda part: part.group(1).upper(), key): row[key] for key in row}


def _lower(row: dict[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in row.items()}


def _in_history(state: State, message: Message) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if message.external_ids:
        params["connectorMid"] = list(message.external_ids)
    if message.files:
        params["fileId"] = list(message.files)
    params |= _shown_marks(message)
    params |= {"isEdited": "Y"} if message.edited else {}
    params |= {"isDeleted": "Y"} if message.deleted else {}
    return {
        "id": str(message.id),
        "chatid": str(message.chat_id),
        "senderid": "0" if message.system else str(message.author),
        "recipientid": f"chat{message.chat_id}",
        "date": state.clock.iso(message.at),
        "text": message.text,
        "textlegacy": message.text,
        "params": params,
    }


def _shown_marks(message: Message) -> dict[str, Any]:
    """The class that tells what the line itself says."""
    return {"class": f"bx-messenger-content-item-ol-{message.mark}"} if message.mark else {}


def _person(state: State, user_id: int) -> dict[str, Any]:
    user = state.users.get(user_id, {})
    return {
        "id": user_id,
        "name": state.user_name(user_id),
        "first_name": user.get("NAME", ""),
        "last_name": user.get("LAST_NAME", ""),
        "avatar": user.get("PERSONAL_PHOTO") or "",
        "connector": user.get("USER_TYPE") == "imconnector",
        "external_auth_id": "imconnector" if user.get("USER_TYPE") == "imconnector" else "default",
    }


def _file(state: State, number: int) -> dict[str, Any]:
    file = state.files[number]
    address = files.address_of(state, file)
    return {
        "id": file.id,
        "chatId": file.chat_id,
        "type": "image" if file.mime.startswith("image/") else "file",
        "name": file.name,
        "extension": file.name.rpartition(".")[2],
        "size": len(file.content),
        "status": "done",
        "progress": 100,
        "date": state.clock.iso(),
        "authorId": file.author,
        "urlShow": address,
        "urlDownload": address,
        "urlPreview": "",
    }


def messages_page(state: State, chat: Chat, messages: list[Message]) -> dict[str, Any]:
    """The answer of im.dialog.messages.get."""
    authors = {message.author for message in messages if message.author}
    return {
        "chat_id": chat.id,
        "messages": [_message(state, message) for message in messages],
        "users": [_person(state, user) for user in sorted(authors)],
        "files": [_file(state, number) for message in messages for number in message.files],
    }


def _message(state: State, message: Message) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if message.external_ids:
        params["CONNECTOR_MID"] = list(message.external_ids)
    if message.files:
        params["FILE_ID"] = list(message.files)
    params |= {name.upper(): value for name, value in _shown_marks(message).items()}
    if message.edited:
        params["IS_EDITED"] = "Y"
    if message.deleted:
        params["IS_DELETED"] = "Y"
    return {
        "id": message.id,
        "chat_id": message.chat_id,
        "author_id": 0 if message.system else message.author,
        "date": state.clock.iso(message.at),
        "text": message.text,
        "unread": False,
        "uuid": message.uuid,
        "replaces": [],
        "params": params,
        "disappearing_date": None,
    }
