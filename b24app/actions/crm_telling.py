"""Stories brought into the timelines in one request, and what came of each.

A chat's words count as told when all comments of its story are there, with all their cards;
until then the story is told again, and what is in the timeline already is rewritten.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from b24app.actions import (
    crm_activities,
    crm_files,
    crm_journal,
    crm_places,
    promises,
    shown,
)
from b24app.actions.crm_activities import Deed
from b24app.actions.crm_places import kept
from b24app.actions.crm_story import Saying, Words
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import Client
from b24app.bitrix.payloads import whole
from b24app.db import db
from b24app.errors import BitrixError
from b24app.i18n import N_
from b24app.models import Conversation
from b24app.rules.plan import add_comment, bind_comment, update_comment
from b24app.rules.target import TYPE_NAMES, Reason, Target
from b24app.rules.transcript import same_comment
from b24app.values import Call

GONE = ("NOT_FOUND", "OWNER_NOT_FOUND")
UNBOUND = N_("Card {id} does not show the talk any more: {error}")


@dataclass(frozen=True, slots=True)
class Story:
    """What is to be told of one chat.

    beside: cards that show the same comments. heard: how many notes of changes it covers.
    verify: comments may be there already. rolls: the last comment goes on later.
    """

    conversation_id: int
    target: Target
    beside: tuple[Target, ...]
    words: Words
    heard: int = 0
    verify: bool = False
    rolls: bool = True
    deed: Deed | None = None

    @property
    def sayings(self) -> tuple[Saying, ...]:
        return (*self.words.changes, *self.words.talk)

    @property
    def begins(self) -> bool:
        """Whether it makes new comments."""
        return any(one.comment_id is None for one in self.sayings)

    @property
    def size(self) -> int:
        """Commands that it takes."""
        new = sum(one.comment_id is None for one in self.sayings)
        return len(self.sayings) + new * len(self.beside) + (self.deed is not None)


@dataclass(slots=True)
class Answered:
    """What the portal said to each command, over as many requests as it took."""

    results: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, BitrixError] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.results or key in self.errors


def bring(client: Client, stories: Sequence[Story]) -> Answered:
    """Carry all stories out.

    A batch stops at a refusal, since what refers to the refused would reach into nowhere;
    the rest follows in another.

    Raises:
        BitrixError: the request as a whole failed, and nobody knows what was done of it.
    """
    answered = Answered(found=_found(client, [one for one in stories if one.verify and one.begins]))
    while calls := [call for story in stories for call in _calls(story, answered)]:
        answer = client.batch(calls, halt=True)
        answered.results |= answer.results
        answered.errors |= answer.errors
        if any(not one.permanent for one in answer.errors.values()):
            break  # the portal is busy: all of it is tried again
        if not any(call.key in answer.errors for call in calls):
            _demand(calls, answered)
    return answered


def _demand(calls: Sequence[Call], answered: Answered) -> None:
    """Nothing was refused: what was not answered may have been done."""
    if any(call.key not in answered for call in calls):
        raise BitrixError("Bitrix24 did not answer everything.", code="no_answer", unknown=True)


def _found(client: Client, stories: Sequence[Story]) -> dict[str, int]:
    """Comments that a try with a lost answer has written, by the key of their saying."""
    if not stories:
        return {}
    asked = {
        f"l{one.conversation_id}": bitrix.comment_list(
            TYPE_NAMES[one.target.type_id], one.target.id or 0, f"l{one.conversation_id}"
        )
        for one in stories
    }
    answer = client.batch(list(asked.values()))
    found = {}
    for story in stories:
        key = f"l{story.conversation_id}"
        if key in answer.errors and answer.errors[key].permanent:
            continue  # who may not read it may not write there either
        for number, text in bitrix.read_comments(_told(answer.results, answer.errors, key)):
            for at, saying in enumerate(story.sayings):
                if saying.comment_id is None and same_comment(text, saying.text):
                    found[_key(story, at)] = number
    return found


def _told(results: Mapping[str, Any], errors: Mapping[str, BitrixError], key: str) -> Any:
    if key in errors:
        raise errors[key]
    if key not in results:
        raise BitrixError("Bitrix24 did not show the comments of a card.", code="no_answer")
    return results[key]


def _key(story: Story, at: int) -> str:
    return f"c{story.conversation_id}_{at}"


def _bind_key(story: Story, at: int, place: int) -> str:
    return f"b{story.conversation_id}_{at}_{place}"


def _calls(story: Story, answered: Answered) -> Iterator[Call]:
    """Commands that were not answered yet; none refers to a comment that was refused."""
    for at, saying in enumerate(story.sayings):
        key = _key(story, at)
        number = saying.comment_id or answered.found.get(key)
        if key not in answered:
            yield (
                update_comment(number, saying.text, key)
                if number
                else add_comment(story.target, saying.text, key)
            )
        if saying.comment_id is None and (number or key not in answered.errors):
            made = number or whole(answered.results.get(key)) or f"$result[{key}]"
            for place, target in enumerate(story.beside):
                if (name := _bind_key(story, at, place)) not in answered:
                    yield bind_comment(made, target, name)
    if story.deed and story.deed.call.key not in answered:
        yield story.deed.call


# -- What came of it --------------------------------------------------------------------


def settle(story: Story, answered: Answered, now: datetime) -> bool:
    """Keep what became of a story; True if the chat must be told again at once."""
    row = db.session.get(Conversation, story.conversation_id)
    if row is None:
        return False
    if story.deed and (key := story.deed.call.key) in answered:
        crm_activities.settle(row, story.deed, answered.errors.get(key))
    _drop_refusing(row, story, answered, now)
    if refused := _refused(story, answered):
        return _refuse(row, story, refused[0], refused[1], now)
    if not _complete(story, answered):
        return False
    moved = row.crm_target != kept(story.target)
    told = [(saying, _number(story, answered, at)) for at, saying in enumerate(story.sayings)]
    row.crm_unsure = False
    for saying, number in told[len(story.words.changes) :]:
        note_told(row, saying, number, rolls=story.rolls)
    if moved:  # somebody moved the chat meanwhile
        crm_places.begin_anew(row)
    row.crm_stale = (row.crm_stale or [])[story.heard :] or None
    crm_files.queue([number for one in story.sayings for number in one.message_ids])
    return False


def note_told(row: Conversation, saying: Saying, number: int | None, *, rolls: bool) -> None:
    """The words are in the timeline; a rolling comment is remembered to go on."""
    row.crm_told = saying.last
    crm_places.begin_anew(row)
    if rolls and not saying.alone:
        row.crm_comment_id, row.crm_comment_from = number, saying.first
    row.crm_unsure = not saying.whole  # the rest of a long message is to come


def _number(story: Story, answered: Answered, at: int) -> int | None:
    key = _key(story, at)
    known = story.sayings[at].comment_id or answered.found.get(key)
    return known or whole(answered.results.get(key))


def _complete(story: Story, answered: Answered) -> bool:
    """Whether all comments are written and shown everywhere they should be."""
    for at, saying in enumerate(story.sayings):
        if _number(story, answered, at) is None or _key(story, at) not in answered:
            return False
        binds = [_bind_key(story, at, place) for place in range(len(story.beside))]
        if saying.comment_id is None and not all(_settled(name, answered) for name in binds):
            return False
    errors = [answered.errors.get(_key(story, at)) for at in range(len(story.sayings))]
    return all(one is None or one.permanent for one in errors)


def _settled(key: str, answered: Answered) -> bool:
    error = answered.errors.get(key)
    return key in answered and (error is None or error.permanent or already_bound(error))


def already_bound(error: BitrixError) -> bool:
    """The portal says that it shows the comment there: just what was wanted."""
    words = f"{error.code} {error.message}".casefold()
    return "already" in words and any(word in words for word in ("bound", "bind", "exist"))


def _drop_refusing(row: Conversation, story: Story, answered: Answered, now: datetime) -> None:
    """A card that does not show the comments is left out from now on, and people see why."""
    for place, target in enumerate(story.beside):
        keys = (_bind_key(story, at, place) for at in range(len(story.sayings)))
        errors = [answered.errors[key] for key in keys if key in answered.errors]
        refusal = next((one for one in errors if one.permanent and not already_bound(one)), None)
        if refusal and kept(target) in (row.crm_bound or ()):
            row.crm_bound = [one for one in row.crm_bound if one != kept(target)]
            why = Reason(UNBOUND, {"id": target.id, "error": refusal.message})
            crm_journal.note_move(row, why, now)


def _refused(story: Story, answered: Answered) -> tuple[Saying, BitrixError] | None:
    """The first comment that the portal will not take; one that was found is there anyway."""
    for at, saying in enumerate(story.sayings):
        error = answered.errors.get(_key(story, at))
        if error is not None and error.permanent and _key(story, at) not in answered.found:
            return saying, error
    return None


def _refuse(
    row: Conversation, story: Story, saying: Saying, error: BitrixError, now: datetime
) -> bool:
    """Begin another comment, look for another card, or say what is wrong; nothing is lost.

    Returns: whether the chat is to be told again at once.
    """
    if row.crm_target != kept(story.target):
        return True
    if saying.comment_id is not None:  # somebody deleted the comment
        crm_places.begin_anew(row)
        return True
    if error.code in GONE and not row.crm_error:
        row.crm_error = error.message[:500]
        crm_places.drop_card(row, story.target.type_id, now)
        promises.crm(row, now)
        return False
    if row.crm_bound:
        row.crm_target, row.crm_bound = row.crm_bound[0], row.crm_bound[1:]
        return True
    row.crm_error = error.message[:500]
    shown.tell_conversation(row, now)
    return False
