"""The table of the Bot API's methods: documented parameters and the deed of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.messengers.telegram.parameters import Parameters
from sandbox.messengers.telegram.world import Bot, Telegram


def words(text: str) -> frozenset[str]:
    """Names written in a row."""
    return frozenset(text.split())


NOT_SIMULATED = words(
    "parse_mode business_connection_id inline_message_id "
    "message_thread_id direct_messages_topic_id rich_message certificate "
    "suggested_post_parameters"
)


@dataclass(frozen=True)
class Call:
    telegram: Telegram
    bot: Bot
    parameters: Parameters


@dataclass(frozen=True)
class Method:
    name: str
    documented: frozenset[str]
    deed: Callable[[Call], Any]


@dataclass(frozen=True)
class Said:
    """A result that comes with a sentence."""

    result: Any
    description: str


METHODS: dict[str, Method] = {}


Deed = TypeVar("Deed", bound=Callable[[Call], Any])


def method(name: str, documented: str = "") -> Callable[[Deed], Deed]:
    """Put a deed into the table; method names are case-insensitive."""

    def put(deed: Deed) -> Deed:
        METHODS[name.lower()] = Method(name, words(documented), deed)
        return deed

    return put
