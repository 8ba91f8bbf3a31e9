"""Words and BB-codes of the portal's pages."""

import re
from pathlib import Path

import pytest

from sandbox.portal import browser_page
from sandbox.portal.browser_bbcode import plain, render
from sandbox.portal.browser_texts import RUSSIAN, SCRIPT_TEXTS

ROOM = Path(browser_page.__file__).parent
SOURCES = [*ROOM.glob("browser*.py"), *ROOM.glob("templates/**/*.html"), *ROOM.glob("static/*.js")]
SCRIPTS = "\n".join(path.read_text() for path in SOURCES if path.suffix == ".js")
CODE = "\n".join(path.read_text() for path in SOURCES if path.name != "browser_texts.py")


def test_templates_say_only_what_is_translated() -> None:
    said = set(re.findall(r'\b_\("([^"]+)"\)', CODE)) | set(re.findall(r'say\("([^"]+)"\)', CODE))
    assert said - set(RUSSIAN) == set()


def test_scripts_say_only_what_they_are_given() -> None:
    assert set(re.findall(r"say\('([^']+)'\)", SCRIPTS)) == set(SCRIPT_TEXTS)


def test_no_translation_is_dead() -> None:
    assert [text for text in RUSSIAN if f'"{text}"' not in CODE and f"'{text}'" not in CODE] == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[b]Name:[/b] [br]Hi", "<b>Name:</b> <br>Hi"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("[b][i]x[/i][/b]", "<b><i>x</i></b>"),
        ("[b]open", "[b]open"),
        ("[color=red]x[/color] [user=1]Ann[/user]", "x Ann"),
        ("one\ntwo", "one<br>two"),
        ("[url=javascript:alert(1)]x[/url]", "x"),
        ("[list][*]one[/list]", "• one"),
    ],
)
def test_bb_codes_become_html(text: str, html: str) -> None:
    assert render(text) == html


def test_links_cannot_break_out_of_their_attribute() -> None:
    html = str(render('[url=https://x.io/"onclick=alert(1)]y[/url]'))
    assert '"onclick' not in html
    assert html.startswith('<a href="https://x.io/')


def test_plain_addresses_become_links() -> None:
    html = str(render("see https://x.io/a?b=1&c=2"))
    assert html.count("<a ") == 1
    assert 'href="https://x.io/a?b=1&amp;c=2"' in html


def test_plain_text_of_a_message_is_one_line() -> None:
    assert plain("[b]Ann:[/b][br]hello\nthere") == "Ann: hello there"
