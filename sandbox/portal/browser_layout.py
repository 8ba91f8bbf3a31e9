"""Configurable activities of the application as the timeline draws them."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from sandbox.portal.browser_page import APP_PAGE
from sandbox.portal.phpform import as_map

TONES = {"success": "good", "failure": "bad", "warning": "warn", "primary": "info"}
Part = dict[str, Any]


def tags(layout: Part, lang: str) -> list[Part]:
    """Marks of the header."""
    found = as_map(as_map(layout.get("header")).get("tags")).values()
    return [
        {"text": _said(tag.get("title"), lang), "tone": TONES.get(tag.get("type", ""), "")}
        for tag in map(as_map, found)
    ]


def title(layout: Part, lang: str) -> str:
    """The header's title."""
    return _said(as_map(layout.get("header")).get("title"), lang)


def lines(layout: Part, lang: str) -> list[Part]:
    """Blocks of the body, each a line of text or a link with its label."""
    blocks = as_map(as_map(layout.get("body")).get("blocks")).values()
    return [line for block in blocks for line in _lines(as_map(block), lang)]


def _lines(block: Part, lang: str) -> Iterator[Part]:
    properties = as_map(block.get("properties"))
    if block.get("type") == "withTitle":
        label = _said(properties.get("title"), lang)
        yield from [{**one, "label": label} for one in _lines(as_map(properties["block"]), lang)]
    elif block.get("type") == "lineOfBlocks":
        inner = as_map(properties.get("blocks")).values()
        yield _joined([one for part in inner for one in _lines(as_map(part), lang)])
    else:
        text = _said(properties.get("value") or properties.get("text") or "", lang)
        url = _redirect(as_map(properties.get("action")))
        yield {"label": "", "text": text, "url": url}


def _joined(parts: list[Part]) -> Part:
    return {"label": "", "text": " ".join(part["text"] for part in parts), "url": ""}


def _redirect(action: Part) -> str:
    uri = str(action.get("uri") or "")
    return uri if uri.startswith(("/", "http://", "https://")) else ""


def buttons(layout: Part, activity: Part, lang: str) -> list[Part]:
    """Buttons of the footer and items of its menu: an address to open or an event to send."""
    footer = as_map(layout.get("footer"))
    menu = as_map(as_map(footer.get("menu")).get("items"))
    known = {**as_map(footer.get("buttons")), **menu}
    return [_button(as_map(button), activity, lang) for button in known.values()]


def _button(button: Part, activity: Part, lang: str) -> Part:
    action = as_map(button.get("action"))
    shown: Part = {"text": _said(button.get("title"), lang), "url": "", "event": "", "params": ""}
    if action.get("type") == "openRestApp":
        return shown | {"url": _app_address(action, activity)}
    if action.get("type") == "restEvent":
        params = json.dumps(as_map(action.get("actionParams")))
        return shown | {"event": str(action.get("id") or ""), "params": params}
    return shown | {"url": _redirect(action)}


def _app_address(action: Part, activity: Part) -> str:
    options = {
        "entityTypeId": activity["OWNER_TYPE_ID"],
        "entityId": activity["OWNER_ID"],
        "activityId": activity["ID"],
        **as_map(action.get("actionParams")),
    }
    return f"{APP_PAGE}?{urlencode({'options': json.dumps(options)})}"


def _said(text: Any, lang: str) -> str:
    """Texts may come in several languages at once."""
    if isinstance(text, dict):
        return str(text.get(lang) or next(iter(text.values()), ""))
    return str(text or "")
