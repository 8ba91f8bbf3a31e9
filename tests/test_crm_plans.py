"""The worked plans of CRM as stories, each with the number of requests that it costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from b24app import clock
from b24app.actions import requests
from b24app.db import reading, transaction
from b24app.models import Channel, Conversation, OfflineRequest
from b24app.rules.forms import Given
from b24app.rules.plan import ORIGINATOR
from tests.world import BORIS, BOT, World, world

SECOND_BOT = "100002:SANDBOX-TOKEN-TWO"
PHONE = "+79990000077"
LEAD, DEAL, CONTACT = 1, 2, 3


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        made.connect_telegram()
        yield made


@contextmanager
def costing(here: World, requests_made: int) -> Iterator[None]:
    """What happens inside costs so many HTTP requests to Bitrix24."""
    before = len(here.http_calls())
    yield
    assert here.http_calls()[before:] == ["batch"] * requests_made


def card(here: World, type_id: int, **fields: Any) -> int:
    return int(here.control(f"crm/{type_id}", {"fields": fields})["id"])


def close_card(here: World, type_id: int, number: int) -> None:
    stage = {LEAD: "JUNK", DEAL: "WON"}[type_id]
    here.control(f"crm/{type_id}/{number}", {"fields": {"stageId": stage}})


def anna(here: World) -> int:
    """Anna's contact, known to the portal by her phone."""
    return card(here, CONTACT, name="Anna", fm=[{"typeId": "PHONE", "value": PHONE}])


def tells_phone(here: World, bot: str = BOT, *, run: bool = True) -> None:
    contact = {"phone_number": PHONE, "first_name": "Anna", "user_id": 42}
    user = {"id": 42, "first_name": "Anna", "username": "anna"}
    body = {"bot": bot, "user": user, "contact": contact}
    assert here.telegram.test_client().post("/_sandbox/say", json=body).status_code == 200
    if run:
        here.run()


def finish(here: World) -> None:
    """Boris closes Anna's chat: what she says next is another inquiry."""
    screen = here.open("LEFT_MENU", BORIS)
    (chat,) = screen.get("/conversations", status="new")["items"]
    screen.post(f"/conversations/{chat['id']}/close")
    here.run()


def chats() -> list[Conversation]:
    with reading() as session:
        rows = session.query(Conversation).order_by(Conversation.id).all()
        session.expunge_all()
        return rows


def ours(here: World, type_id: int) -> list[dict[str, Any]]:
    items = here.portal.items[type_id].values()
    return [one for one in items if one.get("originatorId") == ORIGINATOR]


def placed(here: World) -> list[list[tuple[int, int]]]:
    """Cards of each comment."""
    return [sorted(one["bindings"]) for one in here.portal.comments.values()]


def test_a_first_contact_makes_a_lead(here: World) -> None:
    here.rules(create_primary=["lead"])
    with costing(here, 2):
        here.say("Hello")
    (lead,) = ours(here, LEAD)
    assert lead["originId"] == f"chat:{chats()[0].id}"
    assert placed(here) == [[(LEAD, lead["id"])]]


def test_b_first_contact_makes_a_deal_with_its_contact(here: World) -> None:
    here.rules(copy_to_contact_company=True)
    with costing(here, 2):
        tells_phone(here)
    (deal,), (contact,) = ours(here, DEAL), ours(here, CONTACT)
    assert deal["contactIds"] == [contact["id"]]
    assert placed(here) == [[(DEAL, deal["id"]), (CONTACT, contact["id"])]]


def test_b_lead_and_deal_know_each_other(here: World) -> None:
    here.rules(create_primary=["lead", "deal"])
    with costing(here, 2):
        here.say("Hello")
    (deal,), (lead,) = ours(here, DEAL), ours(here, LEAD)
    assert deal["leadId"] == lead["id"]


def test_c_repeat_goes_to_the_open_deal(here: World) -> None:
    deal = card(here, DEAL, title="Lamp", contactIds=[anna(here)])
    with costing(here, 2):
        tells_phone(here)
    assert placed(here) == [[(DEAL, deal)]]
    assert ours(here, DEAL) == []


def test_c_remembered_repeat_costs_one_request(here: World) -> None:
    here.say("Hello")
    finish(here)
    with costing(here, 1):
        here.say("Hello again")
    (deal,) = ours(here, DEAL)
    assert placed(here) == [[(DEAL, deal["id"])]] * 2


def test_c_both_means_deal_and_lead(here: World) -> None:
    here.rules(comment_priority="both")
    person = anna(here)
    deal = card(here, DEAL, title="Lamp", contactIds=[person])
    lead = card(here, LEAD, title="Shade", contactIds=[person])
    tells_phone(here)
    assert placed(here) == [[(LEAD, lead), (DEAL, deal)]]
    assert chats()[0].crm_bound == [[LEAD, lead]]


def test_d_closed_deal_takes_the_comment_when_allowed(here: World) -> None:
    here.rules(write_to_closed=True)
    deal = card(here, DEAL, title="Lamp", contactIds=[anna(here)])
    close_card(here, DEAL, deal)
    with costing(here, 2):
        tells_phone(here)
    assert placed(here) == [[(DEAL, deal)]]


def test_d_else_the_contact_does(here: World) -> None:
    person = anna(here)
    close_card(here, DEAL, card(here, DEAL, title="Lamp", contactIds=[person]))
    with costing(here, 2):
        tells_phone(here)
    assert placed(here) == [[(CONTACT, person)]]
    assert ours(here, DEAL) == []


def test_e_transcript_waits_for_the_end(here: World) -> None:
    here.rules(transcript="at_close")
    with costing(here, 2):
        here.say("one")
    here.say("two")
    assert placed(here) == []
    screen = here.open("LEFT_MENU", BORIS)
    (chat,) = screen.get("/conversations", status="new")["items"]
    with costing(here, 1):
        screen.post(f"/conversations/{chat['id']}/close")
        here.run()
    (comment,) = here.portal.comments.values()
    assert "one" in comment["COMMENT"]
    assert "two" in comment["COMMENT"]


def leave_request(here: World, **more: Any) -> OfflineRequest:
    with transaction() as session:
        channel = session.query(Channel).first()
        assert channel is not None
        row = requests.keep(
            channel, Given(name="Anna", phone=PHONE, text="Call", **more), clock.now()
        )
        number = row.id
    here.run()
    with reading() as session:
        found = session.get_one(OfflineRequest, number)
        session.expunge_all()
        return found


def test_f_request_then_chat_share_a_deal(here: World) -> None:
    with costing(here, 2):
        request = leave_request(here)
    with costing(here, 1):
        tells_phone(here)
    assert request.deal_id
    assert [row.deal_id for row in chats()] == [request.deal_id]


def test_f_repeat_rule_does_not_double_a_recent_request(here: World) -> None:
    rules = {"create_repeat": ["deal"]}
    here.rules("requests", **rules)
    here.rules("chats", **rules)
    request = leave_request(here)
    tells_phone(here)
    assert len(ours(here, DEAL)) == 1
    assert chats()[0].deal_id == request.deal_id


def test_request_has_its_words_and_its_deadline(here: World) -> None:
    here.rules("requests", create_primary=["deal", "activity"], deadline_minutes=30)
    request = leave_request(here)
    (comment,) = here.portal.comments.values()
    assert PHONE in comment["COMMENT"]
    (todo,) = here.portal.activities.values()
    assert (todo["OWNER_TYPE_ID"], todo["OWNER_ID"]) == (DEAL, request.deal_id)
    assert request.crm_activity_id == todo["ID"]


@pytest.mark.parametrize("kind", ["timeout_after", "500_after"])
def test_lost_answer_doubles_nothing_of_a_request(here: World, kind: str) -> None:
    here.rules("requests", create_primary=["deal", "activity"])
    here.control("faults", {"match": "batch", "kind": kind, "skip": 1, "times": 1})
    request = leave_request(here)
    assert request.crm_state == "ready"
    assert [len(ours(here, one)) for one in (DEAL, CONTACT)] == [1, 1]
    assert (len(here.portal.comments), len(here.portal.activities)) == (1, 1)


@pytest.mark.parametrize("repeat", [[], ["deal"]], ids=["comment", "create"])
def test_one_person_in_two_channels_at_once_is_one_deal(here: World, repeat: list[str]) -> None:
    here.connect_telegram(token=SECOND_BOT)
    here.rules(create_repeat=repeat)
    tells_phone(here, BOT, run=False)
    tells_phone(here, SECOND_BOT, run=False)
    here.run()
    assert len(chats()) == 2
    assert len({row.deal_id for row in chats()}) == 1
    assert [len(ours(here, one)) for one in (DEAL, CONTACT)] == [1, 1]


def test_learnt_phone_is_added_to_the_contact_once(here: World) -> None:
    here.say("Hello")
    tells_phone(here)
    here.say("Well?")
    (contact,) = ours(here, CONTACT)
    assert [one["value"] for one in contact["fm"] if one["typeId"] == "PHONE"] == [PHONE]
    assert len(ours(here, DEAL)) == 1


def test_learnt_phone_brings_the_chat_to_the_known_card(here: World) -> None:
    deal = card(here, DEAL, title="Lamp", contactIds=[anna(here)])
    here.say("Hello")
    tells_phone(here)
    here.say("Is it ready?")
    (chat,) = chats()
    assert chat.deal_id == deal
    assert (DEAL, deal) in placed(here)[-1]
    assert all(not one["fm"] or one["fm"][0]["typeId"] == "IM" for one in ours(here, CONTACT))


def test_learnt_phone_leaves_a_card_somebody_works_with(here: World) -> None:
    card(here, DEAL, title="Lamp", contactIds=[anna(here)])
    here.say("Hello")
    (mine,) = ours(here, DEAL)
    here.control("clock", {"advance": 60})
    here.control(f"crm/{DEAL}/{mine['id']}", {"fields": {"stageId": "PREPARATION"}})
    tells_phone(here)
    assert [row.deal_id for row in chats()] == [mine["id"]]


def test_remembered_card_that_is_gone_is_looked_up_anew(here: World) -> None:
    here.say("Hello")
    finish(here)
    (deal,) = ours(here, DEAL)
    here.control("faults", {"match": "event:ONCRMDEALDELETE", "kind": "error", "times": 1})
    here.control(f"crm/{DEAL}/{deal['id']}", {"delete": True})
    here.run()
    here.say("Hello again")
    (chat,) = [row for row in chats() if row.status == "new"]
    (other,), (_,) = ours(here, DEAL), ours(here, CONTACT)
    assert (chat.crm_target, chat.crm_state) == ([DEAL, other["id"]], "ready")
    assert len(placed(here)) == 2
