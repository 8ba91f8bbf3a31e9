"""What is wrong between us and an Open Line, as both sides see it."""

from dataclasses import dataclass
from typing import Literal

Trouble = Literal["", "switched_off", "disconnected", "refused", "parked", "unserved"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A line as we have it and as Bitrix24 does; None: Bitrix24 did not say.

    Args:
        linked: channels of ours talk through it.
        parked: it refused messages, and they wait.
        on: the line itself is switched on.
        works: our connector works on it; `refused`: it raised its error flag.
    """

    linked: bool
    parked: bool = False
    on: bool | None = None
    works: bool | None = None
    refused: bool = False


def trouble(seen: Seen) -> Trouble:
    """The first thing to mend; "" for nothing.

    unserved: Bitrix24 believes that it is connected, and what is written there reaches nobody.
    """
    if not seen.linked:
        return "unserved" if seen.works else ""
    if seen.on is False:
        return "switched_off"
    if seen.refused:
        return "refused"
    if seen.works is False:
        return "disconnected"
    return "parked" if seen.parked else ""
