"""Reading a JSON document somebody wrote: each wrong value gets a sentence at its own path."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from b24app.i18n import N_

ROWS_MAX = 200
ID_MAX = 2**53  # what JSON's readers count exactly
UNKNOWN = N_("There is no such setting.")
OBJECT = N_("An object of names and values belongs here.")
LIST = N_("A list belongs here.")
MANY = N_("Too many of them.")
CHOICE = N_("Choose one of the offered values.")
FLAG = N_("Only yes or no.")
TEXT = N_("A text belongs here.")
LONG = N_("This is too long.")
NUMBER = N_("A whole number belongs here.")
RANGE = N_("This number is too small or too large.")
TWICE = N_("The same is chosen twice.")
EMPTY = N_("Fill this in.")
ROW_ID = N_("A row's id is up to 64 letters, digits, “-” or “_”, unique in its list.")
_ROW_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Part:
    """An object of the document at a path, and what is wrong so far in all of it.

    wrong is shared by all parts of a document: {path: sentence}; the first one stays.
    """

    given: Mapping[str, Any]
    path: str = ""
    wrong: dict[str, str] = field(default_factory=dict)

    def at(self, name: object) -> str:
        return f"{self.path}.{name}" if self.path else str(name)

    def refuse(self, name: object, sentence: str) -> None:
        self.wrong.setdefault(self.at(name), sentence)

    def only(self, *names: str) -> None:
        for name in list(self.given)[:ROWS_MAX]:
            if name not in names:
                self.refuse(str(name)[:64], UNKNOWN)

    def flag(self, name: str, default: bool) -> bool:
        given = self.given.get(name, default)
        if not isinstance(given, bool):
            self.refuse(name, FLAG)
            return default
        return given

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        given = self.given.get(name, default)
        if not isinstance(given, str) or given not in choices:
            self.refuse(name, CHOICE)
            return default
        return given

    def choices(
        self, name: str, offered: Collection[str], default: tuple[str, ...]
    ) -> tuple[str, ...]:
        """A set of names, in the order they are offered in."""
        given = self.given.get(name, default)
        if not isinstance(given, list | tuple):
            self.refuse(name, LIST)
            return default
        if any(not isinstance(one, str) or one not in offered for one in given):
            self.refuse(name, CHOICE)
            return default
        if len(set(given)) < len(given):
            self.refuse(name, TWICE)
        return tuple(one for one in offered if one in given)

    def text(self, name: str, longest: int) -> str:
        """Without spaces around it; absent or null is empty."""
        given = self.given.get(name)
        if given is None:
            return ""
        if not isinstance(given, str):
            self.refuse(name, TEXT)
            return ""
        if len(given) > longest:
            self.refuse(name, LONG)
        return given.strip()

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        given = whole(self.given.get(name, default))
        if given is None:
            self.refuse(name, NUMBER)
            return default
        if not lowest <= given <= highest:
            self.refuse(name, RANGE)
        return given

    def id(self, name: str, lowest: int = 1) -> int | None:
        """An id as a string or a number; absent, null and "" are None."""
        given = self.given.get(name)
        if given is None or given == "":
            return None
        number = whole(given)
        if number is None or not lowest <= number < ID_MAX:
            self.refuse(name, NUMBER)
            return None
        return number

    def part(self, name: str) -> "Part":
        return self.inner(self.given.get(name, {}), name)

    def inner(self, given: Any, name: object) -> "Part":
        if not isinstance(given, Mapping):
            self.refuse(name, OBJECT)
            given = {}
        return Part(given, self.at(name), self.wrong)

    def parts(self, name: str, most: int = ROWS_MAX) -> Iterator["Part"]:
        """The objects of a list, in order, without what is none; of too long a list, none."""
        given = self.given.get(name, ())
        if not isinstance(given, list | tuple):
            self.refuse(name, LIST)
            return
        if len(given) > most:
            self.refuse(name, MANY)
            return
        for number, one in enumerate(given):
            part = self.inner(one, f"{name}.{number}")
            if isinstance(one, Mapping):
                yield part

    def rows(self, name: str) -> Iterator[tuple["Part", str]]:
        """The rows of a list with their ids; a row without one gets the first that is free."""
        parts = list(self.parts(name))
        given = [str(part.given.get("id") or "") for part in parts]
        taken = {one for one in given if one}
        free = (f"r{number}" for number in range(1, 2 * ROWS_MAX + 2) if f"r{number}" not in taken)
        seen: set[str] = set()
        for part, row_id in zip(parts, given, strict=True):
            if row_id and (row_id in seen or not _ROW_ID.fullmatch(row_id)):
                part.refuse("id", ROW_ID)
            seen.add(row_id)
            yield part, row_id or next(free)


def whole(given: Any) -> int | None:
    """A whole number, written as one or as a string of digits; None: it is neither."""
    if isinstance(given, bool):
        return None
    if isinstance(given, str) and re.fullmatch(r"-?[0-9]{1,18}", given.strip()):
        return int(given)
    return given if isinstance(given, int) else None
