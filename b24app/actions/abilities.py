"""What each kind of channel can do, as the screens need to know it before something is sent."""

from typing import Any

from b24app import channels
from b24app.actions.uploads import UPLOAD_LIMIT
from b24app.channels.base import Adapter
from b24app.i18n import say


def listed(language: str) -> list[dict[str, Any]]:
    return [shown(kind, found, language) for kind, found in channels.kinds().items()]


def shown(kind: str, found: type[Adapter], language: str) -> dict[str, Any]:
    """Limits in characters, bytes and seconds; no `window_seconds`: words may go at any time."""
    return {
        "kind": kind,
        "title": say(found.title, language),
        "text_limit": found.text_limit,
        "file_limit": min(found.file_limit, UPLOAD_LIMIT),
        "file_types": list(found.file_types),
        "quotes": found.can_quote,
        "edits": found.can_edit,
        "deletes": found.can_delete,
        "templates": found.has_templates,
        "window_seconds": found.window.total_seconds() if found.window else None,
        "reached_by": list(found.reached_by),
        "found_by": list(found.found_by),
    }
