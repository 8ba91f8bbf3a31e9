"""What people do again and again, as they do it: by clicks and keys."""

import re

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.windows import Windows, app, app_in_slider, on

ANNA = 5_000_001
BOT = "callgear_demo_bot"
TOKEN = "100001:SANDBOX-TOKEN-ONE"
MARKET = "/market/detail/callgear.chats/"


def begin_installation(admin: Page) -> FrameLocator:
    """Agree and press Install; the installer in the slider."""
    admin.get_by_label("Я принимаю лицензионное соглашение").check()
    admin.get_by_label("Я ознакомлен с политикой конфиденциальности").check()
    admin.get_by_role("button", name="Установить").click()
    return app_in_slider(admin)


def install(admin: Page) -> None:
    """From the market page to the application's page."""
    installer = begin_installation(admin)
    on(installer, "finish").click()
    admin.wait_for_url(re.compile("/marketplace/app/1/"))
    expect(on(app(admin), "settings")).to_be_visible()


def connect(admin: Page, kind: str, **fields: str) -> Locator:
    """Connect a channel on the channels page; its card there."""
    page = app(admin)
    on(page, "tab-channels").click()
    known = on(page, "channel").count()
    on(page, "connect").click()
    on(page, f"kind-{kind}").click()
    for name, value in fields.items():
        on(page, f"field-{name}").locator("input").fill(value)
    on(page, "save-channel").click()
    return on(page, "channel").nth(known)


def make_manager(admin: Page, name: str) -> None:
    """Whoever is one goes on in chats that a colleague has taken."""
    page = app(admin)
    on(page, "tab-workplace").click()
    on(page, "add-manager").click()
    page.get_by_role("option", name=name).click()
    expect(on(page, "manager")).to_contain_text(name)
    admin.keyboard.press("Escape")


def open_workplace(page: Page) -> FrameLocator:
    """By the left menu; ready when the news flow."""
    page.locator('nav.side a[href*="/app/placement/"]', has_text="CallGear").click()
    frame = app(page)
    expect(on(frame, "workspace")).to_have_attribute("data-live", "open")
    return frame


def row(workplace: FrameLocator, name: str) -> Locator:
    """A client's row in the list."""
    return on(workplace, "chat-row").filter(has_text=name)


def answer(chat: FrameLocator, text: str) -> Locator:
    """Write in the open chat and press Enter; the message that appears."""
    on(chat, "message-input").fill(text)
    on(chat, "message-input").press("Enter")
    return message(chat, text)


def message(chat: FrameLocator, text: str) -> Locator:
    return on(chat, "message").filter(has_text=text)


def prefer(workplace: FrameLocator, theme: str, name: str) -> None:
    """Choose a theme in the preferences."""
    on(workplace, "preferences").click()
    workplace.get_by_role("menuitem", name=theme).click()
    expect(workplace.locator("html")).to_have_class(name)


def phone(windows: Windows) -> Page:
    """Anna's phone, in the chat with the bot."""
    address = windows.product.ports.telegram_url
    return windows.open(f"{address}/?user={ANNA}&bot={BOT}&lang=ru")


def write(phone: Page, text: str) -> None:
    """Anna writes to the bot."""
    on(phone, "composer").fill(text)
    on(phone, "composer").press("Enter")
