"""Files on their way into timelines: small ones together, each large one by itself."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b24app import clock, media
from b24app.actions import promises
from b24app.actions.crm_lines import MEGABYTE
from b24app.bitrix.client import Client
from b24app.bitrix.payloads import whole
from b24app.db import db, transaction
from b24app.errors import BitrixError, NotFound
from b24app.models import Attachment, Conversation, Message
from b24app.rules.plan import add_comment, bind_comment
from b24app.rules.target import Target
from b24app.values import Call


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


def groups(parcels: Sequence[Parcel], *, together: bool) -> Iterator[list[Parcel]]:
    """Small files together, each larger than a megabyte by itself."""
    group: list[Parcel] = []
    weight = 0
    for one in parcels:
        if group and (not together or weight + one.size > MEGABYTE):
            yield group
            group, weight = [], 0
        group.append(one)
        weight += one.size
    if group:
        yield group


def send(client: Client, group: Sequence[Parcel]) -> None:
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


def give_up(parcels: Sequence[Parcel]) -> None:
    """The portal does not answer these again and again; those that arrived are settled."""
    with transaction():
        rows = [db.session.get(Attachment, one.attachment_id) for one in parcels]
        _settle([row.id for row in rows if row and row.crm_state == "sending"], "failed")
