"""How waiting messages are packed for Open Lines, and how a lost answer is read back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

MOST = 20  # messages in one command: PHP reads about 1,000 fields
Way = Literal["send", "post", "open"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is to go to its Open Line.

    way: `send` by the connector (the client's words and notes), `post` as the operator,
    `open`: the line is told first who writes, for there is no chat to post into.
    ready: False while a file of it is still on its way to us.
    client: the client's own words.
    alone: not with other messages in a command: Bitrix24 fetches a file of it and may be
        slow about that, or refused it together with others.
    """

    id: int
    conversation_id: int
    way: Way
    operator_id: int | None = None
    ready: bool = True
    line_id: int = 0
    client: bool = True
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """Consecutive messages of one conversation that go by one way, in order."""

    conversation_id: int
    way: Way
    operator_id: int | None
    message_ids: tuple[int, ...]
    line_id: int = 0
    client: bool = True
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """What one command carries: parcels of different conversations of a line."""

    line_id: int
    parcels: tuple[Parcel, ...]

    @property
    def message_ids(self) -> tuple[int, ...]:
        return tuple(number for one in self.parcels for number in one.message_ids)

    @property
    def opens(self) -> bool:
        return self.parcels[0].way == "open"


def loads(parcels: Iterable[Parcel], most: int = MOST) -> list[Load]:
    """Parcels of a line together, up to `most` messages a command, clients' text first.

    What travels alone comes last, each parcel by itself.
    """
    first = sorted(parcels, key=lambda one: (one.alone, not one.client))
    full: list[list[Parcel]] = []
    open_loads: dict[int, list[Parcel]] = {}
    for one in first:
        room = open_loads.get(one.line_id)
        if room is None or one.alone or _size(room) + len(one.message_ids) > most:
            room = []
            full.append(room)
            if not one.alone:
                open_loads[one.line_id] = room
        room.append(one)
    return [Load(room[0].line_id, tuple(room)) for room in full]


def _size(parcels: Sequence[Parcel]) -> int:
    return sum(len(one.message_ids) for one in parcels)


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


def _way(one: Waiting) -> tuple[Way, int | None, bool]:
    return one.way, one.operator_id, one.alone


def _parcel(run: list[Waiting]) -> Parcel:
    first = run[0]
    return Parcel(
        conversation_id=first.conversation_id,
        way=first.way,
        operator_id=first.operator_id,
        message_ids=tuple(one.id for one in run),
        line_id=first.line_id,
        client=first.client,
        alone=first.alone,
    )
