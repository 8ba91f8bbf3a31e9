"""Which field of a site's form is which, and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given as invent
from hypothesis import strategies as st

from b24app.errors import Invalid
from b24app.rules import forms

PHONE = "8 (900) 000-00-01"
NASTY = st.text(st.sampled_from("aЖ ,\x00\x1f\n\ud83d\U0001f989"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | NASTY


def test_known_fields_have_their_places() -> None:
    given = forms.read(
        {
            "name": " Anna \n Ivanova ",
            "phone": PHONE,
            "email": " ANNA@Shop.example ",
            "message": "Is it\r\nin stock?",
            "form_name": "Call me back",
            "page_url": "https://shop.example/moon",
            "referrer": "https://ads.example/",
            "utm_source": "yandex",
            "UTM_Campaign": "lamps",
            "utm_colour": "blue",
            "yclid": "77",
            "city": "Brightville",
            "external_id": "order-5",
            "colour": "red",
        }
    )
    assert (given.name, given.phone, given.email) == (
        "Anna Ivanova",
        "+79000000001",
        "anna@shop.example",
    )
    assert (given.text, given.form_name) == ("Is it\nin stock?", "Call me back")
    assert given.visit == {
        "page_url": "https://shop.example/moon",
        "referrer": "https://ads.example/",
        "utm": {"utm_source": "yandex", "utm_campaign": "lamps"},
        "yclid": "77",
    }
    assert (given.external_id, given.spam) == ("order-5", False)
    assert given.form == {"colour": "red", "utm_colour": "blue", "city": "Brightville"}


@pytest.mark.parametrize("name", ["phone", "Phone", "tel", "TEL"])
def test_names_are_known_in_any_case(name: str) -> None:
    assert forms.read({name: PHONE}).phone == "+79000000001"


def test_several_texts_are_all_kept() -> None:
    given = forms.read({"phone": PHONE, "message": "", "text": "one", "comment": "two"})
    assert (given.text, given.form) == ("one", {"comment": "two"})


def test_repeated_field_is_a_list() -> None:
    given = forms.read({"phone": [PHONE, "5"], "lamp": ["moon", "", "owl"], "gift": True, "n": 2})
    assert given.phone == "+79000000001"
    assert given.form == {"phone": "5", "lamp": "moon, owl", "gift": "true", "n": "2"}


def test_unreadable_phone_is_kept_as_typed() -> None:
    given = forms.read({"phone": "ask for Anna", "email": "anna@shop.example"})
    assert (given.phone, given.form) == ("", {"phone": "ask for Anna"})


def test_long_name_is_kept_whole_beside() -> None:
    given = forms.read({"phone": PHONE, "name": "A" * 300})
    assert (given.name, given.form) == ("A" * 200, {"name": "A" * 300})


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"phone": forms.NO_CONTACT, "email": forms.NO_CONTACT}),
        ({"phone": " ", "email": ""}, {"phone": forms.NO_CONTACT, "email": forms.NO_CONTACT}),
        ({"phone": "12"}, {"phone": forms.NOT_PHONE}),
        ({"email": "anna@home"}, {"email": forms.NOT_EMAIL}),
        ({"email": "a@b.example\nBcc: c@d.example"}, {"email": forms.NOT_EMAIL}),
        ({"phone": "12", "email": "x"}, {"phone": forms.NOT_PHONE, "email": forms.NOT_EMAIL}),
        ({"phone": PHONE, "cart": {"moon": 1}}, {"cart": forms.NOT_TEXT}),
        ({"phone": PHONE, "cart": [[1]]}, {"cart": forms.NOT_TEXT}),
        ({"phone": PHONE, "external_id": "x" * 121}, {"external_id": forms.LONG_ID}),
    ],
)
def test_refusals_name_the_field(fields: dict[str, Any], wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        forms.read(fields)
    assert refused.value.fields == wrong


def test_hundred_fields_are_the_most() -> None:
    fields = {"phone": PHONE, **{f"field{number}": "x" for number in range(99)}}
    assert len(forms.read(fields).form) == 99
    with pytest.raises(Invalid):
        forms.read({**fields, "one more": "x"})


def test_trap_is_noticed_and_not_shown() -> None:
    given = forms.read({"phone": PHONE, "website_url": "https://spam.example"})
    assert (given.spam, given.form) == (True, {})


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "shop.example"])
def test_only_http_addresses_are_pages(address: str) -> None:
    assert forms.read({"phone": PHONE, "page_url": address}).visit == {}


@invent(st.dictionaries(NASTY, SCALARS | st.lists(SCALARS, max_size=3), max_size=5))
def test_whatever_comes_fits_a_database(fields: dict[str, Any]) -> None:
    given = forms.read({"phone": PHONE, "message": "\ud83d\x00", "utm_term": "\udc00", **fields})
    told = json.dumps([given.text, dict(given.form), dict(given.visit)], ensure_ascii=False)
    assert "\\u0000" not in told
    told.encode()
