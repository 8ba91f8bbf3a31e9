"""Lists of 1,000 and of 50,000 chats in Chromium: drawing, reading on, switching, news, search."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, Frame, sync_playwright
from sqlalchemy import insert, select

from b24app import clock, config, db
from b24app.actions import shown
from b24app.application import create_app
from b24app.models import Channel, Contact, Conversation, Identity, Message
from bench.figures import say
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.e2e.deeds import MARKET, TOKEN, connect, install
from tests.e2e.product import Product, running
from tests.e2e.windows import Windows, app, on

SIZES = (1_000, 50_000)
BORIS, ROW_PX, BURST, SWITCHES, CHUNK = 2, 68, 200, 20, 2_000

FIRST_ROW = "() => document.querySelector('[data-test=\"chat-row\"]') !== null"
READ_ALL = """async (height) => {
  const list = document.querySelector('[data-test="chat-list"]')
  const began = performance.now()
  while (list.scrollHeight < height) {
    const before = list.scrollHeight
    list.scrollTop = before
    while (list.scrollHeight === before) await new Promise((done) => setTimeout(done, 4))
  }
  return performance.now() - began
}"""
SWITCH = """async (at) => {
  const row = document.querySelectorAll('[data-test="chat-row"]')[at % 8]
  const began = performance.now()
  row.click()
  const chat = `[data-test="chat"][data-id="${row.dataset.id}"]`
  const open = () => document.querySelector(`${chat} [data-test="message"]`)
  while (!open()) await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
  return performance.now() - began
}"""
WATCH = """() => {
  const list = document.querySelector('[data-test="chat-list"]')
  list.scrollTop = Math.round(list.scrollHeight / 2)
  window.longest = 0
  new PerformanceObserver((seen) => {
    for (const task of seen.getEntries()) window.longest = Math.max(window.longest, task.duration)
  }).observe({ entryTypes: ['longtask'] })
}"""
EYE = """() => {
  const list = document.querySelector('[data-test="chat-list"]').getBoundingClientRect()
  const rows = [...document.querySelectorAll('[data-test="chat-row"]')]
  const row = rows.find((one) => one.getBoundingClientRect().top >= list.top)
  return [row.dataset.id, row.getBoundingClientRect().top]
}"""
PLACE = """(id) => {
  const row = document.querySelector(`[data-test="chat-row"][data-id="${id}"]`)
  return row && row.getBoundingClientRect().top
}"""
SEARCH = """async (words) => {
  const field = document.querySelector('[data-test="search"]')
  const began = performance.now()
  field.value = words
  field.dispatchEvent(new Event('input'))
  while (!document.querySelector('[data-test="found"]')) await new Promise(requestAnimationFrame)
  return performance.now() - began
}"""


@contextmanager
def inside(product: Product) -> Iterator[Flask]:
    """The application in this process, on the same database."""
    made = create_app(config.read(product.environment))
    with made.app_context():
        yield made
        db.db.session.remove()
        db.db.engine.dispose()


def seed(count: int) -> None:
    """Chats in Boris's work, a few with unread messages."""
    with db.transaction() as session:
        channel = session.scalars(select(Channel).limit(1)).one()
        home, channel_id = channel.portal_id, channel.id
    now = clock.now()
    for first in range(0, count, CHUNK):
        numbers = range(first + 1, min(first + CHUNK, count) + 1)
        with db.transaction() as session:
            for model, rows in _rows(home, channel_id, numbers, now):
                session.execute(insert(model), rows)


def _rows(home: int, channel: int, numbers: range, now: Any) -> Iterator[tuple[Any, list[Any]]]:
    own = {"portal_id": home}
    base = 1_000
    yield (
        Contact,
        [{**own, "id": base + n, "name": f"Client {n}", "created_at": now} for n in numbers],
    )
    yield (
        Identity,
        [
            {
                **own,
                "id": base + n,
                "channel_id": channel,
                "contact_id": base + n,
                "external_id": f"bench{n}",
                "name": f"Client {n}",
                "created_at": now,
            }
            for n in numbers
        ],
    )
    yield (
        Conversation,
        [
            {
                **own,
                "id": base + n,
                "channel_id": channel,
                "contact_id": base + n,
                "identity_id": base + n,
                "status": "active",
                "responsible_id": BORIS,
                "opened_at": now - timedelta(seconds=n),
                "accepted_at": now,
                "last_at": now - timedelta(seconds=n),
                "last_message_id": base + n,
                "last_text": f"Order {n}",
                "unread": 1 if n <= 3 else 0,
            }
            for n in numbers
        ],
    )
    yield (
        Message,
        [
            {
                **own,
                "id": base + n,
                "channel_id": channel,
                "conversation_id": base + n,
                "direction": "in",
                "origin": "channel",
                "text": f"Order {n}: when does it come?",
                "state": "received",
                "said_at": now - timedelta(seconds=n),
                "created_at": now,
            }
            for n in numbers
        ],
    )


def burst(count: int) -> None:
    """News of 200 chats at once, each with a new last message."""
    now = clock.now()
    with db.transaction() as session:
        wanted = select(Conversation).order_by(Conversation.id.desc()).limit(min(BURST, count))
        for at, row in enumerate(session.scalars(wanted).all()):
            row.last_at = now + timedelta(milliseconds=at)
            shown.tell_conversation(row, now)


def measure(chromium: Browser, count: int) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as product:
        windows = Windows(chromium, product)
        admin = windows.portal(MARKET)
        install(admin)
        connect(admin, "telegram", token=TOKEN)
        with inside(product):
            seed(count)
            figures = _looked_at(windows, count)
        windows.close()
    return figures


def _looked_at(windows: Windows, count: int) -> dict[str, str]:
    page = windows.portal(user=BORIS)
    page.locator('nav.side a[href*="/app/placement/"]', has_text="CallGear").click()
    on(app(page), "tab-active").click()
    (frame,) = [one for one in page.frames if "/placement/left_menu" in one.url]
    frame.wait_for_function(FIRST_ROW)
    first = frame.evaluate("() => performance.now()")
    read = frame.evaluate(READ_ALL, count * ROW_PX)
    drawn = on(app(page), "chat-row").count()
    frame.evaluate("() => { document.querySelector('[data-test=\"chat-list\"]').scrollTop = 0 }")
    switches = sorted(frame.evaluate(SWITCH, at) for at in range(SWITCHES))
    moved, longest = _burst(frame, count)
    found = frame.evaluate(SEARCH, f"{count} come")
    heap = frame.evaluate("() => performance.memory.usedJSHeapSize / 1e6")
    return {
        "first row drawn": f"{first:.0f} ms",
        "all pages read": f"{read / 1000:.1f} s",
        "rows in the document": f"{drawn}",
        "another chat open, p50 / p95": f"{switches[10]:.0f} / {switches[18]:.0f} ms",
        f"longest task in a burst of {BURST}": f"{longest:.0f} ms",
        "the row under the eye moved": moved,
        "search by a word of the log": f"{found:.0f} ms",
        "JS heap": f"{heap:.0f} MB",
    }


def _burst(frame: Frame, count: int) -> tuple[str, float]:
    """How far the row at the top of the view went, and the longest task meanwhile."""
    frame.evaluate(WATCH)
    time.sleep(0.5)
    eye, before = frame.evaluate(EYE)
    burst(count)
    time.sleep(4)
    after = frame.evaluate(PLACE, eye)
    moved = "out of sight" if after is None else f"{abs(after - before):.0f} px"
    return moved, frame.evaluate("() => window.longest")


def main() -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        small, large = (measure(chromium, count) for count in SIZES)
        chromium.close()
    for name, value in small.items():
        say(name, f"{SIZES[0]:,}: {value:<14} {SIZES[1]:,}: {large[name]}")
