"""Words of ours that others carry for a while: signed, for one purpose, until a time."""

from datetime import datetime
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

LIMIT = 4000


def seal(purpose: str, told: dict[str, Any], until: datetime) -> str:
    """Text that only we could have written; whoever carries it can read it."""
    return str(_serializer(purpose).dumps({**told, "exp": int(until.timestamp())}))


def unseal(purpose: str, text: str | None, now: datetime) -> dict[str, Any] | None:
    """What was sealed for this purpose; None: not ours, for something else, or too old."""
    try:
        told: dict[str, Any] = _serializer(purpose).loads((text or "")[:LIMIT])
    except BadData:
        return None
    return told if told["exp"] > now.timestamp() else None


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=purpose)
