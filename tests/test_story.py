"""The main job, end to end, without a browser: a client writes, an employee answers."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from b24app.db import reading
from b24app.models import Message
from tests.world import ADMIN, BORIS, World, world


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.install()
        yield made


def chats(here: World, status: str = "new", user_id: int = BORIS) -> list[dict[str, Any]]:
    screen = here.open("LEFT_MENU", user_id)
    items: list[dict[str, Any]] = screen.get("/conversations", status=status)["items"]
    return items


def kept() -> int:
    """How many messages the application holds."""
    with reading() as session:
        return session.query(Message).count()


def test_installation_works(here: World) -> None:
    assert here.open("DEFAULT", ADMIN).boot["portal"]["status"] == "active"


def test_client_message_reaches_the_workplace(here: World) -> None:
    here.connect_telegram()
    here.say("Is it in stock?")
    (chat,) = chats(here)
    assert chat["contact"]["name"] == "Anna"
    assert chat["last_message"]["text"] == "Is it in stock?"


def test_answer_reaches_the_phone_once(here: World) -> None:
    here.connect_telegram()
    here.say()
    (chat,) = chats(here)
    screen = here.open("LEFT_MENU", BORIS)
    screen.post(f"/conversations/{chat['id']}/accept")
    body = {"client_uuid": "uuid-0001", "text": "Yes, it is"}
    for _ in range(2):
        screen.post(f"/conversations/{chat['id']}/messages", body)
    here.run()
    assert here.said_on_phone() == ["Good day", "Yes, it is"]
    states = [one["state"] for one in screen.get(f"/conversations/{chat['id']}/messages")["items"]]
    assert states[-1] == "sent"


def test_files_go_both_ways(here: World) -> None:
    here.connect_telegram()
    here.say("", photo={"name": "shelf.png"})
    (chat,) = chats(here)
    screen = here.open("LEFT_MENU", BORIS)
    log = screen.get(f"/conversations/{chat['id']}/messages")["items"]
    assert log[0]["attachments"][0]["state"] == "stored"
    with here.client.get(log[0]["attachments"][0]["url"]) as picture:
        assert picture.status_code == 200
        assert picture.mimetype == "image/jpeg"
    upload = screen.ask("POST", "/files", data={"file": (BytesIO(b"%PDF-1.4 price"), "price.pdf")})
    body = {"client_uuid": "uuid-0002", "text": "", "attachments": [upload.json["id"]]}
    screen.post(f"/conversations/{chat['id']}/messages", body)
    here.run()
    assert here.phone()[-1].get("document")


def test_crm_gets_a_deal_with_its_contact(here: World) -> None:
    here.connect_telegram()
    here.say("I want two")
    (chat,) = chats(here)
    assert chat["crm"]["deal"]
    assert chat["crm"]["contact"]
    (deal,) = [
        call["params"]["fields"]
        for call in here.calls("crm.item.add")
        if str(call["params"]["entityTypeId"]) == "2"
    ]
    assert "Anna" in deal["title"]
    assert str(deal["assignedById"]) == "1"


def test_second_message_makes_no_second_deal(here: World) -> None:
    here.connect_telegram()
    here.say("one")
    here.say("two")
    assert len(here.calls("crm.item.add")) == 2  # a contact and a deal
    (update,) = here.calls("crm.timeline.comment.update")[-1:]
    assert "two" in update["params"]["fields"]["COMMENT"]


def test_deal_tab_shows_the_same_chat(here: World) -> None:
    here.connect_telegram()
    here.say()
    (chat,) = chats(here)
    deal = chat["crm"]["deal"]["id"]
    tab = here.open("CRM_DEAL_DETAIL_TAB", ADMIN, ID=deal)
    found = tab.get("/conversations", entity_type="deal", entity_id=deal)["items"]
    assert [one["id"] for one in found] == [chat["id"]]


def test_close_and_reopen(here: World) -> None:
    here.connect_telegram()
    here.say()
    (chat,) = chats(here)
    screen = here.open("LEFT_MENU", BORIS)
    screen.post(f"/conversations/{chat['id']}/close")
    assert screen.get(f"/conversations/{chat['id']}")["status"] == "closed"
    assert screen.post(f"/conversations/{chat['id']}/reopen")["status"] == "active"


def link_line(here: World, line: int = 1) -> dict[str, Any]:
    channel = here.connect_telegram()
    form = here.open("SETTING_CONNECTOR", ADMIN, LINE=str(line), CONNECTOR="callgear_chats")
    form.put(f"/lines/{line}", {"channels": [channel["id"]]})
    return channel


def test_linked_line_gets_the_client_once(here: World) -> None:
    link_line(here)
    here.say("Hello there")
    here.say("Anybody?")
    assert here.said_in_line() == ["Hello there", "Anybody?"]


def test_line_reply_reaches_the_phone_and_is_acknowledged(here: World) -> None:
    link_line(here)
    here.say()
    (chat,) = here.line_chats()
    here.control("lines/1/reply", {"chat_id": chat["id"], "user_id": BORIS, "text": "At once"})
    here.run()
    assert here.said_on_phone() == ["Good day", "At once"]
    assert here.calls("imconnector.send.status.delivery")


def test_workplace_reply_has_no_echo(here: World) -> None:
    link_line(here)
    here.say()
    (chat,) = chats(here)
    screen = here.open("LEFT_MENU", BORIS)
    screen.post(f"/conversations/{chat['id']}/accept")
    body = {"client_uuid": "uuid-0003", "text": "From the workplace"}
    screen.post(f"/conversations/{chat['id']}/messages", body)
    here.run()
    assert here.said_on_phone() == ["Good day", "From the workplace"]
    (line,) = here.line_chats()
    said = [one for one in line["messages"] if one["text"] == "From the workplace"]
    assert [one["author"] for one in said] == [BORIS]
    log = screen.get(f"/conversations/{chat['id']}/messages")["items"]
    assert [one["text"] for one in log if one["direction"] == "out"] == ["From the workplace"]


def test_linked_channel_makes_no_deals(here: World) -> None:
    link_line(here)
    here.say()
    assert here.calls("crm.item.add") == []
    assert chats(here)[0]["crm"]["state"] == "skipped"


def test_lines_switched_off_leave_the_work_to_the_rules(here: World) -> None:
    link_line(here)
    here.open().put("/settings/open_lines", {"document": {"active": False}})
    here.say("Anybody?")
    assert here.line_chats() == []
    assert chats(here)[0]["crm"]["deal"]
    here.open().put("/settings/open_lines", {"document": {"active": True}})
    here.say("Hello again")
    assert here.said_in_line() == ["Hello again"]


def test_finished_dialog_closes_the_chat(here: World) -> None:
    link_line(here)
    here.say()
    (chat,) = here.line_chats()
    here.control(f"lines/{chat['id']}/answer", {"user_id": BORIS})
    here.control(f"lines/{chat['id']}/finish", {"user_id": BORIS})
    here.run()
    assert len(chats(here, "closed")) == 1


def test_uninstall_stops_everything(here: World) -> None:
    here.connect_telegram()
    screen = here.open("LEFT_MENU", BORIS)
    here.portal.uninstall(ADMIN)
    here.run()
    here.say("Anybody?")
    assert screen.ask("GET", "/conversations").status_code == 401
    assert kept() == 0


def test_installed_again_it_works(here: World) -> None:
    here.connect_telegram()
    here.say("Before")
    here.portal.uninstall(ADMIN)
    here.run()
    here.install()
    here.say("After")
    (chat,) = chats(here)
    assert chat["last_message"]["text"] == "After"


def test_clean_uninstall_erases_the_data(here: World) -> None:
    here.connect_telegram()
    here.say("Secret")
    here.portal.uninstall(ADMIN, clean=True)
    here.run()
    assert kept() == 0
    here.install()
    assert chats(here) == []
