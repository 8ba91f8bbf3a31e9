"""Three lines of four channels, events shuffled, doubled, late, lost: every word finds its way."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from b24app import clock
from b24app.actions import line_checks
from b24app.db import reading, transaction
from b24app.models import Portal
from b24app.rules import bbcode
from sandbox.messengers.telegram.world import Bot
from tests.reliability.stage import CONNECTOR, SECOND_BOT, Client, Stage, stage
from tests.world import ADMIN, BORIS, BOT, VERA

MORE = {number: f"{number}:SANDBOX-TOKEN-MORE" for number in range(100003, 100013)}
BOTS = [BOT, SECOND_BOT, *MORE.values()]
LINES = {bot: place // 4 + 1 for place, bot in enumerate(BOTS)}
ROUNDS = 3


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Twelve bots, four at each of three lines."""
    with stage(Path(tmp_path_factory.mktemp("storm"))) as made:
        hook = "/rest/1/sandboxhook000001/imopenlines.config.add"
        queue = [{"ENTITY_TYPE": "user", "ENTITY_ID": user_id} for user_id in (BORIS, VERA)]
        line = {
            "PARAMS": {"LINE_NAME": "Third", "ACTIVE": "Y", "QUEUE": queue, "WELCOME_MESSAGE": "N"}
        }
        assert made.portal.app.test_client().post(hook, json=line).json["result"] == 3
        for number, token in MORE.items():
            bots = made.here.telegram.sandbox.bots
            bots[number] = Bot(number, token, f"Bot {number}", f"bot_{number}")
            made.here.connect_telegram(token=token)
        channels = made.here.open().get("/channels")["items"]
        numbers = {one["external_id"].split(":")[0]: one["id"] for one in channels}
        for line_id in (1, 2, 3):
            wanted = [numbers[bot.split(":")[0]] for bot, its in LINES.items() if its == line_id]
            form = made.here.open(
                "SETTING_CONNECTOR", ADMIN, LINE=str(line_id), CONNECTOR=CONNECTOR
            )
            form.put(f"/lines/{line_id}", {"channels": wanted})
        made.rest()
        made.screen = made.here.open("LEFT_MENU", ADMIN)  # who sees chats of everybody
        yield made


@pytest.mark.parametrize("seed", [11, 23, 47])
def test_storm_loses_doubles_and_misdirects_nothing(lines: Stage, seed: int) -> None:
    dice = random.Random(seed)
    clients = [lines.client(bot) for bot in LINES]
    for client in clients:
        client.say(client.text("hello"))
    lines.rest()
    late: list[Any] = []
    for number in range(ROUNDS):
        for client in dice.sample(clients, len(clients)):
            _act(client, dice, number)
        late = _storm(lines, dice, late)
        lines.turn()
    _bring(lines, late)
    lines.rest()
    _compare(lines)
    for client in clients:
        assert sorted(client.on_phone()) == sorted(client.expected), f"phone, seed {seed}"
        assert sorted(client.in_workplace()) == sorted(client.expected), f"workplace, seed {seed}"
        assert sorted(_in_line(client)) == sorted(client.expected), f"line, seed {seed}"
        assert client.line_chat().line == LINES[client.bot]
        assert client.unacknowledged() == []


def _act(client: Client, dice: random.Random, number: int) -> None:
    """The client, an operator in the line or one in the workplace says something."""
    deed = dice.choice(("say", "line", "workplace"))
    text = client.text(f"{deed} {number}")
    if deed == "say":
        client.say(text)
    elif deed == "line":
        chat = client.line_chat()
        body = {"chat_id": chat.id, "user_id": BORIS, "text": text}
        client.stage.here.control(f"lines/{chat.line}/reply", body)
        client.expected.append(text)
    else:
        client.answer(text)


def _in_line(client: Client) -> list[str]:
    """Words of the chat there, and of notes: who is not in a chat cannot speak as themselves."""
    messages = client.stage.portal.messages
    said = [messages[number].text for number in client.line_chat().message_ids]
    return [bbcode.plain(text) for text in said if client.mark in text]


def _storm(place: Stage, dice: random.Random, late: list[Any]) -> list[Any]:
    """Of the events on their way some are lost, some come twice, all in any order.

    Args:
        late: what was held up in the round before comes now.
    Returns: what is held up until the next one.
    """
    with place.portal.lock:
        waiting = list(place.portal.outbox)
        place.portal.outbox.clear()
    twice = [one for one in waiting if dice.random() < 0.3]
    kept = [one for one in waiting if dice.random() < 0.6]
    held = [one for one in kept if dice.random() < 0.3]
    storm = [one for one in kept if one not in held] + twice + late
    dice.shuffle(storm)
    _bring(place, storm)
    return held


def _bring(place: Stage, events: list[Any]) -> None:
    with place.portal.lock:
        place.portal.outbox.extend(events)


def _compare(place: Stage) -> None:
    with reading() as session:
        number = session.scalars(select(Portal.id)).one()
    with transaction():
        line_checks.ask(number, clock.now())
    place.rest()
