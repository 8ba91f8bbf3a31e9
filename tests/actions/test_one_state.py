"""Accepting, handing over, closing: one act in the workplace and in the Open Line."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from b24app import clock
from b24app.db import db, reading, transaction
from b24app.models import Conversation, Job, Message, Token
from tests.reliability.stage import LINE, Client, Stage, stage
from tests.world import ADMIN, BORIS, VERA


@pytest.fixture(scope="module")
def stage_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("one_state")) as made:
        yield made


@pytest.fixture
def place(stage_of_all: Stage) -> Iterator[Stage]:
    """One world for all; each case has a client of its own."""
    yield stage_of_all
    stage_of_all.calm()
    stage_of_all.here.control("switches", {"closing_session_goes_on": False})
    stage_of_all.screen = stage_of_all.here.open("LEFT_MENU", BORIS)  # with a token again


@pytest.fixture
def anna(place: Stage) -> Client:
    """Anna's chat, which nobody has taken."""
    client = place.client()
    client.say(client.text("hello"))
    place.rest()
    return client


def do(client: Client, deed: str) -> None:
    """What Boris does in the workplace; nothing has happened yet."""
    client.stage.screen.post(f"/conversations/{client.chat()['id']}/{deed}")


def done(client: Client, *deeds: str) -> None:
    for deed in deeds:
        do(client, deed)
        client.stage.rest()


def hand_over(client: Client, to: int) -> None:
    """Boris offers the chat to a colleague in the workplace, who takes it."""
    path = f"/conversations/{client.conversation_id}/transfer"
    made = client.stage.screen.post(path, {"to": str(to)})
    client.stage.here.open("LEFT_MENU", to).post(f"/transfers/{made['id']}/accept")
    client.stage.rest()


def there(client: Client, deed: str, user_id: int = BORIS) -> None:
    body = {"chat_id": client.line_chat().id, "user_id": user_id}
    client.stage.here.control(f"lines/{LINE}/{deed}", body)


def line(client: Client) -> tuple[str, int]:
    """Status and operator of the dialog there."""
    session = client.stage.portal.sessions[client.line_chat().session_id]
    return session.status, session.operator


def here(client: Client) -> tuple[str, int | None]:
    """Status and responsible of the newest talk."""
    row = newest(client)
    return row.status, row.responsible_id


def newest(client: Client) -> Conversation:
    """The client's newest talk."""
    with reading() as session:
        found = session.get_one(Conversation, client.talks()[-1])
        session.expunge_all()
        return found


def lines_of(client: Client) -> list[str]:
    with reading() as session:
        wanted = Message.conversation_id == client.conversation_id, Message.direction == "system"
        rows = session.scalars(select(Message).where(*wanted).order_by(Message.id))
        return [str(row.details["code"]) for row in rows]


def sessions(client: Client) -> int:
    chat_id = client.line_chat().id
    return sum(one.chat_id == chat_id for one in client.stage.portal.sessions.values())


def lose_tokens(*users: int) -> None:
    with transaction():
        db.session.execute(update(Token).where(Token.user_id.in_(users)).values(dead=True))


def called(client: Client, method: str) -> int:
    return len(client.stage.here.calls(method))


def test_chat_taken_before_the_line_heard_of_it(place: Stage) -> None:
    client = place.client()
    client.say(client.text("hello"))
    place.here.telegram.courier.deliver()
    while not client.known:
        place.here.worker.run_due(1)
    assert client.chat()["line"]["chat_id"] is None
    do(client, "accept")
    place.rest()
    assert line(client) == ("answered", BORIS)


def test_without_a_token_an_administrator_hands_it_over(anna: Client) -> None:
    lose_tokens(BORIS)
    before = called(anna, "imopenlines.operator.transfer")
    done(anna, "accept")
    assert line(anna) == ("answered", BORIS)
    assert called(anna, "imopenlines.operator.transfer") == before + 1


def test_what_nobody_may_do_there_is_told(place: Stage, anna: Client) -> None:
    for deed in ("answer", "transfer"):
        match = f"imopenlines.operator.{deed}"
        place.trouble(match, "error", error="ACCESS_DENIED", times=None)
    done(anna, "accept")
    assert here(anna)[0] == "active"
    assert lines_of(anna)[-1] == "line_left_accept"


def test_who_took_it_in_the_line_first_has_it(place: Stage, anna: Client) -> None:
    there(anna, "answer", VERA)
    do(anna, "accept")
    place.rest()
    assert line(anna) == ("answered", VERA)
    assert here(anna) == ("active", VERA)
    assert lines_of(anna)[-1] == "line_first"


def test_handing_over_here_hands_over_there(anna: Client) -> None:
    done(anna, "accept")
    hand_over(anna, VERA)
    assert line(anna) == ("answered", VERA)


def test_handing_over_without_a_token_is_done_by_an_administrator(anna: Client) -> None:
    done(anna, "accept")
    lose_tokens(BORIS)
    hand_over(anna, VERA)
    assert line(anna) == ("answered", VERA)


def test_closing_without_a_token_is_done_by_an_administrator(anna: Client) -> None:
    done(anna, "accept")
    lose_tokens(BORIS)
    before = called(anna, "imopenlines.operator.another.finish")
    done(anna, "close")
    assert line(anna)[0] == "closed"
    assert called(anna, "imopenlines.operator.another.finish") == before + 1


def test_end_that_nobody_may_make_is_told(place: Stage, anna: Client) -> None:
    done(anna, "accept")
    place.trouble("imopenlines.operator.*finish", "error", error="ACCESS_DENIED", times=None)
    done(anna, "close")
    assert here(anna)[0] == "closed"
    assert lines_of(anna)[-1] == "line_left_close"


def test_reopening_here_begins_a_session_there(anna: Client) -> None:
    done(anna, "accept", "close", "reopen")
    assert line(anna) == ("answered", BORIS)
    assert here(anna)[0] == "active"


def test_reopening_without_a_token_gives_it_to_who_reopened(anna: Client) -> None:
    done(anna, "accept", "close")
    lose_tokens(BORIS)
    done(anna, "reopen")
    assert line(anna) == ("answered", BORIS)


def test_taking_there_without_a_word_is_seen_here(place: Stage, anna: Client) -> None:
    there(anna, "answer", VERA)
    assert here(anna)[0] == "new"
    with transaction():
        glance = update(Job).where(Job.kind == "line_watch").values(due_at=clock.now())
        db.session.execute(glance)
    place.rest()
    assert here(anna) == ("active", VERA)


def test_end_there_is_the_end_here(place: Stage, anna: Client) -> None:
    done(anna, "accept")
    there(anna, "finish")
    place.rest()
    assert here(anna)[0] == "closed"


def test_end_told_late_and_twice_closes_nothing_again(place: Stage, anna: Client) -> None:
    done(anna, "accept")
    there(anna, "finish")
    with place.portal.lock:
        told = list(place.portal.outbox)
    place.rest()
    done(anna, "reopen")
    place.portal.clock.advance(5)  # told at another time it is not known as the same event
    place.portal.outbox.extend(told)
    place.rest()
    assert here(anna)[0] == "active"
    assert line(anna) == ("answered", BORIS)


def test_words_go_before_the_end(place: Stage, anna: Client) -> None:
    anna.answer(anna.text("good bye"))
    do(anna, "close")
    place.rest()
    assert anna.in_line() == anna.expected == anna.on_phone()
    assert line(anna)[0] == "closed"


def test_next_word_waits_for_the_end(place: Stage, anna: Client) -> None:
    """It begins a new dialog there as it does here, however late the line hears of the end."""
    done(anna, "accept")
    place.trouble("imopenlines.operator.finish", "reset", times=2)
    do(anna, "close")
    anna.say(anna.text("one more thing"))
    place.rest()
    assert here(anna)[0] == "new"
    assert line(anna) == ("new", 0)
    assert sessions(anna) == 2


def test_word_that_goes_on_there_goes_on_here(place: Stage, anna: Client) -> None:
    """While a dialog is being closed there, the line gives it back to its operator."""
    place.here.control("switches", {"closing_session_goes_on": True})
    done(anna, "accept", "close")
    anna.say(anna.text("one more thing"))
    place.rest()
    assert line(anna) == ("answered", BORIS)
    assert here(anna) == ("active", BORIS)


def test_good_bye_of_the_line_reaches_the_client(place: Stage, anna: Client) -> None:
    """What the line says at the end belongs to the talk that is over, and begins no other."""
    config = place.portal.lines[LINE]
    kept = dict(config)
    config |= {"CLOSE_RULE": "text", "CLOSE_TEXT": "Good bye", "VOTE_MESSAGE": "N"}
    done(anna, "accept", "close")
    config |= kept
    assert anna.on_phone() == [*anna.expected, "Good bye"]
    assert (here(anna)[0], len(anna.talks())) == ("closed", 1)


def test_deeds_of_two_talks_go_in_turn(place: Stage, anna: Client) -> None:
    """Closed, written to again and taken while the line was away: it ends, and begins anew."""
    done(anna, "accept")
    place.trouble("batch", "reset", times=3)
    do(anna, "close")
    anna.say(anna.text("one more thing"))
    place.turn()
    place.turn()
    place.screen.post(f"/conversations/{anna.talks()[-1]}/accept")
    place.rest()
    assert sessions(anna) == len(anna.talks()) == 2
    assert line(anna) == ("answered", BORIS)
    assert here(anna) == ("active", BORIS)


def test_lost_answers_accept_and_close_once(place: Stage, anna: Client) -> None:
    for deed, method in (("accept", "answer"), ("close", "finish")):
        place.trouble(f"imopenlines.operator.{method}", "timeout_after")
        done(anna, deed)
    assert line(anna) == ("closed", BORIS)
    assert sessions(anna) == 1
    assert [code for code in lines_of(anna) if code.startswith("line_left")] == []


def test_supervisor_speaks_in_a_colleagues_dialog(place: Stage, anna: Client) -> None:
    """As themselves, and the dialog stays the colleague's."""
    done(anna, "accept")
    place.screen = place.here.open("LEFT_MENU", ADMIN)
    anna.answer(anna.text("I am here too"))
    place.rest()
    said = place.portal.messages[anna.line_chat().message_ids[-1]]
    assert (said.author, said.text) == (ADMIN, anna.text("I am here too"))
    assert line(anna) == ("answered", BORIS)
