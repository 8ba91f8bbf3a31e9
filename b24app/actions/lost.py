"""Answers of Open Lines that were lost: the line's own log tells what it has."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from b24app import clock
from b24app.actions import line_state
from b24app.actions.line_words import IN_HAND, line_name, person, posted, words
from b24app.actions.openlines import CONNECTOR
from b24app.bitrix import connector, lines
from b24app.bitrix.client import Client
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError
from b24app.models import Conversation, Message
from b24app.rules import bbcode, mirror

TAKEN_AT_ONCE = 600
PATIENCE = timedelta(seconds=12)  # for the event that names a new dialog's chat
LOOK_PAUSE_SECONDS = 3.0
TRIES = 12  # times a message goes before the line is believed not to take it
Place = tuple[int | None, int | None]  # a line's chat and session


def look(portal_id: int, client: Client) -> BitrixError | None:
    """Look for messages whose way into the line is not known; what is left to look for."""
    left: BitrixError | None = None
    for conversation_id, numbers in _lost(portal_id).items():
        try:
            if _look_in(client, conversation_id, numbers):
                left = _silent()
        except BitrixError as error:
            return error
    return left


def left(portal_id: int) -> BitrixError | None:
    """Whether something is to be looked for a little later."""
    with reading() as session:
        waiting = Message.portal_id == portal_id, Message.line_state.in_(IN_HAND)
        found = session.scalar(select(Message.id).where(*waiting).limit(1))
    return _silent() if found else None


def _silent() -> BitrixError:
    return BitrixError("The Open Line is still silent.", retry_after=LOOK_PAUSE_SECONDS)


def _lost(portal_id: int) -> dict[int, list[int]]:
    """Numbers of lost messages by conversation."""
    with transaction() as session:
        rows = session.execute(
            select(Message.conversation_id, Message.id)
            .where(Message.portal_id == portal_id, Message.line_state.in_(IN_HAND))
            .order_by(Message.id)
            .limit(TAKEN_AT_ONCE)
        ).all()
    chats: dict[int, list[int]] = {}
    for conversation_id, number in rows:
        chats.setdefault(conversation_id, []).append(number)
    return chats


def _look_in(client: Client, conversation_id: int, numbers: Sequence[int]) -> bool:
    """Settle the messages of one chat; True if it is too early to tell."""
    now = clock.now()
    with transaction() as session:
        place = _place(session.get_one(Conversation, conversation_id))
        lost_at = _lost_at(session.get_one(Message, numbers[0]), now)
        probe = _probe(session.get_one(Message, numbers[0]))
    if place[0] is None:
        place = _found(client, conversation_id, probe, place[1])
    if place == (None, None) and now < lost_at + PATIENCE:
        return True  # it may still be on its way there, and its event on the way here
    log = _log(client, place)
    with transaction() as session:
        for number in numbers:
            _settle(session.get_one(Message, number), log)
    return False


def _probe(message: Message) -> connector.Item:
    """A message that never was: taking it back changes nothing and names the client there."""
    conversation = db.session.get_one(Conversation, message.conversation_id)
    return connector.Item(
        channel_id=message.channel_id,
        chat=conversation.identity.external_id,
        message=f"never:{message.id}",
        sent_at=message.said_at,
        person=person(conversation),
    )


def _found(
    client: Client, conversation_id: int, probe: connector.Item, session_id: int | None
) -> Place:
    """The chat of a dialog that is not known: by its session, or by who the client is there."""
    with reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        line_id, user_id = conversation.line_id or 0, conversation.line_user_id
    if user_id is None and session_id is None:
        asked = client.batch([connector.delete_messages(CONNECTOR, line_id, [probe], "probe")])
        told = connector.read_sent(asked.results.get("probe"))
        user_id = told[0].user_id if told else None
    name = connector.external(probe.channel_id, probe.chat)
    asks = [
        lines.dialog_get(user_code=f"{CONNECTOR}|{line_id}|{name}|{tail}", key=f"by{at}")
        for at, tail in enumerate((user_id, name))
        if tail
    ]
    asks += [lines.dialog_get(session_id=session_id, key="own")] if session_id else []
    answer = client.batch(asks)
    dialogs = (lines.read_dialog(result) for result in answer.results.values())
    dialog = next((one for one in dialogs if one and one.external_chat_id == name), None)
    if dialog is None:
        return None, session_id
    with transaction() as session:
        row = session.get_one(Conversation, conversation_id)
        row.line_chat_id, row.line_user_id = dialog.chat_id, user_id
        line_state.meet(row, dialog.session_id, clock.now())
    return dialog.chat_id, dialog.session_id


def _lost_at(message: Message, now: datetime) -> datetime:
    """When it was first looked for in vain."""
    known = message.details.get("line_lost_at") or now.isoformat()
    message.details = {**message.details, "line_lost_at": known}
    return datetime.fromisoformat(known)


def _place(conversation: Conversation) -> Place:
    """Where the line keeps this talk; a client's new talk goes on in their old chat."""
    if conversation.line_chat_id or conversation.line_session_id:
        return conversation.line_chat_id, conversation.line_session_id
    earlier = db.session.scalar(
        select(Conversation.line_chat_id)
        .where(
            Conversation.identity_id == conversation.identity_id,
            Conversation.line_id == conversation.line_id,
            Conversation.line_chat_id.is_not(None),
        )
        .order_by(Conversation.id.desc())
        .limit(1)
    )
    return earlier, None


def _log(client: Client, place: Place) -> Sequence[lines.Told]:
    """The log of the session we know, and of the one that runs now if it is another.

    A log that is refused to us says nothing: what was lost goes again.
    """
    chat_id, session_id = place
    asked = [lines.dialog_get(chat_id=chat_id, key="dialog")] if chat_id else []
    if session_id:
        asked.append(lines.history_get(session_id=session_id, key="log"))
    if not asked:
        return ()
    answer = client.batch(asked)
    for error in answer.errors.values():
        if not error.permanent:
            raise error
    logs = [answer.results["log"]] if "log" in answer.results else []
    dialog = lines.read_dialog(answer.results.get("dialog"))
    if dialog and dialog.session_id and dialog.session_id != session_id:
        logs.append(client.ask(lines.history_get(session_id=dialog.session_id)))
    return [lines.read_history(one) for one in logs]


def _settle(message: Message, logs: Sequence[lines.Told]) -> None:
    """Found in a log: it went. Not found: it did not, so it goes again."""
    name = connector.external(message.channel_id, line_name(message))
    if any(name in log.mids for log in logs):
        message.line_state = "sent"
        return None
    if message.author_id and (found := _posted_in(logs, message)):
        return posted(message, found)
    tries = int(message.details.get("line_tries", 0)) + 1
    message.details = {**message.details, "line_tries": tries, "line_lost_at": None}
    message.line_state = "queued"
    if tries >= TRIES:
        message.line_state, message.line_error = "failed", "The Open Line does not answer."
    return None


def _posted_in(logs: Sequence[lines.Told], message: Message) -> int | None:
    """The line's id of a reply that its operator's own words show, if no message has it yet."""
    known = set(
        db.session.scalars(
            select(Message.line_message_id).where(
                Message.conversation_id == message.conversation_id,
                Message.line_message_id.is_not(None),
            )
        )
    )
    said = [
        (one.message_id, bbcode.plain(one.text))
        for log in logs
        for one in log.messages
        if one.author_id == message.author_id and one.message_id not in known
    ]
    return mirror.echo(bbcode.escaped(words(message)), said)
