"""A form of a site, end to end: a request, its deal with a to-do, and no second deal in a chat.

Source: crm.md, plan (f).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from b24app.db import reading
from b24app.models import OfflineRequest
from tests.world import ADMIN, BORIS, World, world

PHONE = "+79990000077"
CONTACT, DEAL, LEAD = "3", "2", "1"


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.install()
        made.connect_telegram()
        yield made


@pytest.fixture
def key(here: World) -> str:
    """The public key of the site widget."""
    settings = {"title": "Owl & Lamp", "sites": ["shop.example"]}
    body = {"kind": "webchat", "settings": settings}
    channel = here.open().post("/channels", body, status=201)
    return str(channel["widget"]["key"])


def posted(here: World, key: str, **more: Any) -> None:
    fields = {
        "name": "Anna",
        "phone": "8 (999) 000-00-77",
        "message": "Is the owl in stock?",
        "form_name": "Call me back",
        "page_url": "https://shop.example/owl?utm_source=yandex",
        "lamp": "owl",
    }
    headers = {"Origin": "https://shop.example"}
    answer = here.client.post(f"/public/requests/{key}", data=fields | more, headers=headers)
    assert answer.status_code == 201, answer.text


def left(here: World, key: str, **more: Any) -> None:
    posted(here, key, **more)
    here.run()


def shares_phone(here: World) -> None:
    here.say("", contact={"phone_number": PHONE, "first_name": "Anna", "user_id": 42})


def made(here: World, type_id: str) -> list[dict[str, Any]]:
    added = here.calls("crm.item.add")
    return [one for one in added if str(one["params"]["entityTypeId"]) == type_id]


def requests(here: World) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = here.open("LEFT_MENU", BORIS).get("/requests")["items"]
    return items


def rule(here: World, kind: str, **changes: Any) -> None:
    """An administrator publishes other settings for chats or for requests."""
    screen = here.open("DEFAULT", ADMIN)
    now = screen.get(f"/settings/{kind}")
    body = {"document": {**now["document"], **changes}, "version": now["version"]}
    screen.put(f"/settings/{kind}", body)


def chat(here: World) -> dict[str, Any]:
    (found,) = here.open("LEFT_MENU", BORIS).get("/conversations", status="new")["items"]
    told: dict[str, Any] = found
    return told


def of_crm(here: World) -> set[int]:
    """Numbers of HTTP requests about CRM cards, however many commands were in each."""
    return {int(one["http"]) for one in here.calls() if one["method"].startswith("crm.")}


def test_form_becomes_a_deal_with_a_to_do(here: World, key: str) -> None:
    rule(here, "requests", create_primary=["deal", "activity"], deadline_minutes=90)
    before = of_crm(here)
    left(here, key)
    assert len(of_crm(here) - before) == 2
    (row,) = requests(here)
    (deal,), (contact,) = made(here, DEAL), made(here, CONTACT)
    number = deal["result"]["item"]["id"]
    assert row["crm"]["state"] == "ready"
    assert row["crm"]["deal"]["id"] == str(number)
    assert row["crm"]["contact"]["id"] == str(contact["result"]["item"]["id"])
    assert deal["params"]["fields"]["originId"].endswith(f"form:{row['id']}")
    assert PHONE in str(contact["params"]["fields"]["fm"])
    (to_do,) = here.calls("crm.activity.todo.add")
    assert (str(to_do["params"]["ownerTypeId"]), str(to_do["params"]["ownerId"])) == (
        DEAL,
        str(number),
    )
    due = datetime.fromisoformat(to_do["params"]["deadline"])
    since = due - datetime.fromisoformat(row["created_at"])
    assert abs(since - timedelta(minutes=90)) < timedelta(seconds=30)


def test_comment_says_what_was_left(here: World, key: str) -> None:
    left(here, key)
    (comment,) = here.calls("crm.timeline.comment.add")
    text = comment["params"]["fields"]["COMMENT"]
    for part in ("Call me back", "Anna", PHONE, "Is the owl in stock?", "lamp: owl"):
        assert part in text


def test_chat_of_the_same_phone_gets_no_second_deal(here: World, key: str) -> None:
    left(here, key)
    before = of_crm(here)
    shares_phone(here)
    assert len(made(here, DEAL)) == len(made(here, CONTACT)) == 1
    assert chat(here)["crm"]["deal"] == requests(here)[0]["crm"]["deal"]
    assert 1 <= len(of_crm(here) - before) <= 2


def test_rule_that_creates_again_makes_no_second_deal_either(here: World, key: str) -> None:
    rule(here, "chats", create_repeat=["deal"])
    left(here, key)
    shares_phone(here)
    assert len(made(here, DEAL)) == 1
    assert chat(here)["crm"]["deal"] == requests(here)[0]["crm"]["deal"]


def test_request_after_a_chat_joins_its_deal(here: World, key: str) -> None:
    shares_phone(here)
    left(here, key)
    assert len(made(here, DEAL)) == 1
    assert requests(here)[0]["crm"]["deal"] == chat(here)["crm"]["deal"]


def test_requests_at_once_are_one_deal(here: World, key: str) -> None:
    for text in ("one", "two", "three"):
        posted(here, key, message=text)
    here.run()
    assert len(made(here, DEAL)) == len(made(here, CONTACT)) == 1
    assert len({row["crm"]["deal"]["id"] for row in requests(here)}) == 1


def test_lost_answer_makes_no_second_deal(here: World, key: str) -> None:
    here.control("faults", {"match": "crm.item.add", "kind": "timeout_after", "times": 1})
    left(here, key)
    (row,) = requests(here)
    deals = here.portal.app.test_client().get("/_sandbox/crm/2").json["items"]
    ours = [deal["id"] for deal in deals if deal["originId"] == f"form:{row['id']}"]
    assert [row["crm"]["deal"]["id"]] == [str(number) for number in ours]


def test_requests_have_rules_of_their_own(here: World, key: str) -> None:
    rule(here, "requests", create_primary=["lead"])
    left(here, key)
    here.say()
    assert (len(made(here, LEAD)), len(made(here, DEAL))) == (1, 1)
    assert requests(here)[0]["crm"]["lead"]
    assert chat(here)["crm"]["deal"]


def test_rules_of_the_moment_count(here: World, key: str) -> None:
    """Changed after the request was left and before it reached CRM."""
    posted(here, key)
    rule(here, "requests", create_primary=["lead"])
    here.run()
    assert (len(made(here, LEAD)), len(made(here, DEAL))) == (0, 1)


def test_spam_waits_for_a_person(here: World, key: str) -> None:
    left(here, key, website_url="https://spam.example")
    assert here.calls("crm.item.add") == []
    (row,) = requests(here)
    here.open("LEFT_MENU", BORIS).post(f"/requests/{row['id']}/take")
    here.run()
    assert len(made(here, DEAL)) == 1
    assert requests(here)[0]["crm"]["state"] == "ready"


def test_removed_application_takes_no_requests(here: World, key: str) -> None:
    here.portal.uninstall(ADMIN)
    here.run()
    answer = here.client.post(f"/public/requests/{key}", json={"phone": PHONE})
    assert answer.status_code == 404
    with reading() as session:
        assert session.query(OfflineRequest).count() == 0
