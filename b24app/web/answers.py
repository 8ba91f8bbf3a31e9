"""How we answer: JSON of the API and errors in words."""

from typing import Any

from flask import Response, g, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from b24app.errors import AppError, Invalid
from b24app.i18n import say


class Json(DefaultJSONProvider):
    """JSON as Flask has it; what is nested too deep for us is as good as broken."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deep") from None


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
