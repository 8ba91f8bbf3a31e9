"""Whatever Telegram does, a reply reaches the phone once and a client's word is kept once."""

from io import BytesIO
from typing import Any

import pytest

from sandbox.messengers.telegram.media import SAMPLES
from tests.reliability.stage import SECOND_BOT, Client, Stage

LOST = ("500", "500_after", "timeout_after", "reset", "html_504", "503")
PICTURE = (SAMPLES / "photo.jpg").read_bytes()


@pytest.fixture
def anna(here: Stage) -> Client:
    """A client whose chat Boris has open."""
    client = here.client(SECOND_BOT)
    client.say(client.text("one"))
    here.rest()
    return client


def trouble(here: Stage, match: str, kind: str, **more: Any) -> None:
    here.telegram("faults", {"match": match, "kind": kind, **more})


def send_files(here: Stage, client: Client, text: str, *names: str) -> None:
    """Boris sends files with a caption."""
    ids = []
    for name in names:
        content = PICTURE if name.endswith("jpg") else b"%PDF-1.4 price"
        upload = here.screen.ask("POST", "/files", data={"file": (BytesIO(content), name)})
        ids.append(upload.json["id"])
    client.answer(text, attachments=ids)


def kinds(client: Client) -> list[str]:
    """What came to the phone, by kind."""
    words = ("document", "photo", "text")
    return [next(word for word in words if word in one) for one in client.phone()]


@pytest.mark.parametrize("kind", [*LOST, "429"])
def test_answer_arrives_once(here: Stage, anna: Client, kind: str) -> None:
    trouble(here, "sendMessage", kind)
    anna.answer(anna.text("two"), anna.text("three"))
    here.rest()
    assert anna.on_phone() == anna.expected
    assert anna.states() == ["sent", "sent"]


@pytest.mark.parametrize("kind", LOST)
def test_answer_lost_thrice_arrives_once(here: Stage, anna: Client, kind: str) -> None:
    trouble(here, "sendMessage", kind, times=3)
    anna.answer(anna.text("two"))
    here.rest()
    assert anna.on_phone() == anna.expected


@pytest.mark.parametrize("kind", LOST)
def test_search_for_lost_answer_may_fail_too(here: Stage, anna: Client, kind: str) -> None:
    trouble(here, "sendMessage", "timeout_after")
    trouble(here, "editMessageReplyMarkup", kind, times=2)
    anna.answer(anna.text("two"))
    here.rest()
    assert anna.on_phone() == anna.expected


def test_lost_answer_is_told_from_others_words(here: Stage, anna: Client) -> None:
    other = here.client(SECOND_BOT)
    trouble(here, "sendMessage", "timeout_after")
    anna.answer(anna.text("two"))
    here.wait()
    here.here.worker.run_due()
    other.say(other.text("mine"))
    anna.say(anna.text("three"))
    here.rest()
    assert anna.on_phone() == anna.expected
    assert other.on_phone() == other.expected


def test_lost_answer_is_found_behind_a_backlog(here: Stage, anna: Client) -> None:
    """While we were away clients wrote more than is looked through at first."""
    other = here.client(SECOND_BOT)
    other.say(*(other.text(f"word {number}") for number in range(45)))
    trouble(here, "sendMessage", "timeout_after")
    anna.answer(anna.text("two"))
    here.wait()
    here.here.worker.run_due()
    here.wait()
    here.here.worker.run_due()
    here.rest()
    assert anna.on_phone() == anna.expected


@pytest.mark.parametrize("kind", LOST)
def test_document_arrives_once(here: Stage, anna: Client, kind: str) -> None:
    trouble(here, "sendDocument", kind)
    send_files(here, anna, anna.text("price"), "price.pdf")
    here.rest()
    assert kinds(anna) == ["text", "document"]


@pytest.mark.parametrize("kind", LOST)
def test_album_arrives_once(here: Stage, anna: Client, kind: str) -> None:
    trouble(here, "sendMediaGroup", kind)
    send_files(here, anna, anna.text("both"), "a.jpg", "b.jpg")
    here.rest()
    assert kinds(anna) == ["text", "photo", "photo"]


def test_retry_after_is_obeyed(here: Stage, anna: Client) -> None:
    trouble(here, "sendMessage", "429", retry_after=25)
    anna.answer(anna.text("two"))
    here.here.worker.run_due()
    assert 25 <= here.due_in("deliver") < 27
    here.rest()
    assert anna.on_phone() == anna.expected


def test_blocked_bot_is_said_in_words(here: Stage, anna: Client) -> None:
    here.telegram("block", {"bot": SECOND_BOT, "user_id": anna.number, "blocked": True})
    anna.answer(anna.text("two"))
    here.rest()
    assert "blocked" in anna.log()[-1]["error"]["message"]
    assert anna.chat()["contact"]["blocked"]
    assert not anna.chat()["may"]["reply"]


def test_doubled_updates_are_kept_once(here: Stage, anna: Client) -> None:
    trouble(here, "webhook", "timeout_after", times=3)
    anna.say(anna.text("two"), anna.text("three"))
    here.rest()
    assert anna.in_workplace() == anna.expected


def test_lost_updates_come_again_in_order(here: Stage, anna: Client) -> None:
    trouble(here, "webhook", "timeout", times=2)
    anna.say(anna.text("two"), anna.text("three"), anna.text("four"))
    here.rest()
    assert anna.in_workplace() == anna.expected


def test_replayed_updates_change_nothing(here: Stage, anna: Client) -> None:
    updates = here.telegram(
        "say", {"bot": SECOND_BOT, "user": {"id": anna.number}, "text": anna.text("two")}
    )["updates"]
    anna.expected.append(anna.text("two"))
    here.rest()
    for _ in range(3):
        assert here.hook(SECOND_BOT, updates[0]) == 200
    here.rest()
    assert anna.in_workplace() == anna.expected
