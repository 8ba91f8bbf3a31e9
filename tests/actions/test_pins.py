"""Pins: an operator says in which card a chat belongs."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app.db import reading
from b24app.models import Decision
from tests.world import BORIS, Screen, World, world

LEAD, DEAL, CONTACT = 1, 2, 3


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        made.connect_telegram()
        yield made


def card(here: World, type_id: int, **fields: Any) -> int:
    return int(here.control(f"crm/{type_id}", {"fields": fields})["id"])


def screen_and_chat(here: World) -> tuple[Screen, str]:
    screen = here.open("LEFT_MENU", BORIS)
    return screen, f"/conversations/{screen.get('/conversations')['items'][0]['id']}"


def said_in(here: World, type_id: int, number: int) -> list[str]:
    return [
        one["COMMENT"]
        for one in here.portal.comments.values()
        if (type_id, number) in one["bindings"]
    ]


def test_pinned_card_gets_what_is_said_later(here: World) -> None:
    here.say("one")
    other = card(here, DEAL, title="Lamp")
    screen, chat = screen_and_chat(here)
    shown = screen.put(f"{chat}/pin", {"type": "deal", "id": str(other)})
    here.say("two")
    assert shown["crm"]["deal"]["id"] == str(other)
    assert (shown["crm"]["pin"]["type"], shown["crm"]["pin"]["id"]) == ("deal", str(other))
    (comment,) = said_in(here, DEAL, other)
    assert "two" in comment
    assert "one" not in comment


def test_pin_wins_over_closing(here: World) -> None:
    here.say("one")
    other = card(here, DEAL, title="Lamp")
    screen, chat = screen_and_chat(here)
    screen.put(f"{chat}/pin", {"type": "deal", "id": str(other)})
    here.control(f"crm/{DEAL}/{other}", {"fields": {"stageId": "WON"}})
    here.run()
    here.say("two")
    assert len(said_in(here, DEAL, other)) == 1


def test_pin_goes_before_the_first_decision(here: World) -> None:
    here.rules(filter_default="allow", channels=[])
    here.say("one")
    screen, chat = screen_and_chat(here)
    person = card(here, CONTACT, name="Anna")
    assert screen.put(f"{chat}/pin", {"type": "contact", "id": str(person)})["crm"]["state"] == ""


def test_unpinned_chat_follows_the_settings_again(here: World) -> None:
    here.say("one")
    screen, chat = screen_and_chat(here)
    own = screen.get(chat)["crm"]["deal"]["id"]
    other = card(here, DEAL, title="Lamp")
    screen.put(f"{chat}/pin", {"type": "deal", "id": str(other)})
    screen.delete(f"{chat}/pin")
    here.say("two")
    assert screen.get(chat)["crm"]["deal"]["id"] == own
    assert screen.get(chat)["crm"]["pin"] is None
    assert said_in(here, DEAL, other) == []


def test_card_that_is_not_there_cannot_be_pinned(here: World) -> None:
    here.say("one")
    screen, chat = screen_and_chat(here)
    answer = screen.ask("PUT", f"{chat}/pin", json={"type": "deal", "id": "999"})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "no_card")


def test_viewer_asks_with_a_token_of_their_own(here: World) -> None:
    here.say("one")
    other = card(here, DEAL, title="Lamp")
    screen, chat = screen_and_chat(here)
    screen.put(f"{chat}/pin", {"type": "deal", "id": str(other)})
    (call,) = here.calls("crm.item.get")
    assert call["user_id"] == BORIS


def test_pin_is_in_the_journal(here: World) -> None:
    here.say("one")
    other = card(here, DEAL, title="Lamp")
    screen, chat = screen_and_chat(here)
    screen.put(f"{chat}/pin", {"type": "deal", "id": str(other)})
    with reading() as session:
        last = session.query(Decision).order_by(Decision.id.desc()).first()
        assert last is not None
        assert last.verdict["targets"][0]["id"] == other


def test_candidates_say_what_speaks_for_them(here: World) -> None:
    person = card(here, CONTACT, name="Anna", fm=[{"typeId": "PHONE", "value": "+79990000077"}])
    old = card(here, DEAL, title="Old lamp", contactIds=[person])
    here.control(f"crm/{DEAL}/{old}", {"fields": {"stageId": "WON"}})
    deal = card(here, DEAL, title="New lamp", contactIds=[person])
    contact = {"phone_number": "+79990000077", "first_name": "Anna", "user_id": 42}
    here.say("", contact=contact)
    screen, chat = screen_and_chat(here)
    items = screen.get(f"{chat}/candidates")["items"]
    assert [(one["id"], one["chosen"], one["open"]) for one in items] == [
        (str(deal), True, True),
        (str(old), False, False),
    ]
    assert all(one["reasons"] for one in items)
    assert items[0]["current"]
