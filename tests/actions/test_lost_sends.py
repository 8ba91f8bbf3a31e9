"""Receipts that tell of a send whose answer was lost, and what nobody is shown."""

from typing import Any

import pytest
from flask import Flask

from b24app.actions import inbox, skipped
from b24app.db import db
from b24app.models import Channel, Conversation, Identity, Message
from b24app.values import Incoming, Person, Reacted, Receipt, Skipped
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
    assert channel.details["skipped"] == {"group_chat": 2, "odd": 1}


def test_reasons_do_not_grow_for_ever(channel: Channel) -> None:
    for number in range(2 * skipped.MOST_REASONS):
        skipped.count(channel, f"event_{number}")
    kept = channel.details["skipped"]
    assert (len(kept), kept["other"]) == (skipped.MOST_REASONS + 1, skipped.MOST_REASONS)


def said(chat_id: str, user_id: str, **more: Any) -> Incoming:
    return build.incoming(chat_id=chat_id, person=Person(user_id, name="Anna"), **more)


@pytest.mark.parametrize("chats", [("79001112233", "RU.1"), ("RU.1", "79001112233")])
def test_client_whose_phone_is_hidden_is_the_same(channel: Channel, chats: Any) -> None:
    talks = [inbox.hear(channel, said(chat_id, "RU.1"), build.NOW) for chat_id in chats]
    assert len({one.conversation_id for one in talks if one}) == 1
    [identity] = build.rows(Identity)
    assert identity.external_id == "79001112233"


def test_two_clients_are_not_one(channel: Channel) -> None:
    for chat_id, user_id in (("1", "RU.1"), ("2", "RU.2"), ("3", "")):
        inbox.hear(channel, said(chat_id, user_id), build.NOW)
    assert len(build.rows(Identity)) == 3


def test_chat_is_called_as_the_messenger_calls_it(channel: Channel) -> None:
    inbox.hear(channel, said("525512345678", ""), build.NOW)
    inbox.hear(channel, said("2", ""), build.NOW)
    first = build.rows(Identity)[0]
    inbox.move(first, "5215512345678")
    assert first.external_id == "5215512345678"
    inbox.move(first, "2")  # another client's
    assert first.external_id == "5215512345678"
