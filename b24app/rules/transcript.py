"""A talk as timeline comments: parts of a size the portal takes, whole messages in each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

COMMENT_MAX = 8_000
HEAD_MAX = 160  # characters; room for it is kept whatever it says, so that parts stay the same
ROOM = COMMENT_MAX - HEAD_MAX - 1

_MARK = re.compile(r"#\d+(?:·[a-z]\d+(?:\.\d+)?)*")


@dataclass(frozen=True, slots=True)
class Line:
    """A message as it is told; its text may hold line breaks."""

    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one comment says.

    last: the last message that has been said to its end; 0: none yet.
    piece: from 1 in comments of a message that is too long for one, otherwise 0.
    """

    lines: tuple[str, ...]
    message_ids: tuple[int, ...]
    last: int
    piece: int = 0

    @property
    def first(self) -> int:
        return self.message_ids[0]


def parts(lines: Iterable[Line], room: int = ROOM) -> list[Part]:
    """All lines in order, as few comments as they need.

    The same beginning gives the same parts whatever follows it. A line is cut only if it
    alone is longer than a comment; its comments hold nothing else.
    """
    found: list[Part] = []
    kept: list[Line] = []
    used = -1
    for line in lines:
        if kept and used + 1 + len(line.text) > room:
            found.append(_joined(kept))
            kept, used = [], -1
        if len(line.text) > room:
            found += _cut(line, room, found[-1].last if found else 0)
            continue
        kept.append(line)
        used += 1 + len(line.text)
    return [*found, _joined(kept)] if kept else found


def head(name: str, mark: str, at: int = 0, count: int = 0) -> str:
    """The first line of a comment: whose it is, its mark, and "2/3" if it is one of several."""
    tail = f" · {mark}" + (f" · {at}/{count}" if count > 1 else "")
    return name[: HEAD_MAX - len(tail)] + tail


def mark(conversation_id: int, first: int, piece: int = 0, version: int = 0) -> str:
    """What a comment is known by in the timeline: the chat, the message that it begins with.

    Args:
        version: of a message that was told before and has changed since.
    """
    told = f"#{conversation_id}·m{first}" + (f"·e{version}" if version else "")
    return f"{told}.{piece}" if piece else told


def file_mark(conversation_id: int, attachment_id: int) -> str:
    """What the comment of a file is known by."""
    return f"#{conversation_id}·f{attachment_id}"


def same_comment(found: str, ours: str) -> bool:
    """Whether a comment in the timeline is the one that `ours` was to become."""
    told = _mark_in(ours)
    return told is not None and told == _mark_in(found)


def _mark_in(comment: str) -> str | None:
    marks = _MARK.findall(comment.split("\n", 1)[0])
    return marks[-1] if marks else None


def _joined(lines: Sequence[Line]) -> Part:
    ids = tuple(line.message_id for line in lines)
    return Part(tuple(line.text for line in lines), ids, ids[-1])


def _cut(line: Line, room: int, before: int) -> Iterator[Part]:
    """Args: before: the last message said to its end before this one."""
    pieces = _pieces(line.text, room)
    for at, piece in enumerate(pieces, 1):
        last = line.message_id if at == len(pieces) else before
        yield Part((piece,), (line.message_id,), last, at)


def _pieces(text: str, room: int) -> list[str]:
    """A text that is too long, cut at spaces where there are any; nothing is lost."""
    pieces = []
    while len(text) > room:
        space = text.rfind(" ", room // 2, room)
        end = space + 1 if space > 0 else room
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text]
