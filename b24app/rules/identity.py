"""Whether somebody new is somebody known, by what a messenger vouches for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

# What is believed first: the messenger's own number of a person, then a phone, then an e-mail.
ORDER = ("id", "phone", "email")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person is known by: `telegram:5001` for an id, E.164 for a phone, small letters."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Known:
    """A contact and what it is known by."""

    contact_id: int
    marks: frozenset[Mark]


@dataclass(frozen=True, slots=True)
class Joining:
    """Who somebody new is, and by what that was seen."""

    contact_id: int
    by: Mark


def joining(
    told: Collection[Mark],
    known: Iterable[Known],
    own: Collection[Mark] = (),
    undone: Collection[Joining] = (),
) -> Joining | None:
    """The contact that somebody new belongs to; None: nobody known.

    The strongest mark decides; of several contacts with it, the oldest. In which order
    marks and contacts are named changes nothing.
    Args:
        own: marks of the channels themselves: everybody who writes there may carry them.
        undone: what people took apart: nobody is joined so again.
    """
    contacts = list(known)
    for mark in sorted(set(told) - set(own), key=_strength):
        holders = [Joining(one.contact_id, mark) for one in contacts if mark in one.marks]
        allowed = [one for one in holders if one not in undone]
        if allowed:
            return min(allowed, key=lambda one: one.contact_id)
    return None


def _strength(mark: Mark) -> tuple[int, str]:
    place = ORDER.index(mark.kind) if mark.kind in ORDER else len(ORDER)
    return place, mark.value
