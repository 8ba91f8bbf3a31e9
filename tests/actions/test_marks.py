"""Pins, tags, notes and search, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from b24app.actions import conversations, favourites, notes, search, tags
from b24app.actions.conversations import Wanted
from b24app.db import db
from b24app.errors import Conflict, Denied, Invalid
from b24app.models import Contact, Conversation, Job, Message, Portal
from b24app.rules import search as rules
from tests import build
from tests.build import BORIS, NOW


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


def taken(row: Conversation | None = None) -> Conversation:
    row = row or build.conversation()
    row.status, row.responsible_id = "active", BORIS
    db.session.flush()
    return row


def test_five_chats_are_pinned_at_most() -> None:
    channel = build.channel()
    rows = [taken(build.conversation(channel)) for _ in range(1)]
    for number in range(5):
        said = build.heard(channel, chat_id=f"chat{number}")
        rows.append(taken(db.session.get_one(Conversation, said.conversation_id)))
    pinned = [favourites.pin(row, BORIS, NOW) for row in rows[:5]]
    assert pinned[-1] == [str(row.id) for row in rows[:5]]
    with pytest.raises(Conflict, match="at most 5"):
        favourites.pin(rows[5], BORIS, NOW)
    rows[0].status = "closed"
    assert str(rows[5].id) in favourites.pin(rows[5], BORIS, NOW)


def test_only_chats_in_work_are_pinned() -> None:
    with pytest.raises(Conflict):
        favourites.pin(build.conversation(), BORIS, NOW)


def test_tag_is_on_the_chat_until_it_is_removed() -> None:
    row = build.conversation()
    made = tags.make(row.portal_id, "VIP", "red", BORIS, NOW)
    tags.mark(row, [int(made["id"])], BORIS, NOW)
    assert [one["count"] for one in tags.listed(row.portal_id)] == [1]
    found = conversations.listed(row.portal_id, Wanted(tag=int(made["id"])))
    assert [one["tags"] for one in found["items"]] == [[made["id"]]]
    tags.remove(tags.find(row.portal_id, int(made["id"])), BORIS, NOW)
    assert row.tags == []


def test_foreign_tags_and_doubles_are_refused() -> None:
    row, stranger = build.conversation(), build.portal()
    foreign = tags.make(stranger.id, "VIP", "red", BORIS, NOW)
    with pytest.raises(Invalid):
        tags.mark(row, [int(foreign["id"])], BORIS, NOW)
    tags.make(row.portal_id, "Vip", "red", BORIS, NOW)
    with pytest.raises(Invalid):
        tags.make(row.portal_id, "vip ", "red", BORIS, NOW)


def test_note_goes_nowhere() -> None:
    row = taken()
    boris = build.operator(db.session.get_one(Portal, row.portal_id))
    before = len(build.rows(Job))
    note, fresh = notes.write(row, boris, "note-1", "Просит скидку", NOW)
    again, second = notes.write(row, boris, "note-1", "Просит скидку", NOW)
    assert (fresh, second, note.id) == (True, False, again.id)
    assert (note.direction, note.details["code"], note.line_state) == ("system", "note", "")
    assert len(build.rows(Job)) == before
    assert row.last_text == "Good day"


def test_only_its_author_deletes_a_note() -> None:
    row = taken()
    boris = build.operator(db.session.get_one(Portal, row.portal_id))
    note, _ = notes.write(row, boris, "note-1", "Просит скидку", NOW)
    with pytest.raises(Denied):
        notes.erase(row, note.id, 9, NOW)
    assert notes.erase(row, note.id, BORIS, NOW).deleted_at == NOW
    assert found(row, "скидку") == []


def found(row: Conversation, words: str, user_id: int = BORIS, others: bool = True) -> list[Any]:
    """`(group, message found or None)` of everything."""
    db.session.flush()
    groups = search.grouped(row.portal_id, words, user_id, others=others)
    return [(name, one["found"]) for name, group in groups.items() for one in group["items"]]


def test_every_word_of_the_log_is_found() -> None:
    row = taken()
    build.heard(row.channel, "Луна ещё есть в наличии?")
    build.heard(row.channel, "Спасибо")
    ((group, place),) = found(row, "луна налич")
    assert group == "active"
    assert "Луна ещё есть" in place["text"]
    assert found(row, "луна солнце") == []


def test_name_is_found_in_any_case_and_phone_in_any_notation() -> None:
    row = build.conversation()
    contact = db.session.get_one(Contact, row.contact_id)
    contact.name, contact.phone = "Анна Соколова", "+79123456789"
    for words in ("сокол", "АННА с", "8 (912) 345-67-89", "+7 912 345", "456-78-9"):
        assert found(row, words) == [("new", None)], words
    contact.name = "Вера"
    assert found(row, "сокол") == []


def test_strangers_words_are_not_found() -> None:
    row = build.conversation()
    assert found(build.conversation(), "good")
    groups = search.grouped(build.portal().id, "good", BORIS, others=True)
    assert not any(group["items"] for group in groups.values())
    assert search.chats(row.portal_id, "good") == [row.id]


def test_colleagues_chats_are_a_group_of_their_own() -> None:
    row = taken()
    assert found(row, "good", user_id=9)[0][0] == "others"
    assert found(row, "good", user_id=9, others=False) == []


def test_changed_and_deleted_words_are_forgotten() -> None:
    row = build.conversation()
    said = db.session.get_one(Message, row.last_message_id)
    said.text = "Evening"
    assert (found(row, "good"), len(found(row, "evening"))) == ([], 1)
    said.deleted_at = NOW
    assert found(row, "evening") == []


def test_search_of_the_log_uses_its_index() -> None:
    row = build.conversation()
    db.session.flush()
    lite = db.engine.dialect.name == "sqlite"
    if not lite:
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
    make = rules.fts5 if lite else rules.tsquery
    question = {"words": make(row.portal_id, ("good",)), "portal": row.portal_id, "most": 20}
    head = "EXPLAIN QUERY PLAN " if lite else "EXPLAIN "
    plan = " ".join(
        str(one) for one in db.session.execute(text(head + search.messages().text), question)
    )
    wanted = ("VIRTUAL TABLE INDEX", "SEARCH message USING INTEGER PRIMARY KEY")
    assert all(
        one in plan for one in (wanted if lite else ("Bitmap Index Scan on search_message",))
    )
    assert "pk_message" not in plan  # backwards through the whole log
