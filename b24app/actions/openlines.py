"""Open Lines that our channels talk through: linked, and let go."""

from datetime import datetime

from sqlalchemy import or_, select, update

from b24app.actions.line_words import IN_HAND
from b24app.bitrix.payloads import PortalEvent, line_status, removed_line
from b24app.db import db
from b24app.errors import Conflict
from b24app.models import LineLink, Message, Portal

CONNECTOR = "callgear_chats"


def link_of(channel_id: int) -> LineLink:
    found = db.session.scalar(select(LineLink).where(LineLink.channel_id == channel_id))
    if found is None:
        raise Conflict("This channel is not connected to an Open Line.")
    return found


def unlink_connector(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """Somebody pressed Disconnect in the portal: channels of the line are on their own."""
    code, line_id = line_status(event)
    if code == CONNECTOR and line_id is not None:
        forget_line(portal.id, line_id)


def unlink_removed(portal: Portal, event: PortalEvent, now: datetime) -> None:
    line_id = removed_line(event)
    if line_id is not None:
        forget_line(portal.id, line_id)


def forget_line(portal_id: int, line_id: int) -> None:
    """The line serves none of our channels any more; history stays."""
    links = db.session.scalars(
        select(LineLink).where(LineLink.portal_id == portal_id, LineLink.line_id == line_id)
    ).all()
    for link in links:
        release(link)


def release(link: LineLink) -> None:
    db.session.execute(
        update(Message)
        .where(
            Message.channel_id == link.channel_id,
            or_(Message.line_state.in_(("queued", *IN_HAND)), Message.line_ack == "queued"),
        )
        .values(line_state="", line_ack="")
        .execution_options(synchronize_session=False)
    )
    db.session.delete(link)


EVENTS = {
    "ONIMCONNECTORSTATUSDELETE": unlink_connector,
    "ONIMCONNECTORLINEDELETE": unlink_removed,
}
