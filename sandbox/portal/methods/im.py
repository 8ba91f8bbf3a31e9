"""im.*: messages into chats, their edits and files, notifications."""

import re
from typing import Any

from sandbox.portal import files, openlines
from sandbox.portal.chat_views import dialog, messages_page
from sandbox.portal.phpform import yes
from sandbox.portal.registry import Call, RestError, method, number
from sandbox.portal.state import Chat, Message

SCOPE = "im"
PAGE = 20
PAGE_LIMIT = 50


def _chat(call: Call, name: str = "DIALOG_ID") -> Chat:
    dialog_id = call.text(name)
    chat = call.state.chats.get(number(dialog_id.removeprefix("chat")))
    if not dialog_id.startswith("chat") or chat is None:
        raise openlines.refused("ACCESS_ERROR", "You do not have access to the specified dialog")
    return chat


@method("im.message.add", scope=SCOPE)
def message_add(call: Call) -> int:
    """Write as the token's user: an operator's words go to the client, a system line does not."""
    if not call.text("MESSAGE") and not call.get("ATTACH"):
        raise RestError("MESSAGE_EMPTY", "Message can't be empty", 400)
    chat = _chat(call)
    if not yes(call.get("SYSTEM", "N")):
        return openlines.reply(call.state, chat.id, call.user_id, call.text("MESSAGE")).id
    if call.user_id not in chat.members and not call.admin:
        raise openlines.refused("ACCESS_ERROR", "You do not have access to the specified dialog")
    return openlines.write(call.state, chat, call.user_id, call.text("MESSAGE"), system=True).id


def _message(call: Call) -> Message:
    message = call.state.messages.get(call.int("MESSAGE_ID"))
    if message is None:
        raise RestError("MESSAGE_ID_ERROR", "Message ID is wrong", 400)
    return message


@method("im.message.update", scope=SCOPE)
def message_update(call: Call) -> bool:
    """Change one's own message."""
    openlines.edit(call.state, _message(call), call.user_id, call.text("MESSAGE"))
    return True


@method("im.message.delete", scope=SCOPE)
def message_delete(call: Call) -> bool:
    """Delete one's own message."""
    openlines.delete(call.state, _message(call), call.user_id)
    return True


@method("im.dialog.messages.get", scope=SCOPE)
def dialog_messages(call: Call) -> dict[str, Any]:
    """Messages of a chat: older than LAST_ID, newer than FIRST_ID, or the last ones.

    For members only, administrators too; nothing beside a message that is not there.
    """
    if not re.fullmatch(r"(chat)?[0-9]+", call.text("DIALOG_ID")):
        raise RestError("DIALOG_ID_EMPTY", "Dialog ID can't be empty", 400)
    for name, word in (("FIRST_ID", "First"), ("LAST_ID", "Last")):
        if call.get(name) is not None and not call.text(name).isdecimal():
            raise RestError(f"{name}_STRING", f"{word} ID can't be string", 400)
    chat = call.state.chats.get(number(call.text("DIALOG_ID").removeprefix("chat")))
    if chat is None or call.user_id not in chat.members:
        text = "You do not have access to the specified dialog"
        raise RestError("ACCESS_ERROR", text, 403)
    shown = [call.state.messages[one] for one in _page(call, chat.message_ids)]
    return messages_page(call.state, chat, shown)


def _page(call: Call, ids: list[int]) -> list[int]:
    """The numbers asked for, newest first."""
    limit = min(call.int("LIMIT", PAGE), PAGE_LIMIT)
    first, last = call.int("FIRST_ID"), call.int("LAST_ID")
    if (first and first not in ids) or (last and last not in ids):
        return []
    if call.get("FIRST_ID") is not None:
        return [one for one in ids if one > first][:limit][::-1]
    return [one for one in reversed(ids) if not last or one < last][:limit]


@method("im.dialog.get", scope=SCOPE)
def dialog_get(call: Call) -> dict[str, Any]:
    """A chat."""
    chat = _chat(call)
    if not openlines.may_see(call.state, chat, call.user_id):
        raise openlines.refused("ACCESS_ERROR", "You do not have access to the specified dialog")
    return dialog(call.state, chat)


@method("im.dialog.read", scope=SCOPE)
def dialog_read(call: Call) -> dict[str, Any]:
    """Mark a chat as read."""
    chat = _chat(call)
    last = call.int("MESSAGE_ID") or (chat.message_ids[-1] if chat.message_ids else 0)
    return {"dialogId": f"chat{chat.id}", "chatId": chat.id, "lastId": last, "counter": 0}


@method("im.chat.get", scope=SCOPE)
def chat_get(call: Call) -> Any:
    """The chat of an entity: LINES and its user code."""
    for chat in call.state.chats.values():
        if call.text("ENTITY_TYPE") == "LINES" and chat.user_code == call.text("ENTITY_ID"):
            return {"ID": chat.id}
    return None


@method("im.chat.user.list", scope=SCOPE)
def chat_users(call: Call) -> list[int]:
    """Members of a chat, the client too."""
    chat = openlines.chat_by_id(call.state, call.int("CHAT_ID"))
    return [*chat.members, chat.client_id]


@method("im.v2.File.upload", scope=SCOPE)
def file_upload(call: Call) -> dict[str, Any]:
    """A file into a chat as the token's user."""
    chat, fields = _chat(call, "dialogId"), call.map("fields")
    file = files.keep(
        call.state, str(fields["name"]), files.decoded(fields["content"]), call.user_id, chat.id
    )
    text = str(fields.get("message") or "")
    message = openlines.reply(call.state, chat.id, call.user_id, text, [file.id])
    shown = messages_page(call.state, chat, [message])["files"][0]
    return {"file": shown, "messageId": message.id, "chatId": chat.id, "dialogId": f"chat{chat.id}"}


def _notify(call: Call, kind: str) -> int:
    if call.int("USER_ID") not in call.state.users:
        raise RestError("USER_ID_EMPTY", "User ID can't be empty", 400)
    if call.webhook:
        raise RestError("WRONG_AUTH_TYPE", "Access for this method allowed only by OAuth", 403)
    tag, notifications = call.text("TAG"), call.state.notifications
    if tag:
        notifications[:] = [
            one
            for one in notifications
            if (one["user_id"], one["tag"]) != (call.int("USER_ID"), tag)
        ]
    identity = call.state.next_id("notification", 12001)
    notifications.append(
        {
            "id": identity,
            "user_id": call.int("USER_ID"),
            "author": call.user_id if kind == "USER" else 0,
            "text": call.text("MESSAGE"),
            "tag": tag,
            "at": call.state.now(),
        }
    )
    return identity


@method("im.notify", scope=SCOPE)
def notify(call: Call) -> int:
    """A notification, by TYPE from the user or from the system."""
    return _notify(call, "SYSTEM" if call.text("TYPE").upper() == "SYSTEM" else "USER")


@method("im.notify.system.add", scope=SCOPE)
def notify_system(call: Call) -> int:
    """A notification without an author; the same TAG replaces the older one."""
    return _notify(call, "SYSTEM")


@method("im.notify.personal.add", scope=SCOPE)
def notify_personal(call: Call) -> int:
    """A notification from the token's user."""
    return _notify(call, "USER")


@method("im.notify.delete", scope=SCOPE)
def notify_delete(call: Call) -> bool:
    """Take notifications back by id or tag."""
    tag = call.text("TAG")

    def meant(one: dict[str, Any]) -> bool:
        return bool(one["id"] == call.int("ID") or (tag and one["tag"] == tag))

    kept = [one for one in call.state.notifications if not meant(one)]
    changed = len(kept) != len(call.state.notifications)
    call.state.notifications[:] = kept
    return changed
