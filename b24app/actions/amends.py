"""What was changed or taken back after it was sent: at the messenger too, or said why not."""

from collections.abc import Sequence

from b24app import clock
from b24app.actions import accounts, journal, promises
from b24app.channels.base import REJECTED, Adapter
from b24app.db import transaction
from b24app.errors import ChannelError
from b24app.i18n import N_
from b24app.models import Conversation, Job, Message
from b24app.rules import retry

NO_EDITING = N_("The messenger does not change what was sent: the client sees the former words.")
NO_DELETING = N_("The messenger does not take back what was sent: the client still sees it.")


def amend(job: Job) -> None:
    """Change or take back at the messenger what was changed or deleted in an Open Line."""
    with transaction() as session:
        message = session.get_one(Message, job.payload["message_id"])
        conversation = session.get_one(Conversation, message.conversation_id)
        adapter = accounts.adapter(conversation.channel)
        chat_id, text = conversation.identity.external_id, message.text
        ids = [str(one).removeprefix(f"{chat_id}:") for one in message.external_ids]
        gone = message.deleted_at is not None
    try:
        _amend(adapter, chat_id, ids, None if gone else text)
    except ChannelError as error:
        if retry.next_try(error, job.attempts) is not None:
            raise
        _tell(job.payload["message_id"], error.message)


def _amend(adapter: Adapter, chat_id: str, ids: Sequence[str], text: str | None) -> None:
    if text is None and ids and not adapter.can_delete:
        raise ChannelError(NO_DELETING, code=REJECTED, permanent=True)
    if text is not None and ids and not (adapter.can_edit and len(ids) == 1):
        raise ChannelError(NO_EDITING, code=REJECTED, permanent=True)
    for one in ids:
        if text is None:
            adapter.delete(chat_id, one)
        else:
            adapter.edit(chat_id, one, text)


def _tell(message_id: int, why: str) -> None:
    """The client still sees the former words: said in the chat and in the Open Line."""
    now = clock.now()
    with transaction() as session:
        message = session.get_one(Message, message_id)
        conversation = session.get_one(Conversation, message.conversation_id)
        journal.note(conversation, "not_amended", {"error": why[:200]}, now)
        if message.line_message_id is not None:
            promises.line_note(message, now, why)


JOBS = {"amend": amend}
