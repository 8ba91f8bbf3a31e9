"""Viber in small: the REST bot API, its callbacks and a page with the clients' phones."""

import time
from collections.abc import Callable

from sandbox.messengers.phones import PhonesApp, create
from sandbox.messengers.viber.bots import Viber
from sandbox.outside import Outside


def create_viber(
    outside: Outside | None = None, *, clock: Callable[[], float] = time.time
) -> PhonesApp:
    return create(Viber, outside, clock)
