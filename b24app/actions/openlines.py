"""Open Lines that our channels talk through: linked, and let go."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from b24app.actions import journal
from b24app.actions.line_words import IN_HAND
from b24app.bitrix.payloads import PortalEvent, line_status, removed_line
from b24app.db import db
from b24app.errors import Conflict
from b24app.models import Channel, Conversation, LineLink, Message, Portal
from b24app.models.job import promise

CONNECTOR = "callgear_chats"
TROUBLE = "The Open Line"  # how what a line has against a channel begins
CONFIRM = "line_gone"  # the job that asks the portal whether an event tells the truth
DISCONNECTED = "was disconnected in Bitrix24"
DELETED = "was deleted in Bitrix24"
BREATH = timedelta(seconds=2)  # whoever connects it anew just now is done by then


def link_of(channel_id: int) -> LineLink:
    found = db.session.scalar(select(LineLink).where(LineLink.channel_id == channel_id))
    if found is None:
        raise Conflict("This channel is not connected to an Open Line.")
    return found


def unlink_connector(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """Somebody pressed Disconnect in the portal: it is asked, since events come late."""
    code, line_id = line_status(event)
    if code != CONNECTOR or line_id is None:
        return
    promise(
        CONFIRM,
        f"{CONFIRM}:{portal.id}:{line_id}",
        now,
        portal_id=portal.id,
        due_at=now + BREATH,
        payload={"portal_id": portal.id, "line_id": line_id},
    )


def unlink_removed(portal: Portal, event: PortalEvent, now: datetime) -> None:
    line_id = removed_line(event)
    if line_id is not None:
        part(portal.id, line_id, DELETED, now)


def part(portal_id: int, line_id: int, what: str, now: datetime) -> None:
    """The portal took the line away: what waits for it goes on waiting, administrators know."""
    for link in links(portal_id, line_id):
        channel = db.session.get_one(Channel, link.channel_id)
        channel.needs_attention(f"{TROUBLE} {line_id} {what}.")
        details = {"line": line_id, "channel": channel.id, "what": what}
        journal.audit(portal_id, None, "line.lost", details, now)
        db.session.delete(link)


def is_well(channel: Channel) -> None:
    """The line of a channel takes messages: it does not complain of lines any more."""
    if channel.state == "attention" and channel.last_error.startswith(TROUBLE):
        channel.works()


def forget_line(portal_id: int, line_id: int) -> None:
    """The line serves none of our channels any more; history stays."""
    for link in links(portal_id, line_id):
        release(link)


def links(portal_id: int, line_id: int) -> Sequence[LineLink]:
    """The channels that talk through a line, in the order they came to it."""
    return db.session.scalars(
        select(LineLink)
        .where(LineLink.portal_id == portal_id, LineLink.line_id == line_id)
        .order_by(LineLink.id)
    ).all()


def release(link: LineLink) -> None:
    """A channel leaves its line by our own wish: nothing waits for the line any more."""
    db.session.execute(
        update(Message)
        .where(
            Message.channel_id == link.channel_id,
            or_(Message.line_state.in_(("queued", *IN_HAND)), Message.line_ack == "queued"),
        )
        .values(line_state="", line_ack="")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Conversation)
        .where(Conversation.channel_id == link.channel_id)
        .where(or_(Conversation.line_wish.is_not(None), Conversation.line_doubt.is_(True)))
        .values(line_wish=None, line_doubt=False)
        .execution_options(synchronize_session=False)
    )
    db.session.delete(link)


EVENTS = {
    "ONIMCONNECTORSTATUSDELETE": unlink_connector,
    "ONIMCONNECTORLINEDELETE": unlink_removed,
}
