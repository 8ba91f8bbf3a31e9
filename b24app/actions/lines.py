"""Which channels an Open Line serves: chosen in the connector's form, done on the portal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from b24app.actions import journal, line_checks, openlines, portals, promises
from b24app.bitrix import connector
from b24app.bitrix import lines as bitrix
from b24app.bitrix.client import Client
from b24app.db import db, transaction
from b24app.errors import BitrixError, Invalid, NotFound
from b24app.models import Channel, Conversation, LineLink, Portal
from b24app.models.event import announce

SETTINGS_PATH = "/contact_center/lines_edit/?ID={line}"


def listed(portal_id: int) -> list[dict[str, Any]]:
    """Every Open Line of the portal with the channels it serves."""
    client = portals.client(portal_id)
    asked = bitrix.config_list()
    known = bitrix.read_lines(client.call(asked.method, asked.params).result)
    with transaction() as session:
        portal = session.get_one(Portal, portal_id)
        return [_shown(portal, line.id, line.name) for line in known]


def show(portal_id: int, line_id: int) -> dict[str, Any]:
    """One line, with what the connector's form needs.

    Raises: NotFound: the portal has no such line.
    """
    found = [one for one in listed(portal_id) if one["line"]["id"] == str(line_id)]
    if not found:
        raise NotFound("There is no such Open Line in this Bitrix24.")
    return found[0]


def form(portal_id: int, line_id: int) -> dict[str, Any]:
    """The line whose form the portal itself opened: it is there, whatever its list says."""
    try:
        return show(portal_id, line_id)
    except (NotFound, BitrixError) as error:
        if isinstance(error, BitrixError) and not error.permanent:
            raise
    with transaction() as session:
        return _shown(session.get_one(Portal, portal_id), line_id, f"#{line_id}")


def connect(
    portal_id: int, line: dict[str, Any], channel_ids: Sequence[int], user_id: int, now: datetime
) -> dict[str, Any]:
    """Let exactly these channels talk through the line; several may.

    Args:
        line: as `show` or `form` gave it.
    Raises:
        Invalid: no channel, a stranger's channel, a channel of another line.
        BitrixError: the portal refuses.
    """
    line_id = int(line["line"]["id"])
    with transaction():
        chosen = [_free(portal_id, line_id, number) for number in dict.fromkeys(channel_ids)]
        if not chosen:
            raise Invalid(fields={"channels": "Choose at least one channel."})
        first = chosen[0]
        named = ", ".join(channel.name for channel in chosen)
        link = first.link
    client = portals.client(portal_id)
    _switch_on(client, line_id, named, link)
    with transaction() as session:
        _keep_links(portal_id, line_id, channel_ids, now)
        details = {"line": line_id, "channels": list(channel_ids)}
        journal.audit(portal_id, user_id, "line.connected", details, now)
        return _shown(session.get_one(Portal, portal_id), line_id, line["line"]["name"])


def disconnect(portal_id: int, line: dict[str, Any], user_id: int, now: datetime) -> dict[str, Any]:
    """The line serves none of our channels any more; history stays on both sides."""
    line_id = int(line["line"]["id"])
    call = connector.activate(openlines.CONNECTOR, line_id, False)
    portals.client(portal_id).call(call.method, call.params)
    with transaction() as session:
        openlines.forget_line(portal_id, line_id)
        journal.audit(portal_id, user_id, "line.disconnected", {"line": line_id}, now)
        _tell_channels(portal_id, now)
        return _shown(session.get_one(Portal, portal_id), line_id, line["line"]["name"])


def _free(portal_id: int, line_id: int, channel_id: int) -> Channel:
    channel = db.session.get(Channel, channel_id)
    if channel is None or channel.portal_id != portal_id or not channel.connected:
        raise Invalid(fields={"channels": "One of the channels is not connected here."})
    other = db.session.scalar(
        select(LineLink.line_id).where(
            LineLink.channel_id == channel_id, LineLink.line_id != line_id
        )
    )
    if other is not None:
        raise Invalid(
            fields={"channels": f"“{channel.name}” already talks through Open Line {other}."}
        )
    return channel


def _switch_on(client: Client, line_id: int, name: str, url: str) -> None:
    """Activate, describe, and ask whether it works; in this order, or it is not shown."""
    code = openlines.CONNECTOR
    answer = client.batch(
        [
            connector.activate(code, line_id, True, "on"),
            connector.connector_data_set(code, line_id, f"line{line_id}", name, url, "data"),
            connector.status(code, line_id, "status"),
        ],
        halt=True,
    )
    for key in ("on", "data"):
        answer.result(key)
    if not connector.read_status(answer.result("status")).works:
        raise BitrixError(
            "Bitrix24 connected the line, but says that it does not work yet.",
            code="line_not_working",
            permanent=True,
        )


def _keep_links(portal_id: int, line_id: int, channel_ids: Sequence[int], now: datetime) -> None:
    rows = db.session.scalars(
        select(LineLink).where(LineLink.portal_id == portal_id, LineLink.line_id == line_id)
    ).all()
    for row in rows:
        if row.channel_id not in channel_ids:
            openlines.release(row)
        row.error = ""
        openlines.is_well(db.session.get_one(Channel, row.channel_id))
    linked = {row.channel_id for row in rows}
    for number in dict.fromkeys(channel_ids):
        if number not in linked:
            _come(number, line_id)
            db.session.add(
                LineLink(
                    portal_id=portal_id,
                    channel_id=number,
                    connector=openlines.CONNECTOR,
                    line_id=line_id,
                    active=True,
                    error="",
                    linked_at=now,
                )
            )
    db.session.flush()  # what is shown below counts the links
    promises.lines(portal_id, now)  # what waited for a line
    line_checks.ask(portal_id, now)
    _tell_channels(portal_id, now)


def _come(channel_id: int, line_id: int) -> None:
    """Talks that went on in another line's chats begin a chat of their own in this one."""
    openlines.is_well(db.session.get_one(Channel, channel_id))
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


def _tell_channels(portal_id: int, now: datetime) -> None:
    announce(portal_id, "lines", {}, now)


def _shown(portal: Portal, line_id: int, name: str) -> dict[str, Any]:
    channels = db.session.scalars(
        select(LineLink.channel_id)
        .where(LineLink.portal_id == portal.id, LineLink.line_id == line_id)
        .order_by(LineLink.id)
    ).all()
    return {
        "line": {"id": str(line_id), "name": name},
        "connector": openlines.CONNECTOR,
        "connected": bool(channels),
        "channels": [str(number) for number in channels],
        "settings_url": portal.origin + SETTINGS_PATH.format(line=line_id),
    }
