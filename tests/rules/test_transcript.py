"""A talk as comments: no message is lost, none is cut that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.rules.transcript import chunks, same_comment


def test_short_talk_is_one_comment() -> None:
    assert chunks("Chat 77", ["Anna: hi", "Boris: hello"]) == ["Chat 77\nAnna: hi\nBoris: hello"]


def test_no_messages_no_comment() -> None:
    assert chunks("Chat 77", []) == []


def test_parts_are_numbered_and_whole() -> None:
    lines = ["a" * 20, "b" * 20, "c" * 20]
    assert chunks("Chat", lines, 60) == [
        "Chat · 1/2\n" + "a" * 20 + "\n" + "b" * 20,
        "Chat · 2/2\n" + "c" * 20,
    ]


def test_long_message_is_cut_at_a_space() -> None:
    parts = chunks("C", ["word " * 12], 40)
    assert [part.split("\n")[0] for part in parts] == ["C · 1/2", "C · 2/2"]
    assert all(part.split("\n")[1].startswith("word") for part in parts)


@pytest.mark.parametrize(
    ("count", "parts"), [(39, 1), (78, 2), (79, 3), (390, 10), (391, 11), (4000, 103)]
)
def test_eight_thousand_characters_a_comment(count: int, parts: int) -> None:
    found = chunks("WhatsApp · #77", ["x" * 199] * count)
    assert len(found) == parts
    assert max(len(part) for part in found) <= 8_000
    assert sum(part.count("x") for part in found) == count * 199


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=90)


@given(TEXTS, st.lists(TEXTS, max_size=30), st.integers(40, 120))
def test_nothing_is_lost_or_too_long(head: str, lines: list[str], limit: int) -> None:
    parts = chunks(head, lines, limit)
    assert all(len(part) <= limit for part in parts)
    bodies = [part.split("\n", 1)[1] for part in parts]
    assert "".join(bodies).replace("\n", "") == "".join(lines)


@given(TEXTS, st.lists(st.text("ab ", min_size=1, max_size=15), max_size=40))
def test_message_that_fits_is_not_cut(head: str, lines: list[str]) -> None:
    parts = chunks(head[:10], lines, 60)
    assert [line for part in parts for line in part.split("\n")[1:]] == lines


@pytest.mark.parametrize(
    ("found", "ours", "same"),
    [
        ("Chat 77\nAnna: hi", "Chat 77\nAnna: hi\nBoris: hello", True),
        ("Chat 77\nAnna: hi", "Chat 78\nAnna: hi", False),
        ("Chat 77\nAnna: hi", "Chat 77\nAnna: bye", False),
    ],
)
def test_comment_is_known_by_its_beginning(found: str, ours: str, same: bool) -> None:
    assert same_comment(found, ours) is same
