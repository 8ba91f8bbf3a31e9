"""Files of a talk in the timelines: each in a comment of its own, after the words about it.

An update of a comment would wipe its files, and a file that fails holds no words up. A
comment is known by its mark, so a lost answer makes no second one. What is too large or
cannot be had is told in the words, by its name: no link would keep strangers out.
Source: crm.md 7.4 (files).
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from b24app import clock, media
from b24app.actions import crm_lines, crm_places, portals, promises
from b24app.actions.crm_lines import FILE_MAX, MEGABYTE
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import Client
from b24app.bitrix.payloads import whole
from b24app.db import db, transaction
from b24app.errors import BitrixError, NotFound
from b24app.models import Attachment, Conversation, Job, Message
from b24app.rules.plan import add_comment, bind_comment
from b24app.rules.target import TYPE_NAMES, Target
from b24app.rules.texts import one_line
from b24app.rules.transcript import file_mark, head, same_comment
from b24app.values import Call

WAITING = ("queued", "sending")
LOOKED_AT = 200
MOST = 10  # files in one go
TRIES = 8  # of what the portal does not answer; then the file is given up


@dataclass(frozen=True, slots=True)
class Parcel:
    """One file to bring. comment_id: it is there already; tried: it may be."""

    attachment_id: int
    key: str
    name: str
    size: int
    text: str
    target: Target
    beside: tuple[Target, ...]
    tried: bool
    comment_id: int | None = None


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
    trouble: BitrixError | None = None
    for group in _groups(_looked_up(client, parcels)):
        try:
            _send(client, group)
        except BitrixError as error:
            trouble = error
            if job.attempts >= TRIES and not error.retry_after:
                _give_up(group)
    if trouble is not None:
        raise trouble
    if more:
        raise BitrixError("More files wait to be brought.", retry_after=0.0)


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


# -- Sending ----------------------------------------------------------------------------


def _groups(parcels: Sequence[Parcel]) -> Iterator[list[Parcel]]:
    """Small files together, each larger than a megabyte by itself."""
    group: list[Parcel] = []
    weight = 0
    for one in parcels:
        if group and weight + one.size > MEGABYTE:
            yield group
            group, weight = [], 0
        group.append(one)
        weight += one.size
    if group:
        yield group


def _send(client: Client, group: Sequence[Parcel]) -> None:
    """Bring a group and note what became of each file.

    Raises:
        BitrixError: of some nobody knows; the others are settled.
    """
    ids = {one.attachment_id: one.comment_id for one in group if one.comment_id}
    made, errors = _added(client, [one for one in group if one.attachment_id not in ids])
    ids |= made
    errors |= _shown_beside(client, group, ids)
    with transaction():
        _settle([one for one in ids if one not in errors], "sent")
        _settle([one for one, error in errors.items() if error.permanent], "failed")
    if trouble := next((one for one in errors.values() if not one.permanent), None):
        raise trouble


def _added(
    client: Client, parcels: Sequence[Parcel]
) -> tuple[dict[int, int], dict[int, BitrixError]]:
    """Comments with their files: numbers, and errors of those that were refused."""
    calls: dict[int, Call] = {}
    errors: dict[int, BitrixError] = {}
    for one in parcels:
        try:
            calls[one.attachment_id] = _call(one)
        except NotFound as error:
            errors[one.attachment_id] = BitrixError(error.message, permanent=True)
    large = len(parcels) == 1 and parcels[0].size > MEGABYTE
    results, refused = (_alone if large else _together)(client, calls)
    ids: dict[int, int] = {}
    for number, call in calls.items():
        if call.key in refused:
            errors[number] = refused[call.key]
        elif made := whole(results.get(call.key)):
            ids[number] = made
        else:
            errors[number] = BitrixError("Bitrix24 did not answer.", code="no_answer", unknown=True)
    return ids, errors


def _together(
    client: Client, calls: Mapping[int, Call]
) -> tuple[Mapping[str, Any], Mapping[str, BitrixError]]:
    if not calls:
        return {}, {}
    answer = client.batch(list(calls.values()))
    return answer.results, answer.errors


def _alone(
    client: Client, calls: Mapping[int, Call]
) -> tuple[Mapping[str, Any], Mapping[str, BitrixError]]:
    """A large file is no part of any batch."""
    results: dict[str, Any] = {}
    refused: dict[str, BitrixError] = {}
    for call in calls.values():
        try:
            results[call.key] = client.ask(call)
        except BitrixError as error:
            refused[call.key] = error
    return results, refused


def _call(one: Parcel) -> Call:
    """Raises: NotFound if we do not keep the file any more."""
    with media.open(one.key) as stream:
        content = b64encode(stream.read()).decode()
    return add_comment(one.target, one.text, f"f{one.attachment_id}", [(one.name, content)])


def _shown_beside(
    client: Client, group: Sequence[Parcel], ids: Mapping[int, int]
) -> dict[int, BitrixError]:
    """Show the files in the other cards too; errors that may pass, by attachment."""
    owners = {
        f"b{one.attachment_id}_{place}": (one.attachment_id, target)
        for one in group
        if one.attachment_id in ids
        for place, target in enumerate(one.beside)
    }
    if not owners:
        return {}
    answer = client.batch(
        [bind_comment(ids[number], target, key) for key, (number, target) in owners.items()]
    )
    return {owners[key][0]: error for key, error in answer.errors.items() if not error.permanent}


def _settle(attachment_ids: Sequence[int], state: str) -> None:
    """What is refused for good is said in the words."""
    now = clock.now()
    for number in attachment_ids:
        row = db.session.get(Attachment, number)
        message = db.session.get(Message, row.message_id) if row else None
        if row is None or message is None:
            continue
        row.crm_state = state
        if state == "failed":
            chat = db.session.get_one(Conversation, message.conversation_id)
            promises.crm_again(chat, message, now)


def _give_up(group: Sequence[Parcel]) -> None:
    """The portal does not answer these again and again; those that arrived are settled."""
    with transaction():
        rows = [db.session.get(Attachment, one.attachment_id) for one in group]
        _settle([row.id for row in rows if row and row.crm_state == "sending"], "failed")


JOBS = {"crm_files": bring}
