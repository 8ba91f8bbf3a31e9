"""Words of the search as questions to indexes."""

import pytest

from b24app.rules import search


def test_words_are_words() -> None:
    assert search.asked("«Анна»  50%").words == ("анна", "50")


@pytest.mark.parametrize("text", ["8 (912) 345-67", "8912 345 67", "891234567"])
def test_russian_phone_is_found_in_any_notation(text: str) -> None:
    assert "791234567" in search.asked(text).digits


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+7 912", ("7912",)),
        ("345-67-89", ("3456789",)),
        ("12", ()),
        ("заказ 12345", ()),
        ("+8 123 4567", ("81234567",)),
    ],
)
def test_digits_of_a_phone(text: str, digits: tuple[str, ...]) -> None:
    assert search.asked(text).digits == digits


def test_the_last_word_may_be_unfinished() -> None:
    assert search.fts5(7, ("луна", "ос")) == 'portal : "p7" AND words : ("луна" AND "ос" *)'
    assert search.tsquery(7, ("луна", "ос")) == "'p7' & 'луна' & 'ос':*"


def test_excerpt_has_the_word() -> None:
    text = "слово " * 40 + "Луна ещё есть?"
    assert "Луна ещё" in search.excerpt(text, ("луна",))
    assert len(search.excerpt(text, ("луна",))) < 130
