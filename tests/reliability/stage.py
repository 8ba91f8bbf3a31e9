"""A world that lives through many cases: each client is a case of its own."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.fernet import Fernet
from sqlalchemy import or_, select, update

from b24app import clock, config
from b24app.application import create_app
from b24app.db import db, reading, transaction
from b24app.models import Budget, Conversation, Identity, Job, Message, MethodBudget
from tests.world import ADMIN, APP, BORIS, BOT, World, world

SECOND_BOT = "100002:SANDBOX-TOKEN-TWO"
CONNECTOR = "callgear_chats"
LINE = 1
LATER = timedelta(minutes=20)  # longer than any pause between tries
SOON = timedelta(seconds=30)


class Client:
    """A person with a phone; `said` is all that both sides must see, in order."""

    def __init__(self, stage: "Stage", number: int, bot: str) -> None:
        self.stage = stage
        self.number = number
        self.bot = bot
        self.expected: list[str] = []

    def say(self, *texts: str) -> None:
        """Write, without waiting for anything to happen."""
        user = {"id": self.number, "first_name": "Anna"}
        for text in texts:
            body = {"bot": self.bot, "user": user, "text": text}
            answer = self.stage.telegram("say", body)
            assert answer["updates"]
            self.expected.append(text)

    @cached_property
    def conversation_id(self) -> int:
        """The first talk."""
        return self.talks()[0]

    @property
    def known(self) -> bool:
        return bool(self.talks())

    def talks(self) -> list[int]:
        with reading() as session:
            query = (
                select(Conversation.id)
                .join(Identity, Identity.id == Conversation.identity_id)
                .where(Identity.external_id == str(self.number))
            )
            return list(session.scalars(query.order_by(Conversation.id)))

    def chat(self) -> dict[str, Any]:
        """The conversation in the workplace."""
        return dict(self.stage.screen.get(f"/conversations/{self.conversation_id}"))

    @property
    def mark(self) -> str:
        """What every text of this client's chat ends in."""
        return f"·{self.number}"

    def text(self, words: str) -> str:
        return f"{words} {self.mark}"

    def answer(self, *texts: str, attachments: Sequence[str] = ()) -> None:
        """Boris answers in the workplace, without waiting for the delivery."""
        chat = self.chat()
        for text in texts:
            body = {"client_uuid": str(uuid4()), "text": text, "attachments": [*attachments]}
            self.stage.screen.post(f"/conversations/{chat['id']}/messages", body)
            self.expected.append(text)

    def answer_in_line(self, *texts: str) -> None:
        """Boris answers in the Open Line chat."""
        chat = self.line_chat()
        for text in texts:
            body = {"chat_id": chat.id, "user_id": BORIS, "text": text}
            self.stage.here.control(f"lines/{LINE}/reply", body)
            self.expected.append(text)

    def phone(self) -> list[dict[str, Any]]:
        path = f"/_sandbox/chats/{self.bot}/{self.number}"
        answer = self.stage.here.telegram.test_client().get(path)
        return list(answer.json["messages"])

    def on_phone(self) -> list[str]:
        return [one.get("text", "") for one in self.phone()]

    def log(self) -> list[dict[str, Any]]:
        """The talk as the workplace shows it, without its system lines."""
        log = self.stage.screen.get(f"/conversations/{self.chat()['id']}/messages", limit=50)
        return [one for one in log["items"] if one["direction"] != "system"]

    def in_workplace(self) -> list[str]:
        return [one["text"] for one in self.log()]

    def states(self) -> list[str]:
        """Delivery states of our own messages."""
        return [one["state"] for one in self.log() if one["direction"] == "out"]

    def line_chat(self) -> Any:
        name = f":{self.number}"
        found = [one for one in self.stage.portal.chats.values() if one.external_id.endswith(name)]
        assert len(found) == 1, f"{len(found)} Open Line chats of client {self.number}"
        return found[0]

    def in_line(self) -> list[str]:
        messages = self.stage.portal.messages
        said = [messages[number] for number in self.line_chat().message_ids]
        return [one.text for one in said if not one.system]

    def unacknowledged(self) -> list[str]:
        """Replies whose arrival the portal was not told of."""
        messages = self.stage.portal.messages
        said = [messages[number] for number in self.line_chat().message_ids]
        waiting = (one for one in said if one.sending_since is not None)
        return [one.text for one in waiting if one.delivered_at is None and not one.system]

    def cards(self) -> Counter[str]:
        """How many deals, contacts and comments CRM holds of this client's chat."""
        chat = self.chat()
        items = self.stage.portal.items
        deals = [one for one in items[2].values() if one.get("originId") == f"chat:{chat['id']}"]
        people = [
            one for one in items[3].values() if str(one.get("originId")).endswith(f":{self.number}")
        ]
        return Counter(deals=len(deals), contacts=len(people), comments=len(self.comments()))

    def comments(self) -> list[str]:
        found = [str(one["COMMENT"]) for one in self.stage.portal.comments.values()]
        return [text for text in found if self.mark in text]


class Stage:
    """The world with two bots: the first talks through an Open Line, the second alone."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.portal = here.portal
        self._numbers = count(9_000_001)
        here.control("limits", {"enabled": False})
        first = here.connect_telegram()
        form = here.open("SETTING_CONNECTOR", ADMIN, LINE=str(LINE), CONNECTOR=CONNECTOR)
        form.put(f"/lines/{LINE}", {"channels": [first["id"]]})
        here.connect_telegram(token=SECOND_BOT)
        self.screen = here.open("LEFT_MENU", BORIS)

    def client(self, bot: str = BOT) -> Client:
        return Client(self, next(self._numbers), bot)

    def telegram(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.here.telegram.test_client().post(f"/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def trouble(self, match: str, kind: str, **more: Any) -> None:
        """Order trouble at the portal."""
        self.here.control("faults", {"match": match, "kind": kind, **more})

    def rest(self, rounds: int = 60) -> None:
        """Everybody acts, time passes, until nobody has anything left to do."""
        for _ in range(rounds):
            self.wait()
            if not self.turn():
                return
        raise AssertionError("the stage does not come to rest")

    def turn(self) -> int:
        """Everybody acts once on what is due."""
        moved = self.here.worker.run_due()
        moved += bool(self.here.telegram.courier.deliver())
        return moved + bool(self.portal.deliver_events())

    def wait(self) -> None:
        """Twenty minutes pass, as far as promises and budgets can tell."""
        now = clock.now()
        soon = or_(Job.due_at <= now + SOON, Job.attempts > 0)  # what looks after itself waits
        due = (Job.state == "queued", Job.due_at <= now + LATER, soon)
        with transaction() as session:
            session.execute(update(Job).where(*due).values(due_at=now))
            session.execute(update(Budget).values(blocked_until=None, level=0.0))
            session.execute(update(MethodBudget).values(blocked_until=None, minutes={}))
            lost = select(Message).where(Message.line_state.in_(("sending", "unknown")))
            for message in session.scalars(lost):
                if message.details.get("line_lost_at"):
                    long_ago = (now - LATER).isoformat()
                    message.details = {**message.details, "line_lost_at": long_ago}

    def due_in(self, kind: str) -> float:
        """Seconds until the next waiting job of a kind is due."""
        with reading() as session:
            query = select(Job.due_at).where(Job.kind == kind, Job.state == "queued")
            due_at = session.scalars(query.order_by(Job.due_at)).first()
        assert due_at is not None
        return (due_at - clock.now()).total_seconds()

    def hook(self, bot: str, update: dict[str, Any]) -> int:
        """Bring an update to the bot's webhook as Telegram would; the status it got."""
        state = self.here.telegram.sandbox
        hook = state.bot_named(bot).webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token}
        path = hook.url.removeprefix(APP)
        return int(self.here.client.post(path, json=update, headers=headers).status_code)

    def expire_leases(self) -> None:
        """Whoever held a job is taken for dead."""
        with transaction() as session:
            session.execute(
                update(Job).where(Job.state == "running").values(locked_until=clock.now())
            )

    def calm(self) -> None:
        """No trouble is left over for the next case."""
        self.portal.faults.clear()
        self.portal.oauth.faults.clear()
        self.here.telegram.sandbox.faults.clear()


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    env = {
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "SECRET_KEY": "test-secret-key-of-sufficient-length-000",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "BITRIX24_CLIENT_ID": "app.5f1c8e2ad0b7c4.10000001",
        "BITRIX24_CLIENT_SECRET": "sandbox-secret",
        "BITRIX24_OAUTH_URLS": "http://localhost:7201",
        "BITRIX24_BURST": "10000",
        "TELEGRAM_API_URL": "http://127.0.0.1:7210",
        "ALLOW_PRIVATE_HOSTS": "1",
        "MEDIA_DIR": str(folder / "media"),
        "DATABASE_URL": f"sqlite:///{folder}/test.db",
        "LOG_LEVEL": "error",
    }
    app = create_app(config.read(env))
    app.testing = True
    with app.app_context():
        db.create_all()
        with world(app) as here:
            here.install()
            yield Stage(here)
        db.session.remove()
        db.engine.dispose()
