"""Which card of a client is the one: every order of the candidates gives the same answer."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.rules.target import (
    DEAL,
    LEAD,
    UNSEEN,
    Card,
    Person,
    Target,
    Wish,
    best_contact,
    choose,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def card(type_id: int, number: int, days_ago: float = 0, **about: Any) -> Card:
    """Open and without a contact unless told otherwise."""
    opened = about.pop("opened", True)
    return Card(type_id, number, opened, NOW - timedelta(days=days_ago), **about)


def closed(type_id: int, number: int, days_ago: float = 0, closed_ago: float | None = None) -> Card:
    moved = None if closed_ago is None else NOW - timedelta(days=closed_ago)
    return card(type_id, number, days_ago, opened=False, moved_at=moved)


def winners(cards: tuple[Card, ...], wish: Wish) -> list[tuple[int, int]]:
    return [(one.card.type_id, one.card.id) for one in choose(cards, wish) if one.chosen]


D1_OLD, D2_NEW = card(DEAL, 1, days_ago=9), card(DEAL, 2, days_ago=1)
D3_LOST = closed(DEAL, 3, days_ago=0.5, closed_ago=0.1)
D4_WON = closed(DEAL, 4, days_ago=30, closed_ago=0)
L5_OLD, L6_NEW = card(LEAD, 5, days_ago=7), card(LEAD, 6, days_ago=0)
L7_JUNK = closed(LEAD, 7, days_ago=2, closed_ago=1)
ALL = (D1_OLD, D2_NEW, D3_LOST, D4_WON, L5_OLD, L6_NEW, L7_JUNK)


# cards, preferred type (None: both), closed ones count, expected (type, id)
CHOICES: list[tuple[tuple[Card, ...], int | None, bool, list[tuple[int, int]]]] = [
    ((), DEAL, True, []),
    (ALL, DEAL, False, [(DEAL, 2)]),
    (ALL, DEAL, True, [(DEAL, 2)]),
    (ALL, LEAD, False, [(LEAD, 6)]),
    (ALL, None, False, [(LEAD, 6), (DEAL, 2)]),
    (ALL, None, True, [(LEAD, 6), (DEAL, 2)]),
    # an open card of the other type goes before a closed one of the preferred type
    ((D3_LOST, L5_OLD), DEAL, True, [(LEAD, 5)]),
    ((D3_LOST, L5_OLD), DEAL, False, [(LEAD, 5)]),
    ((L7_JUNK, D1_OLD), LEAD, True, [(DEAL, 1)]),
    ((L7_JUNK, D1_OLD), None, True, [(DEAL, 1)]),
    ((D3_LOST, L5_OLD, L6_NEW), None, True, [(LEAD, 6)]),
    # everything is closed
    ((D3_LOST, D4_WON), DEAL, False, []),
    ((D3_LOST, D4_WON), DEAL, True, [(DEAL, 4)]),  # by when it was closed
    ((D3_LOST, L7_JUNK), LEAD, True, [(LEAD, 7)]),
    ((D3_LOST, L7_JUNK), LEAD, False, []),
    ((D3_LOST, L7_JUNK), None, True, [(DEAL, 3), (LEAD, 7)]),
    ((L7_JUNK,), DEAL, True, [(LEAD, 7)]),
    # equal times: the younger id
    ((card(DEAL, 1), card(DEAL, 9), card(DEAL, 4)), DEAL, False, [(DEAL, 9)]),
    ((closed(DEAL, 1, 3, 1), closed(DEAL, 8, 5, 1)), DEAL, True, [(DEAL, 8)]),
    # a closed card that never moved counts from its beginning
    ((closed(DEAL, 1, 3), closed(DEAL, 8, 9, 5)), DEAL, True, [(DEAL, 1)]),
]


@pytest.mark.parametrize(("cards", "prefer", "to_closed", "expected"), CHOICES)
def test_freshest_open_card_is_chosen(
    cards: tuple[Card, ...],
    prefer: int | None,
    to_closed: bool,
    expected: list[tuple[int, int]],
) -> None:
    wish = Wish(prefer=prefer, write_to_closed=to_closed)
    assert sorted(winners(cards, wish)) == sorted(expected)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("prefer", [DEAL, LEAD, None])
def test_pin_goes_before_everything(number: int, prefer: int | None) -> None:
    wish = Wish(prefer=prefer, pinned=Target(DEAL, number), recent=(Target(DEAL, 2),))
    assert winners(ALL, wish) == [(DEAL, number)]


def test_card_of_this_inquiry_goes_before_fresher_ones() -> None:
    assert winners(ALL, Wish(own=(Target(DEAL, 1),))) == [(DEAL, 1)]


def test_recent_request_goes_before_fresher_cards() -> None:
    assert winners(ALL, Wish(recent=(Target(DEAL, 1),))) == [(DEAL, 1)]


def test_contact_and_company_never_decide() -> None:
    mine = card(DEAL, 1, 9, contact_ids=(5,), company_id=3, ours=True)
    wish = Wish(contact_ids={5}, company_ids={3})
    assert winners((mine, D2_NEW), wish) == [(DEAL, 2)]
    assert winners((mine, card(DEAL, 8, 10)), wish) == [(DEAL, 1)]


def test_score_is_the_sum_of_its_reasons() -> None:
    mine = card(DEAL, 1, 9, contact_ids=(5, 4), company_id=3, ours=True)
    first, second = choose((mine, D2_NEW), Wish(contact_ids={4, 5}, company_ids={3}))
    assert (first.score, second.score) == (1_500_010, 1_500_007)
    assert [(one.text, dict(one.params)) for one in second.reasons] == [
        ("It is open.", {}),
        ("Cards of this type come first.", {}),
        ("Freshness: {place} of {count}.", {"place": 2, "count": 2}),
        ("It belongs to contact {id} of the client.", {"id": 5}),
        ("It belongs to company {id} of the client.", {"id": 3}),
        ("This application made it.", {}),
    ]


def test_closed_card_is_shown_but_does_not_count() -> None:
    (only,) = choose((D3_LOST,), Wish())
    assert (only.score, only.chosen) == (UNSEEN, False)
    assert [one.text for one in only.reasons] == ["It is closed, and closed ones do not count."]


def test_best_comes_first() -> None:
    found = [one.card.id for one in choose(ALL, Wish(write_to_closed=True))]
    assert found == [2, 1, 6, 5, 4, 3, 7]


def test_every_order_gives_the_same_answer() -> None:
    orders = permutations(ALL[:6])
    answers = {repr(choose(order, Wish(prefer=None, write_to_closed=True))) for order in orders}
    assert len(answers) == 1


def test_card_found_twice_counts_once() -> None:
    assert len(choose((D1_OLD, D2_NEW, D1_OLD), Wish())) == 2


@pytest.mark.parametrize(
    ("people", "deals", "expected"),
    [
        ((), (), None),
        ((7,), (), 7),
        ((7, 9, 8), (), 9),
        ((7, 9), (card(DEAL, 1, 3, contact_ids=(7,)),), 7),
        ((7, 9), (card(DEAL, 1, 3, contact_ids=(7,)), card(DEAL, 2, 1, contact_ids=(9,))), 9),
        ((7, 9), (card(DEAL, 2, 3, contact_ids=(9,)), card(DEAL, 1, 1, contact_ids=(7,))), 7),
        ((7, 9), (card(DEAL, 1, 3, contact_ids=(7,), opened=False),), 9),
        ((7, 8, 9), (card(DEAL, 1, 3, contact_ids=(7, 8)),), 8),
        ((7, 9), (card(DEAL, 1, 0, contact_ids=(4,)), card(DEAL, 2, 1, contact_ids=(7,))), 7),
    ],
)
def test_contact_of_the_freshest_open_deal(
    people: tuple[int, ...], deals: tuple[Card, ...], expected: int | None
) -> None:
    for order in permutations(people):
        found = best_contact([Person(number) for number in order], deals)
        assert (found.id if found else None) == expected


CARDS = st.builds(
    Card,
    st.sampled_from([LEAD, DEAL]),
    st.integers(1, 6),
    st.booleans(),
    st.datetimes(timezones=st.just(UTC)) | st.datetimes(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    contact_ids=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    company_id=st.none() | st.integers(1, 3),
    ours=st.booleans(),
)
TARGETS = st.builds(Target, st.sampled_from([LEAD, DEAL]), st.integers(1, 6))
WISHES = st.builds(
    Wish,
    st.sampled_from([LEAD, DEAL, None]),
    st.booleans(),
    st.none() | TARGETS,
    st.lists(TARGETS, max_size=2).map(tuple),
    st.lists(TARGETS, max_size=2).map(tuple),
    st.frozensets(st.integers(1, 3)),
    st.frozensets(st.integers(1, 3)),
)


@settings(deadline=None)
@given(st.data(), st.lists(CARDS, max_size=8), WISHES)
def test_any_order_of_any_cards(data: st.DataObject, cards: list[Card], wish: Wish) -> None:
    shuffled = data.draw(st.permutations(cards))
    assert choose(cards, wish) == choose(shuffled, wish)


@settings(deadline=None)
@given(st.lists(CARDS, max_size=8), WISHES)
def test_closed_card_is_never_chosen_unwanted(cards: list[Card], wish: Wish) -> None:
    named = {(one.type_id, one.id) for one in (*wish.own, *([wish.pinned] if wish.pinned else []))}
    chosen = [one.card for one in choose(cards, wish) if one.chosen]
    if not wish.write_to_closed:
        assert all(one.opened or (one.type_id, one.id) in named for one in chosen)
    assert len(chosen) <= (2 if wish.prefer is None else 1)
