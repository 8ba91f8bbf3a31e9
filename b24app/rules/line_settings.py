"""Settings of one Open Line: read from REST, checked, and written as REST takes them.

A document maps a setting's name to its value: bool, str, int (durations in the setting's
unit), lists of ids, of days ("SA"), of "DD.MM", of queue members {"type", "id"}, or what
clients see of hidden employees {"name", "avatar", "avatar_id"}.
"""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from b24app.errors import Invalid
from b24app.i18n import N_
from b24app.rules import zones
from b24app.rules.line_catalogue import CATALOGUE, LINE_LIMIT, TEXT_LIMIT, Setting, When
from b24app.rules.texts import clean

Document = dict[str, Any]

WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MEMBERS = ("user", "department")
MEMBERS_LIMIT = 500
NUMBER_LIMIT = 2**31 - 1

WRONG = N_("This value does not fit here.")
EMPTY = N_("Fill this in.")
CHOICE = N_("Choose one of the list.")
LONG = N_("The text is too long.")
LIMIT = N_("The number is out of bounds.")
TIME = N_("Write the time as 09:00.")
HOLIDAY = N_("Write each day as 31.12.")
STRANGER = N_("One of those chosen does not work in this Bitrix24.")
NOBODY = N_("Choose at least one employee or department.")
SAME_TIME = N_("The day must not end when it begins.")
ZONE = N_("There is no such time zone.")
READ_ONLY = N_("Bitrix24 does not let this be changed.")
UNKNOWN = N_("There is no such setting.")

_TIME = re.compile(r"(\d{1,2})(?:[.:](\d{1,2}))?", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_HOLIDAY = re.compile(r"(\d{1,2})\.(\d{1,2})", re.ASCII)
_ID = re.compile(r"[1-9]\d{0,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """Who there is on the portal; None: not known, so not checked."""

    users: Set[str] | None = None
    departments: Set[str] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of value is read from REST, accepted from a person, and sent.

    `take` raises ValueError with a sentence.
    """

    read: Callable[[Any], Any]
    take: Callable[[Setting, Any], Any]
    write: Callable[[Any], Any]


def read(config: Mapping[str, Any], members: Any = None) -> Document:
    """The document of what config.get answered.

    Args:
        members: CONFIG_QUEUE, which only the list tells; without it the flat QUEUE is read.
    """
    told = {**config, "QUEUE": members if members is not None else config.get("QUEUE")}
    return {
        name: FORMS[setting.type].read(told.get(setting.rest))
        for name, setting in CATALOGUE.items()
    }


def wanted(given: Mapping[str, Any], before: Document, known: Known | None = None) -> Document:
    """The settings that a person changed, each as a document holds it.

    What is not named stays; a value that the portal already has is never refused.

    Raises:
        Invalid: fields name the settings and what is wrong with each.
    """
    changed, wrong = _taken(given, before)
    after = {**before, **changed}
    for name in changed:
        problem = _problem(CATALOGUE[name], after, known or Known())
        if problem:
            wrong[name] = problem
    _complete(changed, after, wrong)
    if wrong:
        raise Invalid(fields=wrong)
    return changed


def changes(document: Document, before: Document) -> dict[str, Any]:
    """REST fields to send: only what differs."""
    return {
        CATALOGUE[name].rest: FORMS[CATALOGUE[name].type].write(value)
        for name, value in document.items()
        if not same(name, value, before.get(name))
    }


def not_taken(changed: Document, after: Document) -> list[dict[str, Any]]:
    """What the portal has otherwise than it was asked to: field, wanted, got."""
    return [
        {"field": name, "wanted": value, "got": after[name]}
        for name, value in changed.items()
        if not same(name, value, after[name])
    ]


def same(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a setting mean the same to Bitrix24."""
    kind = CATALOGUE[name].type
    if kind in ("users", "weekdays", "holidays"):
        return set(one or ()) == set(other or ())
    if kind in ("text", "long"):
        return _lines(one) == _lines(other)
    if name == "crm_create_second":
        return (one or "N") == (other or "N")
    return bool(one == other)


def matters(setting: Setting, document: Document) -> bool:
    """Whether the setting has any effect beside the others."""
    return all(_holds(one, document.get(one.name)) for one in setting.when)


def _holds(when: When, value: Any) -> bool:
    return value in when.values if when.values else bool(value)


def _taken(given: Mapping[str, Any], before: Document) -> tuple[Document, dict[str, str]]:
    changed: Document = {}
    wrong: dict[str, str] = {}
    for name, value in given.items():
        setting = CATALOGUE.get(name)
        if setting is None:
            wrong[name[:100]] = UNKNOWN
            continue
        if value == before.get(name):
            continue
        try:
            kept = FORMS[setting.type].take(setting, value)
        except ValueError as error:
            wrong[name] = str(error)
            continue
        if not same(name, kept, before.get(name)):
            changed[name] = kept
    return changed, wrong


def _problem(setting: Setting, after: Document, known: Known) -> str:
    value = after[setting.name]
    if setting.read_only:
        return READ_ONLY
    if setting.type == "users" and known.users is not None and not known.users >= set(value):
        return STRANGER
    if setting.type == "queue" and not all(_works(one, known) for one in value):
        return STRANGER
    if setting.name == "worktime_timezone" and zones.known(value) is None:
        return ZONE
    if setting.name in ("worktime_from", "worktime_to") and after["worktime_enable"]:
        return SAME_TIME if after["worktime_from"] == after["worktime_to"] else ""
    return ""


def _works(member: Mapping[str, str], known: Known) -> bool:
    those = known.users if member["type"] == "user" else known.departments
    return those is None or member["id"] in those


def _complete(changed: Document, after: Document, wrong: dict[str, str]) -> None:
    """What is needed is there, where a change made it needed or took it away."""
    for name, setting in CATALOGUE.items():
        touched = name in changed or any(one.name in changed for one in setting.when)
        if setting.needed and touched and not after[name] and matters(setting, after):
            wrong.setdefault(name, NOBODY if setting.type == "queue" else EMPTY)


# -- Kinds of values ----------------------------------------------------------------------


def _read_bool(told: Any) -> bool:
    return told is True or str(told).upper() in ("Y", "1")


def _take_bool(setting: Setting, given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError(WRONG)
    return given


def _read_text(told: Any) -> str:
    return "" if told is None or told is False else str(told)


def _take_text(setting: Setting, given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError(WRONG)
    long = setting.type == "long"
    text = clean(given).strip() if long else " ".join(clean(given).split())
    if len(text) > (TEXT_LIMIT if long else LINE_LIMIT):
        raise ValueError(LONG)
    return text


def _take_choice(setting: Setting, given: Any) -> str:
    text = _take_text(setting, given)
    if not setting.open and text not in dict(setting.options):
        raise ValueError(CHOICE)
    return text


def _read_number(told: Any) -> int:
    try:
        return int(float(told))
    except (TypeError, ValueError, OverflowError):
        return 0


def _take_number(setting: Setting, given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise ValueError(WRONG)
    if not 0 <= given <= (setting.most or NUMBER_LIMIT):
        raise ValueError(LIMIT)
    return given


def _listed(told: Any) -> list[str]:
    """A list as PHP writes it: an array, a map by index, a string, or [""] for none."""
    if isinstance(told, Mapping):
        told = list(told.values())
    values = told if isinstance(told, list | tuple) else str(told or "").split(",")
    texts = (str(one).strip() for one in values if isinstance(one, str | int))
    return list(dict.fromkeys(text for text in texts if text))


def _read_users(told: Any) -> list[str]:
    return [one for one in _listed(told) if _ID.fullmatch(one)]


def _take_users(setting: Setting, given: Any) -> list[str]:
    return _take_list(given, lambda one: one if _ID.fullmatch(one) else "", WRONG)


def _read_weekdays(told: Any) -> list[str]:
    return [day for day in WEEK if day in _listed(told)]


def _take_weekdays(setting: Setting, given: Any) -> list[str]:
    days = _take_list(given, lambda one: one if one in WEEK else "", WRONG)
    return [day for day in WEEK if day in days]


def _take_list(given: Any, take: Callable[[str], str], problem: str) -> list[str]:
    if not isinstance(given, list) or len(given) > MEMBERS_LIMIT:
        raise ValueError(WRONG)
    found = [take(one) if isinstance(one, str) else "" for one in given]
    if not all(found):
        raise ValueError(problem)
    return list(dict.fromkeys(found))


def _read_time(told: Any) -> str:
    """ "9", "9.30", "9.3" (PHP drops the zero), "09:30" → "09:30"; else as it was told."""
    text = _read_text(told)
    found = _TIME.fullmatch(text)
    if not found:
        return text
    hours, minutes = found[1].zfill(2), found[2] or "00"
    return f"{hours}:{minutes.ljust(2, '0') if '.' in text else minutes.zfill(2)}"


def _take_time(setting: Setting, given: Any) -> str:
    if given == "":
        return ""
    if not isinstance(given, str) or not _CLOCK.fullmatch(given):
        raise ValueError(TIME)
    return given


def _holiday(text: str) -> str:
    """ "1.5" → "01.05"; "" for no day of any year."""
    found = _HOLIDAY.fullmatch(text.strip())
    if not found:
        return ""
    day, month = int(found[1]), int(found[2])
    exists = 1 <= month <= 12 and 1 <= day <= DAYS_IN_MONTH[month - 1]
    return f"{day:02}.{month:02}" if exists else ""


def _read_holidays(told: Any) -> list[str]:
    return [_holiday(one) or one for one in _listed(told)]


def _take_holidays(setting: Setting, given: Any) -> list[str]:
    return _take_list(given, _holiday, HOLIDAY)


def _read_queue(told: Any) -> list[dict[str, str]]:
    values = list(told.values()) if isinstance(told, Mapping) else told or []
    return [member for one in values if (member := _member(one)) is not None]


def _member(told: Any) -> dict[str, str] | None:
    """A row of CONFIG_QUEUE, or a bare number of the flat queue."""
    if not isinstance(told, Mapping):
        told = {"ENTITY_TYPE": "user", "ENTITY_ID": told}
    kind, number = str(told.get("ENTITY_TYPE")), str(told.get("ENTITY_ID"))
    fits = kind in MEMBERS and _ID.fullmatch(number)
    return {"type": kind, "id": number} if fits else None


def _take_queue(setting: Setting, given: Any) -> list[dict[str, str]]:
    if not isinstance(given, list) or len(given) > MEMBERS_LIMIT:
        raise ValueError(WRONG)
    found = [_given_member(one) for one in given]
    return [one for at, one in enumerate(found) if one not in found[:at]]


def _given_member(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping) or set(given) != {"type", "id"}:
        raise ValueError(WRONG)
    kind, number = given["type"], given["id"]
    if kind not in MEMBERS or not isinstance(number, str) or not _ID.fullmatch(number):
        raise ValueError(WRONG)
    return {"type": kind, "id": number}


def _write_queue(members: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"ENTITY_TYPE": one["type"], "ENTITY_ID": one["id"]} for one in members]


SENDER = ("name", "avatar", "avatar_id")


def _read_sender(told: Any) -> dict[str, str]:
    told = told if isinstance(told, Mapping) else {}
    return {part: _read_text(told.get(part.upper())) for part in SENDER}


def _take_sender(setting: Setting, given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping) or set(given) != set(SENDER):
        raise ValueError(WRONG)
    return {part: _take_text(setting, given[part]) for part in SENDER}


def _write_sender(sender: Mapping[str, str]) -> dict[str, str]:
    return {part.upper(): sender[part] for part in SENDER}


def _as_is(value: Any) -> Any:
    return value


def _lines(text: Any) -> str:
    return _read_text(text).replace("\r\n", "\n").strip()


_TEXT = Form(_read_text, _take_text, _as_is)
_NUMBER = Form(_read_number, _take_number, _as_is)
FORMS: dict[str, Form] = {
    "bool": Form(_read_bool, _take_bool, lambda value: "Y" if value else "N"),
    "text": _TEXT,
    "long": _TEXT,
    "choice": Form(_read_text, _take_choice, _as_is),
    "number": _NUMBER,
    "duration": _NUMBER,
    "users": Form(_read_users, _take_users, _as_is),
    "weekdays": Form(_read_weekdays, _take_weekdays, _as_is),
    "time": Form(_read_time, _take_time, _as_is),
    "holidays": Form(_read_holidays, _take_holidays, ",".join),
    "queue": Form(_read_queue, _take_queue, _write_queue),
    "sender": Form(_read_sender, _take_sender, _write_sender),
}
