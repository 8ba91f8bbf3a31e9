"""Writing first: what is an address, and what each channel answers to it."""

from typing import Any

import pytest

from b24app.rules import outreach
from b24app.rules.outreach import Chat, Facts
from b24app.values import Address

ME, COLLEAGUE = 2, 3
ALL = ("phone", "username", "email")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("8 (999) 123-45-67", Address("phone", "+79991234567")),
        ("+44 20 7946 0958", Address("phone", "+442079460958")),
        ("@Anna_shop", Address("username", "Anna_shop")),
        ("https://t.me/anna_shop", Address("username", "anna_shop")),
        (" Anna@Shop.example ", Address("email", "anna@shop.example")),
    ],
)
def test_address_is_understood(typed: str, address: Address) -> None:
    assert outreach.address(typed, ALL) == address


@pytest.mark.parametrize("typed", ["", "12", "@", "Анна", "79991234567890123", "a@b"])
def test_nonsense_is_no_address(typed: str) -> None:
    assert outreach.address(typed, ALL) is None


def test_address_of_another_kind_is_none() -> None:
    assert outreach.address("anna@shop.example", ("phone",)) is None


def test_every_choice_of_addresses_has_words() -> None:
    assert outreach.wanted(("email",)) != outreach.wanted(("phone",))
    assert outreach.wanted(("phone", "username", "email")) == outreach.ANY


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(), "absent"),
        (Facts(asked="found"), "ready"),
        (Facts(asked="asking"), "asking"),
        (Facts(asked="failed"), "failed"),
        (Facts(known=True), "ready"),
        (Facts(known=True, blocked=True), "blocked"),
        (Facts(known=True, chat=Chat(7, "closed", COLLEAGUE)), "ready"),
        (Facts(known=True, chat=Chat(7, "closed", ME)), "ready"),
        (Facts(known=True, chat=Chat(7, "new")), "in_new"),
        (Facts(known=True, chat=Chat(7, "active", ME)), "open"),
        (Facts(known=True, chat=Chat(7, "active")), "open"),
        (Facts(known=True, chat=Chat(7, "active", COLLEAGUE)), "taken"),
    ],
)
def test_channel_answers_by_rule(facts: Any, state: str) -> None:
    assert outreach.verdict(facts, ME, sees_others=False).state == state


def test_manager_goes_to_a_colleagues_chat() -> None:
    facts = Facts(known=True, chat=Chat(7, "active", COLLEAGUE))
    said = outreach.verdict(facts, ME, sees_others=True)
    assert (said.state, said.chat_id) == ("open", 7)


def test_greyed_out_says_why() -> None:
    for state in ("taken", "in_new", "blocked", "absent", "asking"):
        assert outreach.Verdict(state).reason  # type: ignore[arg-type]
