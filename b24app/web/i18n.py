"""Catalogues: read at the start, spoken by the templates, sent to the front end as JSON."""

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    g,
    has_request_context,
    make_response,
    request,
)
from flask.typing import ResponseReturnValue

from b24app import i18n

KEPT_SECONDS = 3600
blueprint = Blueprint("i18n", __name__)


def init_app(app: Flask) -> None:
    app.extensions["catalogues"] = {
        language: catalogue(Path(app.root_path), language) for language in i18n.LANGUAGES
    }
    for language, texts in app.extensions["catalogues"].items():
        i18n.install(language, _spoken(texts))
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(_here, _many_here, newstyle=False)  # type: ignore[attr-defined]


def catalogue(root: Path, language: str) -> Catalog:
    """The texts of a language; English needs none, it is what the code says."""
    path = root / "translations" / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def reader() -> str:
    """The language of whoever asks: the page's own, or else their browser's."""
    if not has_request_context():
        return "en"
    told: str | None = g.get("language")
    return told or i18n.language(request.accept_languages.best_match(["ru", "en", "kk", "be"]))


@blueprint.get("/i18n/<language>.json")
def messages(language: str) -> ResponseReturnValue:
    """`{"locale", "messages": {text: translation | [one, few, many]}}`."""
    known: dict[str, Catalog] = current_app.extensions["catalogues"]
    if language not in known:
        abort(404)
    answer = make_response(as_json(known[language]))
    answer.cache_control.public, answer.cache_control.max_age = True, KEPT_SECONDS
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def as_json(texts: Catalog) -> dict[str, Any]:
    told = {
        _key(message.id): list(message.string) if message.pluralizable else message.string
        for message in texts
        if message.id and message.string and not message.fuzzy
    }
    return {"locale": str(texts.locale), "messages": told}


def _key(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def _spoken(texts: Catalog) -> GNUTranslations:
    compiled = BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _here(text: str) -> str:
    return i18n.say(text, reader())


def _many_here(one: str, many: str, count: int) -> str:
    return i18n.say_many(one, many, count, reader())
