"""One state of a dialog for both sides: what is done here is done in the line, and back."""

from datetime import datetime

from sqlalchemy import ColumnElement, select

from b24app import clock, i18n
from b24app.actions import journal, portals, promises, shown
from b24app.actions.line_words import person
from b24app.actions.openlines import CONNECTOR
from b24app.bitrix import connector, lines
from b24app.bitrix.client import Client
from b24app.bitrix.errors import meaning
from b24app.bitrix.payloads import DialogNews, PortalEvent, dialog_news
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Conversation, Identity, Job, LineLink, Message, Portal
from b24app.values import Call


def hear_dialog(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A dialog began or ended in the line."""
    for news in dialog_news(event):
        if news.connector == CONNECTOR:
            conversation = _of_dialog(portal.id, news)
            if conversation is not None:
                follow(conversation, news, now)


def follow(conversation: Conversation, news: DialogNews, now: datetime) -> None:
    """What a session of the line's chat means for the talk here; an older one means nothing."""
    numbers = [int(one) for one in news.chat_ids if one.isdecimal()]
    if not news.closed:
        conversation.line_session_id = news.session_id or conversation.line_session_id
        conversation.line_chat_id = conversation.line_chat_id or next(iter(numbers), None)
        return
    stale = news.session_id and news.session_id != conversation.line_session_id
    if stale or not conversation.is_open:
        return
    conversation.close(now)
    journal.note(conversation, "line_finished", {}, now)
    promises.crm(conversation, now)
    shown.tell_conversation(conversation, now)


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


def do_deed(job: Job) -> None:
    """What an operator did here is done in the line: accept, finish or start a dialog."""
    deed, user_id = job.payload["deed"], job.payload["user_id"]
    with transaction() as session:
        conversation = session.get_one(Conversation, job.payload["conversation_id"])
        chat_id, portal_id = conversation.line_chat_id, conversation.portal_id
    if chat_id is None:
        return
    client = portals.client(portal_id)
    try:
        _do(client, DEEDS[deed](chat_id), user_id)
    except BitrixError as error:
        if not (error.permanent or meaning(error.code).token):
            raise
        if deed == "finish":
            _finish_anothers(client, chat_id)


def _finish_anothers(client: Client, chat_id: int) -> None:
    """The dialog is a colleague's there: an administrator closes it."""
    try:
        _do(client, lines.another_finish(chat_id))
    except BitrixError as error:
        if not error.permanent:  # closed already, or no rights: the line keeps its own state
            raise


DEEDS = {
    "accept": lines.operator_answer,
    "finish": lines.operator_finish,
    "start": lines.session_start,
}


def _do(client: Client, call: Call, user_id: int | None = None) -> None:
    client.call(call.method, call.params, user_id=user_id)


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
            message=f"note:{message.id}:{message.version}",
            sent_at=clock.now(),
            person=person(conversation),
            text=f"⚠ {i18n.say(why, language)}",
            employee_id=0,
        )
        call = connector.send_messages(link.connector, link.line_id, [item])
        portal_id = message.portal_id
    _do(portals.client(portal_id), call)


JOBS = {"line_deed": do_deed, "line_note": tell_failed}
EVENTS = {
    "ONIMCONNECTORDIALOGSTART": hear_dialog,
    "ONIMCONNECTORDIALOGFINISH": hear_dialog,
}
