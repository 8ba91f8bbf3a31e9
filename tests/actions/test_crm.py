"""Chats in CRM, against the portal: found, created once, told, looked up after lost answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app.db import reading, transaction
from b24app.models import Decision, Portal
from b24app.rules import documents
from b24app.rules import inquiry as rules
from b24app.rules.plan import ORIGINATOR
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


def ours(here: World, type_id: int) -> list[dict[str, Any]]:
    """Cards that are there and were made by us."""
    items = here.portal.app.test_client().get(f"/_sandbox/crm/{type_id}").json["items"]
    return [one for one in items if one.get("originatorId") == ORIGINATOR]


def decisions() -> list[Decision]:
    with reading() as session:
        rows = session.query(Decision).order_by(Decision.id).all()
        session.expunge_all()
        return rows


def turn_integration(active: bool) -> None:
    with transaction() as session:
        session.query(Portal).update({"integration_active": active})


def comments(here: World) -> list[str]:
    answer = here.portal.app.test_client().get("/_sandbox/comments")
    return [one["COMMENT"] for one in answer.json["items"]]


def test_open_deal_of_a_known_phone_gets_the_chat(here: World) -> None:
    contact = card(here, 3, name="Anna", fm=[{"typeId": "PHONE", "value": "8 999 000-00-77"}])
    deal = card(here, 2, title="Lamp", contactIds=[contact])
    shares_phone(here)
    assert chat(here)["crm"]["deal"]["id"] == str(deal)
    assert made(here, 2) == []


def test_known_contact_without_cards_gets_the_comment(here: World) -> None:
    contact = card(here, 3, name="Anna", fm=[{"typeId": "PHONE", "value": PHONE}])
    shares_phone(here)
    here.say("one")
    crm = chat(here)["crm"]
    assert (crm["contact"]["id"], crm["deal"]) == (str(contact), None)
    assert here.calls("crm.item.add") == []


def test_repeat_rule_gives_a_known_contact_a_deal(here: World) -> None:
    here.rules(create_repeat=["deal"])
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
    here.rules(create_primary=["lead"])
    here.say()
    assert chat(here)["crm"]["lead"]
    assert made(here, 2) == []


def test_lead_and_deal_share_the_comment(here: World) -> None:
    here.rules(create_primary=["lead", "deal"])
    here.say()
    (comment,) = here.portal.comments.values()
    assert sorted(type_id for type_id, _ in comment["bindings"]) == [1, 2]


def test_portal_without_leads_gets_a_deal(here: World) -> None:
    here.control("switches", {"crm_mode": 2})
    here.rules(create_primary=["lead"])
    here.say()
    assert chat(here)["crm"]["deal"]
    assert made(here, 1) == []


def test_integration_off_writes_nothing_and_says_so(here: World) -> None:
    turn_integration(False)
    here.say()
    assert chat(here)["crm"]["state"] == "skipped"
    assert here.calls("crm.item.add") == []
    assert "switched off" in decisions()[0].reasons[0]["text"]


def test_integration_on_again_places_the_chat(here: World) -> None:
    turn_integration(False)
    here.say("one")
    turn_integration(True)
    here.say("two")
    assert chat(here)["crm"]["deal"]
    (comment,) = comments(here)
    assert "one" in comment
    assert "two" in comment


@pytest.mark.parametrize(
    "document",
    [{"active": False}, {"channels": []}, {"filter_default": "denied"}],
    ids=["inactive", "channel", "filter"],
)
def test_settings_keep_a_chat_out_of_crm(here: World, document: dict[str, Any]) -> None:
    here.rules(**document)
    before = len(here.http_calls())
    here.say("one")
    here.say("two")
    assert len(here.http_calls()) == before
    assert chat(here)["crm"]["state"] == "skipped"
    assert [one.verdict["kind"] for one in decisions()] == ["filtered"]


def test_chosen_responsible_is_set(here: World) -> None:
    here.rules(responsible_id=str(BORIS))
    here.say()
    assert {
        str(call["params"]["fields"]["assignedById"]) for call in here.calls("crm.item.add")
    } == {str(BORIS)}


def test_changed_settings_do_not_touch_a_running_chat(here: World) -> None:
    here.say("one")
    here.rules(transcript="off", create_primary=["lead"])
    here.say("two")
    (comment,) = comments(here)
    assert "two" in comment
    assert {one.settings_version for one in decisions()} == {0}


def test_new_chat_has_the_new_settings(here: World) -> None:
    here.rules(create_primary=["lead"])
    here.say("one")
    (one,) = decisions()
    assert one.settings_version == 1
    assert chat(here)["crm"]["lead"]


def test_talk_is_one_growing_comment(here: World) -> None:
    for text in ("one", "two", "three"):
        here.say(text)
    (comment,) = comments(here)
    assert [line.partition(" ")[2] for line in comment.split("\n")[1:]] == [
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
    here.rules(transcript="at_close")
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
    fault = {"match": "crm.item.add", "kind": "error", "error": "ACCESS_DENIED", "status": 403}
    here.control("faults", {**fault, "description": "Access denied.", "times": 50})
    here.say("one")
    assert chat(here)["crm"]["state"] == "failed"
    assert chat(here)["crm"]["error"]


def test_decision_says_why(here: World) -> None:
    here.say()
    (row,) = decisions()
    assert (row.state, row.verdict["kind"]) == ("done", "primary")
    assert row.reasons
    assert row.inquiry["origin"].startswith("chat:")
    assert set(row.outcome["results"]) == {"contact", "deal", "comment"}
    assert len(row.outcome["requests"]) == 2


def test_decision_can_be_replayed(here: World) -> None:
    here.say()
    (row,) = decisions()
    inquiry = rules.inquiry_from_json(row.inquiry)
    again = rules.decide(inquiry, rules.facts_from_json(row.facts), documents.read({}))
    assert rules.as_json(again)["targets"] == row.verdict["targets"]


def test_refused_value_is_left_out_once(here: World) -> None:
    here.rules(responsible_id=str(BORIS))
    here.control("users", {"ID": BORIS})
    del here.portal.users[BORIS]
    here.say()
    assert [one.get("assignedById") for one in ours(here, 2)] == [ADMIN]
    assert len(ours(here, 3)) == 1
    assert any("assignedById" in str(one["params"]) for one in decisions()[0].reasons)


def test_demanded_field_is_named_to_people(here: World) -> None:
    fault = {"match": "crm.item.add", "kind": "error", "times": 9}
    told = {"error": "CRM_FIELD_ERROR_REQUIRED", "description": "Заполните поле Комментарий"}
    here.control("faults", {**fault, **told})
    here.say()
    told = chat(here)["crm"]
    assert told["state"] == "failed"
    assert "Комментарий" in told["error"]


def test_refused_decoration_costs_nothing_else(here: World) -> None:
    here.rules(create_primary=["lead", "deal"])
    fault = {"match": "crm.timeline.bindings.bind", "kind": "error", "error": "ACCESS_DENIED"}
    here.control("faults", {**fault, "status": 403, "times": 1})
    here.say()
    assert chat(here)["crm"]["state"] == "ready"
    assert len(comments(here)) == 1


@pytest.mark.parametrize("kind", ["500", "error"])
def test_failed_search_is_never_not_found(here: World, kind: str) -> None:
    fault = {"match": "crm.duplicate.findbycomm", "kind": kind, "status": 403, "times": 1}
    here.control("faults", {**fault, "error": "ACCESS_DENIED", "description": "Access denied."})
    contact = card(here, 3, name="Anna", fm=[{"typeId": "PHONE", "value": PHONE}])
    deal = card(here, 2, title="Lamp", contactIds=[contact])
    shares_phone(here)
    here.run()
    assert here.calls("crm.item.add") == []
    found = chat(here)["crm"]["deal"]
    assert found is None or found["id"] == str(deal)


@pytest.mark.parametrize("mode", ["everything", "error"])
def test_portals_read_empty_references_differently(here: World, mode: str) -> None:
    here.control("switches", {"empty_filter": mode})
    card(here, 2, title="Somebody's")
    shares_phone(here)
    here.say()
    assert len(made(here, 2)) == 1
    assert len(ours(here, 2)) == 1


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
