"""How parts of a text are laid out, as rows keep it; what does not fit the text is left out."""

from collections.abc import Iterable, Sequence
from typing import Any

from b24app.values import Span

KINDS = ("b", "i", "u", "s", "code")
KEY = "spans"  # among the details of a message
MOST = 100


def kept(spans: Sequence[Span]) -> dict[str, Any]:
    """Details that remember the spans; none when there are none."""
    return {KEY: [[one.start, one.end, one.kind] for one in spans[:MOST]]} if spans else {}


def again(details: dict[str, Any], spans: Sequence[Span]) -> dict[str, Any]:
    """The details of a message whose words were replaced."""
    rest = {name: value for name, value in details.items() if name != KEY}
    return rest | kept(spans)


def read(details: dict[str, Any], text: str) -> tuple[Span, ...]:
    return fitting((Span(*row) for row in details.get(KEY, ())), len(text))


def moved(spans: Iterable[Span], by: int) -> tuple[Span, ...]:
    return tuple(Span(one.start + by, one.end + by, one.kind) for one in spans)


def fitting(spans: Iterable[Span], length: int) -> tuple[Span, ...]:
    """Spans inside the text, one within another or apart; outer ones first."""
    found: list[Span] = []
    for one in sorted(spans, key=lambda span: (span.start, -span.end)):
        inside = 0 <= one.start < one.end <= length and one.kind in KINDS
        if inside and not any(_crosses(one, other) for other in found):
            found.append(one)
    return tuple(found)


def _crosses(one: Span, other: Span) -> bool:
    return other.start < one.start < other.end < one.end
