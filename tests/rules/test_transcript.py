"""A talk as comments: no message is lost, none is cut that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.rules.transcript import (
    COMMENT_MAX,
    HEAD_MAX,
    Line,
    Part,
    file_mark,
    head,
    mark,
    parts,
    same_comment,
)


def lines(*texts: str) -> list[Line]:
    return [Line(number, text) for number, text in enumerate(texts, 1)]


def test_short_talk_is_one_part() -> None:
    assert parts(lines("Anna: hi", "Boris: hello")) == [
        Part(("Anna: hi", "Boris: hello"), (1, 2), 2)
    ]


def test_no_messages_no_part() -> None:
    assert parts([]) == []


def test_messages_stay_whole() -> None:
    found = parts(lines("a" * 20, "b" * 20, "c" * 20), room=41)
    assert [part.lines for part in found] == [("a" * 20, "b" * 20), ("c" * 20,)]
    assert [part.last for part in found] == [2, 3]


def test_long_message_has_comments_of_its_own() -> None:
    found = parts(lines("short", "word " * 12, "end"), room=40)
    assert [(part.first, part.piece, part.last) for part in found] == [
        (1, 0, 1),
        (2, 1, 1),
        (2, 2, 2),
        (3, 0, 3),
    ]
    assert all(part.lines[0].startswith("word") for part in found[1:3])


@pytest.mark.parametrize(("count", "expected"), [(39, 1), (40, 2), (78, 2), (79, 3), (4000, 103)])
def test_eight_thousand_characters_a_comment(count: int, expected: int) -> None:
    found = parts(lines(*["x" * 199] * count))
    assert len(found) == expected
    said = [head("n" * 300, mark(7, part.first), 99, 99) for part in found]
    told = ["\n".join([first, *part.lines]) for first, part in zip(said, found, strict=True)]
    assert max(len(text) for text in told) <= COMMENT_MAX


TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=90), max_size=30)


@given(TEXTS, st.integers(10, 60))
def test_nothing_is_lost_or_too_long(texts: list[str], room: int) -> None:
    found = parts(lines(*texts), room)
    assert all(len("\n".join(part.lines)) <= room for part in found)
    assert "".join(text for part in found for text in part.lines) == "".join(texts)
    assert [part.last for part in found] == sorted(part.last for part in found)
    assert not found or found[-1].last == len(texts)


@given(TEXTS, TEXTS, st.integers(10, 60))
def test_what_follows_does_not_change_full_parts(
    texts: list[str], more: list[str], room: int
) -> None:
    before = parts(lines(*texts), room)
    full = before[:-1]
    assert parts(lines(*texts, *more), room)[: len(full)] == full


def test_head_keeps_its_mark() -> None:
    said = head("Telegram " * 50, mark(77, 123), 2, 3)
    assert len(said) == HEAD_MAX
    assert said.endswith(" · #77·m123 · 2/3")


@pytest.mark.parametrize(
    ("found", "ours", "same"),
    [
        (head("Shop", mark(77, 5)), head("Shop", mark(77, 5), 1, 2), True),
        (head("Shop #5·m1", mark(77, 5)), head("Shop", mark(77, 5)), True),
        (head("Shop", mark(77, 5)), head("Shop", mark(77, 51)), False),
        (head("Shop", mark(77, 5, 1)), head("Shop", mark(77, 5, 2)), False),
        (head("Shop", mark(77, 5)), head("Shop", mark(77, 5, version=3)), False),
        (head("Shop", file_mark(77, 5)), head("Shop", mark(77, 5)), False),
        (head("Shop", "#77"), head("Shop", mark(77, 5)), False),
        (head("Form", "#5"), head("Form", "#5"), True),
        ("Somebody's note", head("Form", "#5"), False),
        ("Somebody's note", "Somebody's note", False),
    ],
)
def test_comment_is_known_by_its_mark(found: str, ours: str, same: bool) -> None:
    assert same_comment(f"{found}\nAnna: hi", f"{ours}\nAnna: hello") is same
