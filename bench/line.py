"""A client's words into the Open Line of the sandbox portal, against one call a message."""

import random
import tempfile
import threading
import time
from pathlib import Path
from queue import Queue

import requests

from bench.figures import say, spread
from tests.reliability.town import Town, town

RATES = (1, 5, 20)
SECONDS, DRAIN_SECONDS = 12.0, 8.0
LATENCY = (0.08, 0.15)
CLIENTS = range(8_000_001, 8_000_041)
RATE, BURST = 2, 50
FLOOD, FLOOD_SECONDS = 300, 20.0
CONNECTOR = "callgear_chats"


def slow(place: Town) -> None:
    """Every request to the portal takes as long as one over the sea."""
    serve = place.world.portal.app.wsgi_app

    def late(environ: dict[str, object], start: object) -> object:
        if str(environ.get("PATH_INFO", "")).startswith("/rest/"):
            time.sleep(random.uniform(*LATENCY))
        return serve(environ, start)  # type: ignore[arg-type]

    place.world.portal.app.wsgi_app = late  # type: ignore[method-assign,assignment]


def limits(place: Town, fill: bool) -> None:
    """The documented limits; `fill`: what the bucket gave for nothing is used up."""
    place.control(
        "limits", {"enabled": True, "rate": RATE, "burst": BURST, **({"fill": 1} if fill else {})}
    )


class Seen:
    """When each text came into the line."""

    def __init__(self, place: Town) -> None:
        self.portal = place.world.portal
        self.http = self.refused = 0
        self._from = len(self.portal.http)

    def at(self, mark: str) -> dict[str, float]:
        with self.portal.lock:
            found = [one for one in self.portal.messages.values() if mark in one.text]
            return {one.text: one.at for one in found}

    def requests(self) -> tuple[int, int]:
        """HTTP requests since, and how many of them were refused with 503."""
        with self.portal.lock:
            since = list(self.portal.http)[self._from :]
        return len(since), sum(one.get("status") == 503 for one in since)


def paced(rate: float, deed: object, mark: str) -> dict[str, float]:
    """Say something `rate` times a second; text → when it was said."""
    said: dict[str, float] = {}
    began = time.time()
    for number in range(int(rate * SECONDS)):
        time.sleep(max(0.0, began + number / rate - time.time()))
        text = f"{mark} {number}"
        said[text] = time.time()
        deed(random.choice(CLIENTS), text)  # type: ignore[operator]
    return said


def report(name: str, said: dict[str, float], seen: Seen, mark: str) -> None:
    until = time.time() + DRAIN_SECONDS
    while len(seen.at(mark)) < len(said) and time.time() < until:
        time.sleep(0.1)
    came = seen.at(mark)
    calls, refused = seen.requests()
    waits = [came[text] - at for text, at in said.items() if text in came]
    share = calls / max(1, len(came))
    say(
        name,
        f"{len(came)}/{len(said)} · {spread(waits)} · {share:.2f} HTTP a message · 503s {refused}",
    )


def saturated(name: str, place: Town, deed: object, mark: str) -> None:
    """The bucket is full and much waits: how fast it goes within what is allowed."""
    limits(place, fill=True)
    seen = Seen(place)
    began = time.time()
    for number in range(FLOOD):
        deed(CLIENTS[number % len(CLIENTS)], f"{mark} {number}")  # type: ignore[operator]
    until = time.time() + FLOOD_SECONDS
    while len(seen.at(mark)) < FLOOD and time.time() < until:
        time.sleep(0.1)
    came = seen.at(mark)
    calls, refused = seen.requests()
    spent = max([*came.values(), began + 0.1]) - began
    say(
        name,
        f"{len(came)}/{FLOOD} in {spent:.1f} s · {len(came) / spent:.1f} a second · "
        f"{len(came) / max(1, calls):.1f} a REST call · 503s {refused}",
    )


class OneByOne:
    """How applications do it usually: a call a message, sixteen threads, three tries."""

    def __init__(self, place: Town) -> None:
        self.words: Queue[tuple[int, str]] = Queue()
        state = place.world.portal
        self.url = f"{place.ports.portal_url}/rest/imconnector.send.messages"
        pair = state.oauth.issue(state.settings.member_id, state.settings.client_id, 1)
        self.token = pair["access_token"]
        for _ in range(16):
            threading.Thread(target=self._work, daemon=True).start()

    def say(self, client: int, text: str) -> None:
        self.words.put((client, text))

    def _work(self) -> None:
        session = requests.Session()
        while True:
            client, text = self.words.get()
            for _ in range(3):
                if self._sent(session, client, text):
                    break
                time.sleep(1)

    def _sent(self, session: requests.Session, client: int, text: str) -> bool:
        try:
            return session.post(self.url, json=self._body(client, text)).ok
        except requests.RequestException:
            return False  # the portal has closed: the measurement is over

    def _body(self, client: int, text: str) -> dict[str, object]:
        name = f"plain:{client}"
        message = {
            "user": {"id": name, "name": "Anna"},
            "message": {"id": text, "date": int(time.time()), "text": text},
            "chat": {"id": name},
        }
        return {"auth": self.token, "CONNECTOR": CONNECTOR, "LINE": 1, "MESSAGES": [message]}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, town(Path(folder)) as place:
        place.control("limits", {"enabled": False})
        place.install()
        slow(place)
        for client in CLIENTS:
            place.say(client, "hello")
        time.sleep(3)
        for rate in RATES:
            limits(place, fill=False)
            time.sleep(1)
            seen, mark = Seen(place), f"ours-{rate}"
            report(f"ours, {rate}/s", paced(rate, place.say, mark), seen, mark)
        limits(place, fill=True)
        plain = OneByOne(place)
        seen, mark = Seen(place), "plain-5"
        report("one call a message, 5/s", paced(5, plain.say, mark), seen, mark)
        saturated("ours, 300 at a full bucket", place, place.say, "flood")
        saturated("one call a message, 300 at a full bucket", place, plain.say, "drip")
