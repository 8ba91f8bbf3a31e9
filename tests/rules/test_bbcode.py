"""BB codes of Bitrix24 as messengers read them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.rules import bbcode
from b24app.values import Span

DASHES = "-" * 54


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[b]Klaus Weber:[/b] [br]Guten Tag!", "Guten Tag!"),
        ("[b]Klaus Weber:[/b][BR]Guten Tag!", "Guten Tag!"),
        ("[b]Price:[/b] 100", "Price: 100"),
        ("one[br]two<br />three", "one\ntwo\nthree"),
        ("[B]bold[/B] [i]it[u]al[/u]ic[/i] [s]no[/s]", "bold italic no"),
        ("[url=https://a.example/?x=1&y=2]docs[/url]", "docs (https://a.example/?x=1&y=2)"),
        ("[url]https://a.example[/url]", "https://a.example"),
        ("[url=https://a.example]https://a.example[/url]", "https://a.example"),
        ("[url=https://a.example][/url]", "https://a.example"),
        ("[url=https://a.example][b]docs[/b][/url]", "docs (https://a.example)"),
        ("[USER=1 REPLACE]Anna[/USER], look", "Anna, look"),
        ("[chat=12]Sales[/chat]", "Sales"),
        ("[img]https://a.example/1.png[/img]", "https://a.example/1.png"),
        ("[icon=https://a.example/1.png title=x]hi", "hi"),
        ("[send=/help]Help[/send] [put=x]put[/put]", "Help put"),
        ("[list][*]one[br][*]two[/list]", "• one\n• two"),
        ("[quote]a\nb[/quote]c", "> a\n> b\nc"),
        (f"{DASHES}\nAnna [10:00]\nold\n{DASHES}\nnew", "> Anna [10:00]\n> old\nnew"),
        (f"above\n{DASHES}\nbelow", f"above\n{DASHES}\nbelow"),
        ('smile <img src="/1.gif" data-code=":)" class="x">', "smile :)"),
        ("[code]if [b]x[/b] > 1[/code]", "if [b]x[/b] > 1"),
        ("a[0] = [draft] [1]", "a[0] = [draft] [1]"),
        ("[b]never closed", "never closed"),
        ("closed twice[/b][/i]", "closed twice"),
        ("[b][i]crossed[/b][/i]", "crossed"),
        ("&lt;b&gt; &amp; &quot;q&quot;&nbsp;x", '<b> & "q" x'),
        ("Привет, [b]Анна[/b] 👋", "Привет, Анна 👋"),
        ("line  \r\nnext", "line\nnext"),
        ("", ""),
    ],
)
def test_codes_are_said_in_words(text: str, said: str) -> None:
    assert bbcode.plain(text) == said


@pytest.mark.parametrize(
    "text", ["[b]x[/b]", "[URL=javascript:x]y[/URL]", "[*]", "[USER=1]me[/USER]"]
)
def test_typed_codes_stay_words(text: str) -> None:
    escaped = bbcode.escaped(text)
    assert escaped != text
    assert bbcode.plain(escaped) == text


def test_ordinary_brackets_are_left_alone() -> None:
    assert bbcode.escaped("a[0] [1] [ ] [привет]") == "a[0] [1] [ ] [привет]"


@settings(max_examples=200, deadline=None)
@given(st.text("[]/=burliq*<> \n-&;$", max_size=80))
def test_anything_is_read_and_escaping_hides_every_code(text: str) -> None:
    bbcode.plain(text)
    assert not bbcode._TAG.search(bbcode.escaped(text))


@pytest.mark.parametrize("text", ["[url=a]", "[", "<img ", "[b]", "[quote]", "[/b]", "[b][i]"])
def test_hostile_lengths_take_no_time(text: str) -> None:
    bbcode.plain(text * 20_000)


@pytest.mark.parametrize(
    ("text", "words", "spans"),
    [
        ("[b]Klaus:[/b] [br]a [b]bold[/b] word", "a bold word", [(2, 6, "b")]),
        ("[i]all [B]of[/B] it[/i]", "all of it", [(0, 9, "i"), (4, 6, "b")]),
        ("  [s] x [/s]  ", "x", [(0, 1, "s")]),
        ("[u]a[/u]  \n[code]if [b][/code]", "a\nif [b]", [(0, 1, "u"), (2, 8, "code")]),
        ("[b]never", "never", []),
        ("\ue100no\ue200 marks", "no marks", []),
    ],
)
def test_layout_is_told_beside_the_words(
    text: str, words: str, spans: list[tuple[int, int, str]]
) -> None:
    said, layout = bbcode.laid_out(text)
    assert (said, [(one.start, one.end, one.kind) for one in layout]) == (words, spans)


@pytest.mark.parametrize(
    ("text", "spans", "said"),
    [
        ("plain", [], "plain"),
        ("a bold word", [Span(2, 6, "b")], "a [b]bold[/b] word"),
        ("all of it", [Span(0, 9, "i"), Span(4, 6, "b")], "[i]all [b]of[/b] it[/i]"),
        ("ab", [Span(0, 1, "b"), Span(1, 2, "i")], "[b]a[/b][i]b[/i]"),
        ("abc", [Span(0, 2, "b"), Span(1, 3, "i")], "[b]ab[/b]c"),
        ("ab", [Span(0, 9, "b"), Span(1, 1, "b"), Span(0, 1, "h1")], "ab"),
        ("[b]x[/b]", [Span(3, 4, "i")], "[\u2060b][i]x[/i][\u2060/b]"),
    ],
)
def test_layout_becomes_codes(text: str, spans: list[Span], said: str) -> None:
    assert bbcode.tagged(text, spans) == said


@settings(max_examples=200, deadline=None)
@given(
    st.text("ab[ ]/\n", min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from("bius"))),
)
def test_layout_survives_the_way_there_and_back(
    text: str, given_spans: list[tuple[int, int, str]]
) -> None:
    words = text.strip()
    sent = bbcode.tagged(words, [Span(*one) for one in given_spans])
    assert bbcode.plain(sent) == bbcode.plain(bbcode.escaped(words))
