"""Names and texts made of parameters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.rules.parameters import CATALOGUE
from b24app.rules.templates import names, render, unknown

KNOWN: dict[str, Any] = {
    "channel_name": "Shop",
    "visitor_phone": "+79990000010",
    "visitor_name": "Anna",
    "visitor_email": "",
    "tags": ["new", "vip"],
    "is_transfer": True,
    "answer_time": 12.0,
    "rating": 4.5,
    "communication_date_time": "2026-08-21T14:05:48+03:00",
    "custom.plan": "gold",
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Chat {channel_name}", "Chat Shop"),
        ("{ visitor_name }", "Anna"),
        ("{custom.plan}", "gold"),
        ("{tags}", "new, vip"),
        ("{is_transfer}", "Y"),
        ("{answer_time} / {rating}", "12 / 4.5"),
        ("At {communication_date_time}", "At 21.08.2026 14:05"),
        # what has no data takes its brackets and separators along
        ("Chat ({visitor_email})", "Chat"),
        ("Chat («{visitor_email}»)", "Chat"),
        ("Chat [{visitor_email}, {search_query}]", "Chat"),
        ("{visitor_name} ({visitor_email}, {visitor_phone})", "Anna (+79990000010)"),
        ("{visitor_name} ({visitor_phone}, {visitor_email})", "Anna (+79990000010)"),
        ("Chat — {visitor_email} — {visitor_phone}", "Chat — +79990000010"),
        ("{visitor_email} — {visitor_phone}", "+79990000010"),
        ("{visitor_email}: {search_query}", ""),
        ("{visitor_name}, {visitor_email}", "Anna"),
        ("Chat №{communication_number}", "Chat"),
        ("from {utm_source} to {visitor_name}", "from to Anna"),
        ("Anna {no_such_name}", "Anna"),
        # what the template itself says stays
        ("Order - ", "Order -"),
        ("() — {visitor_name}", "() — Anna"),
        ("{}", "{}"),
        ("a\tb\n c\x00\x1f", "a b c"),
        ("https://shop.example/?from={visitor_name}", "https://shop.example/?from=Anna"),
    ],
)
def test_rendered(template: str, text: str) -> None:
    assert render(template, KNOWN) == text


@pytest.mark.parametrize("value", ["https://shop.example/a/", "- dash -", "#1", "(a)", "{b}"])
def test_values_are_not_tidied(value: str) -> None:
    assert render("{visitor_name}", {"visitor_name": value}) == value


def test_value_is_no_template() -> None:
    known = {"visitor_name": "{visitor_phone}", "visitor_phone": "+7"}
    assert render("{visitor_name}", known) == "{visitor_phone}"


def test_exact_times_keep_their_offset() -> None:
    text = render("{communication_date_time}", KNOWN, exact=True)
    assert text == "2026-08-21T14:05:48+03:00"


def test_title_has_a_limit() -> None:
    assert len(render("{visitor_name}", {"visitor_name": "a" * 9000})) == 255


def test_unknown_names() -> None:
    template = "{visitor_name} {nobody} {custom.size} {custom.} {nobody} {goal_type}"
    assert unknown(template) == ["nobody", "custom.", "goal_type"]


def test_names_in_order() -> None:
    assert names("{b} { a } {b}") == ["b", "a"]


TEMPLATES = st.lists(
    st.one_of(
        st.sampled_from([f"{{{name}}}" for name in ("visitor_name", "tags", "visit_date")]),
        st.text(max_size=8),
        st.sampled_from(" ()[]«»—-,:/{}\x00"),
    )
).map("".join)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(max_size=5))
)


@given(TEMPLATES, st.dictionaries(st.sampled_from(sorted(CATALOGUE)), VALUES, max_size=5))
def test_rendering_is_total(template: str, parameters: dict[str, Any]) -> None:
    text = render(template, parameters)
    assert len(text) <= 255
    assert text == text.strip()
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in text)
    text.encode()
