"""What chats of Open Lines hold: read in few requests, by whoever may read them.

A session's log is for whoever may see the line, so an administrator's token is asked
first. A chat that had several sessions since we last looked is read by an employee who
is in it, because only `im.dialog.messages.get` shows them all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from b24app.actions.line_checks import LAST
from b24app.bitrix import lines
from b24app.bitrix.batch import LIMIT
from b24app.bitrix.client import Client
from b24app.bitrix.errors import meaning
from b24app.db import reading
from b24app.errors import BitrixError
from b24app.models import Token
from b24app.values import Call

PAGES = 20  # of a chat at once: a thousand messages


@dataclass(frozen=True, slots=True)
class Place:
    """A chat of a line as we know it; `seen_id` is the last message that was compared."""

    conversation_id: int
    chat_id: int
    session_id: int | None
    seen_id: int | None
    responsible_id: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """What a chat holds; `told` None: nothing was to be read; `error`: nobody may read it.

    ended: of the session that is the newest, as `Told.ended` says it.
    """

    place: Place
    dialog: lines.Dialog | None
    told: lines.Told | None
    error: str = ""
    ended: bool | None = None


class _Answers:
    """What many calls gave; a call that was refused for good is in `refused`."""

    def __init__(self, client: Client, calls: Sequence[Call]) -> None:
        self.results: dict[str, object] = {}
        self.refused: dict[str, BitrixError] = {}
        for start in range(0, len(calls), LIMIT):
            self._ask(client, calls[start : start + LIMIT])

    def _ask(self, client: Client, calls: Sequence[Call]) -> None:
        answer = client.batch(calls, priority=LAST)
        silent = [one for one in calls if one.key not in {*answer.results, *answer.errors}]
        trouble = [error for error in answer.errors.values() if not error.permanent]
        if trouble or silent:
            raise next(iter(trouble), BitrixError("Bitrix24 left a command unanswered."))
        self.results.update(answer.results)
        self.refused.update(answer.errors)


def look(
    portal_id: int, client: Client, places: Sequence[Place], *, thorough: bool
) -> Iterator[Look]:
    """What these chats hold; of those where nothing new was said only if `thorough`.

    Raises:
        BitrixError: it must be asked again.
    """
    asked = [lines.dialog_get(chat_id=one.chat_id, key=_key(one)) for one in places]
    dialogs = _Answers(client, asked)
    found = {one: lines.read_dialog(dialogs.results.get(_key(one))) for one in places}
    wanted = [one for one in places if thorough or _has_news(one, found[one])]
    logs = _logs(client, wanted, found)
    for place in places:
        refusal = dialogs.refused.get(_key(place)) or logs.refused.get(_key(place))
        if place in wanted:
            yield _look(portal_id, client, place, found[place], logs, refusal)
        else:
            yield Look(place, found[place], None)


def _has_news(place: Place, dialog: lines.Dialog | None) -> bool:
    return dialog is None or dialog.last_message_id != place.seen_id


def _logs(
    client: Client, places: Sequence[Place], dialogs: Mapping[Place, lines.Dialog | None]
) -> _Answers:
    """Logs of the session we know and, under a key of its own, of the one that runs now."""
    calls = []
    for place in places:
        older, newer = _sessions(place, dialogs[place])
        if newer:
            calls.append(lines.history_get(session_id=newer, key=_key(place)))
        if older and older != newer:
            calls.append(lines.history_get(session_id=older, key=f"{_key(place)}_older"))
    return _Answers(client, calls)


def _sessions(place: Place, dialog: lines.Dialog | None) -> tuple[int | None, int | None]:
    newer = dialog.session_id if dialog and dialog.session_id else place.session_id
    return place.session_id or newer, newer


def _look(
    portal_id: int,
    client: Client,
    place: Place,
    dialog: lines.Dialog | None,
    logs: _Answers,
    refusal: BitrixError | None,
) -> Look:
    keys = [key for key in (f"{_key(place)}_older", _key(place)) if key in logs.results]
    older, newer = _sessions(place, dialog)
    told = None
    if older != newer or not keys:
        told = _by_member(portal_id, client, place, dialog)
    if told is None and keys:
        told = lines.joined(lines.read_history(logs.results[key]) for key in keys)
    if told is None:
        return Look(place, dialog, None, str(refusal or "Nobody may read it."))
    return Look(place, dialog, told, ended=_ended(place, told, logs, older != newer))


def _ended(place: Place, told: lines.Told, logs: _Answers, begun: bool) -> bool | None:
    """`begun`: it is a session that we did not know, so it runs if it shows no end."""
    known = logs.results.get(_key(place))
    ended = lines.read_history(known).ended if known else told.ended
    return False if ended is None and begun else ended


def _by_member(
    portal_id: int, client: Client, place: Place, dialog: lines.Dialog | None
) -> lines.Told | None:
    """The chat's messages since we last looked, with the token of somebody who is in it."""
    members = [place.responsible_id, *(dialog.manager_ids if dialog else ())]
    with reading() as session:
        known = session.scalars(
            select(Token.user_id).where(
                Token.portal_id == portal_id, Token.user_id.in_(members), Token.dead.is_(False)
            )
        ).all()
    for user_id in known:
        try:
            return lines.joined(_pages(client, place, user_id))
        except BitrixError as error:
            if not (error.permanent or meaning(error.code).token):
                raise
    return None


def _pages(client: Client, place: Place, user_id: int) -> Iterator[lines.Told]:
    before = None
    for _ in range(PAGES):
        call = lines.messages_get(place.chat_id, before)
        told = lines.read_messages(client.ask(call, user_id=user_id, priority=LAST))
        yield told
        before = told.messages[0].message_id if told.messages else 0
        if len(told.messages) < lines.PAGE or before <= (place.seen_id or 0):
            return


def _key(place: Place) -> str:
    return f"c{place.conversation_id}"
