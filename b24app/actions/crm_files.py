"""Files of a talk in the timelines: each in a comment of its own, after the words about it.

An update of a comment would wipe its files, and a file that fails holds no words up. A
comment is known by its mark, so a lost answer makes no second one. What is too large or
cannot be had is told in the words, by its name: no link would keep strangers out.
Source: crm.md 7.4 (files).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from b24app import clock, media
from b24app.actions import crm_lines, crm_places, portals, promises
from b24app.actions.crm_lines import FILE_MAX
from b24app.actions.crm_parcels import Parcel, give_up, groups, send
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import Client
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Attachment, Conversation, Job, Message
from b24app.rules.target import TYPE_NAMES
from b24app.rules.texts import one_line
from b24app.rules.transcript import file_mark, head, same_comment

WAITING = ("queued", "sending")
LOOKED_AT = 200
MOST = 10  # files in one go
TRIES = 8  # of files together; then who does not arrive alone is given up


def queue(message_ids: Sequence[int]) -> None:
    """The words of these messages are told: their files may follow."""
    if not message_ids:
        return
    mine = (Attachment.message_id.in_(message_ids), Attachment.crm_state == "")
    db.session.execute(
        update(Attachment)
        .where(*mine)
        .values(crm_state="queued")
        .execution_options(synchronize_session="fetch")
    )


def promise_waiting(portal_id: int, now: datetime) -> None:
    """Have files brought if any wait."""
    if db.session.scalar(select(Attachment.id).where(*_waiting(portal_id)).limit(1)):
        promises.crm_files(portal_id, now)


def bring(job: Job) -> None:
    """Bring what waits; files that the portal does not answer are tried again, the rest goes on."""
    portal_id = job.payload["portal_id"]
    with transaction():
        parcels, more = _parcels(portal_id, clock.now())
    if not parcels:
        return
    client = portals.client(portal_id)
    together = job.attempts < TRIES  # in the end each by itself: one may spoil it for others
    sent, failed = 0, list[tuple[list[Parcel], BitrixError]]()
    for group in groups(_looked_up(client, parcels), together=together):
        try:
            send(client, group)
            sent += 1
        except BitrixError as error:
            failed.append((group, error))
    if sent and not together:  # the portal works, but not with these
        give_up([one for group, error in failed if not error.retry_after for one in group])
    if failed:
        raise failed[0][1]
    if more:
        with transaction():
            promises.crm_files(portal_id, clock.now())


# -- What waits -------------------------------------------------------------------------


def _waiting(portal_id: int) -> tuple[Any, Any]:
    return Attachment.portal_id == portal_id, Attachment.crm_state.in_(WAITING)


def _parcels(portal_id: int, now: datetime) -> tuple[list[Parcel], bool]:
    """What can go now, noted as being sent; and whether more waits."""
    rows = db.session.scalars(
        select(Attachment).where(*_waiting(portal_id)).order_by(Attachment.id).limit(LOOKED_AT)
    ).all()
    voice = crm_lines.voice(portal_id)
    parcels: list[Parcel] = []
    for row in rows:
        parcel = _parcel(row, voice, now)
        if parcel is None:
            continue
        if len(parcels) == MOST:
            return parcels, True
        row.crm_state = "sending"
        parcels.append(parcel)
    return parcels, False


def _parcel(row: Attachment, voice: crm_lines.Voice, now: datetime) -> Parcel | None:
    """None: it cannot go, or not yet."""
    message = db.session.get(Message, row.message_id)
    chat = db.session.get(Conversation, message.conversation_id) if message else None
    if message is None or chat is None or message.deleted_at:
        row.crm_state = "failed"
        return None
    if row.state == "failed" or (row.size or 0) > FILE_MAX:
        row.crm_state = "failed" if row.state == "failed" else "large"
        promises.crm_again(chat, message, now)  # the words say so
        return None
    main = crm_places.main_card(chat) if chat.crm_state == "ready" else None
    if main is None or row.state != "stored":
        return None
    mark = file_mark(chat.id, row.id)
    first = head(crm_lines.safe(one_line(chat.channel.name)), mark)
    return Parcel(
        attachment_id=row.id,
        key=row.media_key,
        name=media.safe_name(row.name or row.kind),
        size=row.size or 0,
        text=f"{first}\n{voice.file(message, row)}",
        target=main,
        beside=tuple(crm_places.bound_cards(chat)),
        tried=row.crm_state == "sending",
    )


def _looked_up(client: Client, parcels: Sequence[Parcel]) -> list[Parcel]:
    """After a lost answer: what is in the timeline already is not sent again."""
    cards = {(one.target.type_id, one.target.id): "" for one in parcels if one.tried}
    if not cards:
        return list(parcels)
    calls = [
        bitrix.comment_list(TYPE_NAMES[type_id], number or 0, f"l{type_id}_{number}")
        for type_id, number in cards
    ]
    answer = client.batch(calls)
    told: list[tuple[int, str]] = []
    for call in calls:
        if call.key not in answer.errors or not answer.errors[call.key].permanent:
            told += bitrix.read_comments(answer.result(call.key))
    return [_taken_over(one, told) if one.tried else one for one in parcels]


def _taken_over(parcel: Parcel, told: Sequence[tuple[int, str]]) -> Parcel:
    found = (number for number, text in told if same_comment(text, parcel.text))
    return replace(parcel, comment_id=next(found, None))


JOBS = {"crm_files": bring}
