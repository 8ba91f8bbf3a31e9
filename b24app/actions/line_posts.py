"""Into the Open Lines as the operator: with their own token, so that the line knows who spoke."""

from collections.abc import Sequence

from b24app.actions.line_words import mark, posted, words
from b24app.bitrix import lines
from b24app.bitrix.batch import LIMIT
from b24app.bitrix.client import BatchAnswer, Client
from b24app.bitrix.errors import meaning
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Conversation, Message
from b24app.rules.mirror import Parcel
from b24app.values import Call


def by_operator(parcels: Sequence[Parcel]) -> dict[int | None, list[Parcel]]:
    groups: dict[int | None, list[Parcel]] = {}
    for parcel in parcels:
        groups.setdefault(parcel.operator_id, []).append(parcel)
    return groups


def run(client: Client, operator_id: int | None, parcels: Sequence[Parcel]) -> BitrixError | None:
    """Write into the line's chats with the operator's own token.

    One message a chat: if it fails, no later one of its chat may overtake it.

    Returns: what must be tried again, as the error that says when.
    """
    first = [(one.conversation_id, one.message_ids[0]) for one in parcels[: LIMIT // 2]]
    numbers = [number for _, number in first]
    with transaction():
        calls = [call for place, number in first for call in _post_calls(place, number)]
        mark(numbers, "sending")
    try:
        answer = ask(client, calls, numbers, operator_id)
    except BitrixError as error:
        if not (error.permanent or meaning(error.code).token):
            return error
        _as_notes(numbers)  # no token of this employee: the line learns it as a note
        return None
    with transaction():
        for number in numbers:
            _note_post(number, answer)
    return passing(answer, [call for call in calls if call.key.startswith("p")])


def passing(answer: BatchAnswer, calls: Sequence[Call]) -> BitrixError | None:
    """Trouble of one of these commands that may pass by itself."""
    errors = (answer.errors.get(call.key) for call in calls)
    told = next((error for error in errors if error and not error.permanent), None)
    silent = {call.key for call in calls} - {*answer.results, *answer.errors}
    return told or (BitrixError("Bitrix24 left a command unanswered.") if silent else None)


def ask(
    client: Client, calls: Sequence[Call], numbers: Sequence[int], user_id: int | None = None
) -> BatchAnswer:
    """Run a batch; on failure the messages wait again, or are looked for if it may have run."""
    try:
        return client.batch(calls, user_id=user_id)
    except BitrixError as error:
        with transaction():
            mark(numbers, "unknown" if error.unknown else "queued")
        raise


def _post_calls(conversation_id: int, number: int) -> list[Call]:
    """Take the dialog, or join it if it is a colleague's, then say it."""
    conversation = db.session.get_one(Conversation, conversation_id)
    message = db.session.get_one(Message, number)
    mine = conversation.responsible_id in (None, message.author_id)
    come = lines.operator_answer if mine else lines.join
    chat_id = conversation.line_chat_id or 0
    return [
        come(chat_id, f"a{conversation_id}"),
        lines.im_message_add(chat_id, words(message), key=f"p{number}"),
    ]


def _note_post(number: int, answer: BatchAnswer) -> None:
    # The lock: its delivery, which ends just now, sees the line's id or shows us its own.
    message = db.session.get_one(Message, number, with_for_update=True, populate_existing=True)
    error = answer.errors.get(f"p{number}")
    made = lines.read_message_id(answer.results.get(f"p{number}"))
    if error is None and made:
        posted(message, made)
    elif error is None or error.unknown:
        message.line_state = "unknown"
    elif error.permanent:
        _as_note(message)
    else:
        message.line_state = "queued"


def _as_notes(numbers: Sequence[int]) -> None:
    with transaction() as session:
        for number in numbers:
            _as_note(session.get_one(Message, number))


def _as_note(message: Message) -> None:
    """It could not be said as the operator: it goes as a note that names them."""
    message.line_state = "queued"
    message.details = {**message.details, "line_note": True}
