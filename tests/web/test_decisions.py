"""The page that says why, and the trial of other rules, through the whole product."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from b24app import clock
from b24app.actions import decisions
from b24app.db import reading, transaction
from b24app.models import Contact, Decision
from b24app.models.event import Event
from tests.world import ADMIN, BORIS, Screen, World, world

TELEGRAM = {"items": [{"param": "channel_type", "operator": "equals", "value": "telegram"}]}


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.install()
        made.connect_telegram()
        yield made


def publish(screen: Screen, **changes: Any) -> None:
    now = screen.get("/settings/chats")
    document = {**now["document"], **changes}
    screen.put("/settings/chats", {"version": now["version"], "document": document})


def chat(here: World) -> str:
    (found,) = here.open("LEFT_MENU", BORIS).get("/conversations", status="new")["items"]
    return str(found["id"])


def page(here: World, user_id: int = BORIS) -> dict[str, Any]:
    found: dict[str, Any] = here.open("LEFT_MENU", user_id).get(
        f"/conversations/{chat(here)}/decision"
    )
    return found


def test_page_says_what_was_known_and_done(here: World) -> None:
    row = {"id": "tg", "when": TELEGRAM, "verdict": "allow", "stages": {"category_id": "3"}}
    publish(here.open(), pipelines_primary={"rows": [row], "default": {}}, responsible_id="3")
    here.say("I want two")
    told = page(here)
    assert (told["kind"], told["state"], told["settings"]["version"]) == ("primary", "done", 1)
    known = {one["name"]: one["value"] for group in told["parameters"] for one in group["items"]}
    assert (known["channel_type"], known["visitor_name"]) == ("telegram", "Anna")
    (rows,) = [step["rows"] for step in told["steps"] if step["id"] == "pipelines"]
    assert [(one["matched"], one["used"]) for one in rows] == [(True, True)]
    (leaf,) = rows[0]["trace"]["items"]
    assert (leaf["param"], leaf["actual"], leaf["result"]) == ("channel_type", "telegram", True)
    assert told["result"]["responsible"]["id"] == "3"
    assert any(told["result"]["responsible"]["name"] in one for one in told["reasons"])
    assert told["result"]["pipeline"]["id"] == "3"
    made = {one["key"]: one for one in told["calls"]}
    assert {"contact", "deal", "comment"} <= set(made)
    assert all(one["state"] == "done" for one in made.values())
    assert [one["status"] for one in told["requests"]] == [200, 200]


def test_page_is_in_the_language_of_its_reader(here: World) -> None:
    here.say("I want two")
    number = page(here)["id"]
    frame = here.portal.open_frame("LEFT_MENU", {}, BORIS)
    english = frame.url.replace("LANG=ru", "LANG=en").removeprefix("http://127.0.0.1:8000")
    answer = here.client.post(
        english, data=here.portal.form_fields(frame), base_url="http://127.0.0.1:8000"
    )
    told = Screen(here.client, answer).get(f"/decisions/{number}")
    assert told["kind_title"] == "A first inquiry"
    assert page(here)["kind_title"] == "Первичное обращение"
    assert all(any("а" <= letter <= "я" for letter in one) for one in page(here)["reasons"])


def test_refused_call_is_shown(here: World) -> None:
    fault = {"match": "crm.item.add", "kind": "error", "error": "ACCESS_DENIED", "status": 403}
    here.control("faults", {**fault, "times": 0})
    here.say("I want two")
    told = page(here)
    assert [one["state"] for one in told["calls"]][:2] == ["failed", "not_run"]
    assert told["calls"][0]["error"]


def test_kept_out_chat_says_which_row(here: World) -> None:
    publish(here.open(), filter=[{"id": "no", "when": TELEGRAM, "verdict": "denied"}])
    here.say("Just a question")
    told = page(here)
    assert told["kind"] == "filtered"
    assert told["calls"] == []
    assert here.calls("crm.item.add") == []


def test_undecided_chat_is_not_found(here: World) -> None:
    here.say("Good day")
    screen = here.open("LEFT_MENU", BORIS)
    assert screen.ask("GET", "/conversations/999/decision").status_code == 404
    assert screen.ask("GET", "/decisions/999").status_code == 404


def test_list_goes_by_pages(here: World) -> None:
    for number in range(3):
        here.say("Good day", user={"id": 50 + number, "first_name": f"Client {number}"})
    screen = here.open("LEFT_MENU", BORIS)
    first = screen.get("/decisions", limit=2)
    rest = screen.get("/decisions", limit=2, cursor=first["next"])
    names = [one["inquiry"]["name"] for one in first["items"] + rest["items"]]
    assert names == ["Client 2", "Client 1", "Client 0"]
    assert rest["next"] is None


def clients(here: World, *names: str) -> None:
    for number, name in enumerate(names):
        user = {"id": 50 + number, "first_name": name, "username": f"user{number}"}
        here.say("Good day", user=user)


def names(screen: Screen, **asked: Any) -> list[str]:
    return [one["inquiry"]["name"] for one in screen.get("/decisions", **asked)["items"]]


def test_list_says_where_an_inquiry_went(here: World) -> None:
    here.say("I want two")
    (made,) = here.open("LEFT_MENU", BORIS).get("/decisions")["items"]
    (card,) = made["targets"]
    (deal,) = [one for one in page(here)["calls"] if one["key"] == "deal"]
    assert (card["type"], card["id"], card["made"]) == ("deal", deal["id"], True)
    assert card["url"].endswith(f"/crm/deal/details/{deal['id']}/")
    assert (made["moved"], made["error"], made["inquiry"]["channel"]["kind"]) == (
        False,
        "",
        "telegram",
    )


def test_list_is_sifted_by_what_became(here: World) -> None:
    clients(here, "Anna")
    fault = {"match": "crm.item.add", "kind": "error", "error": "ACCESS_DENIED", "status": 403}
    here.control("faults", {**fault, "times": 0})
    here.say("Good day", user={"id": 70, "first_name": "Vera"})
    here.portal.faults.clear()
    publish(here.open(), filter=[{"id": "no", "when": TELEGRAM, "verdict": "denied"}])
    here.say("Good day", user={"id": 80, "first_name": "Gleb"})
    screen = here.open("LEFT_MENU", BORIS)
    assert set(names(screen, result="primary")) == {"Vera", "Anna"}
    assert names(screen, result="filtered") == ["Gleb"]
    assert set(names(screen, result="failed")) == {"Vera"}
    assert names(screen, result="repeat") == []
    (failed, *_) = screen.get("/decisions", result="failed")["items"]
    assert failed["error"]


def test_list_is_sifted_by_kind_and_time(here: World) -> None:
    clients(here, "Anna", "Vera")
    screen = here.open("LEFT_MENU", BORIS)
    (newest, older) = screen.get("/decisions")["items"]
    with transaction() as session:
        session.execute(
            update(Decision)
            .where(Decision.id == int(older["id"]))
            .values(settings_kind="requests", created_at=clock.now() - timedelta(days=2))
        )
    assert names(screen, settings_kind="chats") == ["Vera"]
    assert names(screen, settings_kind="requests") == ["Anna"]
    yesterday = (clock.now() - timedelta(days=1)).isoformat()
    assert names(screen, since=yesterday) == ["Vera"]
    assert newest["inquiry"]["name"] == "Vera"


@pytest.mark.parametrize(
    "asked", [{"result": "good"}, {"settings_kind": "x"}, {"since": "2026-11-21T10:00:00"}]
)
def test_filters_that_mean_nothing_are_refused(here: World, asked: dict[str, str]) -> None:
    answer = here.open("LEFT_MENU", BORIS).ask("GET", "/decisions", query_string=asked)
    assert (answer.status_code, set(answer.json["error"]["fields"])) == (400, set(asked))


def test_list_is_searched_by_the_client(here: World) -> None:
    clients(here, "Anna", "Vera", "100%")
    with transaction() as session:
        anna = session.scalars(select(Contact).where(Contact.name == "Anna")).one()
        anna.phone = "+79031112233"
    screen = here.open("LEFT_MENU", BORIS)
    for words in ("ann", "USER0", "8 (903) 111-22-33", "1122"):
        assert names(screen, search=words) == ["Anna"], words
    assert (names(screen, search="%"), names(screen, search="nobody")) == (["100%"], [])


def test_no_page_looks_through_everything(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "SCAN", 2)
    clients(here, "Anna", "Vera", "Gleb")
    screen = here.open("LEFT_MENU", BORIS)
    with transaction() as session:
        session.execute(
            update(Decision)
            .where(Decision.inquiry["name"].as_string() == "Anna")
            .values(settings_kind="requests", created_at=clock.now() - timedelta(days=2))
        )
    first = screen.get("/decisions", settings_kind="requests")
    assert first["items"] == []
    assert names(screen, settings_kind="requests", cursor=first["next"]) == ["Anna"]
    yesterday = (clock.now() - timedelta(days=1)).isoformat()
    rest = screen.get("/decisions", settings_kind="requests", since=yesterday, limit=1)
    assert rest["next"] is not None
    over = screen.get("/decisions", settings_kind="chats", since=clock.now().isoformat())
    assert over == {"items": [], "next": None}


def test_move_names_the_client_of_its_chat(here: World) -> None:
    here.say("I want two")
    screen = here.open("LEFT_MENU", ADMIN)
    deal = here.control("crm/2", {"fields": {"title": "Other"}})
    screen.put(f"/conversations/{chat(here)}/pin", {"type": "deal", "id": str(deal["id"])})
    (told, _) = screen.get("/decisions")["items"]
    assert (told["moved"], told["kind"], told["inquiry"]["name"]) == (True, "known", "Anna")
    assert told["inquiry"]["channel"]["kind"] == "telegram"
    assert [(one["type"], one["id"], one["made"]) for one in told["targets"]] == [
        ("deal", str(deal["id"]), False)
    ]
    whole = screen.get(f"/decisions/{told['id']}")
    assert (whole["inquiry"]["name"], whole["reasons"]) == ("Anna", told["reasons"])
    assert whole["result"]["targets"][0]["id"] == str(deal["id"])


def test_screens_hear_of_a_decision_when_something_came_of_it(here: World) -> None:
    here.say("I want two")
    with reading() as session:
        (row,) = session.scalars(select(Decision))
        (news,) = session.scalars(select(Event).where(Event.kind == "decision"))
    assert news.data == {
        "id": str(row.id),
        "conversation_id": str(row.conversation_id),
        "request_id": None,
    }
    assert (news.visitor, row.state) == (None, "done")


def test_other_rules_are_tried_without_a_call(here: World) -> None:
    for number in range(3):
        here.say("Good day", user={"id": 50 + number, "first_name": f"Client {number}"})
    screen, before = here.open(), len(here.calls())
    now = screen.get("/settings/chats")["document"]
    same = screen.post("/settings/chats/dry_run", {"document": now})
    assert (same["checked"], same["changed"], same["unknown"]) == (3, 0, 0)
    other = {**now, "create_primary": ["lead"]}
    tried = screen.post("/settings/chats/dry_run", {"document": other, "limit": 2})
    assert (tried["checked"], tried["changed"]) == (2, 2)
    assert tried["items"][0]["before"]["create"] == ["contact", "deal"]
    assert tried["items"][0]["after"]["create"] == ["lead"]
    assert screen.get("/settings/chats")["version"] == 0
    # Opening pages asks who looks; the trial itself asks nobody.
    assert len(here.calls()) == before
    assert screen.get(f"/decisions/{tried['items'][0]['decision_id']}")["kind"] == "primary"


def test_employees_do_not_try_rules(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    assert screen.ask("POST", "/settings/chats/dry_run", json={"document": {}}).status_code == 403


def test_draft_that_does_not_fit_is_refused_by_field(here: World) -> None:
    screen = here.open("DEFAULT", ADMIN)
    body = {"document": {"create_primary": ["activity"]}}
    answer = screen.ask("POST", "/settings/chats/dry_run", json=body)
    assert answer.status_code == 400
    assert set(answer.json["error"]["fields"]) == {"create_primary"}
