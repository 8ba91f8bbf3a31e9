"""Who somebody new is."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24app.rules.identity import Joining, Known, Mark, joining

PHONE, EMAIL = Mark("phone", "+79990000001"), Mark("email", "anna@client.example")
ID = Mark("id", "telegram:5001")
MARKS = st.sampled_from((PHONE, EMAIL, ID, Mark("email", "shop@mail.example")))
KNOWN = st.lists(st.builds(Known, st.integers(1, 5), st.frozensets(MARKS, max_size=3)), max_size=6)

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def known(number: int, *marks: Mark) -> Known:
    return Known(number, frozenset(marks))


def test_phone_finds_who_left_a_request() -> None:
    assert joining([PHONE], [known(7, PHONE)]) == Joining(7, PHONE)


def test_stranger_is_nobody_known() -> None:
    assert joining([EMAIL], [known(7, PHONE)]) is None


def test_messenger_is_believed_before_a_phone() -> None:
    assert joining([PHONE, ID], [known(1, PHONE), known(2, ID)]) == Joining(2, ID)


def test_oldest_of_two_counts() -> None:
    assert joining([EMAIL], [known(9, EMAIL), known(4, EMAIL)]) == Joining(4, EMAIL)


def test_own_address_joins_nobody() -> None:
    assert joining([EMAIL], [known(7, EMAIL)], own=[EMAIL]) is None


@QUICK
@given(st.lists(MARKS, max_size=4), KNOWN, st.lists(MARKS, max_size=2), st.randoms())
def test_order_does_not_matter(
    told: list[Mark], people: list[Known], own: list[Mark], chance: Random
) -> None:
    mixed, others = list(told), list(people)
    chance.shuffle(mixed)
    chance.shuffle(others)
    assert joining(mixed, others, own) == joining(told, people, own)


@QUICK
@given(st.lists(MARKS, max_size=4), KNOWN, st.lists(MARKS, max_size=2))
def test_own_marks_change_nothing_for_others(
    told: list[Mark], people: list[Known], own: list[Mark]
) -> None:
    without = [mark for mark in told if mark not in own]
    assert joining(told, people, own) == joining(without, people)


def test_what_was_undone_is_not_joined_so_again() -> None:
    both = [known(4, EMAIL, PHONE), known(9, EMAIL)]
    undone = [Joining(4, EMAIL)]
    assert joining([EMAIL], both, undone=undone) == Joining(9, EMAIL)
    assert joining([EMAIL], both[:1], undone=undone) is None
    assert joining([PHONE], both, undone=undone) == Joining(4, PHONE)
