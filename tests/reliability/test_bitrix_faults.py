"""Whatever Bitrix24 answers, everything arrives in the end: once, and in order."""

from collections import Counter

import pytest

from tests.reliability.stage import BOT, SECOND_BOT, Client, Stage

KINDS = (
    "503",
    "429",
    "500",
    "500_after",
    "timeout_after",
    "reset",
    "html_504",
    "401_expired",
    "302",
)
AMIDST = tuple(kind for kind in KINDS if kind != "302")  # a portal moves between requests
ONE_CARD = Counter(deals=1, contacts=1, comments=1)
SEND = "imconnector.send.messages"


def both(method: str) -> pytest.MarkDecorator:
    """Trouble of one command, and of the request that carries it."""
    return pytest.mark.parametrize("match", [method, "batch"], ids=["command", "request"])


def everywhere(client: Client) -> None:
    """All three places show the same talk, and nobody waits for an acknowledgement."""
    assert client.in_workplace() == client.expected
    assert client.on_phone() == client.expected
    assert client.in_line() == client.expected
    assert client.unacknowledged() == []
    assert set(client.states()) <= {"sent"}


@pytest.mark.parametrize("kind", KINDS)
@both(SEND)
def test_first_words_reach_the_line(here: Stage, kind: str, match: str) -> None:
    anna = here.client(BOT)
    here.trouble(match, kind)
    anna.say(anna.text("one"), anna.text("two"))
    here.rest()
    anna.say(anna.text("three"))
    here.rest()
    everywhere(anna)


@pytest.mark.parametrize("kind", KINDS)
@both(SEND)
def test_later_words_reach_the_line(here: Stage, kind: str, match: str) -> None:
    anna = here.client(BOT)
    anna.say(anna.text("one"))
    here.rest()
    here.trouble(match, kind, times=2)
    anna.say(anna.text("two"), anna.text("three"))
    here.rest()
    everywhere(anna)


@pytest.mark.parametrize("kind", KINDS)
@both("im.message.add")
def test_workplace_answers_reach_the_line(here: Stage, kind: str, match: str) -> None:
    anna = here.client(BOT)
    anna.say(anna.text("one"))
    here.rest()
    here.trouble(match, kind)
    anna.answer(anna.text("two"), anna.text("three"))
    here.rest()
    anna.say(anna.text("four"))
    here.rest()
    everywhere(anna)


@pytest.mark.parametrize("kind", KINDS)
@both("imconnector.send.status.delivery")
def test_line_replies_are_acknowledged(here: Stage, kind: str, match: str) -> None:
    anna = here.client(BOT)
    anna.say(anna.text("one"))
    here.rest()
    here.trouble(match, kind)
    anna.answer_in_line(anna.text("two"), anna.text("three"))
    here.rest()
    everywhere(anna)


@pytest.mark.parametrize("kind", KINDS)
@both("crm.item.list")
def test_lost_search_makes_no_second_card(here: Stage, kind: str, match: str) -> None:
    anna = here.client(SECOND_BOT)
    here.trouble(match, kind)
    anna.say(anna.text("one"))
    here.rest()
    assert anna.cards() == ONE_CARD


@pytest.mark.parametrize("kind", AMIDST)
@pytest.mark.parametrize("skip", [0, 1], ids=["contact", "deal"])
def test_lost_command_makes_no_second_card(here: Stage, kind: str, skip: int) -> None:
    anna = here.client(SECOND_BOT)
    here.trouble("crm.item.add", kind, skip=skip)
    anna.say(anna.text("one"))
    here.rest()
    assert anna.cards() == ONE_CARD


@pytest.mark.parametrize("kind", AMIDST)
@both("crm.timeline.comment.add")
def test_lost_writing_makes_no_second_comment(here: Stage, kind: str, match: str) -> None:
    anna = here.client(SECOND_BOT)
    here.trouble(match, kind, skip=int(match == "batch"))
    anna.say(anna.text("one"))
    here.rest()
    anna.say(anna.text("two"))
    here.rest()
    assert anna.cards() == ONE_CARD
    (comment,) = anna.comments()
    assert comment.index("one") < comment.index("two")


@pytest.mark.parametrize("kind", KINDS)
@both("crm.timeline.comment.update")
def test_lost_telling_is_told_again(here: Stage, kind: str, match: str) -> None:
    anna = here.client(SECOND_BOT)
    anna.say(anna.text("one"))
    here.rest()
    here.trouble(match, kind)
    anna.answer(anna.text("two"))
    here.rest()
    assert anna.cards() == ONE_CARD
    (comment,) = anna.comments()
    assert anna.text("two") in comment
    assert anna.on_phone() == anna.expected
