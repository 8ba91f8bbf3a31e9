"""Bitrix24's BB codes as messengers read them, and people's words safe from BB codes."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from b24app.rules import spans
from b24app.values import Span

WORD_JOINER = "\u2060"
DEEPEST = 50

_SIGNATURE = re.compile(r"\A\s*\[b\][^\[\]]{1,120}:\[/b\]\s*\[br\s*/?\]\s*", re.I)
_LOOKS_LIKE_TAG = re.compile(r"\[(?=/?[A-Za-z*])")
_QUOTE_LINE = re.compile(r"-{20,}\s*")
_SMILEY = re.compile(
    r"<img\s[^<>]{0,500}?\bdata-code=[\"']([^\"'<>]{0,40})[\"'][^<>]{0,500}>", re.I
)
_HTML_BREAK = re.compile(r"<br\s*/?>", re.I)
_TAG = re.compile(r"\[(/?)([a-z]+[1-6]?|\*)(?:[= ]([^\[\]]*))?\s*/?\]", re.I)

Say = Callable[[str, str], str]
# Where laid out words begin and end, while their text is still being read: signs of no alphabet.
_MARKS = {kind: (chr(0xE100 + n), chr(0xE200 + n)) for n, kind in enumerate(spans.KINDS)}
_BEGINS = {begin: kind for kind, (begin, _) in _MARKS.items()}
_ENDS = frozenset(end for _, end in _MARKS.values())
_NO_MARKS = dict.fromkeys(map(ord, (*_BEGINS, *_ENDS)))


def plain(text: str) -> str:
    """An operator's message as plain text: links in words, quotes as `> ` lines.

    The line `[b]Name:[/b] [br]` that Open Lines put in front of an answer is taken off.
    """
    return laid_out(text)[0]


def laid_out(text: str) -> tuple[str, tuple[Span, ...]]:
    """An operator's message as plain text, and which of its words are bold and the like."""
    text = text.translate(_NO_MARKS)
    text = _SIGNATURE.sub("", text.replace("\r\n", "\n"), count=1)
    text = _SMILEY.sub(lambda found: found[1], text)
    text = _read(_HTML_BREAK.sub("\n", text))
    text = _marked_quotes(html.unescape(text).replace("\xa0", " "))
    return _settled(text.replace(WORD_JOINER, ""))


def tagged(text: str, layout: Sequence[Span]) -> str:
    """A person's words with codes where they are laid out, and no codes of their own."""
    fitting = spans.fitting(layout, len(text))
    places = sorted({0, len(text), *(place for one in fitting for place in (one.start, one.end))})
    said: list[str] = []
    for start, end in zip(places, [*places[1:], len(text)], strict=True):
        said += [f"[/{one.kind}]" for one in reversed(fitting) if one.end == start]
        said += [f"[{one.kind}]" for one in fitting if one.start == start]
        said.append(escaped(text[start:end]))
    return "".join(said)


def _settled(text: str) -> tuple[str, tuple[Span, ...]]:
    """Without marks, without spaces at the ends of lines and around it all."""
    said: list[str] = []
    begun: list[tuple[int, str]] = []
    found: list[Span] = []
    for sign in text:
        if sign in _ENDS and begun:
            start, kind = begun.pop()
            found.append(Span(start, len(said), kind))
        elif sign in _BEGINS:
            begun.append((len(said), _BEGINS[sign]))
        else:
            while sign == "\n" and said and said[-1] in " \t":
                said.pop()
            said.append(sign)
    whole = "".join(said)
    lead, words = len(whole) - len(whole.lstrip()), whole.strip()
    near = (Span(max(0, x.start - lead), min(len(words), x.end - lead), x.kind) for x in found)
    return words, spans.fitting(near, len(words))


def escaped(text: str) -> str:
    """A person's words that no BB code can hide in; they look the same."""
    return _LOOKS_LIKE_TAG.sub("[" + WORD_JOINER, text)


def _inner(argument: str, text: str) -> str:
    return text


def _marked(kind: str) -> Say:
    return lambda argument, text: f"{_MARKS[kind][0]}{text}{_MARKS[kind][1]}"


def _link(address: str, words: str) -> str:
    words, address = words.strip(), address.strip()
    if not address or address == words:
        return words
    return f"{words} ({address})" if words else address


def _quote(argument: str, text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n")]
    return "\n" + "\n".join(f"> {line}" for line in lines) + "\n"


# What a pair of tags says, given its argument and what stands inside.
PAIRS: dict[str, Say] = {
    **{kind: _marked(kind) for kind in spans.KINDS},
    **dict.fromkeys(("color", "size", "font", "spoiler"), _inner),
    **dict.fromkeys(("left", "right", "center", "justify", "list", "table", "td", "th"), _inner),
    **dict.fromkeys(("user", "chat", "send", "put", "call", "context", "pre"), _inner),
    "p": lambda argument, text: f"{text}\n",
    "tr": lambda argument, text: f"{text}\n",
    "url": _link,
    "quote": _quote,
    "img": _inner,
}
# What a tag says that stands alone.
SINGLE: dict[str, str] = {
    **dict.fromkeys(("icon", "disk", "attach", "rating", "timestamp"), ""),
    "br": "\n",
    "*": "• ",
}


@dataclass(slots=True)
class _Open:
    """A pair whose end has not been seen."""

    tag: str
    argument: str
    said: list[str] = field(default_factory=list)


def _read(text: str) -> str:
    """The text with its tags said; reads every character once."""
    stack = [_Open("", "")]
    end = 0
    for found in _TAG.finditer(text):
        closing, tag, literal = bool(found[1]), found[2].lower(), found[0]
        stack[-1].said.append(text[end : found.start()])
        end = found.end()
        if stack[-1].tag == "code" and not (closing and tag == "code"):
            stack[-1].said.append(literal)
        elif tag in SINGLE:
            stack[-1].said.append(SINGLE[tag])
        elif tag not in PAIRS or len(stack) > DEEPEST:
            stack[-1].said.append(literal)
        elif closing:
            _close(stack, tag)
        else:
            stack.append(_Open(tag, found[3] or ""))
    stack[-1].said.append(text[end:])
    while len(stack) > 1:
        _give_up(stack)
    return "".join(stack[0].said)


def _close(stack: list[_Open], tag: str) -> None:
    if tag not in (pair.tag for pair in stack):
        return  # an end without a beginning says nothing
    while stack[-1].tag != tag:
        _give_up(stack)
    pair = stack.pop()
    stack[-1].said.append(PAIRS[tag](pair.argument, "".join(pair.said)))


def _give_up(stack: list[_Open]) -> None:
    """A pair without an end says what stands after it."""
    pair = stack.pop()
    stack[-1].said.extend(pair.said)


def _marked_quotes(text: str) -> str:
    """The messenger's quotes, between two lines of dashes, as `> ` lines."""
    lines = text.split("\n")
    if sum(bool(_QUOTE_LINE.fullmatch(line)) for line in lines) % 2:
        return text  # somebody drew a line
    said: list[str] = []
    inside = False
    for line in lines:
        if _QUOTE_LINE.fullmatch(line):
            inside = not inside
        else:
            said.append(f"> {line}" if inside else line)
    return "\n".join(said)
