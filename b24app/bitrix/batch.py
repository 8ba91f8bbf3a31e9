"""Commands of a batch as strings: what goes in comes out of PHP's parser the same.

Source: apidocs.bitrix24.com, "How to call REST: batch"; its macros are `$result[key][field]`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from b24app.rules.texts import safe_text as safe_text
from b24app.values import Call

LIMIT = 50

_KEY = re.compile(r"[A-Za-z0-9_]{1,40}")
_REFERENCE = re.compile(r"\$result(?:\[[A-Za-z0-9_]+\])+")


def command(call: Call) -> str:
    """One command: `method?name=value&…`, percent-encoded once."""
    encoded = encode(call.params)
    return f"{call.method}?{encoded}" if encoded else call.method


def commands(calls: Sequence[Call]) -> dict[str, str]:
    """Commands by key, in order; calls without a key are named after their place.

    Raises:
        ValueError: more than Bitrix24 takes, or keys that are impossible or repeat.
    """
    if not 0 < len(calls) <= LIMIT:
        raise ValueError(f"a batch holds 1 to {LIMIT} calls, not {len(calls)}")
    named = {call.key or f"c{number}": command(call) for number, call in enumerate(calls)}
    if len(named) < len(calls) or not all(map(_KEY.fullmatch, named)):
        raise ValueError(f"keys of a batch repeat or are no names: {', '.join(named)}")
    return named


def encode(params: Mapping[str, Any]) -> str:
    """Nested parameters as PHP reads them; None is left out, a bool is Y or N.

    A macro is sent only when it is a whole value; inside a longer text it is broken,
    because the portal would swallow the words after it.
    """
    return "&".join(f"{key}={quote(text, safe='')}" for key, text in _flat(params, ""))


def _flat(value: Any, key: str) -> list[tuple[str, str]]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        pairs = [(_name(part, key), item) for part, item in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(f"{key}[{number}]", item) for number, item in enumerate(_kept(value))]
    else:
        return [(key, _text(value))]
    return [flat for name, item in pairs for flat in _flat(item, name)]


def _kept(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _name(part: object, key: str) -> str:
    name = quote(str(part), safe="")
    return f"{key}[{name}]" if key else name


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    text = str(value)
    return text if _REFERENCE.fullmatch(text) else safe_text(text)
