"""A talk as timeline comments: parts of a size the portal takes, whole messages in each."""

from collections.abc import Iterator, Sequence

COMMENT_MAX = 8_000


def chunks(head: str, lines: Sequence[str], limit: int = COMMENT_MAX) -> list[str]:
    """Comments that say all lines in order; several carry "2/3" after their head.

    A line is cut only if it alone is longer than a comment. No lines give no comment.

    Args:
        lines: a message each; one may hold line breaks.
        limit: characters of a comment.
    """
    if not lines:
        return []
    head = head[: limit // 2]
    if len(whole := "\n".join([head, *lines])) <= limit:
        return [whole]
    width = 1
    while True:  # the more parts, the longer their numbers, the less room
        room = max(1, limit - len(_numbered(head, 10**width - 1, 10**width - 1)) - 1)
        parts = list(_packed(lines, room))
        if len(str(len(parts))) <= width:
            break
        width += 1
    count = len(parts)
    return [f"{_numbered(head, at, count)}\n{part}" for at, part in enumerate(parts, 1)]


def same_comment(found: str, ours: str) -> bool:
    """Whether a comment in the timeline began as `ours`: same chat, same first message."""
    return found.split("\n")[:2] == ours.split("\n")[:2]


def _numbered(head: str, at: int, count: int) -> str:
    return f"{head} · {at}/{count}"


def _packed(lines: Sequence[str], room: int) -> Iterator[str]:
    """Lines joined while they fit into `room` characters."""
    kept: list[str] = []
    used = 0
    for line in lines:
        for piece in _pieces(line, room):
            if kept and used + 1 + len(piece) > room:
                yield "\n".join(kept)
                kept, used = [], 0
            used += len(piece) + bool(kept)
            kept.append(piece)
    if kept:
        yield "\n".join(kept)


def _pieces(line: str, room: int) -> list[str]:
    """A line that is too long, cut at spaces where there are any; nothing is lost."""
    pieces = []
    while len(line) > room:
        space = line.rfind(" ", room // 2, room)
        end = space + 1 if space > 0 else room
        pieces.append(line[:end])
        line = line[end:]
    return [*pieces, line] if line or not pieces else pieces
