"""What we remember of clients and cards: for ten minutes, taken out when it is used."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from b24app.actions import crm_memory
from b24app.actions.crm_found import Found, Gathered
from b24app.db import transaction
from b24app.rules.target import DEAL, Card, CrmFacts, Person
from b24app.rules.verdict import Inquiry
from tests import build
from tests.build import NOW

ANNA = Inquiry(kind="chat", id=1, origin="chat:1", phone="+79990000077", client_key="c1:42")
DEAL_OF_ANNA = Card(DEAL, 5, True, NOW, title="Lamp", contact_ids=(7,))
KNOWN = Gathered(
    CrmFacts(deals=(DEAL_OF_ANNA,), contacts=(Person(7, 2, (), NOW),), company_ids=(3,)),
    {"phone": Found(frozenset({7}), frozenset({3})), "client": Found()},
)


@pytest.fixture
def home(any_app: Flask) -> int:
    with transaction():
        number = build.portal().id
        crm_memory.keep(number, ANNA, KNOWN, NOW)
    return number


def taken(home: int, inquiry: Inquiry = ANNA, later: timedelta = timedelta()) -> CrmFacts | None:
    with transaction():
        found = crm_memory.take(home, inquiry, NOW + later)
        return found.facts if found else None


def test_memory_gives_back_what_was_seen(home: int) -> None:
    assert taken(home) == KNOWN.facts


def test_memory_is_taken_only_once(home: int) -> None:
    taken(home)
    assert taken(home) is None


def test_memory_ends_after_its_time(home: int) -> None:
    assert taken(home, later=crm_memory.TTL) is None


def test_another_channel_knows_the_phone(home: int) -> None:
    assert taken(home, replace(ANNA, client_key="c2:9")) == KNOWN.facts


def test_unknown_address_needs_the_portal(home: int) -> None:
    assert taken(home, replace(ANNA, email="anna@example.com")) is None


def test_who_has_no_address_is_known_by_the_channel(home: int) -> None:
    assert taken(home, replace(ANNA, phone="")) is not None
    assert taken(home, Inquiry(kind="chat", id=2, origin="chat:2")) is None


def test_doubtful_card_is_not_believed(home: int) -> None:
    with transaction():
        crm_memory.doubt(home, DEAL, 5)
    assert taken(home) is None


def test_doubt_is_over_when_the_card_is_read(home: int) -> None:
    with transaction():
        crm_memory.doubt(home, DEAL, 5)
        crm_memory.keep_card(home, DEAL_OF_ANNA, NOW)
        assert crm_memory.doubtful(home, 10) == []
    assert taken(home) == KNOWN.facts


def test_other_portals_remember_nothing(home: int) -> None:
    with transaction():
        other = build.portal().id
    assert taken(other) is None


def test_changed_company_forgets_its_people(home: int) -> None:
    with transaction():
        crm_memory.forget_people(home, [], [3], NOW)
    assert taken(home) is None
