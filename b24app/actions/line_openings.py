"""A dialog that we begin: its chat is made by a word of ours, so that the operator can speak in it.

The connector cannot speak as an employee, and who is not in a chat cannot speak there. So
the line is first told who writes; that makes the chat, in which the operator's own words
follow with their own token, as all others do.
"""

from b24app.actions.line_words import person
from b24app.bitrix import connector
from b24app.db import db
from b24app.i18n import N_, language, say
from b24app.models import Conversation, Message, Portal

FIRST = N_("{name} writes to the client first.")


def name(message: Message) -> str:
    """What the opening is called in Open Lines."""
    return f"first:{message.id}"


def words(message: Message) -> str:
    home = db.session.get_one(Portal, message.portal_id)
    return say(FIRST, language(home.lang), name=message.author_name)


def item(message: Message) -> connector.Item:
    conversation = db.session.get_one(Conversation, message.conversation_id)
    return connector.Item(
        channel_id=message.channel_id,
        chat=conversation.identity.external_id,
        message=name(message),
        sent_at=message.said_at,
        person=person(conversation),
        text=words(message),
        employee_id=0,
    )


def begin(message: Message) -> None:
    """Once is enough: if the chat stays unknown after it, the words go as a note."""
    message.details = {**message.details, "line_opened": True}


def again(message: Message) -> None:
    """It surely did not get there."""
    message.details = {**message.details, "line_opened": False}
