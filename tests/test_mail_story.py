"""Letters, end to end: a real mail server, the portal, an employee who answers."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from b24app.actions import requests
from b24app.db import reading
from b24app.models import Arrival, Attachment
from tests.mailserver import ANNA, OURS, Mail
from tests.world import BORIS, Screen, World, world

pytestmark = pytest.mark.services
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


@pytest.fixture
def here(app: Flask, mail: Mail) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


@pytest.fixture
def anywhere(any_app: Flask, mail: Mail) -> Iterator[World]:
    """On both databases."""
    with world(any_app) as made:
        made.install()
        yield made


def connect(here: World, mail: Mail, **more: Any) -> dict[str, Any]:
    body = {"kind": "email", "settings": mail.settings_of(**more)}
    channel: dict[str, Any] = here.open().post("/channels", body, status=201)
    here.run()
    return channel


def write(here: World, mail: Mail, text: str = "Is the owl in stock?", **more: str) -> None:
    """Anna writes a letter, and our side looks."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = f"Anna <{ANNA}>", OURS, "Owl"
    letter["Message-ID"] = more.pop("id", "<1@client.example>")
    for name, value in more.items():
        letter[name.replace("_", "-")] = value
    letter.set_content(text)
    mail.boxes.deliver(OURS, letter.as_bytes())
    here.look()


def chats(here: World, status: str = "new") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = here.open("LEFT_MENU", BORIS).get(
        "/conversations", status=status
    )["items"]
    return items


def log(here: World, chat: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/conversations/{chat['id']}/messages"
    items: list[dict[str, Any]] = here.open("LEFT_MENU", BORIS).get(path)["items"]
    return items


def answer(here: World, chat: dict[str, Any], text: str = "Yes, it is") -> Screen:
    screen = here.open("LEFT_MENU", BORIS)
    screen.post(f"/conversations/{chat['id']}/accept")
    body = {"client_uuid": "uuid-mail-1", "text": text}
    screen.post(f"/conversations/{chat['id']}/messages", body)
    here.run()
    return screen


def test_letter_becomes_a_chat_once(here: World, mail: Mail) -> None:
    connect(here, mail)
    write(here, mail)
    here.look()
    (chat,) = chats(here)
    assert chat["contact"]["name"] == "Anna"
    assert [one["text"] for one in log(here, chat)] == ["Owl\n\nIs the owl in stock?"]


def test_answer_goes_out_in_its_thread(here: World, mail: Mail) -> None:
    connect(here, mail)
    write(here, mail)
    answer(here, chats(here)[0])
    (raw,) = mail.smtp.received
    letter = message_from_bytes(raw)
    assert (letter["To"], letter["Subject"]) == (ANNA, "Re: Owl")
    assert letter["In-Reply-To"] == "<1@client.example>"
    assert log(here, chats(here, "active")[0])[-1]["state"] == "sent"


def test_reply_quotes_our_letter(anywhere: World, mail: Mail) -> None:
    connect(anywhere, mail)
    write(anywhere, mail)
    answer(anywhere, chats(anywhere)[0])
    ours = message_from_bytes(mail.smtp.received[0])["Message-ID"]
    write(anywhere, mail, "I take two.\n\n> Yes, it is", id="<2@client.example>", In_Reply_To=ours)
    last = log(anywhere, chats(anywhere, "active")[0])[-1]
    assert (last["text"], last["quote"]["text"]) == ("I take two.", "Yes, it is")


def test_bounce_fails_the_message(here: World, mail: Mail) -> None:
    connect(here, mail)
    write(here, mail)
    answer(here, chats(here)[0])
    ours = message_from_bytes(mail.smtp.received[0])["Message-ID"]
    mail.boxes.deliver(OURS, bounce(ours))
    here.look()
    (chat,) = chats(here, "active")
    (failed,) = [one for one in log(here, chat) if one["direction"] == "out"]
    assert failed["state"] == "failed"
    assert "User unknown" in failed["error"]["message"]


def bounce(message_id: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mail.example\r\nMessage-ID: <b@mail.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="d"\r\n\r\n'
        "--d\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mail.example\r\n\r\n"
        f"Final-Recipient: rfc822; {ANNA}\r\nAction: failed\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n"
        "--d\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"To: {ANNA}\r\nMessage-ID: {message_id}\r\n\r\n--d--\r\n"
    ).encode()


def test_out_of_office_is_a_note_and_opens_nothing(here: World, mail: Mail) -> None:
    connect(here, mail)
    write(here, mail, "I am away", id="<a@client.example>", Auto_Submitted="auto-replied")
    assert chats(here) == []
    write(here, mail)
    write(here, mail, "Away again", id="<b@client.example>", Auto_Submitted="auto-replied")
    (chat,) = chats(here)
    assert [one["direction"] for one in log(here, chat)] == ["in", "system"]
    assert mail.smtp.received == []


def test_layout_and_its_picture_are_shown_safely(here: World, mail: Mail) -> None:
    connect(here, mail)
    letter = EmailMessage()
    letter["From"], letter["Subject"], letter["Message-ID"] = ANNA, "Look", "<h@client.example>"
    letter.set_content("See")
    letter.add_alternative('<p onclick="x()">See <img src="cid:owl@c"></p>', subtype="html")
    letter.get_payload()[1].add_related(GIF, "image", "gif", cid="<owl@c>")  # type: ignore[union-attr, index]
    mail.boxes.deliver(OURS, letter.as_bytes())
    here.look()
    (chat,) = chats(here)
    (message,) = log(here, chat)
    assert message["laid_out"]
    picture = message["attachments"][0]["url"]
    path = f"/conversations/{chat['id']}/messages/{message['id']}/layout"
    assert here.open("LEFT_MENU", BORIS).get(path)["html"] == f'<p>See <img src="{picture}"></p>\n'


def test_long_letter_lies_in_the_store(here: World, mail: Mail) -> None:
    connect(here, mail)
    write(here, mail, "long " * 20_000)
    (chat,) = chats(here)
    assert log(here, chat)[0]["text"].endswith("long")
    with reading() as session:
        (kept,) = session.query(Arrival).filter(Arrival.source.like("channel:%"))
        assert (kept.body, bool(kept.meta["stored"])) == ("", True)


def test_letters_become_requests_if_asked(here: World, mail: Mail) -> None:
    connect(here, mail, as_requests=True)
    write(here, mail)
    write(here, mail)
    (request,) = here.open("LEFT_MENU", BORIS).get("/requests")["items"]
    assert (request["kind"], request["email"]) == ("email", ANNA)
    assert (request["text"], request["form"]) == ("Is the owl in stock?", {"Subject": "Owl"})
    assert chats(here) == []


def test_files_of_a_letter_come_along_with_its_request_once(anywhere: World, mail: Mail) -> None:
    connect(anywhere, mail, as_requests=True)
    letter = EmailMessage()
    letter["From"], letter["Subject"], letter["Message-ID"] = ANNA, "Owl", "<f@client.example>"
    letter.set_content("As on the picture")
    letter.add_attachment(GIF, "image", "gif", filename="owl.gif")
    large = b"0" * (requests.FILE_LIMIT + 1)
    letter.add_attachment(large, "application", "pdf", filename="large.pdf")
    for _ in range(2):  # a server that shows one letter twice
        mail.boxes.deliver(OURS, letter.as_bytes())
        anywhere.look()
    (request,) = anywhere.open("LEFT_MENU", BORIS).get("/requests")["items"]
    kept, refused = request["attachments"]
    assert (kept["name"], kept["kind"], kept["state"]) == ("owl.gif", "image", "stored")
    with anywhere.app.test_client().get(kept["url"]) as opened:
        assert opened.data == GIF
    assert (refused["name"], refused["state"]) == ("large.pdf", "failed")
    with reading() as session:
        assert session.query(Attachment).count() == 2


def test_nothing_is_missed_while_disconnected(here: World, mail: Mail) -> None:
    channel = connect(here, mail)
    write(here, mail)
    here.open().post(f"/channels/{channel['id']}/disconnect")
    write(here, mail, "And its price?", id="<2@client.example>")
    here.open().post(f"/channels/{channel['id']}/reconnect", {"settings": {}})
    here.look()
    assert [one["text"] for one in log(here, chats(here)[0])] == [
        "Owl\n\nIs the owl in stock?",
        "Owl\n\nAnd its price?",
    ]


def test_changed_password_needs_attention(here: World, mail: Mail) -> None:
    channel = connect(here, mail)
    mail.smtp.password = "another"
    shown = here.open().post(f"/channels/{channel['id']}/check")
    assert shown["state"] == "attention"
    assert "SMTP server does not accept" in shown["last_error"]
