"""A person's own Telegram account, end to end: logging in, both sides, trouble."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from b24app.actions import collecting, standing
from b24app.channels import telegram_personal
from b24app.db import reading
from b24app.models import Channel
from b24app.worker import Worker
from sandbox.messengers.account import create_accounts
from tests.world import BORIS, World, mounted, world

ACCOUNTS = "http://127.0.0.1:7213"
FORM = {"api_id": "4242", "api_hash": "hash"}
ANNA = 5000001


class Account:
    """The simulator's hands, and one worker's hold of the connection."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.app = create_accounts()
        self.app.sandbox.patience_seconds = 0
        self.phone: FlaskClient = self.app.test_client()
        self.channel_id = 0

    def do(self, deed: str, **given: Any) -> Any:
        return self.phone.post(f"/_sandbox/{deed}", json=given).json

    def connect(self, **more: Any) -> dict[str, Any]:
        """Log in by a picture; what the API says at the end."""
        screen = self.here.open()
        body = {"kind": "telegram_personal", "settings": {**FORM, **more}}
        step = screen.post("/channels", body, status=202)["step"]
        self.do("set", scanned=True)
        made: dict[str, Any] = screen.post("/channels", {**body, "step": step["state"]}, status=201)
        self.channel_id = int(made["id"])
        self.hold()
        return made

    def hold(self) -> None:
        door = standing._door(self.channel_id)
        assert door is not None
        door.adapter.stay()

    def listen(self) -> None:
        """One look at what is new, and everybody acts."""
        with reading():
            after = collecting.bookmark(self.channel_id)
        door = standing._door(self.channel_id)
        assert door is not None
        collecting.bring(door, after)
        self.here.run()

    def say(self, text: str = "Good day", **more: Any) -> None:
        self.do("say", user_id=ANNA, text=text, **more)
        self.listen()

    def said(self) -> list[str]:
        """What Anna's phone shows."""
        return [one["text"] for one in self.app.sandbox.of(ANNA)]


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


@pytest.fixture
def anywhere(any_app: Flask) -> Iterator[World]:
    """On both databases."""
    with world(any_app) as made:
        made.install()
        yield made


@pytest.fixture
def account(here: World) -> Iterator[Account]:
    yield from _account(here)


def _account(here: World) -> Iterator[Account]:
    account = Account(here)
    with mounted({ACCOUNTS: account.app}):
        yield account
        telegram_personal._held.clear()


def chats(here: World, status: str = "new") -> list[dict[str, Any]]:
    screen = here.open("LEFT_MENU", BORIS)
    items: list[dict[str, Any]] = screen.get("/conversations", status=status)["items"]
    return items


def log(here: World, chat: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/conversations/{chat['id']}/messages"
    items: list[dict[str, Any]] = here.open("LEFT_MENU", BORIS).get(path)["items"]
    return items


def words(here: World, chat: dict[str, Any]) -> list[str]:
    """What was said, by either side."""
    return [one["text"] for one in log(here, chat) if one["direction"] != "system"]


def answer(here: World, chat: dict[str, Any], text: str = "Yes, it is", uuid: str = "u-1") -> None:
    screen = here.open("LEFT_MENU", BORIS)
    screen.post(f"/conversations/{chat['id']}/accept")
    screen.post(
        f"/conversations/{chat['id']}/messages", {"client_uuid": f"uuid-{uuid}", "text": text}
    )
    here.run()


def test_picture_logs_in(here: World, account: Account) -> None:
    body = {"kind": "telegram_personal", "settings": FORM}
    step = here.open().post("/channels", body, status=202)["step"]
    assert step["picture"].startswith("data:image/svg+xml")
    assert step["again_seconds"] == 3.0
    again = here.open().post("/channels", {**body, "step": step["state"]}, status=202)["step"]
    account.do("set", scanned=True)
    made = here.open().post("/channels", {**body, "step": again["state"]}, status=201)
    assert (made["name"], made["external_id"]) == ("Магазин «Сова и лампа»", "900001")
    assert "session" not in made["settings"]


def test_code_and_password_log_in(here: World, account: Account) -> None:
    account.do("set", two_step=True)
    settings = {**FORM, "login_by": "phone", "phone": "+79990000010"}
    body = {"kind": "telegram_personal", "settings": settings}
    screen = here.open()
    step = screen.post("/channels", body, status=202)["step"]
    assert [one["name"] for one in step["fields"]] == ["code"]
    wrong = {**body, "step": step["state"], "answers": {"code": "00000"}}
    assert list(screen.post("/channels", wrong, status=400)["error"]["fields"]) == ["code"]
    right = {**body, "step": step["state"], "answers": {"code": "12345"}}
    step = screen.post("/channels", right, status=202)["step"]
    assert [one["name"] for one in step["fields"]] == ["password"]
    last = {**body, "step": step["state"], "answers": {"password": "owl"}}
    assert screen.post("/channels", last, status=201)["state"] == "working"


def test_steps_of_another_portal_are_refused(here: World, account: Account) -> None:
    body = {"kind": "telegram_personal", "settings": FORM, "step": "gAAAA-not-ours"}
    assert here.open().post("/channels", body, status=400)


def test_both_sides_talk(anywhere: World) -> None:
    for account in _account(anywhere):
        account.connect()
        account.say("Is the owl in stock?")
        (chat,) = chats(anywhere)
        answer(anywhere, chat)
        account.listen()
        assert account.said() == ["Is the owl in stock?", "Yes, it is"]
        assert words(anywhere, chat) == account.said()
        assert chat["contact"]["name"] == "Анна Соколова"


def test_what_the_owner_writes_on_the_phone_shows_too(here: World, account: Account) -> None:
    account.connect()
    account.say()
    account.app.sandbox.say(ANNA, "Written on the phone", out=True)
    account.listen()
    last = log(here, (chats(here, "active") or chats(here))[0])[-1]
    assert (last["text"], last["origin"], last["direction"]) == (
        "Written on the phone",
        "device",
        "out",
    )


def test_restart_goes_on_from_the_bookmark(here: World, account: Account) -> None:
    account.connect()
    account.say("One")
    telegram_personal._held.clear()  # the worker died
    account.do("say", user_id=ANNA, text="Two")
    account.hold()
    account.listen()
    account.listen()
    assert words(here, chats(here)[0]) == ["One", "Two"]


def test_lost_answer_is_not_a_second_message(here: World, account: Account) -> None:
    account.connect()
    account.say()
    account.do("set", lost_answers=1)
    answer(here, chats(here)[0])
    account.listen()
    assert account.said() == ["Good day", "Yes, it is"]
    (sent,) = [one for one in log(here, chats(here, "active")[0]) if one["direction"] == "out"]
    assert sent["state"] == "sent"


def test_flood_wait_is_obeyed(here: World, account: Account) -> None:
    account.connect()
    account.say()
    account.do("set", refuse=[["FloodWait", 7]])
    answer(here, chats(here)[0])
    assert account.said()[-1] == "Yes, it is"


def test_reading_is_told_both_ways(here: World, account: Account) -> None:
    account.connect()
    account.say()
    answer(here, chats(here)[0])
    account.do("read", user_id=ANNA)
    account.listen()
    chat = chats(here, "active")[0]
    assert log(here, chat)[-1]["state"] == "read"


def test_edit_and_file_come_in(here: World, account: Account) -> None:
    account.connect()
    account.say("Owl?")
    number = account.app.sandbox.of(ANNA)[0]["id"]
    account.do("edit", id=number, text="Owl lamp?")
    about = {"kind": "image", "name": "", "mime": "image/gif", "size": 14}
    account.say("", file={"about": about, "content": "R0lGODlhAQABAAAAADs="})
    first, second = log(here, chats(here)[0])
    assert (first["text"], bool(first["edited_at"])) == ("Owl lamp?", True)
    assert second["attachments"][0]["state"] == "stored"


def test_logged_out_needs_attention(here: World, account: Account) -> None:
    made = account.connect()
    account.do("set", log_out=True)
    shown = here.open().post(f"/channels/{made['id']}/check")
    assert (shown["state"], "logged this account out" in shown["last_error"]) == ("attention", True)


def test_reconnect_needs_no_login_while_the_session_lives(here: World, account: Account) -> None:
    made = account.connect()
    screen = here.open()
    screen.post(f"/channels/{made['id']}/disconnect")
    assert screen.post(f"/channels/{made['id']}/reconnect", {"settings": {}})["state"] == "working"
    account.do("set", log_out=True, scanned=False)
    step = screen.post(f"/channels/{made['id']}/reconnect", {"settings": {}}, status=202)["step"]
    assert step["picture"]


def test_one_worker_holds_an_account(here: World, account: Account) -> None:
    made = account.connect()
    telegram_personal._held.clear()
    number, now = int(made["id"]), standing.clock.now()
    assert standing.take(number, "first", now)
    assert standing.take(number, "first", now)
    assert not standing.take(number, "second", now)
    assert standing.take(number, "second", now + standing.LEASE * 2)
    standing.let_go(number, "second")
    assert standing.take(number, "first", now)


def test_watch_listens_by_itself(here: World, account: Account) -> None:
    account.connect()
    telegram_personal._held.clear()
    account.app.sandbox.patience_seconds = 0.05
    watch = standing.Watch(here.app, "me")
    watch.look()
    try:
        account.do("say", user_id=ANNA, text="Anybody there?")
        assert arrived(here, account.channel_id)
    finally:
        watch.stop()
    assert telegram_personal._held == {}


def arrived(here: World, channel_id: int) -> bool:
    """Wait until the listening thread has kept the bookmark behind the message."""
    for _ in range(600):
        with reading() as session:
            row = session.get_one(Channel, channel_id, populate_existing=True)
            if (row.details or {}).get("bookmark"):
                return True
        standing.threading.Event().wait(0.05)
    return False


def test_who_holds_nothing_waits(here: World, account: Account) -> None:
    account.connect()
    account.say()
    telegram_personal._held.clear()
    worker = Worker(here.app, threads=0)
    screen = here.open("LEFT_MENU", BORIS)
    (chat,) = chats(here)
    screen.post(f"/conversations/{chat['id']}/accept")
    body = {"client_uuid": "uuid-wait", "text": "Soon"}
    screen.post(f"/conversations/{chat['id']}/messages", body)
    worker.run_due()
    assert account.said() == ["Good day"]
    account.hold()
    here.run()
    assert account.said() == ["Good day", "Soon"]
