"""Receipts that tell of a send whose answer was lost, and what nobody is shown."""

from typing import Any

import pytest
from flask import Flask

from b24app.actions import inbox, skipped
from b24app.db import db
from b24app.models import Channel, Conversation, Message
from b24app.values import Reacted, Receipt, Skipped
from tests import build


@pytest.fixture
def channel(app: Flask) -> Channel:
    return build.channel(kind="whatsapp")


def sent(channel: Channel, **more: Any) -> Message:
    """A message of Boris's whose first part was tried."""
    talk = db.session.get_one(Conversation, build.heard(channel).conversation_id)
    row = Message(
        portal_id=channel.portal_id,
        channel_id=channel.id,
        conversation_id=talk.id,
        direction="out",
        origin="workplace",
        said_at=build.NOW,
        created_at=build.NOW,
        **{"external_ids": [], "state": "sending", "details": {"trying": 0}, "text": "Hi", **more},
    )
    db.session.add(row)
    db.session.flush()
    return row


def receipt(state: Any = "delivered", **more: Any) -> Receipt:
    return Receipt(**{"chat_id": "42", "message_id": "w1", "state": state, "at": build.NOW, **more})


def test_receipt_with_the_parts_name_finds_its_message(channel: Channel) -> None:
    other, message = sent(channel, client_uuid="a-1"), sent(channel, client_uuid="b-2")
    inbox.confirm(channel, receipt("sent", uuid="b-2:0"), build.NOW)
    assert (message.state, message.external_id) == ("sent", "42:w1")
    assert message.details == {"trying": None, "done": 1}
    assert (other.state, other.external_id) == ("sending", None)


def test_only_one_that_waits_is_meant(channel: Channel) -> None:
    message = sent(channel)
    inbox.confirm(channel, receipt(), build.NOW)
    assert (message.state, message.external_id) == ("delivered", "42:w1")


def test_of_two_that_wait_none_is_meant(channel: Channel) -> None:
    both = [sent(channel), sent(channel)]
    inbox.confirm(channel, receipt(), build.NOW)
    assert [one.state for one in both] == ["sending", "sending"]


def test_another_parts_name_is_not_ours(channel: Channel) -> None:
    message = sent(channel, client_uuid="a-1")
    inbox.confirm(channel, receipt(uuid="a-1:3"), build.NOW)
    assert message.state == "sending"


def test_given_up_message_is_healed(channel: Channel) -> None:
    message = sent(channel, state="failed", error_code="unknown_outcome", error="Perhaps.")
    inbox.confirm(channel, receipt("sent"), build.NOW)
    assert (message.state, message.error_code, message.error) == ("sent", "", "")


def test_refused_message_stays_refused(channel: Channel) -> None:
    message = sent(channel, state="failed", error_code="rejected", error="No.")
    inbox.confirm(channel, receipt("sent"), build.NOW)
    assert message.state == "failed"


def test_failure_of_a_later_part_is_seen(channel: Channel) -> None:
    ids = ["42:w0", "42:w1"]
    message = sent(channel, state="sent", external_id="42:w0", external_ids=ids, details={})
    inbox.confirm(channel, receipt("failed", error="Too old.", code="window_closed"), build.NOW)
    assert (message.state, message.error_code) == ("failed", "window_closed")


def test_reaction_stands_at_its_message(channel: Channel) -> None:
    message = sent(channel, state="sent", external_id="42:w1", details={})
    inbox.react(channel, Reacted("42", "w1", "👍"), build.NOW)
    assert message.details["reaction"] == "👍"
    inbox.react(channel, Reacted("42", "w1", ""), build.NOW)
    assert message.details["reaction"] == ""
    inbox.react(channel, Reacted("42", "unknown", "👍"), build.NOW)


def test_skipped_news_are_counted_with_their_reason(channel: Channel) -> None:
    counted = skipped.COUNTED.labels("whatsapp", "group_chat")
    before = counted._value.get()
    words = skipped.note(channel, [Skipped("group_chat"), Skipped("group_chat"), Skipped("odd")])
    assert (words, counted._value.get() - before) == ("group_chat, odd", 2)
