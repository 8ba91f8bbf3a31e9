"""Where long texts are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.channels.pieces import pieces, units


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("", 10, []),
        ("  \n ", 10, []),
        ("short", 10, ["short"]),
        ("first one.\n\nsecond one", 15, ["first one.", "second one"]),
        ("first line\nsecond line", 15, ["first line", "second line"]),
        ("One two. Three four.", 12, ["One two.", "Three four."]),
        ("words and words", 10, ["words and", "words"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("🚚🚚🚚", 4, ["🚚🚚", "🚚"]),
        ("ab👩‍👩‍👧cd", 8, ["ab", "👩‍👩‍👧", "cd"]),
        ("abcé́fg", 4, ["abc", "é́fg"]),
    ],
)
def test_text_is_cut_where_one_pauses(text: str, limit: int, cut: list[str]) -> None:
    assert pieces(text, limit) == cut


@given(st.text(max_size=300), st.integers(2, 50))
def test_nothing_is_lost_and_all_fits(text: str, limit: int) -> None:
    found = pieces(text, limit)
    assert all(0 < units(piece) <= limit for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())
