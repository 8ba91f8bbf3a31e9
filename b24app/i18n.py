"""Texts in the reader's language: English stands in the code, catalogues hold the rest."""

from gettext import NullTranslations

LANGUAGES = ("en", "ru")
# Languages of Bitrix24 whose readers we serve in Russian; all others read English.
READ_RUSSIAN = frozenset({"ru", "by", "kz"})

_catalogues: dict[str, NullTranslations] = {}


def install(language: str, catalogue: NullTranslations) -> None:
    """Called once a language at the start; until then everything is English."""
    _catalogues[language] = catalogue


def language(code: str | None) -> str:
    """Ours for what Bitrix24 or a browser calls it: `ru`, `ru-RU`, `kz`, `de` …"""
    short = (code or "").strip().lower().replace("_", "-").split("-")[0]
    return "ru" if short in READ_RUSSIAN else "en"


def N_(text: str) -> str:
    """Marks a text for the catalogues; it is translated where it is shown."""
    return text


def say(text: str, language: str, **values: object) -> str:
    """`text` in a language, its `{name}` filled in from `values`."""
    said = _catalogue(language).gettext(text) if text else ""  # gettext("") is the header
    return said.format(**values) if values else said


def say_many(one: str, many: str, count: int, language: str, **values: object) -> str:
    """The plural form that `count` asks for; `{count}` is filled in too."""
    return _catalogue(language).ngettext(one, many, count).format(count=count, **values)


def _catalogue(language: str) -> NullTranslations:
    return _catalogues.get(language) or NullTranslations()
