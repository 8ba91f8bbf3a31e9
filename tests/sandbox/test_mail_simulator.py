"""The sandbox's own mail server, as the product's adapter finds it."""

from collections.abc import Iterator

import pytest
import requests
from flask.testing import FlaskClient

from b24app import http
from b24app.channels import base
from b24app.channels.email import Email
from b24app.errors import ChannelError, Invalid
from b24app.values import Account, Incoming, Outgoing
from sandbox.messengers.mail import MailApp, create_mail
from sandbox.messengers.mail.boxes import PASSWORD
from sandbox.messengers.mail.control import SHOP
from tests.ports import free_ports

ANNA = "anna@client.sandbox"


@pytest.fixture
def ports() -> list[int]:
    return free_ports(2)


@pytest.fixture
def server(ports: list[int]) -> Iterator[MailApp]:
    app = create_mail()
    app.listen(*ports)
    app.start()
    http.configure(allow_private=True)
    yield app
    http.configure(allow_private=False)
    app.stop()
    app.close()


@pytest.fixture
def hands(server: MailApp) -> FlaskClient:
    return server.test_client()


def mailbox(ports: list[int], **more: str) -> Email:
    settings = {
        "address": SHOP,
        "password": PASSWORD,
        "imap_host": "127.0.0.1",
        "imap_port": str(ports[1]),
        "imap_security": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(ports[0]),
        "smtp_security": "none",
        **more,
    }
    return Email(Account(7, settings, "", "secret"), requests.Session())


def test_letters_go_both_ways(ports: list[int], hands: FlaskClient) -> None:
    box = mailbox(ports, **mailbox(ports).connect().settings)
    hands.post("/_sandbox/write", json={"from": ANNA, "subject": "Owl", "text": "In stock?"})
    (brought,) = list(box.collect(""))
    assert brought.call is not None
    (news,) = box.parse(brought.call)
    assert isinstance(news, Incoming)
    assert (news.text, news.person.name) == ("Owl\n\nIn stock?", "Анна Соколова")
    assert list(box.collect(brought.after)) == []
    box.collected([brought.call])
    box.send(Outgoing(ANNA, "u1", "Yes, it is", memo=news.memo))
    items = hands.get(f"/_sandbox/box/{ANNA}").json["items"]  # of one second in any order
    (letter,) = [one for one in items if not one["ours"]]
    assert (letter["subject"], letter["text"]) == ("Re: Owl", "Yes, it is")


def test_what_went_is_found(ports: list[int], server: MailApp) -> None:
    box, outgoing = mailbox(ports), Outgoing(ANNA, "u1", "Hello")
    sent = box.send(outgoing)
    assert box.find_part(box.parts(outgoing)[0], "", ()) is not None
    assert len(server.sandbox.box(SHOP).folders["Sent"]) == len(sent.message_ids)


def test_wrong_password_and_nobody_are_refused(ports: list[int], server: MailApp) -> None:
    with pytest.raises(Invalid) as caught:
        mailbox(ports, password="guess").connect()
    assert list(caught.value.fields) == ["password"]
    with pytest.raises(ChannelError) as gone:
        mailbox(ports).send(Outgoing("nobody@client.sandbox", "u1", "Hello"))
    assert gone.value.code == base.RECIPIENT_GONE
