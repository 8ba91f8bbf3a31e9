"""What came of a story that was brought into the timelines.

A chat's words count as told when all comments of its story are there, with all their cards;
until then the story is told again, and what is in the timeline already is rewritten.
"""

from datetime import datetime

from b24app.actions import crm_activities, crm_files, crm_journal, crm_places, promises, shown
from b24app.actions.crm_places import kept
from b24app.actions.crm_story import Saying
from b24app.actions.crm_telling import Answered, Story, bind_key, comment_key, number_of
from b24app.db import db
from b24app.errors import BitrixError
from b24app.i18n import N_
from b24app.models import Conversation
from b24app.rules.target import Reason

GONE = ("NOT_FOUND", "OWNER_NOT_FOUND")
UNBOUND = N_("Card {id} does not show the talk any more: {error}")


def settle(story: Story, answered: Answered, now: datetime) -> bool:
    """Keep what became of a story; True if the chat must be told again at once."""
    lock = {"of": Conversation}  # an edit that comes this moment is not lost
    row = db.session.get(Conversation, story.conversation_id, with_for_update=lock)
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
    told = [(saying, number_of(story, answered, at)) for at, saying in enumerate(story.sayings)]
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


def _complete(story: Story, answered: Answered) -> bool:
    """Whether all comments are written and shown everywhere they should be."""
    for at, saying in enumerate(story.sayings):
        if number_of(story, answered, at) is None or comment_key(story, at) not in answered:
            return False
        binds = [bind_key(story, at, place) for place in range(len(story.beside))]
        if saying.comment_id is None and not all(_settled(name, answered) for name in binds):
            return False
    errors = [answered.errors.get(comment_key(story, at)) for at in range(len(story.sayings))]
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
        keys = (bind_key(story, at, place) for at in range(len(story.sayings)))
        errors = [answered.errors[key] for key in keys if key in answered.errors]
        refusal = next((one for one in errors if one.permanent and not already_bound(one)), None)
        if refusal and kept(target) in (row.crm_bound or ()):
            row.crm_bound = [one for one in row.crm_bound if one != kept(target)]
            why = Reason(UNBOUND, {"id": target.id, "error": refusal.message})
            crm_journal.note_move(row, why, now)


def _refused(story: Story, answered: Answered) -> tuple[Saying, BitrixError] | None:
    """The first comment that the portal will not take; one that was found is there anyway."""
    for at, saying in enumerate(story.sayings):
        error = answered.errors.get(comment_key(story, at))
        if error is not None and error.permanent and comment_key(story, at) not in answered.found:
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
