"""What a messenger tells of our own sends before it answers them."""

from typing import Any

import pytest
from flask import Flask

from b24app.actions import inbox
from b24app.db import db
from b24app.models import Conversation, Message
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.usefixtures("app")


def sending(chat: Conversation, text: str = "Yes, it is", **more: Any) -> Message:
    row = Message(
        **{
            "portal_id": chat.portal_id,
            "channel_id": chat.channel_id,
            "conversation_id": chat.id,
            "external_ids": [],
            "direction": "out",
            "origin": "workplace",
            "text": text,
            "state": "sending",
            "details": {"trying": 0},
            "said_at": NOW,
            "created_at": NOW,
            "attachments": [],
            **more,
        }
    )
    db.session.add(row)
    db.session.flush()
    return row


def echo(chat: Conversation, text: str, message_id: str = "9000") -> Message | None:
    news = build.incoming(text, from_device=True, message_id=message_id)
    return inbox.hear(chat.channel, news, NOW)


def test_echo_of_what_is_being_sent_is_no_second_message(app: Flask) -> None:
    chat = build.conversation()
    sending(chat)
    assert echo(chat, "Yes, it is") is None


def test_echo_of_a_later_part_is_known(app: Flask) -> None:
    chat = build.conversation()
    ids = ["42:8999", "42:9000"]
    sending(chat, state="sent", details={}, external_id=ids[0], external_ids=ids)
    assert echo(chat, "the rest of it") is None


def test_other_words_of_the_owner_are_kept(app: Flask) -> None:
    chat = build.conversation()
    sending(chat)
    assert echo(chat, "Written on the phone") is not None
