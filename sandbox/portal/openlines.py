"""Open Lines: chats, sessions, what operators do in them."""

import secrets
from typing import Any

from sandbox.portal import openlines_events as tell
from sandbox.portal.phpform import as_map
from sandbox.portal.registry import RestError, number
from sandbox.portal.state import Chat, LineLink, Message, Session, State


def refused(code: str = "ACCESS_DENIED", text: str = "Access denied") -> RestError:
    """An operator's deed that is not allowed; Bitrix24 answers 400 here."""
    return RestError(code, text, 400)


def link(state: State, connector: str, line: int) -> LineLink:
    """A connector on a line; kept from the first time anybody asks."""
    return state.links.setdefault((connector, line), LineLink(connector, line))


def chat_by_id(state: State, chat_id: int, code: str = "CHAT_ID") -> Chat:
    """A chat of an Open Line.

    Raises:
        RestError: with the code of the asking method.
    """
    chat = state.chats.get(chat_id)
    if chat is None:
        raise refused(code, "Chat ID is empty or wrong")
    return chat


def running(state: State, chat: Chat) -> Session | None:
    """The session under way."""
    session = state.sessions.get(chat.session_id)
    return None if session is None or session.closed else session


def session_of(state: State, chat: Chat) -> Session:
    """The session under way.

    Raises:
        RestError: ACCESS_DENIED, the dialog is over.
    """
    session = running(state, chat)
    if session is None:
        raise refused()
    return session


def queue(state: State, line: int) -> list[int]:
    """Users of a line's queue, departments unfolded."""
    found: list[int] = []
    for entry in state.lines.get(line, {}).get("CONFIG_QUEUE", ()):
        one = as_map(entry)
        identity = number(one.get("ENTITY_ID"))
        if one.get("ENTITY_TYPE") == "department":
            found += [user["ID"] for user in state.employees() if identity in _departments(user)]
        elif identity in state.users:
            found.append(identity)
    return list(dict.fromkeys(found))


def _departments(user: dict[str, Any]) -> list[int]:
    return [number(one) for one in user["UF_DEPARTMENT"]]


def may_see(state: State, chat: Chat, user_id: int) -> bool:
    """Whether a user may look into a chat."""
    if state.is_admin(user_id) or user_id in chat.members:
        return True
    return user_id in queue(state, chat.line)


def open_session(state: State, chat: Chat, operator: int = 0) -> Session:
    """A new session; `operator` set: it is theirs already."""
    session = Session(
        id=state.next_id("session", 323),
        chat_id=chat.id,
        line=chat.line,
        status="answered" if operator else "new",
        operator=operator,
        parent_id=chat.session_id,
        opened_at=state.now(),
    )
    state.sessions[session.id] = session
    chat.session_id, chat.owner = session.id, operator
    tell.tell_dialog(state, chat, session, operator or None)
    return session


def went_on(state: State, chat: Chat) -> bool:
    """Whether a client's word goes on with a session that was finished a moment ago."""
    session = state.sessions.get(chat.session_id)
    if session is None or session.closed_at is None or not state.switches.closing_session_goes_on:
        return False
    minutes = number(state.lines.get(chat.line, {}).get("FULL_CLOSE_TIME"))
    if session.status != "closed" or state.now() - session.closed_at > minutes * 60:
        return False
    session.status, session.closed_at = "answered" if session.operator else "new", None
    chat.owner = session.operator
    return True


def write(
    state: State,
    chat: Chat,
    author: int,
    text: str,
    *,
    files: list[int] | None = None,
    system: bool = False,
    external_ids: list[str] | None = None,
    mark: str = "",
) -> Message:
    """Put a message into a chat; nobody outside is told by this alone."""
    message = Message(
        id=state.next_id("message", 84001),
        chat_id=chat.id,
        session_id=chat.session_id,
        author=author,
        text=text,
        at=state.now(),
        files=list(files or ()),
        system=system,
        external_ids=list(external_ids or ()),
        uuid=secrets.token_hex(16),
        mark=mark,
    )
    state.messages[message.id] = message
    chat.message_ids.append(message.id)
    tell.tell_open_line(state, chat, message)
    return message


def say(state: State, chat: Chat, text: str) -> Message | None:
    """An automatic text to the client: greeting, closing, rating."""
    connector = state.connectors.get(chat.connector)
    if not text or connector is None or not connector.system_messages:
        return None
    message = write(state, chat, 0, text, system=True, mark="output")
    tell.tell_message(state, chat, message)
    return message


def reply(
    state: State, chat_id: int, user_id: int, text: str, files: list[int] | None = None
) -> Message:
    """An operator speaks in a chat: the connector has to carry it.

    Raises:
        RestError: ACCESS_ERROR, not a member; CANCELED, the dialog is over.
    """
    chat = chat_by_id(state, chat_id, "ACCESS_ERROR")
    if user_id not in chat.members:
        raise refused("ACCESS_ERROR", "You do not have access to the specified dialog")
    _session_to_speak(state, chat, user_id)
    message = write(state, chat, user_id, text, files=files)
    tell.tell_message(state, chat, message)
    return message


def _session_to_speak(state: State, chat: Chat, user_id: int) -> None:
    session = running(state, chat)
    if session is None:
        if not state.switches.message_reopens_session:
            raise refused("CANCELED", "Message was not added")
        session = open_session(state, chat, user_id)
    if not session.operator:
        session.operator, session.status = user_id, "answered"
        chat.owner = chat.owner or user_id


def answer(state: State, chat_id: int, user_id: int) -> None:
    """Take a dialog out of the queue.

    Raises:
        RestError: CHAT_ID; ACCESS_DENIED, it is over, another's, or not the user's line.
    """
    chat = chat_by_id(state, chat_id)
    session = session_of(state, chat)
    if session.operator not in (0, user_id) or not may_see(state, chat, user_id):
        raise refused()
    _take(state, chat, session, user_id)


def _take(state: State, chat: Chat, session: Session, user_id: int) -> None:
    if session.operator != user_id:
        write(state, chat, 0, f"{state.user_name(user_id)} начал работу с диалогом", system=True)
    session.operator, session.status = user_id, "answered"
    if state.switches.answer_owns or chat.pinned_by == user_id:
        chat.owner = user_id
    join(state, chat, user_id)


def join(state: State, chat: Chat, user_id: int) -> None:
    """Make a user a member of a chat."""
    if user_id not in chat.members:
        chat.members.append(user_id)


def intercept(state: State, chat_id: int, user_id: int) -> None:
    """Take a dialog from its operator.

    Raises:
        RestError: CHAT_ID_EMPTY, ACCESS_DENIED.
    """
    chat = chat_by_id(state, chat_id, "CHAT_ID_EMPTY")
    if not may_see(state, chat, user_id):
        raise refused()
    _take(state, chat, session_of(state, chat), user_id)
    chat.owner = user_id


def skip(state: State, chat_id: int, user_id: int) -> None:
    """Pass a dialog to the next of the queue.

    Raises:
        RestError: CHAT_ID, ACCESS_DENIED_KICK.
    """
    chat = chat_by_id(state, chat_id)
    session = running(state, chat)
    if session is None:
        raise refused("ACCESS_DENIED_KICK", "The dialog is closed")
    if session.operator not in (0, user_id):
        raise refused()
    session.operator, session.status, chat.owner = 0, "new", 0
    chat.members = [member for member in chat.members if member != user_id]


def transfer(state: State, chat_id: int, user_id: int, target: int, line: int) -> None:
    """Hand a dialog to a person or to another line's queue.

    Raises:
        RestError: OPERATOR_WRONG, QUEUE_ID_EMPTY, ACCESS_DENIED.
    """
    chat = chat_by_id(state, chat_id, "CHAT_ID_EMPTY")
    session = session_of(state, chat)
    if session.operator not in (0, user_id) and not state.is_admin(user_id):
        raise refused()
    if line:
        _to_line(state, chat, session, line)
        return
    if target not in {user["ID"] for user in state.employees() if user["ACTIVE"]}:
        raise refused("OPERATOR_WRONG", "Wrong operator")
    _take(state, chat, session, target)
    chat.owner = target


def _to_line(state: State, chat: Chat, session: Session, line: int) -> None:
    if line not in state.lines:
        raise refused("QUEUE_ID_EMPTY", "Queue ID is empty or wrong")
    session.line, session.operator, session.status, chat.owner = line, 0, "new", 0


def finish(
    state: State, chat_id: int, user_id: int, *, own: bool = True, spam: bool = False
) -> None:
    """End a dialog: closing texts, then the finish events.

    Raises:
        RestError: CHAT_ID; ACCESS_DENIED, not the user's own, or over already.
    """
    chat = chat_by_id(state, chat_id)
    session = session_of(state, chat)
    if own and session.operator != user_id:
        raise refused()
    if not own and not state.is_admin(user_id) and session.operator != user_id:
        raise refused()
    if not spam:
        _say_goodbye(state, chat)
    write(state, chat, 0, "Диалог завершён", system=True, mark="end")
    session.status, session.closed_at = ("spam" if spam else "closed"), state.now()
    chat.owner = chat.pinned_by = 0
    tell.tell_dialog(state, chat, session, user_id)


def _say_goodbye(state: State, chat: Chat) -> None:
    config = state.lines.get(chat.line, {})
    if config.get("CLOSE_RULE") == "text":
        say(state, chat, str(config.get("CLOSE_TEXT") or ""))
    if config.get("VOTE_MESSAGE") == "Y":
        say(state, chat, str(config.get("VOTE_MESSAGE_2_TEXT") or ""))


def start(state: State, chat_id: int, user_id: int) -> Session:
    """A new session in an existing chat, by an operator.

    Raises:
        RestError: CHAT_ID, ACCESS_DENIED.
    """
    chat = chat_by_id(state, chat_id)
    if not may_see(state, chat, user_id):
        raise refused()
    session = running(state, chat) or open_session(state, chat, user_id)
    if session.operator in (0, user_id):
        _take(state, chat, session, user_id)
    return session


def pin(state: State, chat_id: int, user_id: int, on: bool) -> None:
    """Fix a dialog to the user.

    Raises:
        RestError: CHAT_ID, ACCESS_DENIED.
    """
    chat = chat_by_id(state, chat_id)
    if user_id not in chat.members:
        raise refused()
    chat.pinned_by = user_id if on else 0
    if on:
        chat.owner = user_id


def acknowledge(state: State, message_id: int, external_ids: list[str]) -> None:
    """A connector's word that the messenger took a message; the first one counts."""
    message = state.messages.get(message_id)
    if message is None or message.sending_since is None or message.delivered_at is not None:
        return
    late = delivery(state, message) == "failed"
    if late and not state.switches.late_ack_clears:
        return
    message.external_ids = external_ids
    message.delivered_at = state.now()


def delivery(state: State, message: Message) -> str:
    """ "" (not for the client), "sending", "delivered" or "failed" (the red mark)."""
    if message.sending_since is None:
        return ""
    if message.delivered_at is not None:
        return "delivered"
    waited = state.now() - message.sending_since
    return "failed" if waited > state.switches.not_delivered_after else "sending"


def edit(state: State, message: Message, user_id: int, text: str) -> None:
    """Change one's own message.

    Raises:
        RestError: CANT_EDIT_MESSAGE.
    """
    if message.author != user_id or message.deleted:
        raise refused("CANT_EDIT_MESSAGE", "Time has expired for modification or access denied")
    message.text, message.edited = text, True
    tell.tell_edit(state, state.chats[message.chat_id], message)


def delete(state: State, message: Message, user_id: int) -> None:
    """Take one's own message back.

    Raises:
        RestError: CANT_EDIT_MESSAGE.
    """
    if message.author != user_id or message.deleted:
        raise refused("CANT_EDIT_MESSAGE", "Time has expired for modification or access denied")
    message.text, message.deleted = "", True
    tell.tell_deletion(state, state.chats[message.chat_id], message)
