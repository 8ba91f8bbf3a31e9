"""Lines as Bitrix24 sees them: looked at, switched on, mended; late events are checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from b24app import clock
from b24app.actions import journal, openlines, portals, promises
from b24app.bitrix import connector
from b24app.bitrix import lines as bitrix
from b24app.bitrix.batch import LIMIT
from b24app.bitrix.client import Client
from b24app.bitrix.connector import LineStatus
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError, NotFound
from b24app.i18n import N_
from b24app.models import Channel, Job, LineLink
from b24app.models.event import announce
from b24app.models.job import LATER, promise
from b24app.values import Call

NOT_YET = N_("Bitrix24 connected the line, but says that it does not work yet.")


@dataclass(frozen=True, slots=True)
class Told:
    """A line as the portal tells of it; None: it did not say."""

    id: int
    name: str
    on: bool | None = None
    status: LineStatus | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """What a line shows of us: all its channels, and the link of the first."""

    name: str
    url: str


def look_all(client: Client, linked: Sequence[int]) -> list[Told]:
    """Every line of the portal; of those that serve us also whether they work.

    Raises:
        BitrixError: the portal does not tell its lines.
    """
    calls = [bitrix.config_list(key="lines"), *map(_status, linked[: LIMIT - 1])]
    answer = client.batch(calls)
    page = bitrix.read_lines(answer.result("lines"))
    known = list(page)
    while len(page) == bitrix.LINES_PAGE:
        page = bitrix.read_lines(client.ask(bitrix.config_list(len(known))))
        known += page
    statuses = {line: answer.results.get(_key(line)) for line in linked}
    return [
        Told(one.id, one.name, one.active, _read(statuses.get(one.id)))
        for one in {one.id: one for one in known}.values()
    ]


def look(client: Client, line_id: int) -> list[Told]:
    """Every line, and the state of this one even if it serves nobody."""
    return look_all(client, [line_id])


def _status(line_id: int) -> Call:
    return connector.status(openlines.CONNECTOR, line_id, _key(line_id))


def _key(line_id: int) -> str:
    return f"status{line_id}"


def _read(result: object) -> LineStatus | None:
    return None if result is None else connector.read_status(result)


def switch_on(client: Client, line_id: int, served: Served, *, line_too: bool = False) -> None:
    """Activate, describe, and ask whether it works; in this order, or it is not shown.

    Args:
        line_too: the line itself is switched on before.
    Raises:
        BitrixError: the portal refuses, or says that it does not work all the same.
    """
    first = [bitrix.config_switch_on(line_id, "line")] if line_too else []
    calls = [*first, *on(line_id, served), connector.status(openlines.CONNECTOR, line_id, "status")]
    answer = client.batch(calls, halt=True)
    for call in calls:
        answer.result(call.key)
    if not connector.read_status(answer.result("status")).works:
        raise BitrixError(NOT_YET, code="line_not_working", permanent=True)


def on(line_id: int, served: Served, prefix: str = "") -> list[Call]:
    """The calls that connect us to a line."""
    code = openlines.CONNECTOR
    return [
        connector.activate(code, line_id, True, f"{prefix}on"),
        connector.connector_data_set(
            code, line_id, f"line{line_id}", served.name, served.url, f"{prefix}data"
        ),
    ]


def served(portal_id: int, line_id: int) -> Served | None:
    """What the line is to show of our channels; None: none talks through it."""
    rows = db.session.scalars(
        select(Channel)
        .join(LineLink, LineLink.channel_id == Channel.id)
        .where(LineLink.portal_id == portal_id, LineLink.line_id == line_id)
        .order_by(LineLink.id)
    ).all()
    return described(rows) if rows else None


def described(channels: Sequence[Channel]) -> Served:
    return Served(", ".join(one.name for one in channels), channels[0].link)


def mend(portal_id: int, line_id: int, user_id: int | None, now: datetime) -> None:
    """Connect a line anew as it was; what waited for it goes on its way.

    Raises:
        NotFound: the portal has no such line.
        BitrixError: the portal refuses.
    """
    with reading():
        wanted = served(portal_id, line_id)
    client = portals.client(portal_id)
    if wanted is None:
        call = connector.activate(openlines.CONNECTOR, line_id, False)
        try:
            client.call(call.method, call.params)
        except BitrixError as error:
            if error.code == "ERROR_ARGUMENT":
                raise NotFound("There is no such Open Line in this Bitrix24.") from error
            raise
    else:
        off = any(one.id == line_id and one.on is False for one in look(client, line_id))
        switch_on(client, line_id, wanted, line_too=off)
    with transaction():
        goes_on(portal_id, line_id, now)
        journal.audit(portal_id, user_id, "line.mended", {"line": line_id}, now)


def goes_on(portal_id: int, line_id: int, now: datetime) -> None:
    """The line takes messages: those that wait are sent, its channels do not complain."""
    for link in openlines.links(portal_id, line_id):
        link.error = ""
        openlines.is_well(db.session.get_one(Channel, link.channel_id))
    promises.lines(portal_id, now)
    announce(portal_id, "lines", {}, now)


def left(portal_id: int, line_id: int, now: datetime) -> None:
    """Channels left a line: what Bitrix24 shows of us there is to be brought up to date."""
    payload = {"portal_id": portal_id, "line_id": line_id}
    key = f"line_left:{portal_id}:{line_id}"
    promise("line_left", key, now, portal_id=portal_id, priority=LATER, payload=payload)


def settle(job: Job) -> None:
    """A line that channels left serves those who stayed, or nobody."""
    portal_id, line_id = job.payload["portal_id"], job.payload["line_id"]
    with reading():
        wanted = served(portal_id, line_id)
    off = [connector.activate(openlines.CONNECTOR, line_id, False, "off")]
    answer = portals.client(portal_id).batch(on(line_id, wanted) if wanted else off, halt=True)
    for error in answer.errors.values():
        if not error.permanent:
            raise error  # a line that is gone needs nothing


def confirm_gone(job: Job) -> None:
    """An event said that somebody pressed Disconnect; events come late, the portal knows."""
    portal_id, line_id = job.payload["portal_id"], job.payload["line_id"]
    with reading():
        if served(portal_id, line_id) is None:
            return
    try:
        told = portals.client(portal_id).ask(connector.status(openlines.CONNECTOR, line_id))
    except BitrixError as error:
        if not error.permanent:
            raise
        told = None  # the connector is no more
    if connector.read_status(told).works:
        return
    now = clock.now()
    with transaction():
        openlines.part(portal_id, line_id, openlines.DISCONNECTED, now)
        announce(portal_id, "lines", {}, now)


JOBS = {"line_left": settle, openlines.CONFIRM: confirm_gone}
