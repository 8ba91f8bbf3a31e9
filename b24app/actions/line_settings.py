"""Settings of an Open Line: read from the portal, written to it, and looked at again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24app.actions import directory, journal, portals
from b24app.actions.lines import SETTINGS_PATH
from b24app.bitrix import line_settings as bitrix
from b24app.bitrix.client import URGENT, Client
from b24app.db import reading, transaction
from b24app.errors import BitrixError, Conflict, Denied, NotFound
from b24app.i18n import N_, say
from b24app.models import Portal
from b24app.models.event import announce
from b24app.rules import line_settings as rules
from b24app.rules.line_catalogue import CATALOGUE, GROUPS, Setting
from b24app.rules.line_settings import Document, Known

# The portal's words for "you may not", and the token's for "this employee is not with us".
FORBIDDEN = frozenset({"config_wrong_user_permission", "access_denied", "insufficient_scope"})
TOKENLESS = frozenset({"no_token", "invalid_grant"})

MAY_NOT = N_("Your rights in Bitrix24 do not allow you to change Open Lines.")
OPEN_AGAIN = N_(
    "Open the application in Bitrix24 once more: changing a line needs your own rights."
)
NO_LINE = N_("There is no such Open Line in this Bitrix24.")
NOT_KNOWN = N_(
    "Bitrix24 does not answer: it is not known whether the line was saved. Open it again later."
)
STALE = N_("Somebody has changed these settings in Bitrix24 meanwhile. Open them again.")


@dataclass(frozen=True, slots=True)
class Wish:
    """document: what is wanted, named settings only; base: what the person was looking at."""

    document: Mapping[str, Any]
    base: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    document: Document
    people: list[dict[str, Any]]


def catalogue(language: str) -> dict[str, Any]:
    """Every setting in the reader's language, grouped as the page shows them."""
    return {
        "groups": [
            {
                "id": group,
                "title": say(title, language),
                "items": [_told(one, language) for one in CATALOGUE.values() if one.group == group],
            }
            for group, title in GROUPS
        ]
    }


def read(portal_id: int, line_id: int) -> dict[str, Any]:
    """The line as the portal has it now.

    Raises:
        NotFound: the portal has no such line.
        BitrixError: it does not answer.
    """
    return _shown(portal_id, line_id, _fetch(portals.client(portal_id), line_id))


def write(portal_id: int, line_id: int, wish: Wish, user_id: int, now: datetime) -> dict[str, Any]:
    """Send what was changed as this employee, then look what the portal took.

    A lost answer is not repeated: what the line has afterwards tells.

    Returns: as `read`, with `not_taken` and `answered` (False: the answer was lost).
    Raises:
        Invalid: a value does not fit.
        Conflict: somebody changed the same settings meanwhile.
        Denied: Bitrix24 does not let this employee change lines.
        NotFound: there is no such line.
        BitrixError: the portal refuses or does not answer.
    """
    client = portals.client(portal_id)
    before = _fetch(client, line_id).document
    changed = rules.wanted(wish.document, before, _known(portal_id))
    _stand_still(changed, before, wish.base)
    if not changed:
        return read(portal_id, line_id) | {"not_taken": [], "answered": True}
    fields = rules.changes(changed, before)
    answered = _send(portals.client(portal_id, user_id), line_id, fields)
    after = _look(client, line_id, answered)
    left = rules.not_taken(changed, after.document)
    details = {
        "line": line_id,
        "fields": sorted(changed),
        "not_taken": [one["field"] for one in left],
        "answered": answered,
    }
    with transaction():
        journal.audit(portal_id, user_id, "line.configured", details, now)
        announce(portal_id, "lines", {}, now)
    return _shown(portal_id, line_id, after) | {"not_taken": left, "answered": answered}


def _fetch(client: Client, line_id: int) -> _Line:
    answer = client.batch(
        [bitrix.config_get(line_id, "config"), bitrix.config_members(line_id, "members")],
        priority=URGENT,
    )
    config = answer.result("config")
    if not isinstance(config, dict):
        raise NotFound(NO_LINE)
    # The list is a second opinion about the queue; who may not see it still has the first.
    members = bitrix.read_members(answer.results.get("members"), line_id)
    document = rules.read(config, members)
    return _Line(document["line_name"], document, bitrix.read_people(config))


def _send(client: Client, line_id: int, fields: Mapping[str, Any]) -> bool:
    """Whether the portal answered; it may have done the deed all the same."""
    try:
        done = client.ask(bitrix.config_update(line_id, fields), priority=URGENT)
    except BitrixError as error:
        if error.unknown:
            return False
        code = error.code.lower()
        if code in FORBIDDEN:
            raise Denied(MAY_NOT, code="line_rights") from error
        if code in TOKENLESS:
            raise Denied(OPEN_AGAIN, code="no_token") from error
        raise
    if done is False:
        raise NotFound(NO_LINE)
    return True


def _look(client: Client, line_id: int, answered: bool) -> _Line:
    try:
        return _fetch(client, line_id)
    except BitrixError as error:
        raise BitrixError(
            NOT_KNOWN if not answered else error.message,
            code="unknown_outcome",
            retry_after=error.retry_after,
            unknown=not answered,
        ) from error


def _stand_still(changed: Document, before: Document, base: Mapping[str, Any]) -> None:
    """Nobody changed what the person changes, since the person looked at it."""
    moved = [name for name in changed if name in base and base[name] != before[name]]
    if moved:
        raise Conflict(STALE, code="stale")


def _known(portal_id: int) -> Known:
    with reading():
        told = directory.shown(portal_id)
    users, departments = ({one["id"] for one in told[name]} for name in ("users", "departments"))
    return Known(users or None, departments or None)


def _shown(portal_id: int, line_id: int, line: _Line) -> dict[str, Any]:
    with reading() as session:
        origin = session.get_one(Portal, portal_id).origin
    return {
        "line": {"id": str(line_id), "name": line.name or f"#{line_id}"},
        "document": line.document,
        "people": line.people,
        "settings_url": origin + SETTINGS_PATH.format(line=line_id),
    }


def _told(setting: Setting, language: str) -> dict[str, Any]:
    return {
        "name": setting.name,
        "type": setting.type,
        "title": say(setting.title, language),
        "help": say(setting.help, language),
        "options": [
            {"value": value, "title": say(title, language)} for value, title in setting.options
        ],
        "open": setting.open,
        "source": setting.source,
        "unit": setting.unit,
        "most": setting.most,
        "when": [{"name": one.name, "values": list(one.values)} for one in setting.when],
        "doubtful": setting.doubtful,
        "read_only": setting.read_only,
    }
