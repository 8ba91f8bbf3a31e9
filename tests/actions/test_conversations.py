"""Conversations: taken once, closed, reopened, listed within their portal."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from b24app.actions import conversations, inbox
from b24app.actions.conversations import Wanted
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound
from b24app.models import Channel, Message, Portal
from tests import build
from tests.build import BORIS, NOW


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


def home(channel: Channel) -> Portal:
    return db.session.get_one(Portal, channel.portal_id)


def test_accepted_chat_has_a_responsible() -> None:
    row = build.conversation()
    conversations.accept(row, build.operator(home(row.channel)), NOW)
    assert (row.status, row.responsible_id) == ("active", BORIS)


def test_second_operator_is_too_late() -> None:
    row = build.conversation()
    conversations.accept(row, build.operator(home(row.channel)), NOW)
    with pytest.raises(Conflict):
        conversations.accept(row, build.operator(home(row.channel), 9), NOW)


def test_accepting_again_changes_nothing() -> None:
    row = build.conversation()
    boris = build.operator(home(row.channel))
    conversations.accept(row, boris, NOW)
    version = row.version
    conversations.accept(row, boris, NOW)
    assert row.version == version


def test_acceptance_is_said_in_the_log() -> None:
    row = build.conversation()
    conversations.accept(row, build.operator(home(row.channel)), NOW)
    assert build.rows(Message)[-1].details == {"code": "accepted", "params": {"name": "Boris 2"}}


def test_closed_chat_can_be_reopened() -> None:
    row = build.conversation()
    boris = build.operator(home(row.channel))
    conversations.close(row, boris, NOW)
    conversations.reopen(row, boris, NOW)
    assert (row.status, row.closed_at) == ("active", None)


def test_newer_chat_forbids_reopening() -> None:
    row = build.conversation()
    boris = build.operator(home(row.channel))
    conversations.close(row, boris, NOW)
    build.heard(row.channel)
    with pytest.raises(Conflict, match="another open chat"):
        conversations.reopen(row, boris, NOW)


def test_stranger_finds_nothing() -> None:
    row = build.conversation()
    with pytest.raises(NotFound):
        conversations.find(build.portal().id, row.id)


def test_list_pages_by_activity() -> None:
    channel = build.channel()
    for number in range(5):
        news = build.incoming(chat_id=f"chat{number}", sent_at=NOW + timedelta(seconds=number))
        inbox.hear(channel, news, NOW)
    first = conversations.listed(channel.portal_id, Wanted(limit=3))
    second = conversations.listed(channel.portal_id, Wanted(limit=3, cursor=first["next"]))
    ids = [int(item["id"]) for item in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    assert second["next"] is None


def test_search_finds_by_name_and_nickname() -> None:
    row = build.conversation()
    for words in ("ann", "ANNA", "good"):
        found = conversations.listed(row.portal_id, Wanted(search=words))
        assert [item["id"] for item in found["items"]] == [str(row.id)]


def test_search_takes_signs_literally() -> None:
    row = build.conversation()
    assert conversations.listed(row.portal_id, Wanted(search="%"))["items"] == []


def test_foreign_cursor_is_refused() -> None:
    with pytest.raises(Invalid):
        conversations.listed(build.portal().id, Wanted(cursor="nonsense"))


def test_counters_count_each_status() -> None:
    row = build.conversation()
    build.heard(row.channel, chat_id="other")
    conversations.accept(row, build.operator(home(row.channel)), NOW)
    counted = conversations.counters(row.portal_id, BORIS)
    assert counted == {"new": 1, "active": 1, "active_unread": 1, "others": 0, "closed": 0}


def test_reading_clears_the_counter() -> None:
    row = build.conversation()
    conversations.read(row, row.last_message_id or 0, NOW)
    assert row.unread == 0


def test_log_pages_backwards() -> None:
    row = build.conversation()
    for number in range(4):
        build.heard(row.channel, f"text {number}")
    newest = conversations.messages(row, NOW, limit=3)
    older = conversations.messages(row, NOW, before=newest["next"], limit=3)
    said = [one["text"] for one in older["items"] + newest["items"]]
    assert said == ["Good day", "text 0", "text 1", "text 2", "text 3"]
