"""Files that operators send, and bringing those of clients into our store."""

from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select

from b24app import clock, http, media
from b24app.actions import accounts, inbox, promises, requests, shown
from b24app.channels.base import Adapter
from b24app.db import db, transaction
from b24app.errors import AppError, Busy, RemoteError, TooLarge
from b24app.models import (
    Arrival,
    Attachment,
    Channel,
    Conversation,
    Job,
    Message,
    OfflineRequest,
    Portal,
)
from b24app.values import Fetched, HookCall, RemoteFile

UPLOAD_LIMIT = 20 * 1024 * 1024
FETCH_LIMIT = 50 * 1024 * 1024
FETCH_TRIES = 8
FROM_PORTAL = "portal:"


def keep_upload(
    portal_id: int, owner: str, name: str, stored: media.Stored, kind: str, now: datetime
) -> Attachment:
    """A file an operator or a visitor put into our store; it belongs to no message yet."""
    row = Attachment(
        portal_id=portal_id,
        owner=owner,
        kind=kind,
        name=media.safe_name(name),
        mime=stored.mime,
        size=stored.size,
        media_key=stored.key,
        state="stored",
        remote_id="",
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()  # the answer names its id
    return row


def receive(stream: BinaryIO) -> media.Stored:
    """Store an operator's upload; TooLarge beyond the limit."""
    return media.save(stream, UPLOAD_LIMIT)


def fetch(job: Job) -> None:
    """Bring one file into our store. The network is asked outside any transaction."""
    number = job.payload["attachment_id"]
    with transaction() as session:
        row = session.get(Attachment, number)
        if row is None or row.state != "remote":
            return
        channel = session.get(Channel, row.channel_id) if row.channel_id else None
        file = RemoteFile(row.kind, row.remote_id, row.name, row.mime, row.size)  # type: ignore[arg-type]
        adapter = accounts.adapter(channel) if channel else None
        portal = session.get_one(Portal, row.portal_id)
        origin = portal.origin
        limit = requests.FILE_LIMIT if row.request_id else FETCH_LIMIT
        call = _call_of(row) if adapter and adapter.files_in_calls else None
    try:
        fetched = _brought(adapter, call, file) if adapter else _from_portal(origin, file)
        with fetched.stream:
            stored = media.save(fetched.stream, limit)
    except media.Infected as error:
        _give_up(number, error, state="infected")
    except TooLarge as error:
        _give_up(number, error)
    except Busy as error:
        if job.attempts < FETCH_TRIES:
            raise
        _give_up(number, error)
    except RemoteError as error:
        if not error.permanent and job.attempts < FETCH_TRIES:
            raise
        _give_up(number, error)
    else:
        _stored(number, fetched, stored)


def _call_of(row: Attachment) -> HookCall | None:
    """The kept call that a file came with: its name begins with the call's."""
    provider_id = row.remote_id.partition("/")[0]
    arrival = db.session.scalar(
        select(Arrival).where(
            Arrival.source == f"channel:{row.channel_id}", Arrival.provider_id == provider_id
        )
    )
    return inbox.call_of(arrival) if arrival else None


def _brought(adapter: Adapter, call: HookCall | None, file: RemoteFile) -> Fetched:
    return adapter.unpack(call, file) if call else adapter.fetch(file)


def _stored(number: int, fetched: Fetched, stored: media.Stored) -> None:
    now = clock.now()
    with transaction() as session:
        row = session.get_one(Attachment, number)
        row.media_key, row.size, row.state = stored.key, stored.size, "stored"
        row.name = row.name or media.safe_name(fetched.name)
        row.mime = stored.mime
        _tell(row, now)


def _give_up(number: int, error: AppError, state: str = "failed") -> None:
    now = clock.now()
    with transaction() as session:
        row = session.get_one(Attachment, number)
        row.state, row.error = state, error.message[:500]
        _tell(row, now)


def _tell(row: Attachment, now: datetime) -> None:
    """Screens see the file; an Open Line or a messenger that waited for it goes on."""
    if row.request_id:
        shown.tell_request(db.session.get_one(OfflineRequest, row.request_id), now)
        return
    message = db.session.get_one(Message, row.message_id)
    conversation = db.session.get_one(Conversation, message.conversation_id)
    message.version += 1
    shown.tell_message(message, conversation, now)
    if message.line_state == "queued":
        promises.lines(message.portal_id, now)
    if row.crm_state == "queued":
        promises.crm_files(message.portal_id, now)


def _from_portal(origin: str, file: RemoteFile) -> Fetched:
    """A file of an operator's reply in an Open Line; only the portal itself is asked."""
    url = file.remote_id.removeprefix(FROM_PORTAL)
    if not url.startswith(origin + "/"):
        raise RemoteError("The file is not on the portal.", permanent=True)
    return http.download(url, FETCH_LIMIT)


JOBS = {"fetch": fetch}
