"""Replies: kept once by their uuid, promised to the messenger, refused in words."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app.actions import replies, uploads
from b24app.actions.replies import Draft
from b24app.db import db
from b24app.errors import Conflict, Invalid
from b24app.media import Stored
from b24app.models import Conversation, Job, Message, Operator, Portal
from tests import build
from tests.build import NOW


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


def boris(row: Conversation) -> Operator:
    return build.operator(db.session.get_one(Portal, row.portal_id))


def said(row: Conversation, by: Operator, uuid: str = "uuid-0001", **more: Any) -> Message:
    return replies.reply(row, by, Draft(uuid, **{"text": "Hello", **more}), NOW)[0]


def test_reply_is_kept_and_promised() -> None:
    row = build.conversation()
    message = said(row, boris(row))
    assert (message.state, message.origin) == ("queued", "workplace")
    assert any(job.key == f"deliver:{message.id}" for job in build.rows(Job))


def test_same_uuid_is_one_message() -> None:
    row = build.conversation()
    by = boris(row)
    assert said(row, by).id == said(row, by, text="other").id


def test_uuid_of_another_chat_is_refused() -> None:
    channel = build.channel()
    row, other = build.conversation(channel), build.heard(channel, chat_id="43")
    by = boris(row)
    said(row, by)
    with pytest.raises(Conflict):
        said(db.session.get_one(Conversation, other.conversation_id), by)


def test_reply_takes_a_new_chat() -> None:
    row = build.conversation()
    said(row, boris(row))
    assert (row.status, row.unread, row.waiting_since) == ("active", 0, None)


def test_closed_chat_refuses() -> None:
    row = build.conversation()
    row.close(NOW)
    with pytest.raises(Conflict, match="closed"):
        said(row, boris(row))


@pytest.mark.parametrize("draft", [{"text": "  "}, {"text": "x" * 20_001}])
def test_impossible_text_is_refused(draft: dict[str, str]) -> None:
    row = build.conversation()
    with pytest.raises(Invalid):
        said(row, boris(row), **draft)


def test_own_upload_goes_along() -> None:
    row = build.conversation()
    by = boris(row)
    stored = Stored("0" * 32, 10, "", "image/png")
    file = uploads.keep_upload(row.portal_id, "operator:2", "a.png", stored, "image", NOW)
    assert [one.id for one in said(row, by, attachments=[file.id]).attachments] == [file.id]


def test_somebody_elses_upload_is_refused() -> None:
    row = build.conversation()
    stored = Stored("0" * 32, 10, "", "image/png")
    file = uploads.keep_upload(row.portal_id, "operator:9", "a.png", stored, "image", NOW)
    with pytest.raises(Invalid):
        said(row, boris(row), attachments=[file.id])


def test_failed_message_can_be_retried() -> None:
    row = build.conversation()
    message = said(row, boris(row))
    message.fail("rejected", "No.")
    replies.retry(row, message.id, NOW)
    assert (message.state, message.error) == ("queued", "")


def test_sent_message_is_not_retried() -> None:
    row = build.conversation()
    message = said(row, boris(row))
    message.progress("sent")
    assert replies.retry(row, message.id, NOW).state == "sent"


def test_line_gets_a_copy() -> None:
    channel = build.channel()
    build.line_link(channel)
    row = build.conversation(channel)
    assert said(row, boris(row)).line_state == "queued"
