"""The control API under /_sandbox/: what a person, a browser or a test does to the portal."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.outside import Unreachable
from sandbox.portal.control_app import Application
from sandbox.portal.control_people import People
from sandbox.portal.control_trouble import Trouble
from sandbox.portal.control_views import Views
from sandbox.portal.phpform import as_map, php_json
from sandbox.portal.portal import Portal
from sandbox.portal.registry import RestError
from sandbox.portal.rest import Rest


def control_blueprint(portal: Portal, rest: Rest) -> Blueprint:
    """Addresses under /_sandbox/."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    views, trouble = Views(portal), Trouble(portal, rest)
    for rule, view in views.routes().items():
        blueprint.add_url_rule(rule, _name("get", rule), _get(view))
    for subject in (People(portal, views), Application(portal), trouble):
        for rule, deed in subject.routes().items():
            blueprint.add_url_rule(rule, _name("post", rule), _post(deed), methods=["POST"])
    clear = _get(trouble.clear_faults)
    blueprint.add_url_rule("/faults", "clear_faults", clear, methods=["DELETE"])
    return blueprint


def _name(verb: str, rule: str) -> str:
    return f"{verb}{rule}".replace("/", "_")


def _get(view: Callable[..., Any]) -> Callable[..., Response]:
    def answer(**target: Any) -> Response:
        return _answered(lambda: view(**target))

    return answer


def _post(deed: Callable[..., Any]) -> Callable[..., Response]:
    def answer(**target: Any) -> Response:
        given = as_map(request.get_json(silent=True, force=True)) or request.form.to_dict()
        return _answered(lambda: deed(given, **target))

    return answer


def _answered(deed: Callable[[], Any]) -> Response:
    try:
        return jsonify(php_json(deed()))
    except RestError as error:
        return _refusal(error.status, str(error))
    except (ValueError, LookupError, TypeError) as error:
        return _refusal(400, str(error))
    except Unreachable as error:
        return _refusal(502, str(error))


def _refusal(status: int, text: str) -> Response:
    response = jsonify({"error": text})
    response.status_code = status
    return response
