"""A new address of somebody known."""

import pytest
from flask import Flask

from b24app.actions import inbox
from b24app.db import db
from b24app.models import Channel, Conversation, Identity, Message
from b24app.values import Person
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.usefixtures("app")
ANNA = Person("5001", name="Anna", phone="+79990000001", email="anna@client.example")


def met(channel: Channel, person: Person = ANNA, chat_id: str = "5001") -> Identity:
    return inbox.identity_of(channel, chat_id, person, NOW)


def mailbox(of: Channel, address: str = "shop@mail.example") -> Channel:
    home = of.portal
    return build.channel(home, kind="email", external_id=address, settings={"address": address})


def test_two_bots_know_one_person(app: Flask) -> None:
    first = build.channel()
    second = build.channel(first.portal)
    again = met(second)
    assert met(first).contact_id == again.contact_id
    assert again.details == {} or again.details["joined"]["by"] == "id"


def test_letter_joins_who_is_known_by_the_address(app: Flask) -> None:
    account = build.channel(kind="telegram_personal", settings={})
    known = met(account)
    letter = met(mailbox(account), Person("anna@client.example", email="anna@client.example"))
    assert letter.contact_id == known.contact_id
    assert letter.details["joined"] == {"by": "email", "value": "anna@client.example"}


def test_typed_phone_of_a_visitor_joins_nobody(app: Flask) -> None:
    account = build.channel(kind="telegram_personal", settings={})
    site = build.channel(account.portal, kind="webchat", settings={})
    assert met(account).contact_id != met(site, chat_id="visitor").contact_id


def test_address_of_our_own_joins_nobody(app: Flask) -> None:
    first = mailbox(build.channel())
    second = mailbox(first, "sales@mail.example")
    ours = Person("sales@mail.example", name="Sales", email="sales@mail.example")
    one, other = met(first, ours, "sales@mail.example"), met(second, ours, "other@x.example")
    assert one.contact_id != other.contact_id


def test_other_portals_people_are_strangers(app: Flask) -> None:
    assert met(build.channel()).contact_id != met(build.channel()).contact_id


def test_joining_keeps_chats_apart(app: Flask) -> None:
    first = build.channel()
    second = build.channel(first.portal)
    for channel in (first, second):
        inbox.hear(channel, build.incoming(chat_id="5001", person=ANNA), NOW)
    db.session.flush()
    assert len({row.contact_id for row in build.rows(Conversation)}) == 1
    assert len({row.conversation_id for row in build.rows(Message)}) == 2
