"""Open Lines: linked by their form, one state for both sides, let go."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.world import ADMIN, BORIS, VERA, Screen, World, world


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


def form(here: World, line: int = 1, user_id: int = ADMIN) -> Screen:
    return here.open("SETTING_CONNECTOR", user_id, LINE=str(line), CONNECTOR="callgear_chats")


def linked(here: World, line: int = 1) -> dict[str, Any]:
    channel = here.connect_telegram()
    form(here, line).put(f"/lines/{line}", {"channels": [channel["id"]]})
    return channel


def chat(here: World, status: str = "new", user_id: int = BORIS) -> dict[str, Any]:
    (found,) = here.open("LEFT_MENU", user_id).get("/conversations", status=status)["items"]
    chat: dict[str, Any] = found
    return chat


def switch(here: World, active: str) -> None:
    """An administrator switches the line on or off in its settings."""
    body = {"CONFIG_ID": 1, "PARAMS": {"ACTIVE": active}}
    hook = "/rest/1/sandboxhook000001/imopenlines.config.update"
    assert here.portal.app.test_client().post(hook, json=body).status_code == 200


def test_form_shows_its_line(here: World) -> None:
    told = form(here).get("/lines/1")
    assert told["line"]["name"]
    assert (told["connected"], told["channels"]) == (False, [])


def test_connecting_is_done_on_the_portal(here: World) -> None:
    linked(here)
    (link,) = here.portal.app.test_client().get("/_sandbox/state").json["links"]
    assert link["status"]


def test_line_without_channels_is_refused(here: World) -> None:
    answer = form(here).put("/lines/1", {"channels": []}, status=400)
    assert "channels" in answer["error"]["fields"]


def test_channel_talks_through_one_line_only(here: World) -> None:
    channel = linked(here)
    answer = form(here, 2).put("/lines/2", {"channels": [channel["id"]]}, status=400)
    assert (answer["error"]["code"], list(answer["error"]["fields"])) == ("moves", ["channels"])


def test_two_channels_share_a_line(here: World) -> None:
    channels = [here.connect_telegram(), here.connect_telegram(token="100002:SANDBOX-TOKEN-TWO")]
    told = form(here).put("/lines/1", {"channels": [one["id"] for one in channels]})
    assert len(told["channels"]) == 2


def test_form_is_for_administrators(here: World) -> None:
    assert form(here, 1, VERA).boot == {}
    here.open("LEFT_MENU", VERA).put("/lines/2", {"channels": ["1"]}, status=403)


def test_unknown_line_is_not_guessed(here: World) -> None:
    here.open("DEFAULT", ADMIN).put("/lines/99", {"channels": ["1"]}, status=404)


def test_disconnected_line_gets_nothing_more(here: World) -> None:
    linked(here)
    here.say("one")
    form(here).delete("/lines/1")
    here.say("two")
    assert here.said_in_line() == ["one"]
    assert [one["text"] for one in here.phone()] == ["one", "two"]


def test_disconnect_in_the_portal_is_heard(here: World) -> None:
    linked(here)
    here.control("lines/1/disconnect", {"connector": "callgear_chats"})
    here.run()
    assert form(here).get("/lines/1")["channels"] == []


def test_parked_line_takes_up_where_it_stopped(here: World) -> None:
    linked(here)
    switch(here, "N")
    here.say("one")
    (channel,) = here.open().get("/channels")["items"]
    assert channel["state"] == "attention"
    switch(here, "Y")
    here.unpark()
    assert here.said_in_line() == ["one"]


def test_accepting_here_answers_there(here: World) -> None:
    linked(here)
    here.say()
    here.open("LEFT_MENU", BORIS).post(f"/conversations/{chat(here)['id']}/accept")
    here.run()
    (line,) = here.line_chats()
    assert line["session"]["operator"] == BORIS


def test_answering_there_accepts_here(here: World) -> None:
    linked(here)
    here.say()
    (line,) = here.line_chats()
    here.control("lines/1/reply", {"chat_id": line["id"], "user_id": VERA, "text": "At once"})
    here.run()
    assert chat(here, "active", VERA)["responsible"]["id"] == str(VERA)


def test_closing_here_finishes_there(here: World) -> None:
    linked(here)
    here.say()
    screen = here.open("LEFT_MENU", BORIS)
    number = chat(here)["id"]
    screen.post(f"/conversations/{number}/accept")
    here.run()
    screen.post(f"/conversations/{number}/close")
    here.run()
    (line,) = here.line_chats()
    assert line["session"]["status"] == "closed"


def test_word_after_the_end_opens_both_anew(here: World) -> None:
    linked(here)
    here.say("one")
    screen = here.open("LEFT_MENU", BORIS)
    screen.post(f"/conversations/{chat(here)['id']}/accept")
    screen.post(f"/conversations/{chat(here, 'active')['id']}/close")
    here.run()
    here.say("two")
    assert chat(here)["last_message"]["text"] == "two"
    assert here.said_in_line() == ["one", "two"]


def test_edit_of_an_operator_reaches_the_phone(here: World) -> None:
    linked(here)
    here.say()
    (line,) = here.line_chats()
    body = {"chat_id": line["id"], "user_id": BORIS, "text": "Helo"}
    said = here.control("lines/1/reply", body)
    here.run()
    here.control(f"messages/{said['id']}/edit", {"text": "Hello"})
    here.run()
    assert here.said_on_phone()[-1] == "Hello"


def test_file_of_an_operator_reaches_the_phone(here: World) -> None:
    linked(here)
    here.say()
    (line,) = here.line_chats()
    file = {"name": "price.pdf", "content": "JVBERi0xLjQ="}
    body = {"chat_id": line["id"], "user_id": BORIS, "text": "", "files": [file]}
    here.control("lines/1/reply", body)
    here.run()
    assert here.phone()[-1]["document"]["file_name"] == "price.pdf"


def test_undeliverable_reply_is_told_to_the_line(here: World) -> None:
    linked(here)
    here.say()
    (line,) = here.line_chats()
    here.telegram.test_client().post(
        "/_sandbox/block", json={"bot": "100001:SANDBOX-TOKEN-ONE", "user_id": 42}
    )
    here.control("lines/1/reply", {"chat_id": line["id"], "user_id": BORIS, "text": "Lost"})
    here.run()
    assert any(text.startswith("⚠") for text in here.all_in_line())


def reply(here: World, text: str, user_id: int = BORIS) -> int:
    (line,) = here.line_chats()
    body = {"chat_id": line["id"], "user_id": user_id, "text": text}
    number = int(here.control("lines/1/reply", body)["id"])
    here.run()
    return number


def test_change_that_cannot_be_made_is_told_in_both(here: World) -> None:
    linked(here)
    here.say()
    number = reply(here, "Helo")
    here.telegram.test_client().post(
        "/_sandbox/block", json={"bot": "100001:SANDBOX-TOKEN-ONE", "user_id": 42}
    )
    here.control(f"messages/{number}/edit", {"text": "Hello"})
    here.run()
    assert any(text.startswith("⚠") for text in here.all_in_line())
    log = here.open("LEFT_MENU", BORIS).get(f"/conversations/{chat(here, 'active')['id']}/messages")
    assert [one["text"] for one in log["items"]][-1].startswith("The client still sees")


def test_chat_bot_reaches_the_client_and_takes_no_chat(here: World) -> None:
    linked(here)
    here.say()
    with here.portal.lock:
        here.portal.users[77] = {**here.portal.users[BORIS], "ID": 77, "USER_TYPE": "bot"}
        next(iter(here.portal.chats.values())).members.append(77)
    reply(here, "A robot helps you", 77)
    assert here.said_on_phone()[-1] == "A robot helps you"
    assert chat(here)["last_message"]["text"] == "A robot helps you"


def test_quote_of_the_workplace_is_shown_in_the_line(here: World) -> None:
    linked(here)
    here.say("Is it there?")
    reply(here, "One moment")
    screen = here.open("LEFT_MENU", BORIS)
    talk = chat(here, "active")["id"]
    (first, *_) = screen.get(f"/conversations/{talk}/messages")["items"]
    uuid = "0b3c7c0e-1111-4222-8333-966666666666"
    body = {"client_uuid": uuid, "text": "Yes", "quote_id": first["id"]}
    screen.post(f"/conversations/{talk}/messages", body)
    here.run()
    assert here.all_in_line()[-1] == ">> Is it there?\nYes"
    assert here.said_on_phone()[-1] == "Yes"


def test_layout_goes_both_ways(here: World) -> None:
    linked(here)
    bold = {"type": "bold", "offset": 3, "length": 4}
    here.say("\U0001f319 very bright", entities=[bold])
    assert here.said_in_line() == ["\U0001f319 [b]very[/b] bright"]
    reply(here, "It is [i]very[/i] [b]bright[/b]")
    sent = here.phone()[-1]
    assert sent["text"] == "It is very bright"
    assert [one["type"] for one in sent["entities"]] == ["italic", "bold"]
