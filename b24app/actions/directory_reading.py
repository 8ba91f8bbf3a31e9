"""Reading a portal's directories: two batches, and more only where lists are long."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from b24app.bitrix import crm, directory
from b24app.bitrix.batch import LIMIT
from b24app.bitrix.client import BatchAnswer, Client
from b24app.bitrix.payloads import whole
from b24app.errors import BitrixError
from b24app.rules.fields import Field, from_item_fields, writable
from b24app.values import Call

LATER = "_from"  # in the keys of further pages
SILENT = "Bitrix24 did not answer this part of the question."
CODE = re.compile(r"[A-Za-z0-9_]{1,22}")  # of a directory: its key in a batch has 40 at most
ENTITIES = {"lead": crm.LEAD, "deal": crm.DEAL, "contact": crm.CONTACT}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a portal told, by kind of DirectoryPage; a kind is in one of the two."""

    documents: Mapping[str, Any]
    errors: Mapping[str, BitrixError]


@dataclass(slots=True)
class _Told:
    """Answers by the key of their first page; errors by the same key."""

    pages: dict[str, list[Any]] = field(default_factory=dict)
    errors: dict[str, BitrixError] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    date_start: Any = None

    def get(self, key: str) -> list[Any]:
        """All pages of an answer.

        Raises: BitrixError: one of them was refused.
        """
        if key in self.errors:
            raise self.errors[key]
        return self.pages.get(key, [])

    def one(self, key: str) -> Any:
        """An answer that is a single page."""
        return next(iter(self.get(key)), None)


def read(client: Client) -> Reading:
    """Everything, kind by kind; a command that fails spoils its own kind only.

    Raises: BitrixError: a batch as a whole failed.
    """
    told = _Told()
    later = _ask(client, told, _first_calls())
    later += _follow_up(told)
    while later:
        now, later = later[:LIMIT], later[LIMIT:]
        later += _ask(client, told, now)
    return _read(told)


def _first_calls() -> list[Call]:
    return [
        directory.mode("mode"),
        directory.profile("profile"),
        directory.category_list("pipelines"),
        *map(_statuses, (directory.LEAD_STAGES, directory.SOURCES, directory.DEAL_STAGES)),
        *(directory.item_fields(type_id, f"fields_{name}") for name, type_id in ENTITIES.items()),
        directory.user_list("users"),
        directory.department_list("departments"),
    ]


def _follow_up(told: _Told) -> list[Call]:
    """What the first answers name: stages of other pipelines, directories of fields."""
    wanted = [directory.stages_of(one["id"]) for one in _listed(told, "pipelines")]
    wanted += [one.status_type for name in ENTITIES for one in _told_fields(told, name).values()]
    fresh = [one for one in dict.fromkeys(wanted) if one and _key(one) not in told.asked]
    return [_statuses(one) for one in fresh if CODE.fullmatch(one)]


def _ask(client: Client, told: _Told, calls: list[Call]) -> list[Call]:
    """One batch; returns the calls for further pages."""
    answer = client.batch(calls)
    told.asked |= {call.key for call in calls}
    more: list[Call] = []
    for call in calls:
        first = call.key.partition(LATER)[0]
        if call.key in answer.errors:
            told.errors.setdefault(first, answer.errors[call.key])
        elif call.key not in answer.results:
            told.errors.setdefault(first, BitrixError(SILENT, code="no_answer"))
        else:
            told.pages.setdefault(first, []).append(answer.results[call.key])
            more += _more(call, answer)
    told.date_start = told.date_start or _date_start(answer)
    return more


def _more(call: Call, answer: BatchAnswer) -> list[Call]:
    """Further pages: all at once where the total is told, else the next one."""
    if LATER in call.key:
        return []  # they were all asked for together
    following = whole(answer.nexts.get(call.key))
    if not following:
        return []
    total = whole(answer.totals.get(call.key)) or following + 1
    return [directory.page(call, start, LATER) for start in range(following, total, following)]


def _date_start(answer: BatchAnswer) -> Any:
    times = (one.get("date_start") for one in answer.times.values() if isinstance(one, dict))
    return next(filter(None, times), None)


# -- Kinds of DirectoryPage ---------------------------------------------------------------


def _read(told: _Told) -> Reading:
    documents, errors = {}, {}
    for kind, reader in KINDS.items():
        try:
            documents[kind] = reader(told)
        except BitrixError as error:
            errors[kind] = error
    return Reading(documents, errors)


def _mode(told: _Told) -> int | None:
    return whole(told.one("mode"))


def _zone(told: _Told) -> Any:
    return directory.read_zone(told.one("profile"), told.date_start)


def _pipelines(told: _Told) -> list[dict[str, Any]]:
    return [
        {**one, "stages": directory.read_stages(told.get(_key(directory.stages_of(one["id"]))))}
        for one in directory.read_pipelines(told.get("pipelines"))
    ]


def _lead_stages(told: _Told) -> list[dict[str, Any]]:
    return directory.read_stages(told.get(_key(directory.LEAD_STAGES)))


def _sources(told: _Told) -> list[dict[str, Any]]:
    return directory.read_entries(told.get(_key(directory.SOURCES)))


def _fields(name: str) -> Callable[[_Told], list[dict[str, Any]]]:
    def fields(told: _Told) -> list[dict[str, Any]]:
        told.get(f"fields_{name}")
        return [asdict(_with_entries(one, told)) for one in _told_fields(told, name).values()]

    return fields


def _with_entries(one: Field, told: _Told) -> Field:
    """A field of a directory with its entries, if the portal told them."""
    key = _key(one.status_type)
    if not one.status_type or key in told.errors:
        return one
    entries = directory.read_entries(told.get(key))
    return replace(one, items=tuple((entry["id"], entry["name"]) for entry in entries))


def _told_fields(told: _Told, name: str) -> dict[str, Field]:
    """What rules may fill in; nothing if the portal refused to tell."""
    result = next(iter(told.pages.get(f"fields_{name}", [])), None)
    found = from_item_fields(result, name) if isinstance(result, dict) else {}
    return {code: one for code, one in found.items() if writable(one)}


def _listed(told: _Told, key: str) -> list[dict[str, Any]]:
    return directory.read_pipelines(told.pages.get(key, []))


def _statuses(code: str) -> Call:
    return directory.status_list(code, _key(code))


def _key(code: str) -> str:
    return f"status_{code}"


KINDS: Mapping[str, Callable[[_Told], Any]] = {
    "users": lambda told: directory.read_users(told.get("users")),
    "departments": lambda told: directory.read_departments(told.get("departments")),
    "pipelines": _pipelines,
    "lead_stages": _lead_stages,
    "sources": _sources,
    "mode": _mode,
    "zone": _zone,
    **{f"fields_{name}": _fields(name) for name in ENTITIES},
}
