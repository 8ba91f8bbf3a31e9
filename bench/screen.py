"""A webhook until an operator's screen shows it, over the live WebSocket; 20 and 100 a second."""

import json
import tempfile
import threading
import time
from pathlib import Path

import requests
from websockets.sync.client import ClientConnection, connect

from bench.figures import say, spread
from bench.webhook import update
from tests.reliability.town import Town, town

RATES, SECONDS, SCREENS, SENDERS = (20, 100), 8.0, 5, 8


class Screen:
    """One open workplace: when each text came."""

    def __init__(self, place: Town, token: str) -> None:
        self.came: dict[str, float] = {}
        ticket = place.ask("POST", "/live/ticket", token).json()["ticket"]
        url = f"{place.url}/api/v1/live".replace("http://", "ws://")
        self.wire: ClientConnection = connect(url, compression=None)
        self.wire.send(json.dumps({"ticket": ticket, "after": None}))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for frame in self.wire:
            news = json.loads(frame)
            if news["kind"] == "message":
                self.came.setdefault(news["data"]["text"], time.time())


def send(place: Town, rate: float, first: int) -> dict[str, float]:
    """Bring updates to the webhook at a steady rate; text → when it was sent."""
    hook = next(iter(place.world.telegram.sandbox.bots.values())).webhook
    headers = {
        "X-Telegram-Bot-Api-Secret-Token": hook.secret_token,
        "Content-Type": "application/json",
    }
    said: dict[str, float] = {}
    began = time.time()

    def work(place_in_turn: int) -> None:
        session = requests.Session()
        for number in range(place_in_turn, int(rate * SECONDS), SENDERS):
            time.sleep(max(0.0, began + number / rate - time.time()))
            body = json.loads(update(first + number))
            text = body["message"]["text"] = f"word {first + number}"
            said[text] = time.time()
            assert session.post(hook.url, json=body, headers=headers, timeout=10).ok

    threads = [threading.Thread(target=work, args=(number,)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def main() -> None:
    limits = {"BITRIX24_RATE": "1000", "BITRIX24_BURST": "10000"}
    with tempfile.TemporaryDirectory() as folder, town(Path(folder), **limits) as place:
        place.control("limits", {"enabled": False})
        token = place.install(line=None)
        screens = [Screen(place, token) for _ in range(SCREENS)]
        time.sleep(1)
        for rate in RATES:
            said = send(place, rate, 1_000_000 * rate)
            until = time.time() + 10
            while any(len(said.keys() - one.came.keys()) for one in screens):
                if time.time() > until:
                    break
                time.sleep(0.05)
            waits = [
                one.came[text] - at
                for one in screens
                for text, at in said.items()
                if text in one.came
            ]
            say(
                f"{rate}/s on {SCREENS} screens",
                f"{len(waits)}/{len(said) * SCREENS} · {spread(waits)}",
            )
