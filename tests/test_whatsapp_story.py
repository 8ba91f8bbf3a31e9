"""WhatsApp end to end, without a browser: a client writes, an employee answers."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask

from sandbox.messengers.whatsapp import create_whatsapp
from tests.phones import Desk, Phones
from tests.world import APP, BORIS, joined, world

API = "http://127.0.0.1:7211"


@pytest.fixture
def phones(any_app: Flask) -> Iterator[Phones]:
    """A portal with the application installed, and WhatsApp beside it."""
    with world(any_app) as here, joined(here, API, create_whatsapp) as whatsapp:
        here.install()
        yield Phones(here, "whatsapp", whatsapp)


@pytest.fixture
def lite(app: Flask) -> Iterator[Phones]:
    """The same on SQLite only."""
    with world(app) as here, joined(here, API, create_whatsapp) as whatsapp:
        here.install()
        yield Phones(here, "whatsapp", whatsapp)


def test_talk_goes_both_ways_and_statuses_move(phones: Phones) -> None:
    channel = phones.connect()
    assert (channel["state"], channel["external_id"]) == ("working", "106540352242922")
    asked = phones.say("Is it in stock?")
    desk = Desk(phones.here)
    assert (desk.chat["contact"]["name"], desk.chat["contact"]["phone"]) == (
        "Анна Соколова",
        "+79000000001",
    )
    desk.answer("Yes, it is", quote_id=desk.log()[0]["id"])
    (reply,) = phones.got()
    assert (reply["text"], reply["quote"]) == ("Yes, it is", asked["id"])
    assert desk.log()[-1]["state"] == "delivered"
    phones.control("read")
    phones.control("react", message=reply["id"], emoji="👍")
    phones.here.run()
    last = desk.log()[-1]
    assert (last["state"], last["reaction"]) == ("read", "👍")
    phones.say("Thank you")
    said = phones.seen()[-1]
    assert said["state"] == "sent"
    log, chat = desk.log(), desk.chat["id"]
    desk.screen.post(f"/conversations/{chat}/read", {"message_id": log[-1]["id"]})
    phones.here.run()
    assert phones.seen()[-1]["state"] == "read"


def test_files_go_both_ways_and_odd_things_are_named(lite: Phones) -> None:
    lite.connect()
    lite.fault("webhook", "timeout_after", seconds=0)  # it comes twice
    lite.say("Like this one", image={"name": "shelf.jpg"})
    desk = Desk(lite.here)
    (first,) = desk.log()
    (kept,) = first["attachments"]
    assert (first["text"], kept["kind"], kept["state"]) == ("Like this one", "image", "stored")
    lite.say(odd=True)
    assert desk.log()[-1]["text"] == "[unsupported]"
    file = {"file": (BytesIO(b"%PDF-1.4 price"), "price.pdf")}
    upload = desk.screen.ask("POST", "/files", data=file)
    desk.answer("The price", attachments=[upload.json["id"]])
    (got,) = lite.got()
    assert (got["kind"], got["text"], got["file"]["name"]) == ("document", "The price", "price.pdf")


def test_lost_answer_is_told_by_a_status(lite: Phones) -> None:
    lite.connect()
    lite.say("Hello?")
    lite.fault("messages", "timeout_after", seconds=0)
    desk = Desk(lite.here)
    desk.answer("Here we are")
    assert [one["text"] for one in lite.got()] == ["Here we are"]
    assert desk.log()[-1]["state"] == "delivered"


def test_limit_is_waited_out_and_a_closed_window_is_said(lite: Phones) -> None:
    lite.connect()
    lite.say("Hello?")
    lite.fault("messages", "429", code=131056, retry_after=6)
    desk = Desk(lite.here)
    desk.answer("Here we are")
    assert [one["text"] for one in lite.got()] == ["Here we are"]
    lite.control("age", hours=25)
    desk.answer("Are you still there?")
    last = desk.log()[-1]
    assert (last["state"], last["error"]["code"]) == ("failed", "window_closed")
    assert "24" in last["error"]["message"]


def test_template_opens_a_talk_with_who_never_wrote(lite: Phones) -> None:
    channel, screen = lite.connect(), lite.here.open("LEFT_MENU", BORIS)
    templates = f"/channels/{channel['id']}/templates"
    screen.get(templates)
    lite.here.run()
    listed = {(one["name"], one["language"]): one for one in screen.get(templates)["items"]}
    assert listed["visit", "ru"]["variables"] == ["name", "time"]
    assert listed["autumn", "ru"]["status"] == "pending"
    begin = {"channel_id": channel["id"], "address": "+52 55 1234 5678"}
    screen.post("/outreach/start", begin)
    desk = Desk(lite.here)
    desk.answer("Hello?", status=409)  # the window has never been open
    visit = {"name": "visit", "language": "ru", "values": ["Lupe", "10:00"]}
    desk.answer("", template=visit)
    lupe = Phones(lite.here, "whatsapp", lite.simulator, "5215512345678")
    assert [one["text"] for one in lupe.got()] == ["Ждём вас, Lupe, в 10:00."]
    assert desk.log()[-1]["state"] == "delivered"
    lupe.say("I shall come")  # WhatsApp calls her otherwise than she is dialled
    assert [one["text"] for one in desk.log()][-1] == "I shall come"
    desk.answer("See you")
    assert lupe.got()[-1]["text"] == "See you"


def test_settings_are_judged_and_a_dead_token_is_mended(lite: Phones) -> None:
    for field in lite.settings():
        answer = lite.connect(status=400, **{field: "1"})
        assert list(answer["error"]["fields"]) == [field]
    channel, screen = lite.connect(), lite.here.open()
    lite.control("revoke")
    checked = screen.post(f"/channels/{channel['id']}/check")
    assert (checked["state"], "token" in checked["last_error"]) == ("attention", True)
    lite.control("revoke", revoked=False)
    mended = screen.post(f"/channels/{channel['id']}/reconnect", {"settings": {}})
    assert mended["state"] == "working"
    assert strangers_are_refused(lite)


def strangers_are_refused(lite: Phones) -> bool:
    """Neither a wrong signature nor a guessed verify token gets in."""
    client, path = lite.here.client, lite.account.hook.removeprefix(APP)
    body = b'{"object": "whatsapp_business_account", "entry": []}'
    signed = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    query = {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1"}
    answers = (client.post(path, data=body, headers=signed), client.get(path, query_string=query))
    return [answer.status_code for answer in answers] == [403, 403]
