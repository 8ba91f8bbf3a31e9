"""kill -9 at random moments: nothing acknowledged is lost, nothing is doubled or out of order."""

import random
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.reliability.town import Town, town

CLIENTS = range(7_000_001, 7_000_021)
WORDS = 14  # of each client after the first
ANSWERS = 5  # to each client
DESKS = 4
KILLS = 8
PATIENCE_SECONDS = 40.0


class Chaos:
    """Clients write and Boris answers while the application is killed again and again."""

    def __init__(self, place: Town, token: str, seed: int) -> None:
        self.place = place
        self.token = token
        self.random = random.Random(seed)
        self.answers: dict[int, list[str]] = {number: [] for number in CLIENTS}
        self.words: dict[int, list[str]] = {number: [f"{number} hello"] for number in CLIENTS}
        self.chats: dict[int, str] = {}
        self.over = threading.Event()

    def acquaint(self) -> None:
        """Everybody has said hello, the line knows everybody, and we know their chats in it.

        A kill that loses both the answer to a first message and the event of its dialog is
        decision 0002's open end; what is tried here is everything after it.
        """
        for number in CLIENTS:
            self.place.say(number, self.words[number][0])
        until(lambda: all(self.place.in_line(number) for number in CLIENTS))
        until(lambda: all(one["line"] and one["line"]["chat_id"] for one in self.listed()))
        for item in self.listed():
            number = int(item["last_message"]["text"].split()[0])
            self.chats[number] = item["id"]

    def listed(self) -> list[dict[str, Any]]:
        answer = self.place.ask("GET", "/conversations?status=new&limit=50", self.token)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def talk(self) -> None:
        """All that clients say, a little at a time."""
        for turn in range(WORDS):
            for number in CLIENTS:
                text = f"{number} word {turn}"
                self.words[number].append(text)
                self.place.say(number, text)
                self.over.wait(0.06)

    def answer(self, desk: int) -> None:
        """All that one desk answers its clients; what is not acknowledged is sent again."""
        for turn in range(ANSWERS):
            for number in CLIENTS[desk::DESKS]:
                text, uuid = f"{number} answer {turn}", str(uuid4())
                self.answers[number].append(text)
                until(lambda text=text, uuid=uuid, number=number: self._sent(number, text, uuid))
                self.over.wait(0.3)

    def _sent(self, number: int, text: str, uuid: str) -> bool:
        body = {"client_uuid": uuid, "text": text}
        path = f"/conversations/{self.chats[number]}/messages"
        try:
            return self.place.ask("POST", path, self.token, body).status_code in (200, 201)
        except requests.RequestException:
            return False

    def kill(self) -> None:
        for _ in range(KILLS):
            time.sleep(self.random.uniform(0.3, 1.2))
            self.place.kill()
            self.place.start()
        self.over.set()  # who has something left to say says it at once

    def run(self) -> None:
        talkers = [threading.Thread(target=self.talk)]
        talkers += [threading.Thread(target=self.answer, args=(desk,)) for desk in range(DESKS)]
        for talker in talkers:
            talker.start()
        self.kill()
        for talker in talkers:
            talker.join()

    def complete(self, number: int) -> bool:
        """Whether everything has arrived everywhere, however often."""
        wanted = len(self.words[number]) + len(self.answers[number])
        phone, line = self.place.on_phone(number), self.place.in_line(number)
        return len(phone) >= wanted and len(line) >= wanted


def until(claim: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a claim is true; go on after a while, as the asserts below tell more."""
    deadline = time.monotonic() + seconds
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.1)


def sides(said: list[str]) -> tuple[list[str], list[str]]:
    """What the client said and what was answered, each in its order."""
    return [one for one in said if "answer" not in one], [one for one in said if "answer" in one]


@pytest.mark.timeout(180)
def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    limits = {"BITRIX24_RATE": "1000", "BITRIX24_BURST": "10000"}
    with town(tmp_path, **limits) as place:
        place.control("limits", {"enabled": False})
        chaos = Chaos(place, place.install(), seed)
        chaos.acquaint()
        chaos.run()
        until(lambda: all(map(chaos.complete, CLIENTS)))
        time.sleep(1)  # what would come twice comes now
        for number in CLIENTS:
            path = f"/conversations/{chaos.chats[number]}/messages?limit=100"
            log = place.ask("GET", path, chaos.token).json()["items"]
            shown = [one["text"] for one in log if one["direction"] != "system"]
            wanted = (chaos.words[number], chaos.answers[number])
            assert sides(shown) == wanted, f"workplace, seed {seed}"
            assert sides(place.on_phone(number)) == wanted, f"phone, seed {seed}"
            assert sides(place.in_line(number)) == wanted, f"line, seed {seed}"
