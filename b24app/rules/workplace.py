"""What employees may do in the workplace: their statuses, their rights, the words of refusals.

Source: the operator workplace of the original (statuses with independent switches).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from b24app.errors import Invalid
from b24app.i18n import N_
from b24app.rules.reading import EMPTY, ROW_ID, TWICE, Part

AVAILABLE, UNKNOWN = "available", "unknown"
SWITCHES = ("accept", "accept_transfer", "transfer", "write", "close", "distribute", "worktime")
RIGHTS = ("others", "force", "tags")
ROLES = ("operator", "manager", "administrator")
COLOURS = ("green", "yellow", "orange", "red", "violet", "blue", "grey")
ICONS = ("check", "pause", "minus", "moon", "cross", "question", "clock", "star", "phone", "home")
STATUSES_MOST = 30
NAME_LONGEST = 40
REFUSALS: Mapping[str, str] = {
    "accept": N_("A chat cannot be taken in your current status."),
    "accept_transfer": N_("A transferred chat cannot be taken in your current status."),
    "transfer": N_("A chat cannot be transferred in your current status."),
    "write": N_("Nothing can be written in your current status."),
    "close": N_("A chat or a request cannot be finished in your current status."),
}


@dataclass(frozen=True, slots=True)
class Status:
    """How an employee stands to work. name: "" for a system one, whose key says it."""

    key: str
    colour: str
    icon: str
    may: frozenset[str]
    name: str = ""
    selectable: bool = True


@dataclass(frozen=True, slots=True)
class Workplace:
    """The settings of the workplace. granted: rights that plain operators have, too."""

    confirm_accept: bool
    granted: frozenset[str]
    statuses: tuple[Status, ...]

    def status(self, key: str) -> Status:
        """The status of a key; one that is gone or was never chosen is «available»."""
        found = {one.key: one for one in self.statuses}
        return found.get(key) or found[AVAILABLE]


_ALL = frozenset(SWITCHES)
SYSTEM = (
    Status(AVAILABLE, "green", "check", _ALL),
    Status("break", "yellow", "pause", frozenset({"transfer", "write", "close", "worktime"})),
    Status("do_not_disturb", "red", "minus", frozenset({"transfer", "write", "close", "worktime"})),
    Status("not_at_workplace", "orange", "home", frozenset({"transfer", "worktime"})),
    Status("not_at_work", "grey", "moon", frozenset()),
    Status(UNKNOWN, "grey", "question", frozenset(), selectable=False),
)
_SYSTEM = {one.key: one for one in SYSTEM}


def rights(role: str, granted: Collection[str]) -> frozenset[str]:
    """What a role may; managers and administrators may everything of the workplace."""
    return frozenset(granted) if role == "operator" else frozenset(RIGHTS)


def role_of(kept: str, configures: bool) -> str:
    return "administrator" if configures else kept


def read(given: Mapping[str, Any]) -> Workplace:
    """The settings that a document says; what it leaves out is as at the beginning.

    Raises: Invalid: with a sentence at each path that makes no sense.
    """
    part = Part(given)
    part.only("confirm_accept", "operators_may", "statuses")
    confirm = part.flag("confirm_accept", True)
    granted = part.choices("operators_may", RIGHTS, ())
    statuses = _statuses(part)
    if part.wrong:
        raise Invalid(fields=part.wrong)
    return Workplace(confirm, frozenset(granted), statuses)


def dump(document: Workplace) -> dict[str, Any]:
    return {
        "confirm_accept": document.confirm_accept,
        "operators_may": [one for one in RIGHTS if one in document.granted],
        "statuses": [dump_status(one) for one in document.statuses],
    }


def dump_status(one: Status) -> dict[str, Any]:
    return {
        "id": one.key,
        "name": one.name,
        "system": one.key in _SYSTEM,
        "colour": one.colour,
        "icon": one.icon,
        "selectable": one.selectable,
        **{name: name in one.may for name in SWITCHES},
    }


def _statuses(part: Part) -> tuple[Status, ...]:
    """Those given, in their order, and at the end system ones that were left out."""
    given = [_status(one) for one in part.parts("statuses", STATUSES_MOST)]
    keys = [one.key for one in given]
    for number, key in enumerate(keys):
        if key in keys[:number]:
            part.refuse(f"statuses.{number}.id", TWICE)
    return (*given, *(one for one in SYSTEM if one.key not in keys))


def _status(part: Part) -> Status:
    part.only("id", "name", "system", "colour", "icon", "selectable", *SWITCHES)
    key = part.text("id", 24)
    if not key.replace("-", "").replace("_", "").isalnum():
        part.refuse("id", ROW_ID)
    first = _SYSTEM.get(key) or Status(key, "blue", "star", _ALL)
    name = part.text("name", NAME_LONGEST)
    if not name and key not in _SYSTEM:
        part.refuse("name", EMPTY)
    may = (one for one in SWITCHES if part.flag(one, one in first.may))
    return Status(
        key,
        part.choice("colour", COLOURS, first.colour),
        part.choice("icon", ICONS, first.icon),
        first.may | frozenset(may) if key == AVAILABLE else frozenset(may),
        name,
        part.flag("selectable", first.selectable)
        if key not in (AVAILABLE, UNKNOWN)
        else first.selectable,
    )


def available(people: Iterable[tuple[int, Status]], switch: str) -> list[int]:
    """Who of them may, by their status."""
    return [user_id for user_id, status in people if switch in status.may]
