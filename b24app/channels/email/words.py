"""What a letter says: its own words without those it quotes, and its layout made harmless. Pure."""

import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser

import nh3
from mailparser_reply import EmailReplyParser

from b24app.channels.base import plain

TEXT_MAX = 100_000
HTML_MAX = 500_000
LANGUAGES = ["en", "de", "fr", "es", "it", "pl", "nl"]
# How programs set up in Russian begin what they quote; the library does not know them.
RUSSIAN = (
    re.compile(r"^.{0,200}<?[\w.+-]+@[\w.-]+>?.{0,80}(?:пишет|писал\w*|написал\w*)\s*:?\s*$", re.M),
    re.compile(r"^.{0,200}(?:пишет|писал\(?а?\)?|написал\(?а?\)?)\s*:\s*$(?=\s*^>)", re.M),
    re.compile(r"^\W*(?:пн|вт|ср|чт|пт|сб|вс|\d{1,2}[. ]).{0,120}<\S+@\S+>\s*:\s*$", re.M | re.I),
    re.compile(r"^-{2,}\s*(?:Исходное|Пересылаемое|Original)\b.{0,40}$", re.M),
    re.compile(r"^От:.{0,200}\n(?:Отправлено|Дата|Кому|Date|To):", re.M),
)
# What follows is of the letter that is answered.
QUOTING = re.compile(r"gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg|appendonsend")


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


BLOCKS = _names(
    "p div br tr table ul ol li h1 h2 h3 h4 h5 h6 blockquote pre hr section article header"
)
HIDDEN = _names("style script head title template svg math")
SHOWN_TAGS = _names(
    "a abbr b blockquote br caption center code col colgroup div em font h1 h2 h3 h4 h5 h6 hr i "
    "img li ol p pre s small span strike strong sub sup table tbody td tfoot th thead tr u ul"
)
LAID_OUT = _names("align valign width height bgcolor color style border")
STYLES = _names(
    "color background-color font-weight font-style font-size font-family text-align "
    "text-decoration padding margin border width height line-height vertical-align"
)


def latest(text: str) -> str:
    """A letter's own words, without those it answers; all of it if nothing else is in it."""
    whole = plain(text, TEXT_MAX).replace("\r\n", "\n").replace("\r", "\n").strip()
    own = _before_quote(whole)
    own = (EmailReplyParser(languages=LANGUAGES).parse_reply(own) or "").strip() if own else ""
    own = re.sub(r"(?:^>.*\n?)+\Z", "", own, flags=re.M).strip()
    return re.sub(r"\n{3,}", "\n\n", own or whole)


def of_html(html: str) -> str:
    """What a laid out letter says, in lines; what it quotes is left out if it says more."""
    reader = _Reader()
    reader.feed(html[: 4 * HTML_MAX])
    reader.close()
    own, whole = _tidy(reader.own), _tidy(reader.whole)
    return own or whole


def harmless(html: str) -> str:
    """The layout without scripts, forms and anything that is fetched from elsewhere.

    Pictures of the letter itself keep their `cid:` addresses, all others are dropped.
    """
    return nh3.clean(
        html[:HTML_MAX],
        tags=set(SHOWN_TAGS),
        clean_content_tags={"script", "style", "title"},
        attributes={"*": set(LAID_OUT), "a": {"href", "title"}, "img": {"src", "alt"}},
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        filter_style_properties=set(STYLES),
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _kept(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if value.startswith("cid:") else None
    if tag == "a" and name == "href" and value.startswith("cid:"):
        return None
    return None if name == "style" and "url(" in value.lower() else value


def _before_quote(text: str) -> str:
    cuts = [found.start() for mark in RUSSIAN if (found := mark.search(text))]
    return text[: min(cuts)].strip() if cuts and text[: min(cuts)].strip() else text


def _tidy(parts: Sequence[str]) -> str:
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Collects words; `own` ends where the quoted letter begins."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.own: list[str] = []
        self.whole: list[str] = []
        self.links: list[tuple[str, int]] = []
        self.hidden = 0
        self.quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag in HIDDEN:
            self.hidden += 1
        if tag == "blockquote" or QUOTING.search(f"{told.get('class', '')} {told.get('id', '')}"):
            self.quoted = True
        if tag in BLOCKS:
            self._say("\n")
        if tag == "li":
            self._say("• ")
        if tag == "a":
            self.links.append((told.get("href", ""), len(self.whole)))

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        if tag == "a" and self.links:
            self._say_address(*self.links.pop())
        if tag in BLOCKS:
            self._say("\n")
        if tag in ("td", "th"):
            self._say(" ")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self._say(re.sub(r"\s+", " ", data))

    def _say_address(self, href: str, start: int) -> None:
        """Where a link leads, unless its words say so."""
        words = "".join(self.whole[start:]).strip()
        address = unescape(href).strip()
        if address.startswith(("http://", "https://")) and words and words != address:
            self._say(f" ({address})")

    def _say(self, text: str) -> None:
        self.whole.append(text)
        if not self.quoted:
            self.own.append(text)
