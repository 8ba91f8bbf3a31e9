"""A line that is switched off, unregistered, disconnected or deleted: what waits is not lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.world import ADMIN, BORIS, Screen, World, world

CONNECTOR = "callgear_chats"


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.install()
        channel = made.connect_telegram()
        link(made, 1, channel["id"])
        made.say("zero")
        yield made


def form(here: World, line: int) -> Screen:
    return here.open("SETTING_CONNECTOR", ADMIN, LINE=str(line), CONNECTOR=CONNECTOR)


def link(here: World, line: int, channel_id: str) -> None:
    form(here, line).put(f"/lines/{line}", {"channels": [channel_id]})
    here.run()


def channel(here: World) -> dict[str, Any]:
    (found,) = here.open().get("/channels")["items"]
    known: dict[str, Any] = found
    return known


def hook(here: World, method: str, **body: Any) -> None:
    answer = here.portal.app.test_client().post(f"/rest/1/sandboxhook000001/{method}", json=body)
    assert answer.status_code == 200, answer.text


def switch(here: World, active: str) -> None:
    hook(here, "imopenlines.config.update", CONFIG_ID=1, PARAMS={"ACTIVE": active})


def words(here: World, line: int) -> list[str]:
    """What clients and operators said in the chats of a line."""
    chats = [one for one in here.portal.chats.values() if one.line == line]
    said = [here.portal.messages[number] for chat in chats for number in chat.message_ids]
    return [one.text for one in said if one.author or one.external_ids]


def test_unregistered_connector_registers_again_and_loses_nothing(here: World) -> None:
    with here.portal.lock:
        del here.portal.connectors[CONNECTOR]
        here.portal.links.clear()
    here.say("one")
    here.say("two")
    assert channel(here)["state"] == "attention"
    assert CONNECTOR in here.portal.connectors
    here.unpark()
    assert words(here, 1) == ["zero", "one", "two"]
    assert channel(here)["state"] == "working"


def test_what_waited_for_a_disconnected_line_goes_when_it_is_back(here: World) -> None:
    switch(here, "N")
    here.say("one")
    here.say("two")
    here.control("lines/1/disconnect", {"connector": CONNECTOR})
    here.run()
    assert "disconnected in Bitrix24" in channel(here)["last_error"]
    here.unpark()
    switch(here, "Y")
    link(here, 1, channel(here)["id"])
    assert words(here, 1) == ["zero", "one", "two"]
    assert channel(here)["state"] == "working"


def test_what_waited_for_a_deleted_line_goes_to_the_next_one(here: World) -> None:
    switch(here, "N")
    here.say("one")
    hook(here, "imopenlines.config.delete", CONFIG_ID=1)
    here.run()
    assert "deleted in Bitrix24" in channel(here)["last_error"]
    link(here, 2, channel(here)["id"])
    here.say("two")
    assert words(here, 2) == ["one", "two"]


def test_answers_after_a_change_of_lines_go_to_the_new_chat(here: World) -> None:
    hook(here, "imopenlines.config.delete", CONFIG_ID=1)
    here.run()
    link(here, 2, channel(here)["id"])
    screen = here.open("LEFT_MENU", BORIS)
    (chat,) = screen.get("/conversations", status="new")["items"]
    body = {"client_uuid": "0b3c7c0e-1111-4222-8333-944444444444", "text": "hello"}
    screen.post(f"/conversations/{chat['id']}/messages", body)
    here.run()
    assert [text for text in words(here, 2) if text.endswith("hello")]
    assert words(here, 1) == ["zero"]


def test_edit_that_waits_for_no_line_holds_nobody_up(here: World) -> None:
    edited = {"message_id": here.phone()[0]["message_id"], "text": "zero!"}
    user = {"bot": "100001:SANDBOX-TOKEN-ONE", "user_id": 42}
    here.control("lines/1/disconnect", {"connector": CONNECTOR})
    here.telegram.test_client().post("/_sandbox/edit", json={**user, **edited})
    here.run()
    link(here, 1, channel(here)["id"])
    here.say("one")
    assert words(here, 1)[-1] == "one"
