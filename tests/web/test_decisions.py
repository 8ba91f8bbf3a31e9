"""The page that says why, and the trial of other rules, through the whole product."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

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
