"""A client as operators type them: each number once, the messenger's own stays."""

import pytest

from b24app.rules import profiles
from b24app.rules.profiles import Given

PHONE = "+79991234561"


def test_addresses_are_tidied_and_kept_once() -> None:
    given = Given(" Anna \n", ["8 999 123-45-61", PHONE, " "], ["Anna@Shop.example"], note=" x ")
    kept, wrong = profiles.kept(given, "")
    assert (kept.name, kept.phones, kept.emails, kept.note) == (
        "Anna",
        (PHONE,),
        ("anna@shop.example",),
        "x",
    )
    assert wrong == {}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (Given("A", [PHONE, "abc"], ["nobody"]), {"phones.1", "emails.0"}),
        (Given("A", ["+79991234562"]), {"phones.0"}),
        (Given("A"), {"phones.0"}),
        (Given("A", [PHONE, "+79991234562"]), set()),
        (Given("A", [PHONE, *(f"+7999123450{n}" for n in range(10))]), {"phones"}),
    ],
)
def test_wrong_line_is_named(given: Given, fields: set[str]) -> None:
    assert set(profiles.kept(given, PHONE)[1]) == fields
