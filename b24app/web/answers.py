"""How we answer: JSON of the API and errors in words."""

import re
from typing import Any

from flask import Response, g, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from b24app.errors import AppError, Invalid
from b24app.i18n import say

# How NUL and halves of characters come in JSON: escaped, or as bytes that are no UTF-8.
UNKEPT = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


class Json(DefaultJSONProvider):
    """JSON as Flask has it; what is nested too deep for us is as good as broken.

    What no database keeps, NUL and halves of characters, is left out at this door.
    """

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            value = super().loads(s, **kwargs)
            raw = s.encode("utf-8", "surrogatepass") if isinstance(s, str) else s
            return _kept(value) if UNKEPT.search(raw) else value
        except RecursionError:
            raise ValueError("nested too deep") from None


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, dict):
        return {_kept(name): _kept(one) for name, one in value.items()}
    return value


def refused(error: AppError) -> tuple[Response, int]:
    """`{"error": {"code", "message", "fields"?}}`, in the words of who asks."""
    language = g.get("language", "en")
    told: dict[str, Any] = {"code": error.code, "message": say(error.message, language)}
    if isinstance(error, Invalid) and error.fields:
        told["fields"] = {name: say(wrong, language) for name, wrong in error.fields.items()}
    return jsonify(error=told), error.status


def http_refused(error: HTTPException) -> tuple[Response, int] | HTTPException:
    """The framework's own refusals, in the API's shape below /api/."""
    if not request.path.startswith(("/api/", "/hooks/", "/bitrix/", "/public/")):
        return error
    code = (error.name or "error").lower().replace(" ", "_")
    return jsonify(error={"code": code, "message": error.description}), error.code or 500
