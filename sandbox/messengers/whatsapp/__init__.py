"""WhatsApp in small: the Cloud API, its webhooks and a page with the clients' phones."""

import time
from collections.abc import Callable

from sandbox.messengers.phones import PhonesApp, create
from sandbox.messengers.whatsapp.business import WhatsApp
from sandbox.outside import Outside


def create_whatsapp(
    outside: Outside | None = None, *, clock: Callable[[], float] = time.time
) -> PhonesApp:
    return create(WhatsApp, outside, clock)
