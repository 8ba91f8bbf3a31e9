"""Clients: edited, found to be one, merged and taken apart again."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from b24app.actions import contact_merges, contacts, outreach, profiles
from b24app.actions.profiles import Editor
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound
from b24app.models import Contact, ContactAddress, Conversation, Identity, Portal
from b24app.rules.profiles import Given
from b24app.values import Person
from tests import build
from tests.build import BORIS, NOW

PHONE, OTHER = "+79991234561", "+79991234562"


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


def person(home: Portal, chat_id: str, **more: Any) -> Contact:
    """Somebody who wrote by a channel of their own, and what is known of them."""
    said = build.heard(build.channel(home), chat_id=chat_id, person=Person(chat_id, name="Anna"))
    row = db.session.get_one(Conversation, said.conversation_id).contact
    for name, value in more.items():
        setattr(row, name, value)
    db.session.commit()
    return row


def editor(home: Portal) -> Editor:
    return Editor(home.id, BORIS)


def two() -> tuple[Portal, Contact, Contact]:
    home = build.portal()
    build.operator(home)
    kept = person(home, "1", name="Anna", phone=PHONE, phone_source="messenger", note="loyal")
    gone = person(home, "2", name="Anna S.", phone=OTHER, email="anna@shop.example", note="pays")
    address = {"portal_id": home.id, "created_at": NOW, "kind": "phone", "source": "operator"}
    db.session.add(ContactAddress(contact_id=gone.id, value=PHONE, **address))
    db.session.add(ContactAddress(contact_id=gone.id, value="+79991234563", **address))
    db.session.commit()
    return home, kept, gone


def everything() -> list[Any]:
    """All that merging touches, as it lies in the database."""
    db.session.commit()
    db.session.expire_all()
    fields = (*contact_merges.FIELDS, "merged_into")
    return [
        [[getattr(row, name) for name in fields] for row in build.rows(Contact)],
        [(row.id, row.contact_id) for row in build.rows(Identity)],
        [(row.id, row.contact_id) for row in build.rows(Conversation)],
        [(row.contact_id, row.kind, row.value) for row in build.rows(ContactAddress)],
    ]


def test_undone_merge_leaves_everything_as_it_was() -> None:
    home, kept, gone = two()
    before = everything()
    merge = contact_merges.merge(editor(home), kept.id, gone.id, NOW)
    seen = profiles.shown_profile(kept)
    assert seen["phones"] == [PHONE, "+79991234563", OTHER]
    assert (seen["emails"], seen["note"]) == (["anna@shop.example"], "loyal\npays")
    assert {row.contact_id for row in build.rows(Conversation)} == {kept.id}
    contact_merges.undo(editor(home), merge.id, NOW)
    contact_merges.undo(editor(home), merge.id, NOW)  # pressed twice
    assert everything() == before


def test_later_words_survive_an_undo() -> None:
    home, kept, gone = two()
    merge = contact_merges.merge(editor(home), kept.id, gone.id, NOW)
    profiles.edit(editor(home), kept, Given("Anna Petrova", [PHONE]), NOW)
    address = build.rows(Identity)[1]
    db.session.get_one(Conversation, build.rows(Conversation)[1].id).close(NOW)
    build.heard(
        db.session.get_one(Conversation, build.rows(Conversation)[1].id).channel, chat_id="2"
    )
    contact_merges.undo(editor(home), merge.id, NOW + timedelta(days=1))
    db.session.commit()
    assert (kept.name, kept.email) == ("Anna Petrova", "")
    newest = build.rows(Conversation)[-1]
    assert (newest.identity_id, newest.contact_id) == (address.id, gone.id)


def test_merged_client_is_listed_and_found_once() -> None:
    home, kept, gone = two()
    assert [one["id"] for one in profiles.shown_profile(kept)["duplicates"]] == [str(gone.id)]
    contact_merges.merge(editor(home), kept.id, gone.id, NOW)
    db.session.commit()
    assert [one["id"] for one in contacts.listed(home.id)["items"]] == [str(kept.id)]
    assert profiles.shown_profile(kept)["duplicates"] == []
    channel = build.channel(home)
    address = outreach.read_address("telegram", OTHER)
    assert outreach.known_contact(channel, address) == kept


def test_merges_are_undone_from_the_last_one() -> None:
    home, kept, gone = two()
    first = contact_merges.merge(editor(home), kept.id, gone.id, NOW)
    third = person(home, "3")
    contact_merges.merge(editor(home), third.id, kept.id, NOW)
    with pytest.raises(Conflict):
        contact_merges.undo(editor(home), first.id, NOW)
    with pytest.raises(Conflict):
        contact_merges.merge(editor(home), third.id, gone.id, NOW)


def test_client_of_another_portal_is_not_merged() -> None:
    home, kept, _ = two()
    stranger = person(build.portal(), "9")
    with pytest.raises(NotFound):
        contact_merges.merge(editor(home), kept.id, stranger.id, NOW)


def test_phone_of_the_messenger_is_locked() -> None:
    home, kept, _ = two()
    with pytest.raises(Invalid) as told:
        profiles.edit(editor(home), kept, Given("Anna", [OTHER], ["x"], manager_id=77), NOW)
    assert set(told.value.fields) == {"phones.0", "emails.0", "manager_id"}
    profiles.edit(editor(home), kept, Given("Anna", [PHONE, OTHER], manager_id=BORIS), NOW)
    db.session.flush()
    seen = profiles.shown_profile(kept)
    assert (seen["phones"], seen["manager"]["name"]) == ([PHONE, OTHER], "Boris 2")
    assert "contact" in [one.kind for one in build.news()]


def joined() -> tuple[Contact, Contact]:
    """Anna writes to an account and then a letter from her own address: (kept, joined)."""
    account = build.channel(kind="telegram_personal", settings={})
    build.operator(account.portal)
    told = Person("5001", name="Anna", email="anna@client.example")
    build.heard(account, chat_id="5001", person=told)
    letter(account.portal, "shop@mail.example")
    kept, gone = build.rows(Contact)
    db.session.commit()
    return kept, gone


def letter(home: Portal, address: str) -> Conversation:
    box = build.channel(home, kind="email", external_id=address, settings={"address": address})
    sender = Person("anna@client.example", name="A. P.", email="anna@client.example")
    said = build.heard(box, chat_id=sender.external_id, person=sender)
    return db.session.get_one(Conversation, said.conversation_id)


def test_joining_by_itself_is_shown_with_its_cause_and_undone() -> None:
    kept, gone = joined()
    (shown,) = profiles.shown_profile(kept)["merges"]
    assert (shown["name"], shown["by"]) == ("A. P.", "")
    assert (shown["cause"], shown["mark"]) == ("email", "anna@client.example")
    assert {row.contact_id for row in build.rows(Conversation)} == {kept.id}
    by = Editor(kept.portal_id, BORIS)
    contact_merges.undo(by, int(shown["id"]), NOW)
    db.session.commit()
    assert [row.contact_id for row in build.rows(Conversation)] == [kept.id, gone.id]
    assert [row.contact_id for row in build.rows(Identity)] == [kept.id, gone.id]
    assert (gone.name, gone.email, gone.merged_into) == ("A. P.", "anna@client.example", None)
    assert profiles.shown_profile(kept)["merges"] == []


def test_what_was_taken_apart_is_not_joined_again() -> None:
    kept, gone = joined()
    (shown,) = profiles.shown_profile(kept)["merges"]
    contact_merges.undo(Editor(kept.portal_id, BORIS), int(shown["id"]), NOW)
    home = db.session.get_one(Portal, kept.portal_id)
    assert letter(home, "sales@mail.example").contact_id == gone.id
