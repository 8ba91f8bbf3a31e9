"""R12: what operators wrote in Open Lines while we were down reaches the clients, once."""

import time
from pathlib import Path

import pytest

from tests.reliability.test_kills import until
from tests.reliability.town import town
from tests.world import BORIS

DIALOGS = range(7_100_001, 7_100_051)
ANSWERS = 4  # of an operator in each dialog
SECONDS = 60.0  # from the start until everybody has everything


@pytest.mark.timeout(240)
def test_replies_of_an_outage_arrive_after_the_start(tmp_path: Path) -> None:
    limits = {"BITRIX24_RATE": "1000", "BITRIX24_BURST": "10000"}
    with town(tmp_path, **limits) as place:
        place.control("limits", {"enabled": False})
        place.install()
        for number in DIALOGS:
            place.say(number, f"{number} hello")
        until(lambda: all(place.in_line(number) for number in DIALOGS))
        portal = place.world.portal
        until(lambda: not portal.outbox)
        time.sleep(1)  # ids of the chats are on their way to us
        place.kill()
        with portal.lock:
            chats = {int(one.external_id.rpartition(":")[2]): one for one in portal.chats.values()}
        for turn in range(ANSWERS):
            for number in DIALOGS:
                text = f"{number} answer {turn}"
                body = {"chat_id": chats[number].id, "user_id": BORIS, "text": text}
                place.control("lines/1/reply", body)
        until(lambda: not portal.outbox)
        assert place.on_phone(DIALOGS[0]) == [f"{DIALOGS[0]} hello"]
        place.start()
        began = time.monotonic()
        wanted = {
            number: [f"{number} hello", *(f"{number} answer {turn}" for turn in range(ANSWERS))]
            for number in DIALOGS
        }
        until(lambda: all(len(place.on_phone(one)) > ANSWERS for one in DIALOGS), SECONDS)
        took = time.monotonic() - began
        time.sleep(1)  # what would come twice comes now
        assert {number: place.on_phone(number) for number in DIALOGS} == wanted
        assert took <= SECONDS
