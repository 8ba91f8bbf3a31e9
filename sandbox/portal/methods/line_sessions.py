"""imopenlines.operator.*, .session.*, .dialog.get: what operators do with dialogs."""

from typing import Any

from sandbox.portal import openlines
from sandbox.portal.chat_views import dialog, history
from sandbox.portal.phpform import yes
from sandbox.portal.registry import Call, RestError, bad_argument, method, number
from sandbox.portal.state import Chat

SCOPE = "imopenlines"


def _chat_id(call: Call, code: str = "CHAT_ID") -> int:
    if not call.int("CHAT_ID"):
        raise RestError(code, "Chat ID can't be empty", 400)
    return call.int("CHAT_ID")


@method("imopenlines.operator.answer", scope=SCOPE)
def operator_answer(call: Call) -> bool:
    """Take a dialog."""
    openlines.answer(call.state, _chat_id(call), call.user_id)
    return True


@method("imopenlines.operator.skip", scope=SCOPE)
def operator_skip(call: Call) -> bool:
    """Pass a dialog on."""
    openlines.skip(call.state, _chat_id(call), call.user_id)
    return True


@method("imopenlines.operator.finish", scope=SCOPE)
def operator_finish(call: Call) -> bool:
    """Close one's own dialog."""
    openlines.finish(call.state, _chat_id(call), call.user_id)
    return True


@method("imopenlines.operator.another.finish", scope=SCOPE)
def operator_another_finish(call: Call) -> bool:
    """Close somebody's dialog."""
    openlines.finish(call.state, _chat_id(call), call.user_id, own=False)
    return True


@method("imopenlines.operator.spam", scope=SCOPE)
def operator_spam(call: Call) -> bool:
    """Close a dialog as spam."""
    openlines.finish(call.state, _chat_id(call), call.user_id, own=False, spam=True)
    return True


@method("imopenlines.operator.transfer", scope=SCOPE)
def operator_transfer(call: Call) -> bool:
    """Hand a dialog over to a person or a line."""
    chat_id = _chat_id(call, "CHAT_ID_EMPTY")
    target, line = call.int("USER_ID"), call.int("QUEUE_ID")
    word = call.text("TRANSFER_ID")
    if word.startswith("queue"):
        line = number(word.removeprefix("queue"))
        if not line:
            raise RestError("QUEUE_ID_EMPTY", "Queue ID can't be empty", 400)
    elif word:
        target = number(word)
    if not target and not line:
        raise RestError("TRANSFER_ID_EMPTY", "Transfer ID can't be empty", 400)
    openlines.transfer(call.state, chat_id, call.user_id, target, line)
    return True


@method("imopenlines.session.join", scope=SCOPE)
def session_join(call: Call) -> bool:
    """Become a member of a dialog."""
    chat = openlines.chat_by_id(call.state, _chat_id(call))
    if not openlines.may_see(call.state, chat, call.user_id):
        raise openlines.refused()
    openlines.join(call.state, chat, call.user_id)
    return True


@method("imopenlines.session.intercept", scope=SCOPE)
def session_intercept(call: Call) -> bool:
    """Take a dialog from its operator."""
    openlines.intercept(call.state, _chat_id(call, "CHAT_ID_EMPTY"), call.user_id)
    return True


@method("imopenlines.session.start", scope=SCOPE)
def session_start(call: Call) -> bool:
    """A new session in a chat."""
    openlines.start(call.state, _chat_id(call), call.user_id)
    return True


@method("imopenlines.message.session.start", scope=SCOPE)
def message_session_start(call: Call) -> bool:
    """A new session that begins with a given message."""
    session = openlines.start(call.state, _chat_id(call), call.user_id)
    message = call.state.messages.get(call.int("MESSAGE_ID"))
    if message is None or message.chat_id != call.int("CHAT_ID"):
        raise bad_argument("Message ID is wrong", "MESSAGE_ID")
    message.session_id = session.id
    return True


@method("imopenlines.session.open", scope=SCOPE)
def session_open(call: Call) -> dict[str, str]:
    """The chat of a user code."""
    for chat in call.state.chats.values():
        same = chat.user_code == call.text("USER_CODE")
        if same and openlines.may_see(call.state, chat, call.user_id):
            return {"chatId": str(chat.id)}
    raise openlines.refused()


@method("imopenlines.session.mode.pin", scope=SCOPE)
def mode_pin(call: Call) -> bool:
    """Fix a dialog to the caller."""
    openlines.pin(call.state, _chat_id(call), call.user_id, yes(call.get("ACTIVATE", "Y")))
    return True


@method("imopenlines.session.mode.pinAll", scope=SCOPE)
def mode_pin_all(call: Call) -> list[int]:
    """Fix all of the caller's dialogs; numbers of their sessions."""
    return _pin_all(call, on=True)


@method("imopenlines.session.mode.unpinAll", scope=SCOPE)
def mode_unpin_all(call: Call) -> list[int]:
    """Let all of the caller's dialogs go; numbers of their sessions."""
    return _pin_all(call, on=False)


def _pin_all(call: Call, *, on: bool) -> list[int]:
    mine = [
        chat
        for chat in call.state.chats.values()
        if chat.owner == call.user_id and openlines.running(call.state, chat)
    ]
    for chat in mine:
        openlines.pin(call.state, chat.id, call.user_id, on)
    return [chat.session_id for chat in mine]


@method("imopenlines.session.mode.silent", scope=SCOPE)
def mode_silent(call: Call) -> bool:
    """Hidden mode; deprecated and without an effect here."""
    openlines.chat_by_id(call.state, _chat_id(call))
    return True


@method("imopenlines.session.head.vote", scope=SCOPE)
def head_vote(call: Call) -> bool:
    """A supervisor's mark."""
    session = call.state.sessions.get(call.int("SESSION_ID"))
    if session is None:
        raise RestError("EMPTY_SESSION_ID", "Session ID can't be empty", 400)
    if call.get("RATING") is None and not call.text("COMMENT"):
        raise RestError("EMPTY_VOTE_PARAMS", "Vote params can't be empty", 400)
    session.vote = call.int("RATING")
    return True


@method("imopenlines.session.history.get", scope=SCOPE)
def session_history(call: Call) -> dict[str, Any]:
    """Messages of a session."""
    if not call.int("SESSION_ID") and not call.int("CHAT_ID"):
        raise RestError("MISSING_REQUIRED_PARAM", "SESSION_ID or CHAT_ID is required", 400)
    chat_id, session_id = call.int("CHAT_ID"), call.int("SESSION_ID")
    if session_id:
        session = call.state.sessions.get(session_id)
        if session is None:
            raise RestError("INVALID_SESSION_ID", "Wrong session ID", 400)
        chat_id = session.chat_id
    chat = call.state.chats.get(chat_id)
    if chat is None or not _may_read(call, chat, by_session=bool(session_id)):
        raise openlines.refused()
    return history(call.state, chat, session_id or chat.session_id)


def _may_read(call: Call, chat: Chat, *, by_session: bool) -> bool:
    if by_session:
        return openlines.may_see(call.state, chat, call.user_id)
    return call.user_id in chat.members


@method("imopenlines.dialog.get", scope=SCOPE)
def dialog_get(call: Call) -> dict[str, Any]:
    """A chat by its number, dialog id, session or user code."""
    chat = _found(call)
    if chat is None or not openlines.may_see(call.state, chat, call.user_id):
        raise RestError("ACCESS_ERROR", "You do not have access to the specified dialog", 400)
    return dialog(call.state, chat)


def _found(call: Call) -> Chat | None:
    state, dialog_id = call.state, call.text("DIALOG_ID")
    if call.int("CHAT_ID"):
        return state.chats.get(call.int("CHAT_ID"))
    if dialog_id.startswith("chat"):
        return state.chats.get(number(dialog_id.removeprefix("chat")))
    if call.int("SESSION_ID"):
        session = state.sessions.get(call.int("SESSION_ID"))
        return state.chats.get(session.chat_id) if session else None
    code = call.text("USER_CODE").removeprefix("imol|")
    return next((chat for chat in state.chats.values() if chat.user_code == code), None)
