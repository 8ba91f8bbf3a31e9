"""Replies of lines that no channel of ours serves: never guessed, told on both sides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete as erase
from sqlalchemy import select

from b24app.actions import journal, portals
from b24app.actions.openlines import CONNECTOR
from b24app.actions.shown import moment
from b24app.bitrix import connector
from b24app.bitrix.payloads import LineMessage
from b24app.db import db
from b24app.errors import BitrixError, NotFound
from b24app.i18n import N_, language, say
from b24app.models import Channel, Job, LineStray, Portal
from b24app.models.event import announce
from b24app.models.job import SOON, promise
from b24app.values import Person

NOBODY = N_("⚠ The client did not get this: no channel of CallGear Chats serves this Open Line.")


def keep(portal: Portal, said: LineMessage, now: datetime) -> None:
    """A reply reached nobody: administrators see it, whoever wrote it is told in the line."""
    found = connector.internal(said.chat_id)
    channel = db.session.get(Channel, found[0]) if found else None
    ours = channel is not None and channel.portal_id == portal.id
    number = channel.id if ours and channel else 0
    row = _row(portal.id, said.line_id, number, now)
    row.count, row.last_at = row.count + 1, now
    details = {"line": said.line_id, "channel": number, "message": said.im_message_id}
    journal.audit(portal.id, None, "line.stray", details, now)
    announce(portal.id, "lines", {}, now)
    if found and said.user_id:
        _promise_note(portal, said, now)


def _row(portal_id: int, line_id: int, channel_id: int, now: datetime) -> LineStray:
    row = db.session.scalar(
        select(LineStray).where(
            LineStray.portal_id == portal_id,
            LineStray.line_id == line_id,
            LineStray.channel_id == channel_id,
        )
    )
    if row is None:
        row = LineStray(
            portal_id=portal_id,
            line_id=line_id,
            channel_id=channel_id,
            count=0,
            first_at=now,
            last_at=now,
        )
        db.session.add(row)
    return row


def _promise_note(portal: Portal, said: LineMessage, now: datetime) -> None:
    promise(
        "line_stray",
        f"line_stray:{portal.id}:{said.im_message_id}",
        now,
        portal_id=portal.id,
        lane=f"portal:{portal.id}:lines*",
        priority=SOON,
        payload={
            "portal_id": portal.id,
            "line_id": said.line_id,
            "chat": said.chat_id,
            "message_id": said.im_message_id,
            "text": say(NOBODY, language(portal.lang)),
            "at": now.isoformat(),
        },
    )


def tell(job: Job) -> None:
    """A line in the chat over there; if the line takes none, administrators know all the same."""
    told = job.payload
    channel_id, chat = connector.internal(told["chat"]) or (0, "")
    item = connector.Item(
        channel_id=channel_id,
        chat=chat,
        message=f"stray:{told['message_id']}",
        sent_at=datetime.fromisoformat(told["at"]),
        person=Person(external_id=chat),
        text=told["text"],
        employee_id=0,
        disable_crm=True,
    )
    call = connector.send_messages(CONNECTOR, told["line_id"], [item])
    db.session.rollback()  # the job's row was read, and Bitrix24 is asked next
    try:
        portals.client(told["portal_id"]).call(call.method, call.params)
    except BitrixError as error:
        if not error.permanent and not error.unknown:
            raise


def listed(portal_id: int) -> list[dict[str, Any]]:
    """What administrators have not settled yet, newest first."""
    rows = db.session.scalars(
        select(LineStray).where(LineStray.portal_id == portal_id).order_by(LineStray.last_at.desc())
    )
    return [
        {
            "id": str(row.id),
            "line": str(row.line_id),
            "channel": str(row.channel_id) if row.channel_id else None,
            "count": row.count,
            "last_at": moment(row.last_at),
        }
        for row in rows
    ]


def dismiss(portal_id: int, number: int, user_id: int, now: datetime) -> None:
    """An administrator has seen it."""
    row = db.session.get(LineStray, number)
    if row is None or row.portal_id != portal_id:
        raise NotFound("There is no such notice.")
    details = {"line": row.line_id, "channel": row.channel_id, "count": row.count}
    journal.audit(portal_id, user_id, "line.stray_seen", details, now)
    db.session.delete(row)
    announce(portal_id, "lines", {}, now)


def forget(portal_id: int, line_id: int, channel_ids: Sequence[int]) -> None:
    """The line serves these channels now: what was wrong with it is not any more."""
    db.session.execute(
        erase(LineStray).where(
            LineStray.portal_id == portal_id,
            LineStray.line_id == line_id,
            LineStray.channel_id.in_((0, *channel_ids)),
        )
    )


JOBS = {"line_stray": tell}
