"""Filters, order and selection of lists, with the prefixes of crm.item.list."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.portal.phpform import as_list, as_map, yes
from sandbox.portal.registry import RestError

PREFIX = re.compile(r"^(>=|<=|!=%|=%|%=|!=|!@|!%|=|>|<|@|%|!)?(.*)$")


class Matcher:
    """A filter as a question to rows; `fields` set: others are refused."""

    def __init__(
        self,
        conditions: Any,
        empty: str = "nothing",
        fields: frozenset[str] | None = None,
    ) -> None:
        self.conditions = as_map(conditions)
        self.empty = empty
        self.fields = fields
        self._check(self.conditions)

    def _check(self, conditions: dict[str, Any]) -> None:
        for key, value in conditions.items():
            if key.isdigit():
                self._check(as_map(value))
            elif key.lower() != "logic":
                self._check_field(_split(key)[1])

    def _check_field(self, name: str) -> None:
        if self.fields is None or name in self.fields or name.startswith(("UF_", "ufCrm")):
            return
        text = f"Invalid filter: field '{name}' is not allowed in filter"
        raise RestError("INVALID_ARG_VALUE", text, 400)

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether a row passes."""
        return self._group(self.conditions, row)

    def _group(self, conditions: dict[str, Any], row: Mapping[str, Any]) -> bool:
        either = str(conditions.get("logic", conditions.get("LOGIC", "AND"))).upper() == "OR"
        answers = (
            self._group(as_map(value), row) if key.isdigit() else self._holds(key, value, row)
            for key, value in conditions.items()
            if key.lower() != "logic"
        )
        return any(answers) if either else all(answers)

    def _holds(self, key: str, value: Any, row: Mapping[str, Any]) -> bool:
        operator, name = _split(key)
        wanted = as_list(value)
        if not wanted and isinstance(value, list | dict):
            return self._empty_list(operator)
        return compare(operator, row.get(name), wanted or [value])

    def _empty_list(self, operator: str) -> bool:
        if self.empty == "error":
            raise RestError("INVALID_ARG_VALUE", "Invalid filter: empty list", 400)
        return self.empty == "everything" or operator.startswith("!")


def _split(key: str) -> tuple[str, str]:
    found = PREFIX.match(key)
    assert found is not None
    return found.group(1) or "", found.group(2)


def compare(operator: str, actual: Any, wanted: list[Any]) -> bool:
    """Whether a field's value (or one of its values) stands so to one of the wanted ones."""
    if operator.startswith("!"):
        return not compare(operator[1:], actual, wanted)
    values = actual if isinstance(actual, list) else [actual]
    pairs = [(one, other) for one in values or [None] for other in wanted]
    return any(_one(operator, one, other) for one, other in pairs)


def _one(operator: str, one: Any, other: Any) -> bool:
    if operator in ("", "=", "@"):
        return _plain(one) == _plain(other)
    if operator == "%":
        return str(_plain(other)).lower() in str(_plain(one)).lower()
    if operator in ("=%", "%="):
        return _like(str(_plain(one)), str(_plain(other)))
    return _ordered(operator, one, other)


def _like(text: str, pattern: str) -> bool:
    expression = re.escape(pattern).replace("%", ".*")
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None


def _ordered(operator: str, one: Any, other: Any) -> bool:
    left, right = sort_key(one), sort_key(other)
    if left[0] != right[0]:
        left, right = (1, 0.0, str(one or "")), (1, 0.0, str(other or ""))
    return {
        ">": left > right,
        "<": left < right,
        ">=": left >= right,
        "<=": left <= right,
    }[operator]


def _plain(value: Any) -> str:
    """Values of different types that mean the same, alike."""
    if value is None or value is False:
        return "" if value is None else "N"
    if value is True:
        return "Y"
    text = str(value)
    return text[:-2] if re.fullmatch(r"-?\d+\.0", text) else text


def sort_key(value: Any) -> tuple[int, float, str]:
    """Numbers before texts, each in its own order."""
    text = _plain(value)
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return 0, float(text), ""
    return 1, 0.0, text.lower()


def ordered(rows: list[dict[str, Any]], order: Any, default: str = "id") -> list[dict[str, Any]]:
    """Rows in the order asked for: a map of field to ASC or DESC."""
    wanted = [(name, str(way).upper()) for name, way in as_map(order).items()]
    rows = sorted(rows, key=lambda row: sort_key(row.get(default)))
    for name, way in reversed(wanted):
        rows.sort(key=lambda row: sort_key(row.get(name)), reverse=way == "DESC")
    return rows


def selected(row: dict[str, Any], select: Any, always: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields asked for; nothing asked, or *: all."""
    names = [str(name) for name in as_list(select)]
    if not names or "*" in names:
        return row
    return {key: value for key, value in row.items() if key in names or key in always}


def flag(value: Any) -> str:
    """Y or N."""
    return "Y" if yes(value) else "N"
