"""The connector's form: lines made once, channels that move, what Bitrix24 thinks of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from b24app import clock
from b24app.actions import line_making
from b24app.db import db, transaction
from b24app.models import LineLink, LineOrder
from tests.world import ADMIN, BORIS, VERA, Screen, World, world

CONNECTOR = "callgear_chats"
TWO = "100002:SANDBOX-TOKEN-TWO"
WISH = "0b3c7c0e-1111-4222-8333-955555555555"


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


def form(here: World, line: int = 1) -> Screen:
    return here.open("SETTING_CONNECTOR", ADMIN, LINE=str(line), CONNECTOR=CONNECTOR)


def order(here: World, *channels: dict[str, Any], status: int = 201, **more: Any) -> Any:
    body = {"client_uuid": WISH, "name": "Shop", "channels": [one["id"] for one in channels]}
    return form(here).post("/lines", body | more, status=status)


def named(here: World, name: str = "Shop") -> list[int]:
    return [number for number, one in here.portal.lines.items() if one["LINE_NAME"] == name]


def works(here: World, line: int) -> bool:
    link = here.portal.links.get((CONNECTOR, line))
    return link is not None and link.status


def chat_of(here: World, line: int) -> Any:
    (found,) = [one for one in here.portal.chats.values() if one.line == line]
    return found


def test_new_line_serves_several_channels(here: World) -> None:
    first, second = here.connect_telegram(), here.connect_telegram(token=TWO)
    told = order(here, first, second)
    assert (told["line"]["name"], told["channels"]) == ("Shop", [first["id"], second["id"]])
    assert told["bitrix"] == {"on": True, "connected": True}
    assert named(here) == [int(told["line"]["id"])]
    assert works(here, named(here)[0])


def test_lost_answer_makes_no_second_line(here: World) -> None:
    here.control("faults", {"match": "imopenlines.config.add", "kind": "timeout_after"})
    told = order(here, here.connect_telegram())
    assert named(here) == [int(told["line"]["id"])]


def test_nothing_is_asked_twice_while_nobody_knows(here: World) -> None:
    channel = here.connect_telegram()
    here.control("faults", {"match": "imopenlines.config.add", "kind": "timeout"})
    told = order(here, channel, status=502)
    assert told["error"]["code"] == "line_unknown"
    assert order(here, channel, status=502)["error"]["code"] == "line_unknown"
    assert named(here) == []
    long_ago = clock.now() - line_making.LATEST
    with transaction():
        db.session.execute(update(LineOrder).values(asked_at=long_ago))
    order(here, channel)
    assert len(named(here)) == 1


def test_line_that_came_late_is_found(here: World) -> None:
    channel = here.connect_telegram()
    here.control("faults", {"match": "imopenlines.config.add", "kind": "timeout_after"})
    here.control("faults", {"match": "batch", "kind": "500", "skip": 1})
    order(here, channel, status=502)
    assert len(named(here)) == 1
    told = order(here, channel)
    assert named(here) == [int(told["line"]["id"])]


def test_same_wish_is_the_same_line(here: World) -> None:
    channel = here.connect_telegram()
    assert order(here, channel)["line"] == order(here, channel)["line"]
    assert len(named(here)) == 1


def test_taken_name_is_said_at_its_field(here: World) -> None:
    answer = order(here, here.connect_telegram(), status=400, name=" поддержка ")
    assert "name" in answer["error"]["fields"]


def test_plan_without_more_lines_is_said(here: World) -> None:
    here.control("switches", {"lines_limit": 2})
    answer = order(here, here.connect_telegram(), status=403)
    assert "limited by the plan" in answer["error"]["message"]
    here.control("switches", {"lines_limit": 0})
    order(here, here.connect_telegram())


def test_only_administrators_make_lines(here: World) -> None:
    body = {"client_uuid": WISH, "name": "Shop", "channels": ["1"]}
    here.open("LEFT_MENU", VERA).post("/lines", body, status=403)


def test_channel_moves_when_that_is_agreed(here: World) -> None:
    first, second = here.connect_telegram(), here.connect_telegram(token=TWO)
    form(here).put("/lines/1", {"channels": [first["id"], second["id"]]})
    here.say("one")
    wanted = {"channels": [first["id"]]}
    assert form(here, 2).put("/lines/2", wanted, status=400)["error"]["code"] == "moves"
    form(here, 2).put("/lines/2", wanted | {"move": True})
    here.run()
    assert form(here).get("/lines/1")["channels"] == [second["id"]]
    here.say("two")
    texts = [here.portal.messages[number].text for number in chat_of(here, 2).message_ids]
    assert texts == ["two"]
    assert works(here, 1)


def test_line_that_everybody_left_is_disconnected(here: World) -> None:
    here.control("switches", {"deactivate_event": True})
    channel = here.connect_telegram()
    form(here).put("/lines/1", {"channels": [channel["id"]]})
    form(here, 2).put("/lines/2", {"channels": [channel["id"]], "move": True})
    here.run()
    assert (works(here, 1), works(here, 2)) == (False, True)
    assert here.open().get("/channels")["items"][0]["state"] == "working"


def test_reply_from_the_line_it_left_reaches_nobody_and_says_so(here: World) -> None:
    first, second = here.connect_telegram(), here.connect_telegram(token=TWO)
    form(here).put("/lines/1", {"channels": [first["id"], second["id"]]})
    here.say("one")
    form(here, 2).put("/lines/2", {"channels": [first["id"]], "move": True})
    here.run()
    body = {"chat_id": chat_of(here, 1).id, "user_id": BORIS, "text": "For whom?"}
    here.control("lines/1/reply", body)
    here.run()
    assert "For whom?" not in here.said_on_phone()
    assert here.all_in_line()[-1].startswith("⚠")
    (stray,) = here.open().get("/lines/strays")["items"]
    assert (stray["line"], stray["channel"], stray["count"]) == ("1", first["id"], 1)
    here.open("LEFT_MENU", VERA).delete(f"/lines/strays/{stray['id']}", status=403)
    here.open().delete(f"/lines/strays/{stray['id']}")
    assert here.open().get("/lines/strays")["items"] == []


def test_lost_disconnect_is_seen_and_mended(here: World) -> None:
    channel = here.connect_telegram()
    form(here).put("/lines/1", {"channels": [channel["id"]]})
    with here.portal.lock:
        here.portal.links.clear()
    told = form(here).get("/lines/1")
    assert (told["connected"], told["trouble"]) == (True, "disconnected")
    assert form(here).post("/lines/1/repair")["trouble"] == ""
    assert works(here, 1)


def test_line_that_is_off_is_switched_on(here: World) -> None:
    channel = here.connect_telegram()
    form(here).put("/lines/1", {"channels": [channel["id"]]})
    with here.portal.lock:
        here.portal.lines[1]["ACTIVE"] = "N"
    here.say("one")
    assert form(here).get("/lines/1")["trouble"] == "switched_off"
    assert form(here).post("/lines/1/repair")["trouble"] == ""
    here.run()
    assert here.said_in_line() == ["one"]


def test_late_disconnect_changes_nothing(here: World) -> None:
    channel = here.connect_telegram()
    form(here).put("/lines/1", {"channels": [channel["id"]]})
    here.control("lines/1/disconnect", {"connector": CONNECTOR})
    form(here).put("/lines/1", {"channels": [channel["id"]]})
    here.run()
    assert form(here).get("/lines/1")["channels"] == [channel["id"]]


def test_connection_that_serves_nobody_is_seen(here: World) -> None:
    form(here).put("/lines/1", {"channels": [here.connect_telegram()["id"]]})
    with transaction():
        db.session.execute(delete(LineLink))
    assert form(here).get("/lines/1")["trouble"] == "unserved"
    assert form(here).post("/lines/1/repair")["trouble"] == ""
    assert not works(here, 1)
