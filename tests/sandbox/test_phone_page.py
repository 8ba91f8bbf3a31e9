"""A client's phone in a real browser: writes, hears, edits, blocks."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from werkzeug.serving import make_server

from sandbox.messengers.telegram import TelegramApp, create_telegram
from sandbox.messengers.telegram.media import SAMPLES

pytestmark = pytest.mark.e2e

TOKEN = "100001:SANDBOX-TOKEN-ONE"
ANNA = 5_000_001


@pytest.fixture
def telegram() -> Iterator[TelegramApp]:
    app = create_telegram()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app.config["URL"] = f"http://127.0.0.1:{server.port}"
    yield app
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(chromium: Browser, telegram: TelegramApp) -> Iterator[Page]:
    """Anna's phone, in the chat with the bot; it may not complain in its console."""
    context = chromium.new_context(locale="en-GB")
    tab, trouble = context.new_page(), []
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("console", lambda line: line.type == "error" and trouble.append(line.text))
    tab.goto(f"{telegram.config['URL']}/?user={ANNA}&bot=callgear_demo_bot&lang=en")
    yield tab
    context.close()
    assert trouble == []


def on(page: Page, name: str) -> Locator:
    return page.locator(f'[data-test="{name}"]')


def write(page: Page, text: str) -> None:
    on(page, "composer").fill(text)
    on(page, "composer").press("Enter")


def answer(telegram: TelegramApp, **words: Any) -> None:
    body = {"chat_id": ANNA, **words}
    told = telegram.test_client().post(f"/bot{TOKEN}/sendMessage", json=body).json
    assert told["ok"], told


def test_client_starts_and_writes(page: Page) -> None:
    on(page, "start").click()
    write(page, "Is the Moon in stock?")
    expect(on(page, "message-text")).to_have_text(["/start", "Is the Moon in stock?"])


def test_answer_comes_by_itself(page: Page, telegram: TelegramApp) -> None:
    on(page, "start").click()
    expect(on(page, "message")).to_have_count(1)
    answer(telegram, text="Two left", reply_parameters={"message_id": 1})
    theirs = page.locator('[data-direction="in"]')
    expect(theirs.locator('[data-test="message-text"]')).to_have_text("Two left")
    expect(theirs.locator('[data-test="quote"]')).to_contain_text("/start")


def test_chosen_files_are_sent_as_an_album(page: Page, telegram: TelegramApp) -> None:
    on(page, "start").click()
    on(page, "attach").click()
    on(page, "attach-photo").set_input_files([SAMPLES / "photo.jpg"] * 2)
    expect(page.locator('[data-kind="photo"][data-group]')).to_have_count(2)


def test_ready_things_are_sent(page: Page) -> None:
    on(page, "start").click()
    for number, kind in enumerate(("voice", "sticker", "location", "contact"), 2):
        on(page, "attach").click()
        on(page, f"send-{kind}").click()
        expect(on(page, "message")).to_have_count(number)


def test_own_message_is_edited(page: Page) -> None:
    on(page, "start").click()
    write(page, "Helo")
    expect(on(page, "message")).to_have_count(2)
    on(page, "message").last.hover()
    on(page, "edit").last.click()
    write(page, "Hello")
    expect(on(page, "message-text").last).to_have_text("Hello")


def test_blocked_bot_can_be_let_back(page: Page) -> None:
    on(page, "start").click()
    on(page, "block").click()
    expect(on(page, "composer")).to_be_hidden()
    on(page, "unblock").click()
    expect(on(page, "composer")).to_be_visible()


def test_new_client_gets_a_phone(page: Page) -> None:
    on(page, "new-first-name").fill("Clara")
    on(page, "new-add").click()
    expect(on(page, "phone")).to_have_count(2)
