"""What operators did here is done in the Open Line: by their own token first, read before done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from b24app import clock
from b24app.actions import journal, line_state, promises
from b24app.actions.line_words import IN_HAND
from b24app.bitrix import lines
from b24app.bitrix.client import BatchAnswer, Client
from b24app.bitrix.errors import meaning
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError
from b24app.models import Conversation, LineLink, Message
from b24app.rules import lifecycle
from b24app.rules.lifecycle import Attempt, Seen, Talk, Wish
from b24app.values import Call

AT_ONCE = 12  # four commands each may need one request
TRIES = 2  # times the line lets nobody do it before a person is told
LOST_TRIES = 12  # times nobody knows what became of it; the chat's words wait meanwhile


@dataclass(frozen=True, slots=True)
class Pending:
    """A wish whose turn it is."""

    conversation_id: int
    chat_id: int
    talk: Talk
    wish: Wish


def settle(portal_id: int, client: Client) -> tuple[bool, BitrixError | None]:
    """Do in their lines what was done here.

    Returns: whether anything was done, and what must be tried again.
    """
    with reading():
        if not waits(portal_id):
            return False, None
    waiting = _ready(portal_id)
    if not waiting:
        return False, None
    try:
        seen = _read(client, waiting)
    except BitrixError as error:
        return False, error
    troubles = _try_all(client, waiting, seen)
    return len(troubles) < len(waiting), next(iter(troubles.values()), None)


def held(portal_id: int) -> dict[int, int]:
    """Identities whose words wait for a deed: the last message that goes before the first."""
    rows = db.session.execute(
        select(Conversation.identity_id, Conversation.line_wish).where(
            Conversation.portal_id == portal_id, Conversation.line_wish.is_not(None)
        )
    )
    first: dict[int, int] = {}
    for identity, wish in rows:
        after = int((wish or {}).get("after", 0))
        first[identity] = min(after, first.get(identity, after))
    return first


def waits(portal_id: int) -> bool:
    wanted = Conversation.portal_id == portal_id, Conversation.line_wish.is_not(None)
    return db.session.scalar(select(Conversation.id).where(*wanted).limit(1)) is not None


def _ready(portal_id: int) -> list[Pending]:
    """Wishes whose earlier words are in the line; without a chat there nothing is to be done."""
    with transaction() as session:
        rows = session.scalars(
            select(Conversation)
            .join(LineLink, LineLink.channel_id == Conversation.channel_id)
            .where(
                Conversation.portal_id == portal_id,
                Conversation.line_wish.is_not(None),
                LineLink.active.is_(True),
                LineLink.error == "",
            )
            .order_by(Conversation.id)
        ).all()
        ready = [row for row in rows if not _has_words(row)]
        for row in ready:
            if row.line_chat_id is None:
                row.line_wish = None
        return [_pending(row) for row in ready if row.line_wish][:AT_ONCE]


def _has_words(conversation: Conversation) -> bool:
    """Whether words said before the deed, in this talk or an earlier one, are on their way."""
    wish = lifecycle.read(conversation.line_wish)
    waiting = (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.identity_id == conversation.identity_id,
            Message.id <= (wish.after if wish else 0),
            Message.line_state.in_(("queued", *IN_HAND)),
        )
    )
    return db.session.scalar(waiting.limit(1)) is not None


def _pending(conversation: Conversation) -> Pending:
    talk = promises.line_talk(conversation)
    wish = talk.wish
    assert wish is not None
    if not wish.open and wish.session is None:  # it was closed before the line heard of it
        wish = replace(wish, session=talk.session)
    return Pending(conversation.id, conversation.line_chat_id or 0, talk, wish)


def _read(client: Client, waiting: Sequence[Pending]) -> dict[int, Seen]:
    calls = []
    for one in waiting:
        calls.append(lines.dialog_get(chat_id=one.chat_id, key=f"d{one.conversation_id}"))
        if one.talk.session:
            key = f"h{one.conversation_id}"
            calls.append(lines.history_get(session_id=one.talk.session, key=key))
    answer = client.batch(calls)
    _pass_on(answer, calls)
    return {one.conversation_id: _seen(one, answer) for one in waiting}


def _pass_on(answer: BatchAnswer, calls: Sequence[Call]) -> None:
    """What may pass by itself is tried again; who may not read acts all the same."""
    silent = [one for one in calls if one.key not in {*answer.results, *answer.errors}]
    passing = [error for error in answer.errors.values() if not error.permanent]
    if passing or silent:
        raise next(iter(passing), BitrixError("Bitrix24 left a command unanswered."))


def _seen(one: Pending, answer: BatchAnswer) -> Seen:
    dialog = lines.read_dialog(answer.results.get(f"d{one.conversation_id}"))
    log = lines.read_history(answer.results.get(f"h{one.conversation_id}"))
    session = (dialog.session_id if dialog else None) or one.talk.session
    same = session == one.talk.session
    ended = log.ended if same else False
    if ended is None and session is not None and session == one.talk.ended:
        ended = True
    return Seen(session, dialog.owner_id if dialog else 0, ended)


def _try_all(
    client: Client, waiting: Sequence[Pending], seen: Mapping[int, Seen]
) -> dict[int, BitrixError]:
    """Try the ways of each wish until one works; what must be tried again, by conversation."""
    troubles: dict[int, BitrixError] = {}
    left = {one: list(lifecycle.attempts(one.wish, seen[one.conversation_id])) for one in waiting}
    for one in [one for one, ways in left.items() if not ways]:
        _fulfilled(one, seen[one.conversation_id])
        del left[one]
    while left:
        steps = {one: ways.pop(0) for one, ways in left.items()}
        for by in {attempt.by for attempt in steps.values()}:
            mine = {one: attempt for one, attempt in steps.items() if attempt.by == by}
            outcomes = _act(client, by, mine)
            for one in mine:
                outcome = outcomes[one.conversation_id]
                if isinstance(outcome, Seen):
                    _fulfilled(one, outcome)
                elif not _is_refusal(outcome):
                    troubles[one.conversation_id] = outcome
                    if outcome.unknown:
                        _refused(one, LOST_TRIES)
                elif left[one]:
                    continue
                else:
                    _refused(one, TRIES)
                del left[one]
    return troubles


def _act(
    client: Client, by: int | None, steps: Mapping[Pending, Attempt]
) -> dict[int, Seen | BitrixError]:
    """What became of an attempt of each: the dialog after it, or why not."""
    calls = [call for one, attempt in steps.items() for call in _calls(one, attempt)]
    try:
        answer = client.batch(calls, user_id=by)
    except BitrixError as error:
        return dict.fromkeys((one.conversation_id for one in steps), error)
    return {one.conversation_id: _outcome(one, attempt, answer) for one, attempt in steps.items()}


def _calls(one: Pending, attempt: Attempt) -> Iterable[Call]:
    number = one.conversation_id
    for act in attempt.acts:
        if act == "transfer":
            yield lines.transfer(one.chat_id, attempt.to, f"transfer{number}")
        else:
            yield ACTS[act](one.chat_id, f"{act}{number}")
    if one.wish.open:  # whose it is now, and in which session
        yield lines.dialog_get(chat_id=one.chat_id, key=f"d{number}")


ACTS = {
    "answer": lines.operator_answer,
    "finish": lines.operator_finish,
    "another_finish": lines.another_finish,
    "start": lines.session_start,
    "intercept": lines.intercept,
}


def _outcome(one: Pending, attempt: Attempt, answer: BatchAnswer) -> Seen | BitrixError:
    key = f"{attempt.acts[-1]}{one.conversation_id}"
    if error := answer.errors.get(key):
        return error
    if key not in answer.results:
        return BitrixError("Bitrix24 left a command unanswered.")
    if not one.wish.open:
        return Seen(one.wish.session or one.talk.session, 0, True)
    dialog = lines.read_dialog(answer.results.get(f"d{one.conversation_id}"))
    holder = one.wish.holder or 0
    return Seen(dialog.session_id if dialog else None, holder, None)


def _is_refusal(error: BitrixError) -> bool:
    """Whether another may try: it was refused to this one, or their token is of no use."""
    return error.permanent or meaning(error.code).token


def _fulfilled(one: Pending, seen: Seen) -> None:
    """The wish is gone, unless the operator wished for something else meanwhile."""
    now = clock.now()
    with transaction() as session:
        conversation = session.get_one(Conversation, one.conversation_id)
        talk = promises.line_talk(conversation)
        if talk.wish is None or not _is_same(talk.wish, one.talk.wish):
            return
        first = lifecycle.yields(one.wish, seen)
        talk = lifecycle.settled(talk, seen)
        if first:
            talk = lifecycle.observed(talk, seen)
        line_state.keep(conversation, talk, now, "line_first" if first else "")


def _refused(one: Pending, most: int) -> None:
    """The line let nobody do it: after another look, people are told what is left to do there."""
    now = clock.now()
    with transaction() as session:
        conversation = session.get_one(Conversation, one.conversation_id)
        talk = lifecycle.refused(promises.line_talk(conversation))
        if talk.wish is None:
            return
        if talk.wish.tries >= most:
            journal.note(conversation, f"line_left_{talk.wish.deed}", {}, now)
            talk = lifecycle.settled(talk, Seen())
        line_state.keep(conversation, talk, now)


def _is_same(wish: Wish, before: Wish | None) -> bool:
    return before is not None and replace(wish, tries=0) == replace(before, tries=0)
