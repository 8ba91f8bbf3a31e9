"""A worker may die at any moment: its heir ends up where it would have come itself."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.reliability.crash import Death, Reaper, reaping
from tests.reliability.stage import BOT, SECOND_BOT, Client, Stage

SHARES = 4  # every test dies at a quarter of the moments
Story = Callable[[Client], None]


@pytest.fixture
def reaper(here: Stage) -> Iterator[Reaper]:
    with reaping() as made:
        yield made


def live(here: Stage, reaper: Reaper) -> None:
    """Everybody acts until nobody has anything left to do; the dead have heirs."""
    for _ in range(80):
        here.wait()
        moved = 1
        try:
            with reaper.eye():
                moved = here.here.worker.run_due()
        except Death:
            here.expire_leases()
        moved += bool(here.here.telegram.courier.deliver())
        if not moved + bool(here.portal.deliver_events()):
            return
    raise AssertionError("the stage does not come to rest")


def words_into_the_line(client: Client) -> None:
    client.say(client.text("two"), client.text("three"))


def answer_from_the_workplace(client: Client) -> None:
    client.answer(client.text("two"))


def reply_in_the_line(client: Client) -> None:
    client.answer_in_line(client.text("two"))


def first_words(client: Client) -> None:
    client.say(client.text("two"))


def in_line(client: Client) -> None:
    assert client.in_workplace() == client.expected
    assert client.on_phone() == client.expected
    assert client.in_line() == client.expected
    assert client.unacknowledged() == []


def in_crm(client: Client) -> None:
    assert client.in_workplace() == client.expected
    assert client.on_phone() == client.expected
    assert client.cards() == Counter(deals=1, contacts=1, comments=1)
    (comment,) = client.comments()
    assert all(text in comment for text in client.expected)


CASES = {
    "words": (BOT, True, words_into_the_line, in_line),
    "first words": (BOT, False, first_words, in_line),
    "answer": (BOT, True, answer_from_the_workplace, in_line),
    "reply": (BOT, True, reply_in_the_line, in_line),
    "card": (SECOND_BOT, False, first_words, in_crm),
    "telling": (SECOND_BOT, True, answer_from_the_workplace, in_crm),
}


def played(here: Stage, reaper: Reaper, case: str, fatal: int | None) -> list[str]:
    """One client's story with a death in it; the moments that passed."""
    bot, known, story, check = CASES[case]
    client = here.client(bot)
    if known:
        client.say(client.text("one"))
        here.rest()
    reaper.arm(fatal)
    story(client)
    live(here, reaper)
    passed = reaper.passed
    try:
        check(client)
    except AssertionError as error:
        where = passed[fatal] if fatal is not None else "nowhere"
        raise AssertionError(f"died at moment {fatal}, {where}, of {passed}") from error
    return passed


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("case", CASES)
def test_death_changes_nothing(here: Stage, reaper: Reaper, case: str, share: int) -> None:
    moments = len(played(here, reaper, case, None))
    for fatal in range(share, moments, SHARES):
        played(here, reaper, case, fatal)
