"""BB-codes of messages and comments as safe HTML; what is not known stays text."""

import re
from html import unescape

from markupsafe import Markup, escape

SIMPLE = {"b": "b", "i": "i", "u": "u", "s": "s", "quote": "blockquote", "code": "code"}
PAIR = re.compile(r"\[(b|i|u|s|quote|code)\](.*?)\[/\1\]", re.IGNORECASE | re.DOTALL)
NAMED_LINK = re.compile(r"\[url=([^\]\s]+)\](.*?)\[/url\]", re.IGNORECASE | re.DOTALL)
BARE_LINK = re.compile(r"\[url\]([^\[\s]+)\[/url\]", re.IGNORECASE)
PLAIN_LINK = re.compile(r"(?<![\"'>=\w])(https?://[^\s<\]]+)")
SHAPE = re.compile(
    r"\[(color|size|font|user|chat|context|send|put|call)(?:=[^\]]*)?\]|"
    r"\[/(color|size|font|user|chat|context|send|put|call)\]",
    re.IGNORECASE,
)
BREAK = re.compile(r"\[br\]|\r?\n", re.IGNORECASE)
LIST = re.compile(r"\[/?list(?:=\d)?\]", re.IGNORECASE)
SAFE = ("http://", "https://", "/", "mailto:", "tel:")


def render(text: str) -> Markup:
    """The text with its codes drawn; everything else in it is escaped."""
    html = str(escape(text))
    html = NAMED_LINK.sub(lambda found: _link(found[1], found[2]), html)
    html = BARE_LINK.sub(lambda found: _link(found[1], found[1]), html)
    html = PLAIN_LINK.sub(lambda found: _link(found[1], found[1]), html)
    html = LIST.sub("", SHAPE.sub("", _pairs(html))).replace("[*]", "• ")
    # The whole text was escaped above; only tags from the tables of this file were added.
    return Markup(BREAK.sub("<br>", html))


def _pairs(html: str) -> str:
    """Codes may lie within one another, so the text is walked until nothing changes."""
    while (after := PAIR.sub(_pair, html)) != html:
        html = after
    return html


def _pair(found: re.Match[str]) -> str:
    tag = SIMPLE[found[1].lower()]
    return f"<{tag}>{found[2]}</{tag}>"


def _link(address: str, text: str) -> str:
    if not unescape(address).lower().startswith(SAFE):
        return text
    return f'<a href="{address}" target="_blank" rel="noopener">{text}</a>'


def plain(text: str) -> str:
    """The text without codes on one line: what a list of chats shows."""
    bare = re.sub(r"\[/?[a-z*]+(?:=[^\]]*)?\]", " ", text, flags=re.IGNORECASE)
    return " ".join(bare.split())
