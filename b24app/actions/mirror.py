"""Into the Open Lines: what clients and employees said here, drained portal by portal.

One drain a portal brings waiting messages to their lines: a message is marked `sending`
and committed before the request; one found `sending` or `unknown` later is looked for in
the line's own log before anything is sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from b24app import clock
from b24app.actions import (
    budget,
    journal,
    line_acks,
    line_checks,
    line_deeds,
    line_posts,
    line_state,
    lost,
    portals,
    promises,
)
from b24app.actions.line_words import IN_HAND, item, mark
from b24app.actions.openlines import TROUBLE, is_well, link_of
from b24app.bitrix import connector
from b24app.bitrix.batch import LIMIT
from b24app.bitrix.client import BatchAnswer, Client
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError
from b24app.models import Channel, Conversation, Job, LineLink, Message
from b24app.models.job import promise
from b24app.rules import mirror
from b24app.rules.mirror import Parcel, Waiting
from b24app.values import Call

TAKEN_AT_ONCE = 600
ROUNDS = 20
PARKED = timedelta(minutes=5)
NO_BUDGET = "budget"
UNREGISTERED = "IMCONNECTOR_NO_CORRECT_PROVIDER"
CLOSED_DOORS = ("NOT_ACTIVE_LINE", UNREGISTERED)  # nothing is wrong with the messages


@dataclass(frozen=True, slots=True)
class Sending:
    """A command on its way and the messages it carries."""

    parcel: Parcel
    call: Call


def drain(job: Job) -> None:
    """Bring everything that waits to the portal's Open Lines."""
    portal_id = job.payload["portal_id"]
    client = portals.client(portal_id)
    silent = lost.look(portal_id, client)
    governor = budget.governor(portal_id)
    for _ in range(ROUNDS):
        if not _has_work(portal_id):
            break
        governor.await_place()  # what comes meanwhile travels along
        if not _send_round(portal_id, client):
            break
    else:
        raise BitrixError("More messages wait for Open Lines.", retry_after=0.0)
    if silent:  # the other chats have been served meanwhile
        raise silent


def _has_work(portal_id: int) -> bool:
    wanted = (
        Message.line_state.in_(("queued", "edited")),
        Message.line_ack == "queued",
    )
    with reading() as session:
        queries = [select(Message.id).where(Message.portal_id == portal_id, one) for one in wanted]
        some = any(session.scalar(query.limit(1)) for query in queries)
        return some or line_deeds.waits(portal_id)


def _send_round(portal_id: int, client: Client) -> bool:
    """Deeds whose turn it is, one request for the connector's messages, one an operator.

    Raises:
        BitrixError: something of it must be tried again; whatever else could go has gone.
    """
    done, trouble = line_deeds.settle(portal_id, client)
    with transaction():
        waiting = _waiting(portal_id)
        parcels = mirror.parcels(waiting)
        sends = [_sending(one) for one in parcels if one.way == "send"][:LIMIT]
        acks = line_acks.acks(portal_id)[: LIMIT - len(sends)]
        changes = line_acks.changes(portal_id)[: LIMIT - len(sends) - len(acks)]
        posts = line_posts.by_operator([one for one in parcels if one.way == "post"])
        mark([number for one in sends for number in one.parcel.message_ids], "sending")
    troubles = [trouble, _run_connector(client, sends, acks, changes)]
    troubles += [line_posts.run(client, number, group) for number, group in posts.items()]
    if trouble := next(filter(None, troubles), None):
        raise trouble
    return done or bool(sends or acks or changes or posts)


def _run_connector(
    client: Client,
    sends: Sequence[Sending],
    acks: Sequence[tuple[int, Call]],
    changes: Sequence[tuple[int, Call]],
) -> BitrixError | None:
    """What must be tried again, as the error that says when."""
    calls = [one.call for one in sends] + [call for _, call in (*acks, *changes)]
    if not calls:
        return None
    numbers = [number for one in sends for number in one.parcel.message_ids]
    try:
        answer = line_posts.ask(client, calls, numbers)
    except BitrixError as error:
        if error.code == NO_BUDGET and sends and acks:  # of sending: acknowledgements may go
            return _run_connector(client, (), acks, ()) or error
        return error
    for one in sends:
        _note_sent(one, answer)
    line_acks.note_done(acks, answer, Message.line_ack.key)
    line_acks.note_done(changes, answer, Message.line_state.key)
    return line_posts.passing(answer, calls)


def _waiting(portal_id: int) -> list[Waiting]:
    """Messages for lines that can take them, in order; parked lines are left alone."""
    rows = db.session.execute(
        select(Message, Conversation)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(LineLink, LineLink.channel_id == Message.channel_id)
        .where(
            Message.portal_id == portal_id,
            Message.line_state.in_(("queued", *IN_HAND)),
            LineLink.active.is_(True),
            LineLink.error == "",
        )
        .order_by(Message.id)
        .limit(TAKEN_AT_ONCE)
    )
    held = line_deeds.held(portal_id)
    return [
        _waits(message, conversation, held.get(conversation.identity_id, message.id))
        for message, conversation in rows
    ]


def _waits(message: Message, conversation: Conversation, last: int) -> Waiting:
    """`last`: the last message that may go before a deed of its chat."""
    ready = (
        message.line_state == "queued"
        and message.id <= last
        and all(one.state != "remote" for one in message.attachments)
    )
    as_operator = (
        message.origin == "workplace"
        and conversation.line_chat_id is not None
        and not message.attachments
        and not message.details.get("line_note")
    )
    if as_operator:
        return Waiting(message.id, conversation.id, "post", message.author_id, ready)
    return Waiting(message.id, conversation.id, "send", None, ready)


def _sending(parcel: Parcel) -> Sending:
    conversation = db.session.get_one(Conversation, parcel.conversation_id)
    link = link_of(conversation.channel_id)
    items = [item(db.session.get_one(Message, number)) for number in parcel.message_ids]
    key = f"s{parcel.conversation_id}"
    return Sending(parcel, connector.send_messages(link.connector, link.line_id, items, key))


def _note_sent(sending: Sending, answer: BatchAnswer) -> None:
    """What became of each message of a command."""
    key = sending.call.key
    error = answer.errors.get(key)
    with transaction() as session:
        if error is not None:
            _note_refused(sending.parcel, error)
            return
        if key not in answer.results:
            mark(sending.parcel.message_ids, "unknown")
            return
        results = connector.read_sent(answer.results[key])
        conversation = session.get_one(Conversation, sending.parcel.conversation_id)
        for place, number in enumerate(sending.parcel.message_ids):
            message = session.get_one(Message, number)
            if place >= len(results):
                message.line_state = "unknown"
            elif results[place].ok:
                message.line_state = "sent"
                _meet(conversation, results[place], sending.call.params["LINE"])
            else:
                _refuse(conversation, message, "; ".join(results[place].errors))
        if conversation.status == "new":
            line_checks.watch(conversation.portal_id, clock.now())


def _meet(conversation: Conversation, sent: connector.LineSent, line_id: int) -> None:
    """Remember the line's chat; a new session is a new talk there."""
    conversation.line_id = line_id
    is_well(conversation.channel)
    conversation.line_chat_id = sent.chat_id or conversation.line_chat_id
    line_state.meet(conversation, sent.session_id, clock.now())
    conversation.line_user_id = sent.user_id or conversation.line_user_id


def _note_refused(parcel: Parcel, error: BitrixError) -> None:
    """A whole command was refused: the line is off, the answer is lost, or it makes no sense."""
    conversation = db.session.get_one(Conversation, parcel.conversation_id)
    if error.unknown:
        return mark(parcel.message_ids, "unknown")
    if error.code in CLOSED_DOORS:
        mark(parcel.message_ids, "queued")
        return _park(conversation.channel_id, error)
    if not error.permanent:
        return mark(parcel.message_ids, "queued")
    for number in parcel.message_ids:
        _refuse(conversation, db.session.get_one(Message, number), error.message)
    return None


def _park(channel_id: int, error: BitrixError) -> None:
    """The line does not take messages: they wait, the administrator sees why."""
    link = db.session.scalar(select(LineLink).where(LineLink.channel_id == channel_id))
    if link is None:  # it was taken away meanwhile, and the administrator knows
        return
    link.error = error.message[:500] or error.code
    channel = db.session.get_one(Channel, channel_id)
    channel.needs_attention(f"{TROUBLE} {link.line_id} does not take messages: {link.error}")
    now = clock.now()
    if error.code == UNREGISTERED:
        home = link.portal_id
        promise("bindings", f"bindings:{home}", now, portal_id=home, payload={"portal_id": home})
    promises.unpark(link, now + PARKED)


def unpark(job: Job) -> None:
    """Try a parked line again."""
    now = clock.now()
    with transaction() as session:
        link = session.get(LineLink, job.payload["link_id"])
        if link is None or not link.active:
            return
        link.error = ""
        promises.lines(link.portal_id, now)


def _refuse(conversation: Conversation, message: Message, why: str) -> None:
    message.line_state, message.line_error = "failed", why[:500]
    journal.note(conversation, "line_failed", {"error": why[:200]}, clock.now())


JOBS = {"lines": drain, "unpark": unpark}
