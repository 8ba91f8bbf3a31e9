"""Dialogs of Open Lines that begin and end, and what their operators are told."""

from datetime import datetime

from sqlalchemy import ColumnElement, select

from b24app import clock, i18n
from b24app.actions import line_state, portals, promises
from b24app.actions.line_words import person
from b24app.actions.openlines import CONNECTOR
from b24app.bitrix import connector
from b24app.bitrix.payloads import DialogNews, PortalEvent, dialog_news
from b24app.db import db, transaction
from b24app.models import Conversation, Identity, Job, LineLink, Message, Portal
from b24app.rules import lifecycle

WARNING = "⚠"  # how what we tell operators of trouble begins


def hear_dialog(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A dialog began or ended in the line."""
    for news in dialog_news(event):
        if news.connector == CONNECTOR:
            conversation = _of_dialog(portal.id, news)
            if conversation is not None:
                follow(conversation, news, now)


def follow(conversation: Conversation, news: DialogNews, now: datetime) -> None:
    """What a session of the line's chat means for the talk here."""
    numbers = [int(one) for one in news.chat_ids if one.isdecimal()]
    if not news.closed:
        conversation.line_chat_id = conversation.line_chat_id or next(iter(numbers), None)
    talk = promises.line_talk(conversation)
    change = lifecycle.finished if news.closed else lifecycle.met
    line_state.keep(conversation, change(talk, news.session_id), now)


def _of_dialog(portal_id: int, news: DialogNews) -> Conversation | None:
    """By session first, then by either chat id: theirs or ours."""
    ours = [found for found in map(connector.internal, news.chat_ids) if found]
    theirs = [int(one) for one in news.chat_ids if one.isdecimal()]
    fitting = [
        Conversation.line_session_id == news.session_id if news.session_id else None,
        Conversation.line_chat_id.in_(theirs) if theirs else None,
    ]
    for condition in fitting:
        if condition is not None and (found := _newest(portal_id, condition)):
            return found
    for channel_id, chat_id in ours:
        identity = select(Identity.id).where(
            Identity.channel_id == channel_id, Identity.external_id == chat_id
        )
        if found := _newest(portal_id, Conversation.identity_id.in_(identity)):
            return found
    return None


def _newest(portal_id: int, condition: ColumnElement[bool]) -> Conversation | None:
    return db.session.scalar(
        select(Conversation)
        .where(Conversation.portal_id == portal_id, condition)
        .order_by(Conversation.id.desc())
        .limit(1)
    )


def tell_failed(job: Job) -> None:
    """A reply of the line did not reach the client: its operators see why."""
    with transaction() as session:
        message = session.get_one(Message, job.payload["message_id"])
        conversation = session.get_one(Conversation, message.conversation_id)
        link = session.scalar(select(LineLink).where(LineLink.channel_id == message.channel_id))
        why = job.payload.get("why") or (message.error if message.state == "failed" else "")
        if not why or link is None:
            return
        language = i18n.language(session.get_one(Portal, message.portal_id).lang)
        item = connector.Item(
            channel_id=message.channel_id,
            chat=conversation.identity.external_id,
            message=failure_name(message),
            sent_at=clock.now(),
            person=person(conversation),
            text=f"{WARNING} {i18n.say(why, language)}",
            employee_id=0,
        )
        call = connector.send_messages(link.connector, link.line_id, [item])
        portal_id = message.portal_id
    portals.client(portal_id).call(call.method, call.params)


def failure_name(message: Message) -> str:
    return f"note:{message.id}:{message.version}"


def acknowledge_note(job: Job) -> None:
    """A note of ours came back as if it were for the client: it is not marked as lost."""
    with transaction() as session:
        message = session.get_one(Message, job.payload["message_id"])
        conversation = session.get_one(Conversation, message.conversation_id)
        ack = connector.Ack(
            im_chat_id=conversation.line_chat_id or 0,
            im_message_id=job.payload["line_message_id"],
            chat=connector.external(message.channel_id, conversation.identity.external_id),
            message_ids=[connector.external(message.channel_id, job.payload["name"])],
            at=message.said_at,
        )
        call = connector.send_status_delivery(CONNECTOR, conversation.line_id or 0, [ack])
        portal_id = message.portal_id
    portals.client(portal_id).call(call.method, call.params)


JOBS = {"line_note": tell_failed, "line_noted": acknowledge_note}
EVENTS = {
    "ONIMCONNECTORDIALOGSTART": hear_dialog,
    "ONIMCONNECTORDIALOGFINISH": hear_dialog,
}
