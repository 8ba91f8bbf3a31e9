"""What a method was given: query, form, multipart or JSON, and which names are documented.

Source: core.telegram.org/bots/api ("Making requests", "Sending files").
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request
from werkzeug.datastructures import FileStorage

from sandbox.messengers.telegram.errors import bad, beyond

WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


@dataclass(frozen=True)
class Parameters:
    values: Mapping[str, Any]
    files: Mapping[str, FileStorage]

    def text(self, name: str) -> str:
        """A string; empty where it was not given."""
        value = self.values.get(name)
        if isinstance(value, dict | list):
            raise bad(f"parameter {name} must be a string")
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """A whole number, given as such or as text."""
        text = self.text(name)
        if not text:
            return default
        if not text.removeprefix("-").isdecimal():
            raise bad(f"parameter {name} must be an integer")
        return int(text)

    def decimal(self, name: str) -> float:
        """A required number with a fraction."""
        if not self.text(name):
            raise bad(f"{name} is empty")
        try:
            return float(self.text(name))
        except ValueError:
            raise bad(f"parameter {name} must be a number") from None

    def flag(self, name: str) -> bool:
        """True or false, given as such or as text."""
        value = self.values.get(name, False)
        return WORDS.get(str(value).lower(), False)

    def document(self, name: str) -> Any:
        """An object or list: inside a JSON body as it is, elsewhere as JSON text."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None

    def logged(self) -> dict[str, Any]:
        """What the list of calls keeps; files by name."""
        uploads = {name: f"<file {file.filename}>" for name, file in self.files.items()}
        return {**self.values, **uploads}


def given(request: Request) -> Parameters:
    """The parameters of a request in any of the four documented forms."""
    values: dict[str, Any] = request.args.to_dict()
    values.update(request.form.to_dict())
    if request.is_json:
        values.update(_json_body(request))
    return Parameters(values, request.files.to_dict())


def _json_body(request: Request) -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise bad("can't parse JSON object")
    return body


def check_names(parameters: Parameters, method: str, documented: frozenset[str]) -> None:
    """Refuse what the method does not know, so that a slip is not a shrug."""
    attached = _attached(parameters.values)
    unknown = (set(parameters.values) | (set(parameters.files) - attached)) - documented
    if unknown:
        raise beyond(f"{method} has no parameter {', '.join(sorted(unknown))}")


def _attached(values: Mapping[str, Any]) -> set[str]:
    """Names of the parts that some parameter mentions as `attach://<name>`."""
    text = json.dumps(values, default=str).replace("\\", "")
    return {piece.split('"')[0] for piece in text.split('"attach://')[1:]}
