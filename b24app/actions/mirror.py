"""Into the Open Lines: what clients and employees said here, drained portal by portal.

One drain a portal brings waiting messages to their lines: a message is marked `sending`
and committed before the request; one found `sending` or `unknown` later is looked for in
the line's own log before anything is sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest

from sqlalchemy import select

from b24app import clock
from b24app.actions import (
    budget,
    journal,
    line_acks,
    line_checks,
    line_deeds,
    line_openings,
    line_posts,
    line_state,
    lost,
    portals,
    promises,
)
from b24app.actions.line_acks import Telling
from b24app.actions.line_words import IN_HAND, item, mark
from b24app.actions.openlines import CONNECTOR, TROUBLE, is_well
from b24app.bitrix import connector
from b24app.bitrix.batch import LIMIT
from b24app.bitrix.client import BatchAnswer, Client
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError
from b24app.models import Channel, Conversation, Job, LineLink, Message
from b24app.models.job import promise
from b24app.rules import mirror
from b24app.rules.mirror import Load, Parcel, Waiting, Way
from b24app.values import Call

TAKEN_AT_ONCE = 600
ROUNDS = 20
PARKED = timedelta(minutes=5)
NO_BUDGET = "budget"
UNREGISTERED = "IMCONNECTOR_NO_CORRECT_PROVIDER"
ALONE = "line_alone"  # a detail of a message that was refused together with others
FILES_AT_ONCE = 4  # Bitrix24 fetches each before it answers, and all of it must end in a minute
CLOSED_DOORS = ("NOT_ACTIVE_LINE", UNREGISTERED)  # nothing is wrong with the messages


@dataclass(frozen=True, slots=True)
class Sending:
    """A command on its way and the messages it carries."""

    load: Load
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
    if silent := silent or lost.left(portal_id):  # the other chats have been served meanwhile
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
        acks = line_acks.acks(portal_id)
        sends = _sends([one for one in parcels if one.way != "post"])[: LIMIT - len(acks)]
        changes = line_acks.changes(portal_id)[: LIMIT - len(sends) - len(acks)]
        posts = line_posts.by_operator([one for one in parcels if one.way == "post"])
        mark([number for one in sends for number in one.load.message_ids], "sending")
    troubles = [trouble, _run_connector(client, sends, acks, changes)]
    troubles += [line_posts.run(client, number, group) for number, group in posts.items()]
    if trouble := next(filter(None, troubles), None):
        raise trouble
    return done or bool(sends or acks or changes or posts)


def _run_connector(
    client: Client,
    sends: Sequence[Sending],
    acks: Sequence[Telling],
    changes: Sequence[Telling],
) -> BitrixError | None:
    """What must be tried again, as the error that says when."""
    calls = [one.call for one in sends] + [call for _, call in (*acks, *changes)]
    if not calls:
        return None
    numbers = [number for one in sends for number in one.load.message_ids]
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
        select(Message, Conversation, LineLink.line_id)
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
        _waits(message, conversation, line_id, held.get(conversation.identity_id, message.id))
        for message, conversation, line_id in rows
    ]


def _waits(message: Message, conversation: Conversation, line_id: int, last: int) -> Waiting:
    """`last`: the last message that may go before a deed of its chat."""
    way = _way(message, conversation)
    return Waiting(
        id=message.id,
        conversation_id=conversation.id,
        way=way,
        operator_id=None if way == "send" else message.author_id,
        ready=message.line_state == "queued"
        and message.id <= last
        and all(one.state != "remote" for one in message.attachments),
        line_id=line_id,
        client=message.direction == "in",
        alone=way == "open" or bool(message.attachments) or bool(message.details.get(ALONE)),
    )


def _way(message: Message, conversation: Conversation) -> Way:
    as_operator = (
        message.origin == "workplace"
        and not message.attachments
        and not message.details.get("line_note")
    )
    if as_operator and conversation.line_chat_id is not None:
        return "post"
    return "open" if as_operator and not message.details.get("line_opened") else "send"


def _sends(parcels: Sequence[Parcel]) -> list[Sending]:
    """Commands in the order they are to run; few that wait for files to be fetched."""
    found = mirror.loads(parcels)
    slow = [one for one in found if one.parcels[0].alone]
    return [_sending(one) for one in found if one not in slow[FILES_AT_ONCE:]]


def _sending(load: Load) -> Sending:
    messages = [db.session.get_one(Message, number) for number in load.message_ids]
    if load.opens:
        line_openings.begin(messages[0])
        items = [line_openings.item(messages[0])]
    else:
        items = [item(message) for message in messages]
    key = f"s{load.message_ids[0]}"
    return Sending(load, connector.send_messages(CONNECTOR, load.line_id, items, key))


def _note_sent(sending: Sending, answer: BatchAnswer) -> None:
    """What became of each message of a command."""
    key, load = sending.call.key, sending.load
    error = answer.errors.get(key)
    with transaction():
        if error is not None:
            _note_refused(load, error)
            return
        if key not in answer.results:
            mark(load.message_ids, "unknown")
            return
        results = connector.read_sent(answer.results[key])
        if load.opens:
            _note_opened(load, results)
            return
        for number, result in zip_longest(load.message_ids, results[: len(load.message_ids)]):
            _note_one(db.session.get_one(Message, number), result, load.line_id)


def _note_opened(load: Load, results: Sequence[connector.LineSent]) -> None:
    """The operator's own words follow; a chat that the answer does not name is looked for."""
    conversation = db.session.get_one(Conversation, load.parcels[0].conversation_id)
    done = bool(results) and results[0].ok
    if done:
        _meet(conversation, results[0], load.line_id)
    lost_chat = done and conversation.line_chat_id is None
    mark(load.message_ids, "unknown" if lost_chat else "queued")


def _note_one(message: Message, result: connector.LineSent | None, line_id: int) -> None:
    if result is None:
        message.line_state = "unknown"
        return
    conversation = db.session.get_one(Conversation, message.conversation_id)
    if result.ok:
        message.line_state = "sent"
        _meet(conversation, result, line_id)
    else:
        _refuse(conversation, message, "; ".join(result.errors))


def _meet(conversation: Conversation, sent: connector.LineSent, line_id: int) -> None:
    """Remember the line's chat; a new session is a new talk there."""
    conversation.line_id = line_id
    is_well(conversation.channel)
    conversation.line_chat_id = sent.chat_id or conversation.line_chat_id
    line_state.meet(conversation, sent.session_id, clock.now())
    conversation.line_user_id = sent.user_id or conversation.line_user_id
    if conversation.status == "new":
        line_checks.watch(conversation.portal_id, clock.now())


def _note_refused(load: Load, error: BitrixError) -> None:
    """A whole command was refused: the line is off, the answer is lost, or it makes no sense."""
    if error.unknown:
        return mark(load.message_ids, "unknown")
    if error.code in CLOSED_DOORS:
        mark(load.message_ids, "queued")
        _open_again(load)
        return _park_all(load, error)
    if load.opens:
        if not error.permanent:  # refused for good, the words themselves are tried as a note
            _open_again(load)
        return mark(load.message_ids, "queued")
    if not error.permanent:
        return mark(load.message_ids, "queued")
    if len(load.message_ids) > 1:
        return _take_apart(load)
    message = db.session.get_one(Message, load.message_ids[0])
    conversation = db.session.get_one(Conversation, message.conversation_id)
    return _refuse(conversation, message, error.message)


def _open_again(load: Load) -> None:
    if load.opens:
        line_openings.again(db.session.get_one(Message, load.message_ids[0]))


def _take_apart(load: Load) -> None:
    """One of them is not to be sent, and nobody said which: each goes by itself."""
    for number in load.message_ids:
        message = db.session.get_one(Message, number)
        message.line_state = "queued"
        message.details = {**message.details, ALONE: True}


def _park_all(load: Load, error: BitrixError) -> None:
    talks = (db.session.get_one(Conversation, one.conversation_id) for one in load.parcels)
    for channel_id in {talk.channel_id for talk in talks}:
        _park(channel_id, error)


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
