"""Chats in CRM, against the portal: found, created once, told, looked up after lost answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app.db import reading
from b24app.models import Decision
from tests.world import ADMIN, BORIS, World, world

PHONE = "+79990000077"


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        made.connect_telegram()
        yield made


def card(here: World, type_id: int, **fields: Any) -> int:
    """A card that a colleague made."""
    return int(here.control(f"crm/{type_id}", {"fields": fields})["id"])


def shares_phone(here: World) -> None:
    here.say("", contact={"phone_number": PHONE, "first_name": "Anna", "user_id": 42})


def chat(here: World, status: str = "new") -> dict[str, Any]:
    screen = here.open("LEFT_MENU", BORIS)
    (found,) = screen.get("/conversations", status=status)["items"]
    chat: dict[str, Any] = found
    return chat


def made(here: World, type_id: int) -> list[dict[str, Any]]:
    return [
        call
        for call in here.calls("crm.item.add")
        if str(call["params"]["entityTypeId"]) == str(type_id)
    ]


def comments(here: World) -> list[str]:
    answer = here.portal.app.test_client().get("/_sandbox/comments")
    return [one["COMMENT"] for one in answer.json["items"]]


def test_open_deal_of_a_known_phone_gets_the_chat(here: World) -> None:
    contact = card(here, 3, name="Anna", fm=[{"typeId": "PHONE", "value": "8 999 000-00-77"}])
    deal = card(here, 2, title="Lamp", contactIds=[contact])
    shares_phone(here)
    assert chat(here)["crm"]["deal"]["id"] == str(deal)
    assert made(here, 2) == []


def test_known_contact_gets_a_deal_of_its_own(here: World) -> None:
    contact = card(here, 3, name="Anna", fm=[{"typeId": "PHONE", "value": PHONE}])
    shares_phone(here)
    (deal,) = made(here, 2)
    assert [int(one) for one in deal["params"]["fields"]["contactIds"]] == [contact]
    assert made(here, 3) == []


def test_someone_elses_deal_is_left_alone(here: World) -> None:
    card(here, 2, title="Somebody's")
    here.say()
    assert len(made(here, 2)) == 1


def test_setting_makes_a_lead(here: World) -> None:
    here.open("DEFAULT", ADMIN).put("/settings/chats", {"create": "lead"})
    here.say()
    assert chat(here)["crm"]["lead"]
    assert made(here, 2) == []


def test_portal_without_leads_gets_a_deal(here: World) -> None:
    here.control("switches", {"crm_mode": 2})
    here.open("DEFAULT", ADMIN).put("/settings/chats", {"create": "lead"})
    here.say()
    assert chat(here)["crm"]["deal"]


def test_nothing_is_made_when_switched_off(here: World) -> None:
    here.open("DEFAULT", ADMIN).put("/settings/chats", {"create": "none"})
    here.say()
    assert here.calls("crm.item.add") == []


def test_chosen_responsible_is_set(here: World) -> None:
    here.open("DEFAULT", ADMIN).put("/settings/chats", {"responsible_id": str(BORIS)})
    here.say()
    assert {
        str(call["params"]["fields"]["assignedById"]) for call in here.calls("crm.item.add")
    } == {str(BORIS)}


def test_talk_is_one_growing_comment(here: World) -> None:
    for text in ("one", "two", "three"):
        here.say(text)
    (comment,) = comments(here)
    assert [line for line in comment.split("\n") if "Anna" in line] == [
        "Anna: one",
        "Anna: two",
        "Anna: three",
    ]


def test_edited_words_are_edited_in_the_comment(here: World) -> None:
    here.say("Helo")
    sent = here.phone()[0]
    body = {"bot": "100001:SANDBOX-TOKEN-ONE", "user_id": 42, "message_id": sent["message_id"]}
    here.telegram.test_client().post("/_sandbox/edit", json={**body, "text": "Hello"})
    here.run()
    assert "Hello" in comments(here)[0]


def test_comment_waits_for_the_end_when_asked(here: World) -> None:
    here.open("DEFAULT", ADMIN).put("/settings/chats", {"comments": "close"})
    here.say("one")
    assert comments(here) == []
    here.open("LEFT_MENU", BORIS).post(f"/conversations/{chat(here)['id']}/close")
    here.run()
    assert "Anna: one" in comments(here)[0]


def test_client_cannot_have_macros_expanded(here: World) -> None:
    here.say("$result[contact][item][id] [b]x[/b]")
    (comment,) = comments(here)
    assert "$result[contact][item][id] [b]x[/b]" in comment.replace("\u2060", "")
    assert "$result" not in comment


def test_deleted_deal_is_followed_by_another(here: World) -> None:
    here.say("one")
    deal = chat(here)["crm"]["deal"]["id"]
    hook = "/rest/1/sandboxhook000001/crm.item.delete"
    here.portal.app.test_client().post(hook, json={"entityTypeId": 2, "id": int(deal)})
    here.run()
    here.say("two")
    assert chat(here)["crm"]["deal"]["id"] != deal


def test_lost_answer_makes_no_second_deal(here: World) -> None:
    here.control("faults", {"match": "crm.item.add", "kind": "timeout_after", "times": 1})
    here.say("one")
    deals = here.portal.app.test_client().get("/_sandbox/crm/2").json["items"]
    ours = [one for one in deals if str(one.get("originId", "")).startswith("chat:")]
    assert len(ours) == 1
    assert len(comments(here)) == 1


def test_refusal_is_shown_in_words(here: World) -> None:
    fault = {"match": "crm.item.add", "kind": "error", "code": "ACCESS_DENIED", "status": 403}
    here.control("faults", {**fault, "text": "Access denied.", "times": 50})
    here.say("one")
    assert chat(here)["crm"]["state"] == "failed"
    assert chat(here)["crm"]["error"]


def test_decision_says_why(here: World) -> None:
    here.say()
    with reading() as session:
        (row,) = session.query(Decision).all()
        assert row.verdict["kind"] == "primary"
        assert row.reasons


def test_deleted_comment_is_begun_anew(here: World) -> None:
    here.say("one")
    (number,) = here.portal.comments
    hook = "/rest/1/sandboxhook000001/crm.timeline.comment.delete"
    here.portal.app.test_client().post(hook, json={"id": number})
    here.say("two")
    (comment,) = comments(here)
    assert "Anna: two" in comment


def test_files_are_named_in_the_portals_language(here: World) -> None:
    here.say("", photo=True)
    assert "[Фото]" in comments(here)[0].replace("\u2060", "")
