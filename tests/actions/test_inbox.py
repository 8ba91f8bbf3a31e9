"""What messengers bring: kept once, in order, told and promised onward."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from b24app.actions import inbox, shown
from b24app.db import db
from b24app.models import (
    Attachment,
    Contact,
    Conversation,
    Event,
    Identity,
    Job,
    Message,
    MessageVersion,
)
from b24app.values import Blocked, Edited, Person, Profile, Receipt
from tests import build
from tests.build import NOW


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


def keys() -> set[str]:
    return {row.kind for row in build.rows(Job)}


def test_first_word_opens_a_conversation() -> None:
    message = build.heard(text="Good day")
    row = db.session.get_one(Conversation, message.conversation_id)
    assert (row.status, row.unread, row.last_text) == ("new", 1, "Good day")
    assert row.contact.name == "Anna"


def test_nameless_client_is_a_numbered_guest() -> None:
    channel = build.channel(build.portal(lang="ru"))
    build.heard(channel, person=Person("42"))
    (row,) = build.rows(Conversation)
    assert shown.conversation(row)["contact"]["name"] == f"Гость {row.contact.id}"


def test_guest_who_says_a_name_has_it() -> None:
    channel = build.channel()
    build.heard(channel, person=Person("42"))
    build.heard(channel, "I am Anna", person=Person("42", name="Anna"))
    (row,) = build.rows(Conversation)
    assert shown.conversation(row)["contact"]["name"] == "Anna"


def test_same_message_is_kept_once() -> None:
    channel, news = build.channel(), build.incoming()
    assert inbox.hear(channel, news, NOW) is not None
    assert inbox.hear(channel, news, NOW) is None
    assert len(build.rows(Message)) == 1


def test_further_words_join_the_conversation() -> None:
    channel = build.channel()
    build.heard(channel)
    build.heard(channel, "And more")
    assert [row.unread for row in build.rows(Conversation)] == [2]


def test_closed_talk_is_followed_by_a_new_one() -> None:
    channel = build.channel()
    build.conversation(channel).close(NOW)
    build.heard(channel)
    assert [row.status for row in build.rows(Conversation)] == ["closed", "new"]


def test_identity_has_one_open_conversation() -> None:
    row = build.conversation()
    row.close(NOW)
    db.session.flush()
    again = build.conversation(row.channel)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        row.status = "active"
        db.session.flush()
    assert again.status == "new"


def test_screens_are_told_in_order() -> None:
    build.heard()
    db.session.commit()
    assert [(row.number, row.kind) for row in build.rows(Event)] == [
        (1, "message"),
        (2, "conversation"),
    ]


def test_crm_is_promised() -> None:
    build.heard()
    assert keys() == {"crm"}


def test_line_is_promised_when_linked() -> None:
    channel = build.channel()
    build.line_link(channel)
    message = build.heard(channel)
    assert keys() == {"crm", "lines"}
    assert message.line_state == "queued"


def test_file_is_fetched_later() -> None:
    build.heard(text="", files=(build.photo(),))
    assert "fetch" in keys()
    assert [row.state for row in build.rows(Attachment)] == ["remote"]


def test_album_is_one_message() -> None:
    channel = build.channel()
    for number in range(3):
        inbox.hear(
            channel, build.incoming("", album_id="a", files=(build.photo(f"f{number}"),)), NOW
        )
    (message,) = build.rows(Message)
    assert len(message.attachments) == 3


def test_album_part_is_kept_once() -> None:
    channel = build.channel()
    build.heard(channel, "", album_id="a", files=(build.photo("f1"),))
    news = build.incoming("", album_id="a", files=(build.photo("f2"),))
    inbox.hear(channel, news, NOW)
    inbox.hear(channel, news, NOW)
    assert len(build.rows(Attachment)) == 2


def test_quote_points_at_its_message() -> None:
    channel = build.channel()
    first = build.heard(channel, "Question", message_id="7")
    answer = build.heard(channel, "Answer", quote_id="7")
    assert (answer.quote_id, answer.quote_text) == (first.id, "Question")


def test_edit_keeps_the_earlier_words() -> None:
    message = build.heard(text="Helo", message_id="7")
    conversation = db.session.get_one(Conversation, message.conversation_id)
    inbox.edit(conversation.channel, Edited("42", "7", "Hello", NOW), NOW)
    assert message.text == "Hello"
    assert [row.text for row in build.rows(MessageVersion)] == ["Helo"]


def test_edit_of_the_unknown_changes_nothing() -> None:
    inbox.edit(build.channel(), Edited("42", "7", "Hello", NOW), NOW)
    assert build.rows(MessageVersion) == []


def test_contact_learns_its_phone() -> None:
    row = build.conversation()
    person = Person("42", phone="8 (999) 000-00-01")
    inbox.introduce(row.channel, Profile("42", person), NOW)
    assert build.rows(Contact)[0].phone == "+79990000001"


def test_blocked_client_is_said_in_the_chat() -> None:
    row = build.conversation()
    inbox.block(row.channel, Blocked("42", True), NOW)
    assert build.identity(row).blocked
    assert build.rows(Message)[-1].details["code"] == "client_blocked"


def test_read_receipt_covers_earlier_messages() -> None:
    row = build.conversation()
    sent = [build.heard(row.channel, from_device=True) for _ in range(2)]
    inbox.confirm(row.channel, Receipt("42", None, "read", NOW + timedelta(seconds=1)), NOW)
    assert {one.state for one in sent} == {"read"}


def test_receipt_never_goes_back() -> None:
    row = build.conversation()
    message = build.heard(row.channel, from_device=True, message_id="9")
    for state in ("read", "delivered"):
        inbox.confirm(row.channel, Receipt("42", "9", state, NOW), NOW)  # type: ignore[arg-type]
    assert message.state == "read"


def test_device_message_is_ours() -> None:
    message = build.heard(from_device=True)
    row = db.session.get_one(Conversation, message.conversation_id)
    assert (message.direction, message.origin, row.unread) == ("out", "device", 0)


def test_two_channels_never_mix() -> None:
    one, other = build.heard(message_id="7"), build.heard(message_id="7")
    assert one.conversation_id != other.conversation_id
    assert len(build.rows(Identity)) == 2
