"""Recorded calls of messengers, and what they should be understood as."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from b24app import channels
from b24app.channels.base import Adapter
from b24app.values import Account, HookCall, Parsed

FOLDER = Path(__file__).with_name("samples")
SECRET = "sample-secret"
# What else an adapter has to know of the account that the recordings are of.
OWN = {"whatsapp": {"phone_number_id": "106540352242922"}}
# The setting that calls of a messenger are signed with; of others it is the account's secret.
SIGNED_WITH = {"whatsapp": "app_secret", "viber": "token"}
RECEIVED_AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def names(kind: str) -> list[str]:
    paths = (FOLDER / kind).glob("*.json")
    return sorted(path.stem for path in paths if not path.name.endswith(".expected.json"))


def call(kind: str, name: str) -> HookCall:
    """A call as it came: `{"headers": …, "body": …}` in the file."""
    kept = json.loads((FOLDER / kind / f"{name}.json").read_text())
    return hook_call(kept["body"], kept["headers"])


def hook_call(body: Any, headers: Mapping[str, str] | None = None) -> HookCall:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HookCall("POST", headers or {}, {}, raw, RECEIVED_AT)


def expected(kind: str, name: str) -> Any:
    return json.loads((FOLDER / kind / f"{name}.expected.json").read_text())


def adapter(kind: str, secret: str = SECRET, **settings: Any) -> Adapter:
    """An adapter that takes only what is made with `secret`, wherever its kind keeps that."""
    signed = {SIGNED_WITH[kind]: secret} if kind in SIGNED_WITH else {}
    kept = {**signed, **OWN.get(kind, {}), **settings}
    account = Account(7, kept, "https://app.example/hooks/key", secret)
    return channels.adapter(kind, account)


def shown(news: Parsed) -> dict[str, Any]:
    """News as JSON: its type and every field that says something."""
    return {"type": type(news).__name__, **_told(news)}


def _told(thing: Any) -> dict[str, Any]:
    found = {}
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if value not in ("", None, (), {}) and (value is not False or field.name == "blocked"):
            found[field.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _told(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
