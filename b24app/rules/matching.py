"""Whether what is known matches what is expected, by type. Nothing here raises."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

Test = Callable[[Any, Any], bool]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YES = frozenset({"true", "1", "yes", "y", "да"})
NO = frozenset({"false", "0", "no", "n", "нет"})
NO_DIGIT = re.compile(r"[^0-9]")
CACHED, SHORT = 4_096, 200
OPPOSITES = {"not_equals": "equals", "excludes": "includes", "no_data": "has_data"}


def holds(type_: str, operator: str, actual: Any, expected: Any) -> bool:
    """Whether any element of `actual` stands so to any of `expected`.

    The negations (`not_equals`, `excludes`, `no_data`) are true opposites: they hold
    where there is no data. An operator nobody knows never holds.
    """
    if operator in OPPOSITES:
        return not holds(type_, OPPOSITES[operator], actual, expected)
    if operator == "has_data":
        return any(True for _ in elements(actual))
    test = TESTS.get(operator, {}).get(type_)
    if not test:
        return False
    wanted = list(elements(expected))
    return any(test(one, other) for one in elements(actual) for other in wanted)


def elements(value: Any) -> Iterator[Any]:
    """The single values that are data: not None, not blank."""
    for one in value if isinstance(value, list | tuple) else (value,):
        if one and not one.isspace() if isinstance(one, str) else text(one):
            yield one


def text(value: Any) -> str:
    """A value in words, on one line; what is no single value has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _written(value)
    return " ".join(value.split()) if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """A finite number; a decimal comma is as good as a point."""
    if not isinstance(value, str | int | float):
        return None
    try:
        found = float(value.replace(",", ".").replace(" ", "") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def flag(value: Any) -> bool | None:
    words = text(value).casefold()
    return True if words in YES else False if words in NO else None


def digits(value: Any) -> str:
    """The digits of a phone; a Russian number may begin with 8."""
    return _digits(text(value))


@lru_cache(CACHED)
def _digits(words: str) -> str:
    found = NO_DIGIT.sub("", words)
    if len(found) == 11 and found.startswith("8") and not words.startswith("+"):
        return "7" + found[1:]
    return found


def moment(value: Any) -> date | datetime | None:
    """A day where only a day is written, else a time; its offset may be missing."""
    words = text(value)
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(words)
        except ValueError:
            continue
    return None


def folded(value: Any) -> str:
    """Letters' case and spaces around do not count."""
    words = text(value)
    return _folded(words) if len(words) <= SHORT else _fold(words)


def _fold(words: str) -> str:
    return unicodedata.normalize("NFKC", words).casefold().strip()


# A dry run compares the same few words with each other a hundred thousand times.
_folded = lru_cache(CACHED)(_fold)


def _written(value: float) -> str:
    try:
        return str(int(value)) if float(value).is_integer() else str(value)
    except (ValueError, OverflowError):
        return ""  # no number a person could have meant


def _same_text(one: Any, other: Any) -> bool:
    return folded(one) == folded(other)


def _holds_text(one: Any, other: Any) -> bool:
    return folded(other) in folded(one)


def _same_number(one: Any, other: Any) -> bool:
    return _compared(number(one), number(other), lambda a, b: a == b)


def _same_flag(one: Any, other: Any) -> bool:
    return _compared(flag(one), flag(other), lambda a, b: a == b)


def _same_phone(one: Any, other: Any) -> bool:
    return bool(digits(one)) and digits(one) == digits(other)


def _holds_phone(one: Any, other: Any) -> bool:
    """A part of a number is compared as it is written; 8 999 is also a part of +7 999."""
    wanted, found = digits(other), digits(one)
    if not wanted:
        return False
    return wanted in found or (wanted.startswith("8") and found.startswith("7" + wanted[1:]))


def _by_moment(test: Test) -> Test:
    def compared(one: Any, other: Any) -> bool:
        return _compared(*_aligned(moment(one), moment(other)), test)

    return compared


def _by_number(test: Test) -> Test:
    return lambda one, other: _compared(number(one), number(other), test)


def _compared(one: Any, other: Any, test: Test) -> bool:
    return one is not None and other is not None and test(one, other)


def _aligned(
    one: date | datetime | None, other: date | datetime | None
) -> tuple[float | None, float | None]:
    """Both as numbers: days when one is a whole day (where it happened), else seconds."""
    if one is None or other is None:
        return None, None
    if not isinstance(one, datetime) or not isinstance(other, datetime):
        return one.toordinal(), other.toordinal()
    return _seconds(one, other), _seconds(other, one)


def _seconds(at: datetime, beside: datetime) -> float:
    """A time without an offset is meant in the other's zone."""
    aware = at if at.utcoffset() is not None else at.replace(tzinfo=beside.tzinfo or UTC)
    return (aware - EPOCH).total_seconds()


def _more(one: Any, other: Any) -> bool:
    return bool(one > other)


def _fewer(one: Any, other: Any) -> bool:
    return bool(one < other)


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


_WORDS = ("text", "list", "email", "url", "enum")
TESTS: Mapping[str, Mapping[str, Test]] = {
    "equals": {
        **dict.fromkeys(_WORDS, _same_text),
        "number": _same_number,
        "bool": _same_flag,
        "phone": _same_phone,
        "date": _by_moment(_equal),
    },
    "includes": {**dict.fromkeys(_WORDS, _holds_text), "phone": _holds_phone},
    "greater": {"number": _by_number(_more), "date": _by_moment(_more)},
    "less": {"number": _by_number(_fewer), "date": _by_moment(_fewer)},
}
