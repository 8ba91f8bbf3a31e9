"""Whatever Bitrix24 turns out to do where its pages are silent: words of the workplace, once.

Each reading is a switch of the sandbox; the questions are those of its `settings.py`.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from b24app import clock
from b24app.actions import inbox
from b24app.db import db, transaction
from b24app.models import Channel, Token
from b24app.values import Person
from sandbox.portal.settings import Switches
from tests.reliability.stage import Client, Stage, stage
from tests.world import BORIS

SEND = "imconnector.send.messages"
READINGS: dict[str, dict[str, Any]] = {
    "as we think": {},
    "Q1: words of an employee do not come back": {"send_messages_user_id_echo": False},
    "Q1: words of an employee answer": {"send_messages_user_id_answers": True},
    "Q1: words of the system come back": {"send_messages_system_echo": True},
    "Q1: words of the system name no session": {"send_messages_user_id_session": False},
    "Q2: words into a card's chat do not come back": {"crm_message_add_event": False},
    "Q3: a client has one chat": {"chat_key": "user"},
    "Q4: the user code ends in our name of the client": {"user_code_tail": "external"},
    "Q5: a message sent twice is one": {"dedupe_message_id": True},
    "Q1 and Q4 at their worst": {
        "send_messages_system_echo": True,
        "send_messages_user_id_session": False,
        "user_code_tail": "external",
    },
}


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("readings")) as made:
        yield made


@pytest.fixture
def place(lasting: Stage) -> Iterator[Stage]:
    yield lasting
    lasting.calm()
    lasting.portal.switches = Switches()
    lasting.screen = lasting.here.open("LEFT_MENU", BORIS)


@pytest.fixture(params=READINGS, ids=str)
def read(place: Stage, request: pytest.FixtureRequest) -> Stage:
    """The portal under one of the readings."""
    place.here.control("switches", READINGS[request.param])
    return place


@pytest.fixture(params=["as we think", "Q1 and Q4 at their worst"])
def hard(place: Stage, request: pytest.FixtureRequest) -> Stage:
    """The portal under the readings that differ most."""
    place.here.control("switches", READINGS[request.param])
    return place


def stranger(place: Stage) -> Client:
    """Somebody who never wrote, whom Boris begins to write to: «Написать новому клиенту»."""
    client, now = place.client(), clock.now()
    with transaction() as session:
        channel = session.query(Channel).order_by(Channel.id).first()
        assert channel is not None
        person = Person(external_id=str(client.number), name="Anna")
        known = inbox.identity_of(channel, str(client.number), person, now)
        inbox.open_conversation(channel, known, now).accept(BORIS, now)
    phones = place.here.telegram.sandbox  # they pressed "Start" once and said nothing
    phone = phones.chat(phones.bot_named(client.bot), phones.person({"id": client.number}))
    phone.started = True
    return client


def by_boris(client: Client) -> list[str]:
    """What the line shows as said by Boris himself."""
    messages = client.stage.portal.messages
    said = [messages[number] for number in client.line_chat().message_ids]
    return [one.text for one in said if one.author == BORIS and not one.system]


def taken(client: Client) -> int:
    return int(client.stage.portal.sessions[client.line_chat().session_id].operator)


def everywhere(client: Client) -> None:
    """Once on the phone, once in the workplace, once in the line, and none is marked as lost."""
    assert client.on_phone() == client.expected
    assert client.in_workplace() == client.expected
    assert client.in_line() == client.expected
    assert client.unacknowledged() == []


def test_answers_of_the_workplace_are_the_employees(read: Stage) -> None:
    anna = read.client()
    anna.say(anna.text("hello"))
    read.rest()
    anna.answer(anna.text("one"), anna.text("two"))
    read.rest()
    everywhere(anna)
    assert by_boris(anna) == anna.expected[1:]


def test_first_message_of_all_is_the_employees(read: Stage) -> None:
    anna = stranger(read)
    anna.answer(anna.text("Good day, you asked for a call"))
    read.rest()
    anna.say(anna.text("yes"))
    anna.answer(anna.text("fine"))
    read.rest()
    assert sorted(anna.on_phone()) == sorted(anna.expected)
    assert by_boris(anna) == [anna.expected[0], anna.expected[2]]
    assert taken(anna) == BORIS
    assert anna.unacknowledged() == []


def test_answers_without_a_token_are_notes_with_a_name(hard: Stage) -> None:
    anna = hard.client()
    anna.say(anna.text("hello"))
    hard.rest()
    anna.answer(anna.text("one"))
    hard.rest()
    with transaction():
        db.session.execute(update(Token).where(Token.user_id == BORIS).values(dead=True))
    anna.answer(anna.text("two"))
    hard.rest()
    assert anna.on_phone() == anna.expected == anna.in_workplace()
    said = [hard.portal.messages[number].text for number in anna.line_chat().message_ids]
    assert sum(anna.text("two") in text for text in said) == 1
    assert anna.unacknowledged() == []


def test_first_word_whose_answer_and_event_are_lost_is_not_doubled(hard: Stage) -> None:
    """Decision 2: the chat is found by who the client is over there."""
    anna = hard.client()
    hard.trouble(SEND, "timeout_after")
    hard.trouble("event:ONIMCONNECTORDIALOGSTART", "500")
    anna.say(anna.text("one"))
    hard.rest()
    anna.say(anna.text("two"))
    hard.rest()
    everywhere(anna)


def test_first_word_of_ours_whose_answer_is_lost_is_not_doubled(hard: Stage) -> None:
    anna = stranger(hard)
    hard.trouble(SEND, "timeout_after")
    hard.trouble("event:ONIMCONNECTORDIALOGSTART", "500")
    anna.answer(anna.text("Good day"))
    hard.rest()
    everywhere(anna)
    assert by_boris(anna) == anna.expected
    openings = [text for text in _all(anna) if "пишут первыми" in text]
    assert len(openings) == 1


def test_failure_told_to_the_line_does_not_reach_the_client(hard: Stage) -> None:
    anna = hard.client()
    anna.say(anna.text("hello"))
    hard.rest()
    hard.telegram("block", {"bot": anna.bot, "user_id": anna.number})
    anna.answer_in_line(anna.text("lost"))
    hard.rest()
    assert anna.on_phone() == anna.expected[:1]
    assert anna.in_workplace() == anna.expected
    assert sum(text.startswith("⚠") for text in _all(anna)) == 1


def _all(client: Client) -> list[str]:
    messages = client.stage.portal.messages
    return [messages[number].text for number in client.line_chat().message_ids]
