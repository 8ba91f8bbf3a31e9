"""Templates: nothing half-filled leaves, and the log shows what the client reads."""

from dataclasses import replace
from typing import Any

import pytest

from b24app.rules import message_templates as rules
from b24app.rules.uploads import file_fits
from b24app.values import Filled, Template

HELLO = Template(
    "hello",
    "ru",
    "approved",
    "Здравствуйте, {{1}}! Заказ {{ 2 }} готов.",
    ("1", "2"),
    header="text",
    header_text="Для {{1}}",
    header_variable="1",
    footer="Магазин",
)
FULL = Filled("hello", "ru", ("Анна", "№ 7"), "вас")


def test_words_are_what_the_client_reads() -> None:
    said = "Для вас\n\nЗдравствуйте, Анна! Заказ № 7 готов.\n\nМагазин"
    assert rules.words(HELLO, FULL) == said


def test_value_cannot_open_another_hole() -> None:
    assert "{{2}}" in rules.words(HELLO, replace(FULL, values=("{{2}}", "№ 7")))


@pytest.mark.parametrize(
    ("filled", "template", "kinds", "fields"),
    [
        (FULL, {}, (), set()),
        (replace(FULL, values=("Анна", " ")), {}, (), {"values.1"}),
        (replace(FULL, values=()), {}, (), {"values.0", "values.1"}),
        (replace(FULL, header_value=""), {}, (), {"header_value"}),
        (FULL, {"status": "paused"}, (), {"template"}),
        (FULL, {"header": "image"}, (), {"attachments"}),
        (FULL, {"header": "image"}, ("video",), {"attachments"}),
        (FULL, {"header": "image"}, ("image",), set()),
        (FULL, {"header": "document"}, ("image",), set()),
    ],
)
def test_half_filled_template_is_refused(
    filled: Filled, template: dict[str, Any], kinds: tuple[str, ...], fields: set[str]
) -> None:
    assert set(rules.wrong(replace(HELLO, **template), filled, kinds)) == fields


@pytest.mark.parametrize(
    ("mime", "types", "fits"),
    [
        ("image/png", (), True),
        ("image/png", ("image/*",), True),
        ("image/png", ("image/png",), True),
        ("video/mp4", ("image/*", "application/pdf"), False),
    ],
)
def test_file_fits_by_type(mime: str, types: tuple[str, ...], fits: bool) -> None:
    assert file_fits(mime, types) is fits
