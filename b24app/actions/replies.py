"""An operator answers: kept at once, delivered by a promise, never twice."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from b24app.actions import conversations, message_templates, promises, shown, windows
from b24app.channels import kinds
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound
from b24app.i18n import N_
from b24app.models import Attachment, Conversation, Message, Operator
from b24app.rules import texts
from b24app.rules.uploads import file_fits
from b24app.values import Filled

TEXT_MAX = 20_000
FILES_MAX = 10
TOO_LARGE = N_("A file is larger than this messenger takes.")
WRONG_TYPE = N_("This messenger does not take files of this type.")
WINDOW_CLOSED = N_("The client wrote too long ago: this messenger takes only a template now.")


@dataclass(frozen=True, slots=True)
class Draft:
    """What an operator sends; `client_uuid` is made by the screen and names it for ever."""

    client_uuid: str
    text: str = ""
    attachments: Sequence[int] = ()
    quote_id: int | None = None
    template: Filled | None = None


def reply(
    conversation: Conversation, operator: Operator, draft: Draft, now: datetime
) -> tuple[Message, bool]:
    """Keep an operator's message and promise its delivery.

    Returns: the message, and whether it is new (the same uuid again gives the same message).
    Raises: Invalid, Conflict (the chat is closed, or the uuid belongs to another chat).
    """
    if known := _known(conversation, draft.client_uuid):
        return known, False
    _check(conversation, draft, now)
    files = own_uploads(conversation, operator, draft.attachments)
    _check_files(conversation, files)
    text = draft.text
    if draft.template:
        kinds = [file.kind for file in files]
        text = message_templates.sendable(conversation.channel, draft.template, kinds)
    if conversation.status == "new":
        conversations.accept(conversation, operator, now)
    message = Message(
        portal_id=conversation.portal_id,
        channel_id=conversation.channel_id,
        conversation_id=conversation.id,
        client_uuid=draft.client_uuid,
        external_ids=[],
        direction="out",
        origin="workplace",
        author_id=operator.user_id,
        author_name=operator.name,
        text=texts.clean(text),
        state="queued",
        said_at=now,
        created_at=now,
        attachments=files,
        details={"template": asdict(draft.template)} if draft.template else {},
    )
    _quote(conversation, message, draft.quote_id)
    db.session.add(message)
    keep_outgoing(conversation, message, now)
    conversation.draft = ""
    shown.tell_conversation(conversation, now)
    return message, True


def keep_outgoing(conversation: Conversation, message: Message, now: datetime) -> None:
    """Number an outgoing message, note it in its conversation and send it everywhere."""
    promises.spread(conversation, message, now)
    by_person = message.author_id is not None
    words = texts.one_line(message.text)
    conversation.replied(words, message.first_kind, now, by_person=by_person)
    conversation.last_message_id = message.id
    shown.tell_message(message, conversation, now)


def retry(conversation: Conversation, message_id: int, now: datetime) -> Message:
    """Try a failed message again; the same message, so it is never two."""
    message = db.session.scalar(
        select(Message).where(Message.conversation_id == conversation.id, Message.id == message_id)
    )
    if message is None or message.direction != "out":
        raise NotFound("There is no such message in this chat.")
    if message.state != "failed":
        return message
    message.state = "queued"
    message.error_code = message.error = ""
    message.version += 1
    message.details = {**message.details, "tries": message.details.get("tries", 0) + 1}
    promises.deliver(message, now)
    shown.tell_message(message, conversation, now)
    return message


def _known(conversation: Conversation, client_uuid: str) -> Message | None:
    found = db.session.scalar(
        select(Message).where(
            Message.portal_id == conversation.portal_id, Message.client_uuid == client_uuid
        )
    )
    if found and found.conversation_id != conversation.id:
        raise Conflict("This message was sent to another chat.", code="uuid_taken")
    return found


def _check(conversation: Conversation, draft: Draft, now: datetime) -> None:
    if not conversation.is_open:
        raise Conflict("This chat is closed. Reopen it to answer.", code="closed")
    if not conversation.channel.connected:
        raise Conflict("The channel of this chat is disconnected.", code="disconnected")
    if draft.template is None and not windows.is_open(conversation, now):
        raise Conflict(WINDOW_CLOSED, code="window_closed")
    if not (draft.text.strip() or draft.attachments or draft.template):
        raise Invalid(fields={"text": "Write something or attach a file."})
    if len(draft.text) > TEXT_MAX:
        raise Invalid(fields={"text": f"At most {TEXT_MAX} characters."})
    if len(draft.attachments) > FILES_MAX:
        raise Invalid(fields={"attachments": f"At most {FILES_MAX} files."})


def _check_files(conversation: Conversation, files: Sequence[Attachment]) -> None:
    """What the messenger would refuse is refused while the operator still sees it."""
    kind = kinds().get(conversation.channel.kind)
    for file in files:
        if kind and (file.size or 0) > kind.file_limit:
            raise Invalid(fields={"attachments": TOO_LARGE})
        if kind and not file_fits(file.mime, kind.file_types):
            raise Invalid(fields={"attachments": WRONG_TYPE})


def own_uploads(
    conversation: Conversation, operator: Operator, numbers: Sequence[int]
) -> list[Attachment]:
    """The operator's own uploads that belong to no message yet."""
    if not numbers:
        return []
    rows = db.session.scalars(
        select(Attachment).where(
            Attachment.id.in_(numbers),
            Attachment.portal_id == conversation.portal_id,
            Attachment.owner == f"operator:{operator.user_id}",
            Attachment.message_id.is_(None),
        )
    ).all()
    if len(rows) != len(set(numbers)):
        raise Invalid(fields={"attachments": "A file is missing or already sent."})
    return sorted(rows, key=lambda row: list(numbers).index(row.id))


def _quote(conversation: Conversation, message: Message, quote_id: int | None) -> None:
    if quote_id is None:
        return
    quoted = db.session.scalar(
        select(Message).where(Message.conversation_id == conversation.id, Message.id == quote_id)
    )
    if quoted is None:
        raise Invalid(fields={"quote_id": "The quoted message is not in this chat."})
    message.quote_id = quoted.id
    message.quote_text = quoted.text[:500]
    message.quote_author = quoted.author_name
