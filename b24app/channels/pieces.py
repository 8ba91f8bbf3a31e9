"""Cuts a long text into pieces that a messenger takes, where a reader would pause."""

import re
import unicodedata

# Where to cut, best first: after a paragraph, a line, a sentence, a word.
PAUSES = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])\s+"),
    re.compile(r"\s+"),
)
JOINER = "\u200d"


def pieces(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` UTF-16 units; empty if there is nothing but blanks."""
    found: list[str] = []
    rest = text.strip()
    while units(rest) > limit:
        room = fitting(rest, limit)
        cut = _pause(rest, room)
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*found, rest] if rest else found


def units(text: str) -> int:
    """Length as messengers count it: a character outside the basic plane counts twice."""
    return len(text) + sum(char > "\uffff" for char in text)


def fitting(text: str, limit: int) -> int:
    """How many characters of `text` fit into `limit` units; never inside a glyph."""
    used = 0
    for number, char in enumerate(text):
        used += 1 + (char > "\uffff")
        if used > limit:
            return _before_glyph(text, number)
    return len(text)


def _pause(text: str, room: int) -> int:
    """The last good place to cut in the second half of `text[:room]`, or its end."""
    for pause in PAUSES:
        ends = [match.end() for match in pause.finditer(text, 0, room + 1) if match.start() <= room]
        if ends and ends[-1] > room // 2:
            return min(ends[-1], room)
    return room


def _before_glyph(text: str, cut: int) -> int:
    """Move a cut back so that marks and joined emoji stay with what they belong to."""
    moved = cut
    while moved > max(1, cut - 16) and _belongs(text[moved - 1], text[moved]):
        moved -= 1
    return moved if moved > max(1, cut - 16) else cut


def _belongs(left: str, right: str) -> bool:
    return JOINER in (left, right) or bool(unicodedata.category(right)[0] == "M")
