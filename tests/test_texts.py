"""Every text that people read has its Russian, and no Russian is left over."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from jinja2.ext import babel_extract

from b24app.web.i18n import as_json, catalogue

ROOT = Path(__file__).resolve().parent.parent
MARKS = {"N_": 1, "say": 1, "say_many": 2}
# What these say reaches a person's screen, from the rooms that people's calls reach.
ERRORS = {"Stranger", "Denied", "NotFound", "Invalid", "Conflict", "TooLarge", "Busy", "NotBuilt"}
TOLD_ROOMS = ("b24app/actions", "b24app/models", "b24app/web", "b24app/media")
MACHINES = (
    "b24app/actions/hooks.py",
    "b24app/web/bitrix_events.py",
    "b24app/web/health.py",
    "b24app/web/hooks.py",
)
KINDS = "b24app/channels"
TROUBLE = {"ChannelError", "Invalid"}  # of a channel: at its card, its fields, its messages
FORMS = "Field"  # a line of the form that connects a channel: label and help
HOLE = re.compile(r"\{(\w+)\}")
QUOTED = r"'((?:\\.|[^'\\])*)'"
SCRIPT_ONE = re.compile(rf"(?<![\w$.])t\(\s*{QUOTED}", re.DOTALL)
SCRIPT_MANY = re.compile(rf"(?<![\w$.])n\([^'\"]+?,\s*{QUOTED}\s*,\s*{QUOTED}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """`many` is empty for a text without forms."""

    one: str
    many: str
    place: str


def everywhere() -> list[Text]:
    return [*in_python(), *in_templates(), *in_scripts()]


def in_python() -> Iterator[Text]:
    trees = {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for room in ("b24app", "placement")
        for path in sorted((ROOT / room).rglob("*.py"))
    }
    named = {name: text for tree in trees.values() for name, text in _constants(tree)}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _called(node, name, named)
            if isinstance(node, ast.ClassDef) and name.startswith(KINDS):
                yield from (Text(text, "", name) for at, text in _constants(node) if at == "title")


def in_templates() -> Iterator[Text]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for line, _, found, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), {}):
                forms = (found,) if isinstance(found, str) else tuple(found)
                many = forms[1] if len(forms) > 1 else ""
                yield Text(str(forms[0]), str(many or ""), f"{path.relative_to(ROOT)}:{line}")


def in_scripts() -> Iterator[Text]:
    source = ROOT / "frontend" / "src"
    for path in sorted((*source.rglob("*.ts"), *source.rglob("*.vue"))):
        if path.is_relative_to(source / "widget"):
            continue  # it stands on other people's sites and carries its texts with it
        text, name = path.read_text(), str(path.relative_to(ROOT))
        for found in SCRIPT_ONE.finditer(text):
            yield Text(_unescaped(found[1]), "", name)
        for found in SCRIPT_MANY.finditer(text):
            yield Text(_unescaped(found[1]), _unescaped(found[2]), name)


def holes(text: str) -> set[str]:
    return set(HOLE.findall(text))


def _constants(tree: ast.Module | ast.ClassDef) -> Iterator[tuple[str, str]]:
    """`OVER = "…"` at the top of a file; errors are raised with such names too."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, _literal(node.value)


def _called(node: ast.Call, name: str, named: dict[str, str]) -> Iterator[Text]:
    called = _last_name(node.func)
    place = f"{name}:{node.lineno}"
    first, second = ([_literal(one) for one in node.args] + ["", ""])[:2]
    if called in MARKS and first:
        yield Text(first, second if MARKS[called] == 2 else "", place)
    if called in ERRORS and name.startswith(TOLD_ROOMS) and name not in MACHINES:
        words = first or named.get(_last_name(node.args[0]), "") if node.args else ""
        yield from (Text(one, "", place) for one in (words, *_field_texts(node)) if one)
    if called in TROUBLE and name.startswith(KINDS):
        words = first if called == "ChannelError" else ""
        yield from (Text(one, "", place) for one in (words, *_field_texts(node)) if one)
    if called == FORMS and name.startswith(KINDS):
        helps = (_literal(keyword.value) for keyword in node.keywords if keyword.arg == "help")
        yield from (Text(one, "", place) for one in (second, *helps) if one)


def _field_texts(node: ast.Call) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg == "fields" and isinstance(keyword.value, ast.Dict):
            yield from map(_literal, keyword.value.values)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


@pytest.fixture(scope="module")
def russian() -> Catalog:
    return catalogue(ROOT, "ru")


def test_no_text_is_missing(russian: Catalog) -> None:
    known = as_json(russian)["messages"]
    assert [f"{text.place}: {text.one}" for text in everywhere() if text.one not in known] == []


def test_no_text_is_dead(russian: Catalog) -> None:
    used = {text.one for text in everywhere()}
    assert [text for text in as_json(russian)["messages"] if text not in used] == []


def test_forms_are_complete(russian: Catalog) -> None:
    known = as_json(russian)["messages"]
    for text in everywhere():
        forms = known.get(text.one, "")
        if text.many:
            assert isinstance(forms, list), text
            assert len(forms) == 3, text
            assert all(forms), text


def test_text_has_forms_or_has_none() -> None:
    counted = {text.one for text in everywhere() if text.many}
    assert [text for text in everywhere() if text.one in counted and not text.many] == []


def test_holes_are_the_same(russian: Catalog) -> None:
    for one, said in as_json(russian)["messages"].items():
        forms = said if isinstance(said, list) else [said]
        wanted = holes(one)
        # "a file", "{count} files": the first form may leave the number out.
        assert all(holes(form) - {"count"} == wanted - {"count"} for form in forms), one


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("t('Close')", [("Close", "")]),
        ("{{ t('It\\'s here', { name: x }) }}", [("It's here", "")]),
        ("n(count - 1, '{count} file', '{count} files')", [("{count} file", "{count} files")]),
        ("n(Math.floor(ms / DAY), 'a', 'b')", [("a", "b")]),
        ("format('x'); const nt = at('y'); object.t('z')", []),
    ],
)
def test_marks_of_scripts_are_found(source: str, found: list[tuple[str, str]]) -> None:
    ones = [(_unescaped(match[1]), "") for match in SCRIPT_ONE.finditer(source)]
    many = [(match[1], match[2]) for match in SCRIPT_MANY.finditer(source)]
    assert ones + many == found


def test_no_text_is_translated_twice() -> None:
    """Of two translations of one text nobody knows which is shown."""
    path = ROOT / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
    given = re.findall(r'^msgid ((?:".*"\n)+)', path.read_text(), re.MULTILINE)
    assert sorted(given) == sorted(set(given))
