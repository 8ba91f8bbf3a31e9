"""Viber end to end, without a browser: a client writes, an employee answers."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask

from sandbox.messengers.viber import create_viber
from tests.phones import Desk, Phones
from tests.world import APP, joined, world

API = "http://127.0.0.1:7212"
ANNA = "anna0000000001A=="
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000" + "1f15c4890000000a49444154789c63"
    "00010000050001" + "0d0a2db40000000049454e44ae426082"
)


@pytest.fixture
def phones(any_app: Flask) -> Iterator[Phones]:
    """A portal with the application installed, and Viber beside it."""
    with world(any_app) as here, joined(here, API, create_viber) as viber:
        here.install()
        yield Phones(here, "viber", viber, ANNA)


@pytest.fixture
def lite(app: Flask) -> Iterator[Phones]:
    """The same on SQLite only."""
    with world(app) as here, joined(here, API, create_viber) as viber:
        here.install()
        yield Phones(here, "viber", viber, ANNA)


def test_talk_goes_both_ways_and_statuses_move(phones: Phones) -> None:
    channel = phones.connect(welcome="Hello, we are here")
    assert (channel["state"], channel["external_id"]) == ("working", "pa:75346594275468546724")
    phones.control("open")
    assert [one["text"] for one in phones.got()] == ["Hello, we are here"]
    phones.say("Is it in stock?")
    desk = Desk(phones.here)
    assert desk.chat["contact"]["name"] == "Анна Соколова"
    desk.answer("Да, есть. " * 700)  # 7,000 letters of two bytes each
    assert desk.log()[-1]["state"] == "delivered"
    phones.control("read")
    phones.here.run()
    assert desk.log()[-1]["state"] == "read"


def test_files_go_both_ways(lite: Phones) -> None:
    lite.connect()
    lite.say("Like this one", picture={"name": "shelf.jpg"})
    desk = Desk(lite.here)
    (first,) = desk.log()
    (kept,) = first["attachments"]
    assert (first["text"], kept["kind"], kept["state"]) == ("Like this one", "image", "stored")
    for name, content in (("price.pdf", b"%PDF-1.4 price"), ("shelf.png", PNG)):
        upload = desk.screen.ask("POST", "/files", data={"file": (BytesIO(content), name)})
        desk.answer("", attachments=[upload.json["id"]])
    assert [(one["kind"], one["file"]["name"]) for one in lite.got()] == [
        ("file", "price.pdf"),
        ("picture", "shelf.png"),
    ]


def test_lost_answer_is_told_and_who_left_is_not_written_to(lite: Phones) -> None:
    lite.connect()
    lite.say("Hello?")
    desk = Desk(lite.here)
    lite.fault("send_message", "timeout_after", seconds=0)
    desk.answer("Here we are")
    assert [one["text"] for one in lite.got()] == ["Here we are"]
    assert desk.log()[-1]["state"] == "delivered"
    lite.fault("send_message", "error", status=6, words="notSubscribed")
    desk.answer("Still there?")
    assert desk.log()[-1]["error"]["code"] == "recipient_gone"
    lite.control("block")
    lite.here.run()
    assert desk.chat["may"]["reply"] is False


def test_token_is_judged_and_a_dead_one_is_told(lite: Phones) -> None:
    answer = lite.connect(status=400, token="1")
    assert list(answer["error"]["fields"]) == ["token"]
    channel, screen = lite.connect(), lite.here.open()
    lite.control("revoke")
    checked = screen.post(f"/channels/{channel['id']}/check")
    assert (checked["state"], "token" in checked["last_error"]) == ("attention", True)
    path = lite.account.hook.removeprefix(APP)
    for event in ("webhook", "message"):
        body = {"event": event, "message_token": 1, "sender": {"id": "x"}}
        assert lite.here.client.post(path, json=body).status_code == 403
