"""Templates of the simulated business, and how one reads with its values.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.messengers.whatsapp.errors import GraphError

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
Json = dict[str, Any]


def _template(name: str, *components: Json, **more: Any) -> Json:
    usual = {
        "id": str(1000 + len(name)),
        "name": name,
        "language": "ru",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
    }
    return {**usual, **more, "components": list(components)}


def _body(text: str) -> Json:
    return {"type": "BODY", "text": text}


def ready_templates() -> list[Json]:
    yes_no = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Да, жду"}]}
    return [
        _template(
            "order_ready",
            {"type": "HEADER", "format": "TEXT", "text": "Заказ {{1}}"},
            _body("Здравствуйте, {{1}}! Заказ готов, привезём {{2}}."),
            {"type": "FOOTER", "text": "CallGear Demo"},
            yes_no,
        ),
        _template("order_ready", _body("Hello, {{1}}! We deliver {{2}}."), language="en"),
        _template("hello", _body("Здравствуйте! Вы оставили заявку на сайте. Удобно говорить?")),
        _template(
            "visit",
            _body("Ждём вас, {{name}}, в {{time}}."),
            parameter_format="NAMED",
        ),
        _template(
            "sale",
            {"type": "HEADER", "format": "IMAGE"},
            _body("Скидки до {{1}}!"),
            category="MARKETING",
        ),
        _template("autumn", _body("Осенние цены."), status="PENDING", category="MARKETING"),
        _template("spam", _body("Купите!!!"), status="REJECTED", category="MARKETING"),
        _template("tired", _body("Это снова мы."), status="PAUSED", category="MARKETING"),
    ]


def found(templates: Sequence[Json], asked: Mapping[str, Any]) -> Json:
    """The approved template that a message asks for."""
    name, language = str(asked.get("name")), _get(asked, "language", "code")
    for one in templates:
        if (one["name"], one["language"], one["status"]) == (name, language, "APPROVED"):
            return one
    raise GraphError(132001, f"template name ({name}) does not exist in {language}", 404)


def filled(template: Mapping[str, Any], asked: Mapping[str, Any]) -> Json:
    """How a template reads: `text`, `footer`, `buttons`, and `media` of its header.

    Raises:
        GraphError: values are missing or too many, or are not what the template wants.
    """
    given = {str(one.get("type")): one.get("parameters", []) for one in asked.get("components", [])}
    parts = {one["type"]: one for one in template["components"]}
    body = _put(parts["BODY"]["text"], given.get("body", []))
    header = parts.get("HEADER", {"format": ""})
    title = _put(header["text"], given.get("header", [])) if header["format"] == "TEXT" else ""
    return {
        "text": "\n".join(part for part in (title, body) if part),
        "footer": parts.get("FOOTER", {}).get("text", ""),
        "buttons": [one["text"] for one in parts.get("BUTTONS", {}).get("buttons", [])],
        "media": _media(header["format"], given.get("header", [])),
    }


def _put(text: str, values: Sequence[Mapping[str, Any]]) -> str:
    names = sorted(set(VARIABLE.findall(text)))
    if len(names) != len(values):
        details = f"body: number of localizable_params ({len(values)}) does not match the expected "
        raise GraphError(132000, f"{details}number of params ({len(names)})")
    named = {str(one.get("parameter_name", number)): one for number, one in enumerate(values, 1)}
    if set(named) != set(names):
        raise GraphError(132012, f"the parameters are {', '.join(names)}")
    return VARIABLE.sub(lambda variable: str(named[variable[1]].get("text", "")), text)


def _media(format: str, values: Sequence[Mapping[str, Any]]) -> Json:
    if format in ("", "TEXT"):
        return {}
    kind = format.lower()
    if len(values) != 1 or values[0].get("type") != kind:
        raise GraphError(132012, f"header: Format mismatch, expected {format}")
    medium: Json = values[0][kind]
    return medium


def _get(value: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        value = value.get(name, {}) if isinstance(value, Mapping) else {}
    return value
