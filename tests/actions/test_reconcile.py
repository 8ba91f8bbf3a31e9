"""Open Lines compared with ours: what was lost is found, once, in order; nothing is guessed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from b24app import clock
from b24app.actions import line_checks
from b24app.db import db, reading, transaction
from b24app.models import Audit, Conversation, Message, Portal, Token
from tests.reliability.stage import LINE, Client, Stage
from tests.world import ADMIN, BORIS, VERA, world

ADD = "event:ONIMCONNECTORMESSAGEADD"
EARLIER = -600  # seconds: the portal's clock, while replies are written that come late


@contextmanager
def staged(app: Flask) -> Iterator[Stage]:
    with world(app) as here:
        here.install()
        yield Stage(here)


@pytest.fixture
def place(app: Flask) -> Iterator[Stage]:
    with staged(app) as made:
        yield made


@pytest.fixture
def anywhere(any_app: Flask) -> Iterator[Stage]:
    """On SQLite and on PostgreSQL."""
    with staged(any_app) as made:
        yield made


@pytest.fixture
def anna(place: Stage) -> Client:
    return taken(place)


def taken(place: Stage) -> Client:
    """Anna's chat, which Boris has taken in the Open Line."""
    client = place.client()
    client.say(client.text("hello"))
    place.rest()
    client.answer_in_line(client.text("yes?"))
    place.rest()
    return client


def lost(place: Stage, match: str = ADD) -> None:
    """Events of this kind do not reach us until `found`."""
    place.trouble(match, "500", times=None)


def compare(place: Stage, thorough: bool = True) -> None:
    """Events arrive again; the portal is compared."""
    place.portal.deliver_events()
    place.calm()
    ask(thorough)
    place.rest()


def ask(thorough: bool = True) -> None:
    with reading() as session:
        number = session.scalars(select(Portal.id)).one()
    with transaction():
        line_checks.ask(number, clock.now(), thorough=thorough)


def audits(deed: str) -> list[dict[str, Any]]:
    with reading() as session:
        rows = session.scalars(select(Audit).where(Audit.deed == deed).order_by(Audit.id))
        return [dict(row.details) for row in rows]


def lines_of(client: Client) -> list[str]:
    """Codes of the system lines of a chat."""
    with reading() as session:
        rows = session.scalars(
            select(Message)
            .where(Message.conversation_id == client.conversation_id, Message.direction == "system")
            .order_by(Message.id)
        )
        return [str(row.details["code"]) for row in rows]


def agrees(client: Client) -> None:
    """All three sides show the same, in the same order, each word once."""
    assert client.on_phone() == client.expected
    assert client.in_workplace() == client.expected
    assert client.in_line() == client.expected
    assert client.unacknowledged() == []


def test_lost_replies_reach_the_client_in_order(anywhere: Stage) -> None:
    place, anna = anywhere, taken(anywhere)
    lost(place)
    place.portal.clock.advance(EARLIER)
    anna.answer_in_line(*(anna.text(f"answer {number}") for number in range(3)))
    place.portal.clock.advance(-EARLIER)
    place.rest()
    assert len(anna.on_phone()) == 2
    compare(place)
    agrees(anna)
    assert "line_late" in lines_of(anna)
    assert [one["messages"] for one in audits("line.late")] == [3]


def test_looking_again_finds_nothing(place: Stage, anna: Client) -> None:
    lost(place)
    anna.answer_in_line(anna.text("once"))
    compare(place)
    compare(place)
    agrees(anna)


def test_events_that_come_after_all_change_nothing(anywhere: Stage) -> None:
    place, anna = anywhere, taken(anywhere)
    anna.answer_in_line(anna.text("late"), anna.text("later"))
    with place.portal.lock:
        held = list(place.portal.outbox)
        place.portal.outbox.clear()
    compare(place)
    place.portal.outbox.extend(held)
    place.rest()
    agrees(anna)


def test_events_waiting_here_and_findings_make_one_message(anywhere: Stage) -> None:
    place, anna = anywhere, taken(anywhere)
    anna.answer_in_line(anna.text("twice told"))
    place.portal.deliver_events()  # kept, not understood yet
    compare(place)
    agrees(anna)
    assert audits("line.late") == []


def test_lost_reply_between_known_ones_is_found(place: Stage, anna: Client) -> None:
    place.trouble(ADD, "500", times=1)
    anna.answer_in_line(anna.text("first"), anna.text("second"))
    place.rest()
    assert anna.on_phone()[2:] == [anna.text("second")]
    compare(place)
    assert sorted(anna.on_phone()) == sorted(anna.expected)


def test_replies_of_the_workplace_are_known_there(place: Stage, anna: Client) -> None:
    lost(place)
    anna.answer(anna.text("from here"))
    place.rest()
    compare(place)
    agrees(anna)
    assert lines_of(anna).count("line_late") == 0


def test_hourly_look_reads_only_chats_with_news(place: Stage, anna: Client) -> None:
    compare(place, thorough=False)
    before = len(place.here.calls("imopenlines.session.history.get"))
    compare(place, thorough=False)
    assert len(place.here.calls("imopenlines.session.history.get")) == before
    lost(place)
    anna.answer_in_line(anna.text("news"))
    compare(place, thorough=False)
    agrees(anna)


def test_lost_edit_and_deletion_are_made_up_for(place: Stage, anna: Client) -> None:
    anna.answer_in_line(anna.text("wrnog"), anna.text("gone"))
    place.rest()
    wrong, gone = place.portal.chats[anna.line_chat().id].message_ids[-2:]
    lost(place, "event:ONIMCONNECTORMESSAGE(UPDATE|DELETE)")
    place.here.control(f"messages/{wrong}/edit", {"text": anna.text("wrong")})
    place.here.control(f"messages/{gone}/delete")
    compare(place)
    assert anna.on_phone()[2:] == [anna.text("wrong")]
    assert [one["deleted"] for one in anna.log()[-2:]] == [False, True]


def test_lost_end_closes_the_chat(place: Stage, anna: Client) -> None:
    lost(place, "event:.*")
    place.here.control(f"lines/{LINE}/finish", {"chat_id": anna.line_chat().id})
    compare(place)
    assert anna.chat()["status"] == "closed"
    assert lines_of(anna)[-1] == "line_finished"


def test_reply_before_a_lost_end_comes_first(anywhere: Stage) -> None:
    place, anna = anywhere, taken(anywhere)
    lost(place, "event:.*")
    anna.answer_in_line(anna.text("good bye"))
    place.here.control(f"lines/{LINE}/finish", {"chat_id": anna.line_chat().id})
    compare(place)
    assert anna.on_phone() == anna.expected
    assert anna.chat()["status"] == "closed"


def test_reply_of_an_ended_talk_does_not_open_another(place: Stage, anna: Client) -> None:
    lost(place)
    anna.answer_in_line(anna.text("good bye"))
    place.here.control(f"lines/{LINE}/finish", {"chat_id": anna.line_chat().id})
    place.rest()
    assert anna.chat()["status"] == "closed"
    compare(place)
    assert anna.on_phone() == anna.expected
    with reading() as session:
        assert len(session.scalars(select(Conversation)).all()) == 1


def test_new_session_while_we_were_away_goes_on_here(place: Stage, anna: Client) -> None:
    """Boris finished, then wrote again: two sessions, both of which we missed."""
    lost(place, "event:.*")
    anna.answer_in_line(anna.text("bye"))
    place.here.control(f"lines/{LINE}/finish", {"chat_id": anna.line_chat().id})
    anna.answer_in_line(anna.text("one more thing"))
    compare(place)
    assert anna.on_phone() == anna.expected
    assert anna.chat()["status"] == "active"
    with reading() as session:
        session_id = session.get_one(Conversation, anna.conversation_id).line_session_id
    assert session_id == anna.line_chat().session_id


def test_transfer_in_the_line_is_seen_here(place: Stage, anna: Client) -> None:
    chat_id = anna.line_chat().id
    hook = "/rest/1/sandboxhook000001/imopenlines.operator.transfer"
    body = {"CHAT_ID": chat_id, "TRANSFER_ID": VERA}
    assert place.portal.app.test_client().post(hook, json=body).status_code == 200
    compare(place, thorough=False)
    place.screen = place.here.open("LEFT_MENU", VERA)
    assert anna.chat()["responsible"]["id"] == str(VERA)
    assert lines_of(anna)[-1] == "line_transferred"


def test_accepting_in_the_line_is_seen_here(place: Stage) -> None:
    client = place.client()
    client.say(client.text("hello"))
    place.rest()
    place.here.control(f"lines/{LINE}/answer", {"chat_id": client.line_chat().id, "user_id": BORIS})
    compare(place, thorough=False)
    assert client.chat()["responsible"]["id"] == str(BORIS)


def test_what_the_line_lost_is_told_and_not_sent_again(place: Stage, anna: Client) -> None:
    anna.say(anna.text("more"))
    place.rest()
    chat = anna.line_chat()
    chat.message_ids.pop()  # the portal came back from a backup
    compare(place)
    compare(place)
    assert len(anna.in_line()) == len(anna.expected) - 1
    assert lines_of(anna).count("line_lacking") == 1
    assert len(audits("line.lacking")) == 1


def test_who_is_in_the_chat_reads_when_administrators_may_not(place: Stage, anna: Client) -> None:
    lost(place)
    anna.answer_in_line(anna.text("read by Boris"))
    place.portal.deliver_events()
    place.calm()
    place.trouble("imopenlines.session.history.get", "error", error="ACCESS_DENIED", times=None)
    ask()
    place.rest()
    place.calm()
    place.rest()
    agrees(anna)


def test_unreadable_chats_are_told_to_the_administrator(place: Stage, anna: Client) -> None:
    with transaction():
        others = update(Token).where(Token.user_id != ADMIN)
        db.session.execute(others.values(dead=True))
    place.trouble("imopenlines.session.history.get", "error", error="ACCESS_DENIED", times=None)
    ask()
    place.rest()
    (channel, _) = place.here.open().get("/channels")["items"]
    assert channel["state"] == "attention"
    assert len(audits("line.unreadable")) == 1
    compare(place)
    (channel, _) = place.here.open().get("/channels")["items"]
    assert channel["state"] == "working"


def test_dry_run_tells_and_changes_nothing(place: Stage, anna: Client) -> None:
    lost(place)
    anna.answer_in_line(anna.text("lost"))
    place.portal.deliver_events()
    place.calm()
    told = place.here.app.test_cli_runner().invoke(args=["reconcile", "--dry-run"])
    assert "lost 1, changed 0, owner same, running, gone from the line 0" in told.output
    assert len(anna.on_phone()) == 2
