"""Requests and answers as the log may keep them: without secrets, and not endless."""

import json
import re
from collections.abc import Mapping
from typing import Any

LIMIT = 8000
HIDDEN = "***"
SECRETS = frozenset(
    {
        "auth",
        "auth_id",
        "refresh_id",
        "access_token",
        "refresh_token",
        "application_token",
        "client_secret",
        "secret",
        "secret_key",
        "token",
        "password",
        "authorization",
    }
)
# Signed links carry a key in their query; so do commands of a batch.
_QUERY = re.compile(
    r"(?i)((?:[?&;]|\b)(?:auth|token|secret|password|access_token|refresh_token"
    r"|application_token|client_secret)(?:=|%3D))[^&\s\"'<>\\]+"
)


def masked(value: Any, limit: int = LIMIT) -> str:
    """`value` as JSON with secrets hidden at any depth, cut to `limit` characters."""
    try:
        text = json.dumps(_hidden(value), ensure_ascii=False, default=str)
    except RecursionError:
        return "nested too deep to be kept"
    text = _storable(text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def masked_text(text: str, limit: int = LIMIT) -> str:
    """A body that is no JSON."""
    return _QUERY.sub(rf"\1{HIDDEN}", _storable(text.replace("\x00", "")))[:limit]


def _storable(text: str) -> str:
    """Without lone surrogates, which no database keeps."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _entry(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    return _QUERY.sub(rf"\1{HIDDEN}", value) if isinstance(value, str) else value


def _entry(key: str, value: Any) -> Any:
    if key.lower() in SECRETS and value not in (None, "", False):
        return HIDDEN
    return _hidden(value)
