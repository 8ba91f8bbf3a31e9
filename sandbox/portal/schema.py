"""Parameters of calls against the official method schemas, where these are at hand."""

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox.portal.phpform import as_list, as_map
from sandbox.portal.registry import Call, Method, bad_argument

ROOT = Path(__file__).resolve().parents[2]

# Parameters that go with any call; `__order` is how fast-bitrix24 keeps its results in order.
COMMON = frozenset({"auth", "access_token", "sessid", "__order"})
TRACING = ("bx24_",)

# Where a schema errs (it was made from pages): parameters it forgets, "name*:type".
ALSO: dict[str, tuple[str, ...]] = {
    "user.get": ("filter:object", "FILTER:object", "SORT", "ORDER", "ID", "ACTIVE", "EMAIL"),
    "user.search": ("filter:object", "FILTER:object", "FIND"),
    "department.get": ("start:integer",),
    "event.bind": ("handler",),
    "event.unbind": ("handler",),
    "event.offline.get": (
        "clear",
        "process_id",
        "auth_connector",
        "error",
        "filter:array",
        "order:array",
    ),
    "crm.stagehistory.list": ("order:object", "filter:object", "select:array", "start:integer"),
    "crm.item.list": ("select:array",),
    "crm.status.list": ("start:integer",),
    "crm.category.list": ("start:integer",),
    "crm.automation.trigger.list": (),
    "crm.timeline.bindings.list": ("start:integer",),
    "imconnector.activate": ("ACTIVE:any",),
    "im.message.add": ("MESSAGE",),
    "imopenlines.config.update": ("PARAMS:object",),
    "crm.activity.configurable.update": ("fields:object",),
    "crm.activity.configurable.add": ("fields*:object",),
}

# Methods that answer a missing parameter in their own words.
OWN_WORDS = frozenset(
    {
        "imconnector.register",
        "imconnector.unregister",
        "imopenlines.config.get",
        "imopenlines.config.update",
        "imopenlines.config.delete",
        "imopenlines.session.join",
        "imopenlines.session.intercept",
        "imopenlines.operator.transfer",
        "imopenlines.operator.answer",
        "imopenlines.operator.finish",
        "imopenlines.operator.skip",
        "imopenlines.operator.spam",
        "imopenlines.operator.another.finish",
    }
)

# Fields of one nested object that its schema forgets (crm.item.* knows only the tab of leads).
ITEM_FIELDS = frozenset(
    {"categoryId", "leadId", "typeId", "probability", "taxValue", "closed", "begindate"}
    | {"closedate", "companyIds", "photo", "export", "revenue", "industry", "employees"}
    | {"companyType", "isMyCompany", "additionalInfo", "address", "locationId", "xmlId"}
    | {"createdTime", "updatedTime", "movedTime", "createdBy", "updatedBy", "movedBy"}
)
NESTED_ALSO: dict[tuple[str, str], frozenset[str]] = {
    ("crm.item.add", "fields"): ITEM_FIELDS,
    ("crm.item.update", "fields"): ITEM_FIELDS,
    ("crm.timeline.comment.add", "fields"): frozenset({"AUTHOR_ID"}),
    ("crm.activity.update", "fields"): frozenset({"COMPLETED"}),  # its page's example sets it
    ("imopenlines.config.add", "PARAMS"): frozenset(
        {"AGREEMENT_MESSAGE", "AGREEMENT_ID", "SEND_NOTIFICATION_EMPTY_QUEUE", "CLOSE_RULE"}
    ),
    ("imopenlines.config.list.get", "OPTIONS"): frozenset({"CHECK_PERMISSION"}),
}
FREE_FIELD = re.compile(r"UF_|ufCrm|parentId\d+$|PARENT_ID_\d+$")

# Objects whose schema marks every field as required.
NESTED_OPTIONAL = frozenset(
    {"imopenlines.config.add", "imconnector.register", "imconnector.connector.data.set"}
    | {"crm.activity.update"}
)
# Schemas stored under another name.
RENAMED = {"crm.automation.trigger.list": "crm.automation.trigger"}


def check(call: Call, method: Method) -> None:
    """Refuse undocumented, missing or wrongly typed parameters.

    Raises:
        RestError: ERROR_ARGUMENT, saying which parameter and why.
    """
    found = spec_dir(call.state.settings.spec_dir)
    document = _schema(found, method.name.lower()) if found and method.params is None else None
    if document is None:
        if method.params is not None:
            _check_known(call, method.name, {}, _written(method.params))
        return
    _check_known(call, method.name, document, _written(ALSO.get(method.name, ())))


def spec_dir(given: str | None) -> Path | None:
    """The folder of the official schemas: given, by environment, or beside the project."""
    told = given or os.environ.get("BITRIX24_SPEC_DIR")
    folder = Path(told) if told else ROOT.parent / "shared" / "bitrix24" / "spec"
    return folder if folder.is_dir() else None


@lru_cache(maxsize=8)
def _names(folder: Path) -> dict[str, Path]:
    return {path.stem.lower(): path for path in folder.glob("*.json")}


@lru_cache(maxsize=1024)
def _schema(folder: Path, name: str) -> dict[str, Any] | None:
    path = _names(folder).get(RENAMED.get(name, name))
    if path is None:
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    # Pages of methods without parameters were read as if their answers were parameters.
    answers = {"result", "time"}
    document["params"] = [row for row in document["params"] if row["name"] not in answers]
    return dict(document)


def _written(params: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    rows = {}
    for line in params:
        name, _, base = line.partition(":")
        required = name.endswith("*")
        rows[name.rstrip("*")] = {"base": base or "any", "required": required}
    return rows


def _check_known(
    call: Call, name: str, document: Mapping[str, Any], also: dict[str, dict[str, Any]]
) -> None:
    known = {row["name"]: row for row in document.get("params", ())} | also
    for key, value in call.params.items():
        if key in COMMON or key.startswith(TRACING):
            continue
        if key not in known:
            raise bad_argument(f"Parameter {key!r} is not documented for {name}", key)
        _check_type(name, key, value, known[key]["base"])
        _check_nested(name, key, value, document, known[key].get("ref"))
    if name not in OWN_WORDS:
        _check_required(call, name, known)


def _check_required(call: Call, name: str, known: dict[str, dict[str, Any]]) -> None:
    for key, row in known.items():
        if row["required"] and call.params.get(key) in (None, ""):
            raise bad_argument(f"Argument '{key}' is null or empty ({name})", key)


def _check_type(name: str, key: str, value: Any, base: str) -> None:
    if value in (None, "") or TYPES.get(base, _anything)(value):
        return
    raise bad_argument(f"Parameter {key!r} of {name} must be of type {base}", key)


def _check_nested(
    name: str, key: str, value: Any, document: Mapping[str, Any], ref: str | None
) -> None:
    if not ref:
        return
    definition = document["defs"].get(ref.rpartition("/")[2], {})
    if definition.get("dynamic", {}).get("allowed"):
        return
    rows = {row["name"]: row for row in definition.get("fields", ())}
    for element in _elements(value, document, key):
        _check_fields(name, key, element, rows)


def _elements(value: Any, document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects to look into: one, or those of a list."""
    base = next(row["base"] for row in document["params"] if row["name"] == key)
    plain = base == "array" and key.isupper()
    return [as_map(one) for one in as_list(value)] if plain else [as_map(value)]


def _check_fields(
    name: str, key: str, element: dict[str, Any], rows: dict[str, dict[str, Any]]
) -> None:
    also = NESTED_ALSO.get((name, key), frozenset())
    for inner, value in element.items():
        if inner in rows and inner not in also:
            _check_type(name, f"{key}[{inner}]", value, rows[inner]["base"])
        elif inner not in also and not FREE_FIELD.match(inner):
            raise bad_argument(f"Field {key}[{inner}] is not documented for {name}", inner)
    if name in NESTED_OPTIONAL:
        return
    for inner, row in rows.items():
        if row["required"] and element.get(inner) in (None, ""):
            raise bad_argument(f"Argument '{key}[{inner}]' is null or empty ({name})", inner)


def _anything(value: Any) -> bool:
    return True


def _text(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _integer(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or re.fullmatch(r"\s*-?\d+(\.0*)?\s*", str(value)) is not None


def _number(value: Any) -> bool:
    return re.fullmatch(r"-?\d+([.,]\d+)?", str(value)) is not None


def _flag(value: Any) -> bool:
    words = ("y", "n", "1", "0", "true", "false")
    return isinstance(value, bool | int) or str(value).lower() in words


def _collection(value: Any) -> bool:
    return isinstance(value, dict | list)


TYPES = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "double": _number,
    "boolean": _flag,
    "char": _flag,
    "array": _collection,
    "object": _collection,
    "date": _text,
    "datetime": _text,
}
