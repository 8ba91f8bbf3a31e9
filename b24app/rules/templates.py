"""Names and texts made of parameters: "Chat {channel_name} {visitor_phone}"."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from b24app.rules.parameters import CATALOGUE, parameter

LIMIT = 255  # a title in CRM
SHOWN_TIME = "%d.%m.%Y %H:%M"
# Conditions compare codes; people read names, the same in every language.
CHANNEL_NAMES = {
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "viber": "Viber",
    "vk": "VK",
    "email": "E-mail",
    "webchat": "Web",
}

_HOLE = re.compile(r"\{([^{}]{1,120})\}")
_NOTHING = "\x00"  # stands where a parameter had no data, until the words around it are tidied
_MARKS = r",;:|/\\·•—–\-#№"
_OPEN, _CLOSE = r"(\[«„“", r")\]»“”"
_EMPTY = re.compile(rf"[{_OPEN}][\s{_MARKS}]*{_NOTHING}[\s{_MARKS}{_NOTHING}]*[{_CLOSE}]")
_FIRST = re.compile(rf"(^|[{_OPEN}])\s?{_NOTHING}[\s{_MARKS}{_NOTHING}]*")
_LATER = re.compile(rf"(\s?[{_MARKS}]+\s?)?{_NOTHING}")
_SPACES = re.compile(r"\s+")


def render(
    template: str, parameters: Mapping[str, Any], *, limit: int = LIMIT, exact: bool = False
) -> str:
    """The template filled in, on one line of at most `limit` characters.

    Where a parameter has no data, the brackets around it and the separator before it go too.

    Args:
        exact: times as ISO 8601 with their offset instead of as people write them.
    """

    def filled(hole: re.Match[str]) -> str:
        name = hole[1].strip()
        return _clean(_said(name, parameters.get(name), exact))[:limit] or _NOTHING

    text = _HOLE.sub(filled, _clean(template))
    return _SPACES.sub(" ", _tidied(text)).strip()[:limit].rstrip()


def unknown(template: str) -> list[str]:
    """Names in braces that are no parameters, each once, in order."""
    return [name for name in names(template) if parameter(name) is None]


def names(template: str) -> list[str]:
    """Every name in braces, each once, in order."""
    return list(dict.fromkeys(hole.strip() for hole in _HOLE.findall(template)))


def _tidied(text: str) -> str:
    """The text without the places of parameters that had no data."""
    before = ""
    while before != text:  # brackets inside brackets
        before, text = text, _EMPTY.sub(_NOTHING, text)
    return _LATER.sub("", _FIRST.sub(rf"\1{_NOTHING}", text))


def _clean(text: str) -> str:
    """On one line, without control characters and halves of characters."""
    kept = (" " if one.isspace() else one for one in text)
    return _SPACES.sub(" ", "".join(one for one in kept if not _control(one)))


def _control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")


def _said(name: str, value: Any, exact: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(filter(None, (_said(name, one, exact) for one in value)))
    if name == "channel_type":
        return CHANNEL_NAMES.get(str(value), str(value))
    known = CATALOGUE.get(name)
    return _time(str(value)) if known and known.type == "date" and not exact else str(value)


def _time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime(SHOWN_TIME)
    except ValueError:
        return text
