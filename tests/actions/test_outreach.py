"""Writing first: found in each channel, begun once, never over a colleague's head."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app import channels
from b24app.actions import outreach, replies
from b24app.actions.outreach import Seeker
from b24app.db import db, transaction
from b24app.errors import Conflict, Invalid
from b24app.models import Channel, Contact, Conversation, Job, Operator, Portal
from b24app.rules.target import DEAL, Target
from b24app.values import Person
from b24app.worker import Worker
from tests import build
from tests.build import BORIS, CLARA, NOW
from tests.channels.finders import Owl, Pigeon

PHONE = "+79991234561"


@pytest.fixture(autouse=True)
def _kinds(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(channels.kinds(), "pigeon", Pigeon)
    monkeypatch.setitem(channels.kinds(), "owl", Owl)
    yield
    db.session.rollback()


def seeker(home: Portal, **more: Any) -> Seeker:
    return Seeker(**{"portal_id": home.id, "user_id": BORIS, "sees_others": False, **more})


def opened(kind: str = "telegram") -> tuple[Portal, Channel, Operator]:
    home = build.portal()
    made = home, build.channel(home, kind=kind), build.operator(home)
    db.session.commit()
    return made


def anna(channel: Channel, **more: Any) -> Conversation:
    person = Person("42", name="Anna", username="anna", phone=PHONE)
    row = build.conversation(channel)
    identity = build.identity(row)
    identity.contact.phone = person.phone
    for name, value in more.items():
        setattr(row, name, value)
    db.session.commit()
    return row


def answer(home: Portal, kind: str = "telegram", text: str = PHONE, **more: Any) -> Any:
    (found,) = outreach.search(seeker(home, **more), kind, text, NOW)["channels"]
    return found


def begin(home: Portal, channel: Channel, operator: Operator, **more: Any) -> Conversation:
    address = outreach.read_address(channel.kind, PHONE)
    return outreach.start(seeker(home, **more), operator, channel, address, NOW)


def test_bot_finds_only_who_wrote_to_it() -> None:
    home, channel, _ = opened()
    assert answer(home)["state"] == "absent"
    anna(channel, status="active", responsible_id=BORIS)
    assert answer(home)["state"] == "open"
    assert answer(home, text="@ANNA")["state"] == "open"


def test_colleagues_chat_is_not_taken_over() -> None:
    home, channel, operator = opened()
    anna(channel, status="active", responsible_id=CLARA)
    assert answer(home)["state"] == "taken"
    assert answer(home, sees_others=True)["state"] == "open"
    with pytest.raises(Conflict, match="colleague"):
        begin(home, channel, operator)


def test_closed_chat_is_begun_anew() -> None:
    home, channel, operator = opened()
    before = anna(channel, status="closed", responsible_id=CLARA)
    row = begin(home, channel, operator)
    assert row.id != before.id
    assert (row.status, row.responsible_id, row.contact_id) == ("active", BORIS, before.contact_id)
    assert begin(home, channel, operator).id == row.id  # pressed twice


def test_stranger_is_met_and_takes_a_template_only() -> None:
    home, channel, operator = opened("pigeon")
    known = Contact(portal_id=home.id, name="Anna", phone=PHONE, email="", created_at=NOW)
    db.session.add(known)
    db.session.commit()
    assert answer(home, "pigeon")["state"] == "ready"
    row = begin(home, channel, operator)
    assert (row.identity.external_id, row.contact_id) == (PHONE[1:], known.id)
    with pytest.raises(Conflict, match="template"):
        replies.reply(row, operator, replies.Draft("uuid-0001", "Hello"), NOW)


def test_far_messenger_is_asked_by_a_job(any_app: Flask) -> None:
    home, channel, operator = opened("owl")
    assert answer(home, "owl")["state"] == "asking"
    assert answer(home, "owl")["state"] == "asking"
    db.session.commit()
    Worker(any_app, threads=0).run_due()
    assert answer(home, "owl")["state"] == "ready"
    row = begin(home, channel, operator)
    assert (row.identity.name, row.contact.phone) == ("Olga", PHONE)
    assert [job.kind for job in build.rows(Job)].count("lookup") == 1
    assert "lookup" in [one.kind for one in build.news()]


def test_nobody_far_away_is_absent(any_app: Flask) -> None:
    home, channel, operator = opened("owl")
    answer(home, "owl", "+79991234562")
    Worker(any_app, threads=0).run_due()
    assert answer(home, "owl", "+79991234562")["state"] == "absent"
    with transaction(), pytest.raises(Conflict, match="not found"):
        outreach.start(
            seeker(home), operator, channel, outreach.read_address("owl", "+79991234562"), NOW
        )


def test_chat_begun_in_a_deals_tab_belongs_to_the_deal() -> None:
    home, channel, operator = opened()
    anna(channel, status="closed")
    row = begin(home, channel, operator, card=Target(DEAL, 8061))
    assert (row.deal_id, row.crm_pin) == (8061, [DEAL, 8061])


def test_without_channels_there_is_nothing_to_search() -> None:
    home = build.portal()
    build.channel(home, state="disconnected")
    with pytest.raises(Invalid, match="no active channels"):
        outreach.search(seeker(home), "telegram", PHONE, NOW)


def test_channel_of_another_portal_is_not_asked() -> None:
    _, channel, _ = opened()
    anna(channel)
    home, _, _ = opened()
    assert answer(home)["state"] == "absent"
