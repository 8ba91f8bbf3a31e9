"""What others do with cards in CRM, told by events: chats move along, echoes cost nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app.db import reading
from b24app.models import Conversation, CrmCard, CrmPerson
from tests.world import World, world

LEAD, DEAL, CONTACT = 1, 2, 3
PHONE = "+79990000077"


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        made.connect_telegram()
        yield made


def card(here: World, type_id: int, **fields: Any) -> int:
    return int(here.control(f"crm/{type_id}", {"fields": fields})["id"])


def change(here: World, type_id: int, number: int | None, **fields: Any) -> None:
    """Somebody changes a card, a while after everything before."""
    here.control("clock", {"advance": 5})
    here.control(f"crm/{type_id}/{number}", {"fields": fields})


def delete(here: World, type_id: int, number: int | None) -> None:
    here.control(f"crm/{type_id}/{number}", {"delete": True})
    here.run()


def chat() -> Conversation:
    with reading() as session:
        row = session.query(Conversation).one()
        session.expunge_all()
        return row


def comments(here: World) -> list[tuple[list[tuple[int, int]], str]]:
    return [(one["bindings"], one["COMMENT"]) for one in here.portal.comments.values()]


def test_own_echoes_cost_nothing(here: World) -> None:
    before = len(here.http_calls())
    here.say("one")
    here.run()
    assert len(here.http_calls()) - before == 2


def test_many_changes_are_read_together(here: World) -> None:
    here.say("one")
    number = chat().deal_id
    before = len(here.http_calls())
    for name in ("Lamp", "Shade", "Bulb"):
        change(here, DEAL, number, title=name)
    here.run()
    assert len(here.http_calls()) - before == 1


def test_strangers_cards_are_not_read(here: World) -> None:
    other = card(here, DEAL, title="Somebody's")
    here.run()
    before = len(here.http_calls())
    change(here, DEAL, other, title="Still somebody's")
    here.run()
    assert len(here.http_calls()) == before


def test_closed_deal_sends_the_talk_to_the_contact(here: World) -> None:
    here.say("one")
    deal, person = chat().deal_id, chat().crm_contact_id
    change(here, DEAL, deal, stageId="WON")
    here.run()
    here.say("two")
    assert chat().crm_target == [CONTACT, person]
    assert comments(here)[-1][0] == [(CONTACT, person)]
    assert "one" not in comments(here)[-1][1]
    assert len(here.portal.items[DEAL]) == 1 + seeded(here, DEAL)


def seeded(here: World, type_id: int) -> int:
    """Cards that nobody here made."""
    return sum(1 for one in here.portal.items[type_id].values() if not one.get("originatorId"))


def test_closed_deal_never_makes_a_second_one(here: World) -> None:
    here.rules(create_repeat=["deal"])
    here.say("one")
    change(here, DEAL, chat().deal_id, stageId="WON")
    here.run()
    here.say("two")
    assert len(here.portal.items[DEAL]) == 1 + seeded(here, DEAL)


def test_another_open_deal_takes_the_talk_over(here: World) -> None:
    here.say("one")
    other = card(here, DEAL, title="Next", contactIds=[chat().crm_contact_id])
    change(here, DEAL, chat().deal_id, stageId="WON")
    here.run()
    here.say("two")
    assert chat().deal_id == other


def test_move_to_another_pipeline_is_no_end(here: World) -> None:
    here.say("one")
    number = chat().deal_id
    category = next(key for key in here.portal.categories[DEAL] if key)
    change(here, DEAL, number, categoryId=category)
    here.run()
    here.say("two")
    assert (chat().deal_id, len(comments(here))) == (number, 1)


def test_converted_lead_takes_the_chat_to_its_deal(here: World) -> None:
    here.rules(create_primary=["lead"])
    here.say("one")
    lead = chat().lead_id
    deal = card(here, DEAL, title="Lamp", leadId=lead)
    change(here, LEAD, lead, stageId="CONVERTED")
    here.run()
    here.say("two")
    row = chat()
    assert (row.lead_id, row.deal_id, row.crm_target) == (lead, deal, [DEAL, deal])
    assert "two" in comments(here)[-1][1]


def test_conversion_is_found_without_its_event(here: World) -> None:
    here.rules(create_primary=["lead"])
    here.say("one")
    lead = chat().lead_id
    here.control("faults", {"match": "event:ONCRMDEALADD", "kind": "error", "times": 9})
    deal = card(here, DEAL, title="Lamp", leadId=lead)
    change(here, LEAD, lead, stageId="CONVERTED")
    here.run()
    assert chat().deal_id == deal


def test_deleted_deal_is_replaced_at_the_next_words(here: World) -> None:
    here.say("one")
    number = chat().deal_id
    delete(here, DEAL, number)
    assert chat().deal_id is None
    here.say("two")
    assert chat().deal_id not in (None, number)


def test_deleted_contact_is_forgotten(here: World) -> None:
    here.say("one")
    delete(here, CONTACT, chat().crm_contact_id)
    assert chat().crm_contact_id is None
    with reading() as session:
        assert session.query(CrmCard).filter_by(type_id=CONTACT).count() == 0
        assert session.query(CrmPerson).count() == 0


def test_changed_contact_is_looked_up_again(here: World) -> None:
    here.say("", contact={"phone_number": PHONE, "first_name": "Anna", "user_id": 42})
    change(here, CONTACT, chat().crm_contact_id, lastName="Petrova")
    here.run()
    with reading() as session:
        assert session.query(CrmPerson).count() == 0
