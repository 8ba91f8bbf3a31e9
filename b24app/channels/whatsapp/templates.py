"""Message templates as WhatsApp lists them, read into values. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from b24app.channels.base import plain
from b24app.values import Template

VARIABLE = re.compile(r"\{\{\s*(\w{1,60})\s*\}\}")
FIELDS = "name,language,status,category,components,parameter_format"
Status = Literal["approved", "pending", "rejected", "paused"]
STATUSES: dict[str, Status] = {
    "APPROVED": "approved",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "PAUSED": "paused",
    "REJECTED": "rejected",
    "DISABLED": "rejected",
}
GONE = ("DELETED", "PENDING_DELETION", "ARCHIVED")
Header = Literal["", "text", "image", "video", "document"]


def read(items: Any) -> list[Template]:
    """The templates of one page of the list that we can send."""
    given = items if isinstance(items, list) else []
    return [one for item in given if isinstance(item, dict) and (one := template(item))]


def template(item: Mapping[str, Any]) -> Template | None:
    """One template; None if it is gone or needs what an operator cannot give."""
    parts = _parts(item.get("components"))
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    kind = _header(header)
    status = STATUSES.get(str(item.get("status")), "pending")
    if kind is None or item.get("status") in GONE or _asks_more(parts):
        return None
    words = _text(header) if kind == "text" else ""
    return Template(
        name=plain(str(item.get("name", "")), 512),
        language=plain(str(item.get("language", "")), 15),
        status=status,
        body=_text(body),
        variables=variables(_text(body)),
        category=str(item.get("category", "")).lower()[:40],
        header=kind,
        header_text=words,
        header_variable=next(iter(variables(words)), ""),
        footer=_text(parts.get("FOOTER", {})),
        buttons=tuple(_text(one) for one in _buttons(parts)),
    )


def variables(words: str) -> tuple[str, ...]:
    """The names between braces, each once, in the order in which their values are asked for."""
    found = list(dict.fromkeys(VARIABLE.findall(words)))
    return tuple(sorted(found, key=int) if all(one.isdecimal() for one in found) else found)


def _parts(components: Any) -> dict[str, Mapping[str, Any]]:
    given = components if isinstance(components, list) else []
    return {str(one.get("type")).upper(): one for one in given if isinstance(one, dict)}


def _header(header: Mapping[str, Any]) -> Header | None:
    """What stands above the words; None: a kind that we cannot fill (a place)."""
    kind = str(header.get("format", "")).lower()
    return kind if kind in get_args(Header) else None  # type: ignore[return-value]


def _asks_more(parts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a button needs a value of its own, or there are cards."""
    values = any(VARIABLE.search(str(one.get("url", ""))) for one in _buttons(parts))
    codes = any(one.get("type") in ("COPY_CODE", "OTP", "FLOW") for one in _buttons(parts))
    return values or codes or "CAROUSEL" in parts or "LIMITED_TIME_OFFER" in parts


def _buttons(parts: Mapping[str, Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    given = parts.get("BUTTONS", {}).get("buttons")
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _text(part: Mapping[str, Any]) -> str:
    text = part.get("text")
    return plain(text, 2000) if isinstance(text, str) else ""
