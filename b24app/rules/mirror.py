"""How waiting messages are packed for Open Lines, and how a lost answer is read back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

MOST = 20  # messages in one command: PHP reads about 1,000 fields
Way = Literal["send", "post"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is to go to its Open Line.

    way: `send` by the connector (the client's words and notes), `post` as the operator.
    ready: False while a file of it is still on its way to us.
    """

    id: int
    conversation_id: int
    way: Way
    operator_id: int | None = None
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Parcel:
    """Consecutive messages of one conversation that go by one way, in order."""

    conversation_id: int
    way: Way
    operator_id: int | None
    message_ids: tuple[int, ...]


def parcels(waiting: Iterable[Waiting], most: int = MOST) -> list[Parcel]:
    """One parcel a conversation: the leading run of messages that go the same way.

    Args:
        waiting: in the order of their ids. Two parcels of one conversation never
            travel together, so that a failure cannot let the second overtake the first.
    """
    runs: dict[int, list[Waiting]] = {}
    ended: set[int] = set()
    for one in waiting:
        run = runs.setdefault(one.conversation_id, [])
        if one.conversation_id in ended:
            continue
        if not one.ready or len(run) >= most or (run and _way(run[0]) != _way(one)):
            ended.add(one.conversation_id)
            continue
        run.append(one)
    return [_parcel(run) for run in runs.values() if run]


def arrived(sent: Sequence[tuple[int, str]], seen: Collection[str]) -> set[int]:
    """Of (message id, external id) pairs, the messages whose external id the chat shows."""
    return {number for number, external_id in sent if external_id in seen}


def echo(text: str, said: Iterable[tuple[int, str]]) -> int | None:
    """The id of our own message that comes back as an operator's reply, or None.

    Args:
        said: (message id, text) of messages posted whose id in the line is not known yet.
    """
    wanted = normal(text)
    return next((number for number, words in said if normal(words) == wanted), None)


def normal(text: str) -> str:
    """Words alone: what an Open Line adds or folds does not count."""
    return " ".join(text.split()).casefold()


def _way(one: Waiting) -> tuple[Way, int | None]:
    return one.way, one.operator_id


def _parcel(run: list[Waiting]) -> Parcel:
    ids = tuple(one.id for one in run)
    return Parcel(run[0].conversation_id, run[0].way, run[0].operator_id, ids)
