"""A messenger with phones in the world of a story: what Anna does and sees there."""

from collections.abc import Mapping
from typing import Any

from tests.world import BORIS, Screen, World

ANNA = "79000000001"


class Phones:
    """Anna's phone and what connects the business that she writes to."""

    def __init__(self, here: World, kind: str, simulator: Any, person: str = ANNA) -> None:
        self.here = here
        self.kind = kind
        self.simulator = simulator
        self.world = simulator.sandbox
        self.account = next(iter(self.world.accounts.values()))
        self.person = person

    def connect(self, status: int = 201, **wrong: str) -> Any:
        """What an administrator does in the form of a new channel."""
        settings = {**self.settings(), **wrong}
        body = {"kind": self.kind, "settings": settings}
        return self.here.open().post("/channels", body, status=status)

    def settings(self) -> Mapping[str, str]:
        return dict(self.account.secrets)

    def control(self, deed: str, **words: Any) -> Any:
        body = {"account": self.account.id, "person": self.person, **words}
        answer = self.simulator.test_client().post(f"/_sandbox/{deed}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def say(self, text: str = "", **more: Any) -> Any:
        """Anna sends something, and everybody does what follows."""
        told = self.control("say", text=text, **more)["messages"]
        self.here.run()
        return told[0]

    def fault(self, match: str, kind: str, **more: Any) -> None:
        self.control("faults", match=match, kind=kind, **more)

    def seen(self) -> list[dict[str, Any]]:
        """Both sides of Anna's chat as her phone shows it."""
        path = f"/_sandbox/chats/{self.account.id}/{self.person}"
        messages: list[dict[str, Any]] = self.simulator.test_client().get(path).json["messages"]
        return messages

    def got(self) -> list[dict[str, Any]]:
        """What the business sent her."""
        return [one for one in self.seen() if not one["mine"]]

    def calls(self, method: str) -> list[dict[str, Any]]:
        answer = self.simulator.test_client().get(f"/_sandbox/calls?method={method}")
        items: list[dict[str, Any]] = answer.json["items"]
        return items


class Desk:
    """Boris's workplace with the newest chat open."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.screen: Screen = here.open("LEFT_MENU", BORIS)
        self.sent = 0

    @property
    def chat(self) -> dict[str, Any]:
        found = [
            one
            for status in ("new", "active")
            for one in self.screen.get("/conversations", status=status)["items"]
        ]
        return dict(found[0])

    def log(self) -> list[dict[str, Any]]:
        """What was said, without lines of the system."""
        items = self.screen.get(f"/conversations/{self.chat['id']}/messages")["items"]
        return [one for one in items if one["direction"] != "system"]

    def answer(self, text: str, status: int | None = None, **more: Any) -> Any:
        self.sent += 1
        body = {"client_uuid": f"uuid-{self.sent:04d}", "text": text, **more}
        told = self.screen.post(f"/conversations/{self.chat['id']}/messages", body, status)
        self.here.run()
        return told
