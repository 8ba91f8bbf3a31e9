"""Which channels an Open Line serves: chosen in the connector's form, done on the portal."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from b24app.actions import (
    journal,
    line_checks,
    line_states,
    line_strays,
    openlines,
    portals,
    promises,
)
from b24app.actions.line_states import Told
from b24app.bitrix import connector
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError, Invalid, NotFound
from b24app.models import Channel, Conversation, LineLink, Portal
from b24app.models.event import announce
from b24app.rules import line_trouble
from b24app.rules.line_trouble import Seen

SETTINGS_PATH = "/contact_center/lines_edit/?ID={line}"


def listed(portal_id: int) -> list[dict[str, Any]]:
    """Every Open Line of the portal with the channels it serves, and what is wrong with it."""
    with reading() as session:
        query = select(LineLink.line_id).where(LineLink.portal_id == portal_id)
        linked = session.scalars(query.distinct()).all()
    return _all_shown(portal_id, line_states.look_all(portals.client(portal_id), linked))


def show(portal_id: int, line_id: int) -> dict[str, Any]:
    """One line, with what the connector's form needs.

    Raises: NotFound: the portal has no such line.
    """
    told = line_states.look(portals.client(portal_id), line_id)
    found = [one for one in told if one.id == line_id]
    if not found:
        raise NotFound("There is no such Open Line in this Bitrix24.")
    return _all_shown(portal_id, found)[0]


def form(portal_id: int, line_id: int) -> dict[str, Any]:
    """The line whose form the portal itself opened: it is there, whatever its list says."""
    try:
        return show(portal_id, line_id)
    except (NotFound, BitrixError) as error:
        if isinstance(error, BitrixError) and not error.permanent:
            raise
    return _all_shown(portal_id, [Told(line_id, f"#{line_id}")])[0]


def connect(
    portal_id: int,
    line: dict[str, Any],
    channel_ids: Sequence[int],
    user_id: int,
    now: datetime,
    *,
    move: bool = False,
) -> dict[str, Any]:
    """Let exactly these channels talk through the line; several may.

    Args:
        line: as `show` or `form` gave it.
        move: channels of other lines come to this one; a channel has one line at a time.
    Raises:
        Invalid: no channel, a stranger's channel, a channel of another line.
        BitrixError: the portal refuses.
    """
    line_id, name = int(line["line"]["id"]), str(line["line"]["name"])
    numbers = list(dict.fromkeys(channel_ids))
    with reading():
        demand_free(portal_id, numbers, line_id, move=move)
        wanted = line_states.described([_channel(portal_id, number) for number in numbers])
    client = portals.client(portal_id)
    line_states.switch_on(client, line_id, wanted)
    with transaction():
        demand_free(portal_id, numbers, line_id, move=move)  # others were as quick
        left = _keep_links(portal_id, line_id, numbers, now)
        for other in left:
            line_states.left(portal_id, other, now)
        details = {"line": line_id, "channels": numbers, "left": sorted(left)}
        journal.audit(portal_id, user_id, "line.connected", details, now)
    return _connected(portal_id, line_id, name)


def demand_free(
    portal_id: int, channel_ids: Sequence[int], line_id: int | None = None, *, move: bool = False
) -> None:
    """Channels that may talk through this line (None: one that is to be made).

    Raises:
        Invalid: none, a stranger's, or one of another line that is not to move.
    """
    for number in channel_ids:
        _channel(portal_id, number)
    if not channel_ids:
        raise Invalid(fields={"channels": "Choose at least one channel."})
    elsewhere = select(LineLink.id).where(
        LineLink.channel_id.in_(channel_ids), LineLink.line_id != (line_id or 0)
    )
    if not move and db.session.scalar(elsewhere.limit(1)):
        raise Invalid(
            fields={"channels": "One of the channels already talks through another Open Line."},
            code="moves",
        )


def disconnect(portal_id: int, line: dict[str, Any], user_id: int, now: datetime) -> dict[str, Any]:
    """The line serves none of our channels any more; history stays on both sides."""
    line_id = int(line["line"]["id"])
    call = connector.activate(openlines.CONNECTOR, line_id, False)
    try:
        portals.client(portal_id).call(call.method, call.params)
    except BitrixError as error:
        if not error.permanent:
            raise  # a line or a connector that is gone serves nobody anyway
    with transaction():
        openlines.forget_line(portal_id, line_id)
        journal.audit(portal_id, user_id, "line.disconnected", {"line": line_id}, now)
        announce(portal_id, "lines", {}, now)
    told = Told(line_id, line["line"]["name"])
    return _all_shown(portal_id, [told])[0]


def _channel(portal_id: int, channel_id: int) -> Channel:
    channel = db.session.get(Channel, channel_id)
    if channel is None or channel.portal_id != portal_id or not channel.connected:
        raise Invalid(fields={"channels": "One of the channels is not connected here."})
    return channel


def _connected(portal_id: int, line_id: int, name: str) -> dict[str, Any]:
    """What was just seen to work."""
    status = connector.LineStatus(works=True, configured=True, error=False)
    return _all_shown(portal_id, [Told(line_id, name, True, status)])[0]


def _keep_links(
    portal_id: int, line_id: int, channel_ids: Sequence[int], now: datetime
) -> set[int]:
    """The line has these channels and no others.

    Returns: lines that channels came from.
    """
    theirs = or_(LineLink.line_id == line_id, LineLink.channel_id.in_(channel_ids))
    rows = db.session.scalars(select(LineLink).where(LineLink.portal_id == portal_id, theirs)).all()
    links = {row.channel_id: row for row in rows}
    left = {row.line_id for row in rows if row.line_id != line_id}
    for row in rows:
        if row.channel_id not in channel_ids:
            openlines.is_well(db.session.get_one(Channel, row.channel_id))
            openlines.release(row)
    for number in channel_ids:
        link = links.get(number) or _new_link(portal_id, number, now)
        if link.line_id != line_id:
            link.line_id, link.linked_at = line_id, now
            _come(number, line_id)
        link.active, link.error = True, ""
        openlines.is_well(db.session.get_one(Channel, number))
    db.session.flush()  # what is shown next counts the links
    line_strays.forget(portal_id, line_id, channel_ids)
    promises.lines(portal_id, now)  # what waited for a line
    line_checks.ask(portal_id, now)
    announce(portal_id, "lines", {}, now)
    return left


def _new_link(portal_id: int, channel_id: int, now: datetime) -> LineLink:
    link = LineLink(
        portal_id=portal_id,
        channel_id=channel_id,
        connector=openlines.CONNECTOR,
        line_id=0,
        active=True,
        error="",
        linked_at=now,
    )
    db.session.add(link)
    return link


def _come(channel_id: int, line_id: int) -> None:
    """Talks that went on in another line's chats begin a chat of their own in this one."""
    elsewhere = (
        Conversation.channel_id == channel_id,
        Conversation.status != "closed",
        Conversation.line_id != line_id,
    )
    nowhere = {"line_chat_id": None, "line_session_id": None, "line_seen_id": None}
    db.session.execute(
        update(Conversation)
        .where(*elsewhere)
        .values(line_id=line_id, **nowhere)
        .execution_options(synchronize_session="fetch")
    )


def _all_shown(portal_id: int, told: Iterable[Told]) -> list[dict[str, Any]]:
    with reading() as session:
        origin = session.get_one(Portal, portal_id).origin
        links = session.scalars(
            select(LineLink).where(LineLink.portal_id == portal_id).order_by(LineLink.id)
        ).all()
        return [
            _shown(origin, one, [row for row in links if row.line_id == one.id]) for one in told
        ]


def _shown(origin: str, told: Told, links: Sequence[LineLink]) -> dict[str, Any]:
    seen = Seen(
        linked=bool(links),
        parked=any(row.error for row in links),
        on=told.on,
        works=told.status.works if told.status else None,
        refused=told.status is not None and told.status.error,
    )
    return {
        "line": {"id": str(told.id), "name": told.name},
        "connector": openlines.CONNECTOR,
        "connected": seen.linked,
        "channels": [str(row.channel_id) for row in links],
        "settings_url": origin + SETTINGS_PATH.format(line=told.id),
        "bitrix": {"on": seen.on, "connected": seen.works},
        "trouble": line_trouble.trouble(seen),
    }
