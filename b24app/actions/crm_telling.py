"""Stories brought into the timelines, many in one request; none makes a comment twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24app.actions.crm_activities import Deed
from b24app.actions.crm_story import Saying, Words
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import Client
from b24app.bitrix.payloads import whole
from b24app.errors import BitrixError
from b24app.rules.plan import add_comment, bind_comment, update_comment
from b24app.rules.target import TYPE_NAMES, Target
from b24app.rules.transcript import same_comment
from b24app.values import Call


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
                    found[comment_key(story, at)] = number
    return found


def _told(results: Mapping[str, Any], errors: Mapping[str, BitrixError], key: str) -> Any:
    if key in errors:
        raise errors[key]
    if key not in results:
        raise BitrixError("Bitrix24 did not show the comments of a card.", code="no_answer")
    return results[key]


def comment_key(story: Story, at: int) -> str:
    return f"c{story.conversation_id}_{at}"


def bind_key(story: Story, at: int, place: int) -> str:
    return f"b{story.conversation_id}_{at}_{place}"


def _calls(story: Story, answered: Answered) -> Iterator[Call]:
    """Commands that were not answered yet; none refers to a comment that was refused."""
    for at, saying in enumerate(story.sayings):
        key = comment_key(story, at)
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
                if (name := bind_key(story, at, place)) not in answered:
                    yield bind_comment(made, target, name)
    if story.deed and story.deed.call.key not in answered:
        yield story.deed.call


def number_of(story: Story, answered: Answered, at: int) -> int | None:
    """The comment of a saying; None: nobody knows it."""
    key = comment_key(story, at)
    known = story.sayings[at].comment_id or answered.found.get(key)
    return known or whole(answered.results.get(key))
