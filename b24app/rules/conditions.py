"""Conditions over parameters: read with refusals beside the field, evaluated with a trace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from b24app.errors import Invalid
from b24app.i18n import N_
from b24app.rules import matching, parameters
from b24app.rules.parameters import Parameter, Parameters, Value
from b24app.rules.reading import CHOICE, EMPTY, FLAG, LONG, MANY, TEXT, Part

Operator = Literal[
    "equals", "not_equals", "includes", "excludes", "has_data", "no_data", "greater", "less"
]
Join = Literal["and", "or"]

TITLES: Mapping[str, str] = {
    "equals": N_("equals"),
    "not_equals": N_("does not equal"),
    "includes": N_("includes"),
    "excludes": N_("excludes"),
    "has_data": N_("has data"),
    "no_data": N_("has no data"),
    "greater": N_("is greater"),
    "less": N_("is less"),
}
_TEXTS = ("equals", "not_equals", "includes", "excludes", "has_data", "no_data")
_CHOICES = ("equals", "not_equals", "has_data", "no_data")
_MEASURES = ("equals", "not_equals", "greater", "less", "has_data", "no_data")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": _TEXTS,
    "list": _TEXTS,
    "phone": _TEXTS,
    "email": _TEXTS,
    "url": _TEXTS,
    "number": _MEASURES,
    "date": _MEASURES,
    "enum": _CHOICES,
    "bool": _CHOICES,
}
WITHOUT_VALUE = ("has_data", "no_data")

DEPTH_MAX = 5  # groups within groups
ITEMS_MAX = 50  # of one group
CONDITIONS_MAX = 200  # of one rule
VALUES_MAX = 100  # of one condition
VALUE_MAX = 500  # characters
DEEPEST = 50  # what is evaluated at all

NO_PARAMETER = N_("Choose a parameter from the list.")
NO_OPERATOR = N_("This comparison does not suit the parameter.")
NO_JOIN = N_("Choose AND or OR.")
NO_ITEMS = N_("Add a condition here or remove the group.")
TOO_DEEP = N_("Groups are nested too deep.")
WRONG: Mapping[str, str] = {
    "number": N_("A number belongs here."),
    "date": N_("A date or a date with time belongs here."),
    "bool": FLAG,
    "enum": CHOICE,
    "phone": N_("At least one digit of a phone belongs here."),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`value` of several means any of them."""

    param: str
    operator: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Group:
    """An empty group matches everything."""

    join: str = "and"
    items: tuple["Condition | Group", ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """How a rule came to its result: a group has `join` and `items`, a condition the rest."""

    result: bool
    join: str = ""
    items: tuple["Trace", ...] = ()
    param: str = ""
    operator: str = ""
    expected: Value = None
    actual: Value = None

    def as_json(self) -> dict[str, Any]:
        if self.join:
            items = [item.as_json() for item in self.items]
            return {"result": self.result, "join": self.join, "items": items}
        return {
            "result": self.result,
            "param": self.param,
            "operator": self.operator,
            "expected": _listed(self.expected),
            "actual": _listed(self.actual),
        }


def evaluate(rule: Condition | Group, known: Parameters) -> Trace:
    """Whether a rule holds for these parameters, and why. Never raises."""
    return _evaluate(rule, known, 0)


def read(given: Any, path: str = "") -> Group:
    """A group as somebody wrote it, `{"join": "and", "items": [...]}`; null is the empty one.

    Raises: Invalid with a sentence for each wrong value, by its path.
    """
    part = Part({})
    group = read_part(part.inner({} if given is None else given, path))
    if part.wrong:
        raise Invalid(fields=part.wrong)
    return group


def read_part(part: Part) -> Group:
    """The same, as a part of a larger document that collects the refusals."""
    rule = _group(part, 1)
    if sum(1 for _ in conditions(rule)) > CONDITIONS_MAX:
        part.refuse("items", MANY)
    return rule


def conditions(rule: Condition | Group) -> Iterator[Condition]:
    if isinstance(rule, Condition):
        yield rule
        return
    for item in rule.items:
        yield from conditions(item)


def as_json(rule: Condition | Group) -> dict[str, Any]:
    if isinstance(rule, Condition):
        return {"param": rule.param, "operator": rule.operator, "value": _listed(rule.value)}
    return {"join": rule.join, "items": [as_json(item) for item in rule.items]}


def from_json(given: Mapping[str, Any]) -> Group:
    """What `as_json` of a group gave."""
    return read(given)


def _evaluate(rule: Condition | Group, known: Parameters, depth: int) -> Trace:
    if isinstance(rule, Condition):
        return _checked(rule, known)
    if depth >= DEEPEST:
        return Trace(False, rule.join)
    items = tuple(_evaluate(item, known, depth + 1) for item in rule.items)
    results = [item.result for item in items]
    result = any(results) or not results if rule.join == "or" else all(results)
    return Trace(result, rule.join, items)


def _checked(condition: Condition, known: Parameters) -> Trace:
    found = parameters.parameter(condition.param)
    actual = known.get(condition.param)
    result = matching.holds(
        found.type if found else "text", condition.operator, actual, condition.value
    )
    return Trace(
        result,
        param=condition.param,
        operator=condition.operator,
        expected=condition.value,
        actual=actual,
    )


def _group(part: Part, depth: int) -> Group:
    part.only("join", "items")
    join = part.given.get("join", "and")
    if join not in ("and", "or"):
        part.refuse("join", NO_JOIN)
    if depth > DEPTH_MAX:
        part.refuse("items", TOO_DEEP)
        return Group()
    items = tuple(_item(item, depth) for item in part.parts("items", ITEMS_MAX))
    if depth > 1 and not items:
        # Beside other conditions it would match everything, which nobody can see.
        part.refuse("items", NO_ITEMS)
    return Group("or" if join == "or" else "and", items)


def _item(part: Part, depth: int) -> Condition | Group:
    if "items" in part.given or "join" in part.given:
        return _group(part, depth + 1)
    return _condition(part)


def _condition(part: Part) -> Condition:
    part.only("param", "operator", "value")
    found = _parameter(part)
    operator = part.text("operator", VALUE_MAX)
    if not found:
        return Condition("", operator)
    if operator not in OPERATORS[found.type]:
        part.refuse("operator", NO_OPERATOR)
        return Condition(found.name, operator)
    if operator in WITHOUT_VALUE:
        return Condition(found.name, operator)
    return Condition(found.name, operator, _value(part, found))


def _parameter(part: Part) -> Parameter | None:
    name = part.given.get("param")
    found = parameters.parameter(name) if isinstance(name, str) else None
    if not found:
        part.refuse("param", NO_PARAMETER)
    return found


def _value(part: Part, found: Parameter) -> Value:
    """The value or the values, each as the parameter's type writes it."""
    given = part.given.get("value")
    if given is None or given in ("", [], ()):
        part.refuse("value", EMPTY)
        return None
    if not isinstance(given, list | tuple):
        one: Value = _one(part, "value", found, given)
        return one
    if len(given) > VALUES_MAX:
        part.refuse("value", MANY)
        return None
    return tuple(_one(part, f"value.{at}", found, one) for at, one in enumerate(given))


def _one(part: Part, at: str, found: Parameter, given: Any) -> Any:
    if isinstance(given, str) and len(given) > VALUE_MAX:
        part.refuse(at, LONG)
        return ""
    value = READ.get(found.type, _words)(given, found)
    if value is None or value == "":
        part.refuse(at, WRONG.get(found.type, TEXT))
    return value


def _words(given: Any, found: Parameter) -> str | None:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    return matching.text(given)


def _number(given: Any, found: Parameter) -> float | int | None:
    number = None if isinstance(given, bool) else matching.number(given)
    return int(number) if number is not None and number.is_integer() else number


def _date(given: Any, found: Parameter) -> str | None:
    return given.strip() if isinstance(given, str) and matching.moment(given) else None


def _flag(given: Any, found: Parameter) -> bool | None:
    return matching.flag(given)


def _option(given: Any, found: Parameter) -> str | None:
    offered = [value for value, _ in found.options]
    words = _words(given, found)
    return words if words in offered else None


def _phone(given: Any, found: Parameter) -> str | None:
    words = _words(given, found)
    return words if words and matching.digits(words) else None


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


READ = {"number": _number, "date": _date, "bool": _flag, "enum": _option, "phone": _phone}
