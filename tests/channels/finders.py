"""Kinds of messengers for tests of what no real one does predictably: looking people up."""

from datetime import timedelta
from typing import Any, ClassVar

from b24app.channels.base import Part
from b24app.channels.webchat import Webchat
from b24app.values import Address, Found, Person, Sent, Template


class Pigeon(Webchat):
    """Finds by phone at once, closes a day after the client's words, has templates."""

    kind = "pigeon"
    title = "Pigeon"
    text_limit = 100
    file_limit = 1000
    file_types = ("image/*",)
    found_by = ("phone",)
    window = timedelta(hours=24)
    has_templates = True
    flown: ClassVar[list[Part]] = []
    told: ClassVar[tuple[Template, ...]] = (
        Template("hello", "en", "approved", "Hello, {{1}}!", ("1",)),
        Template("late", "en", "rejected", "Too late"),
    )

    def resolve(self, address: Address) -> Found | None:
        return Found(address.value.lstrip("+"), Person(address.value.lstrip("+")))

    def send_part(self, part: Part) -> Sent:
        self.flown.append(part)
        return Sent((part.uuid,))

    def templates(self) -> Any:
        return self.told


class Owl(Webchat):
    """Asks somebody far away who has a phone; knows one that ends in 1."""

    kind = "owl"
    title = "Owl"
    reached_by = ("phone", "username")
    found_by = ("phone",)
    asks_to_find = True

    def resolve(self, address: Address) -> Found | None:
        if not address.value.endswith("1"):
            return None
        return Found("owl-1", Person("owl-1", name="Olga", username="olga"))
