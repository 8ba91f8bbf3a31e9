"""`make shots`: a picture of each screen, in both languages, light and dark, wide and narrow."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product as every
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PageError

from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.e2e.deeds import MARKET, TOKEN, connect, install, phone, write
from tests.e2e.product import Product, running
from tests.e2e.windows import LOCALES, Windows, on

OUT = Path(__file__).parents[2] / "var" / "shots"
WIDTHS = {1280: 800, 360: 740}
ADMIN = 1
SETTLE_MS = 400  # pictures, not proofs: what fades in has come
LEFT = (
    (
        "Мария Иванова",
        "Есть ли доставка в Казань? Хочу заказать чайник до пятницы.",
        "maria@shop.example",
    ),
    ("Пётр Сергеев", "Перезвоните, пожалуйста, после шести", ""),
    ("", "Нужен счёт на юридическое лицо", "buh@factory.example"),
)
CHOOSE = """async (chosen) => {
  const { token } = JSON.parse(document.getElementById('boot').textContent)
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const said = { method: 'PUT', headers, body: JSON.stringify(chosen) }
  await fetch('/api/v1/preferences', said)
}"""


@dataclass(frozen=True)
class Look:
    """One way to see a screen."""

    lang: str
    theme: str
    width: int

    def __str__(self) -> str:
        return f"{self.lang}-{self.theme}-{self.width}"


def prepare(windows: Windows) -> None:
    """A shop with a site and a bot, three requests and a client who writes."""
    admin = windows.portal(MARKET)
    install(admin)
    card = connect(admin, "webchat", title="Лавка")
    key = re.search(r"/widget/([\w-]+)\.js", on(card, "snippet").input_value())
    assert key
    connect(admin, "telegram", token=TOKEN)
    for number, (name, text, email) in enumerate(LEFT):
        said = {"name": name, "message": text, "email": email, "phone": f"+7903111223{number}"}
        visit = {"page_url": "https://shop.example/tea", "utm_campaign": "осень", "цвет": "зелёный"}
        form = f"{windows.product.ports.app_url}/public/requests/{key[1]}"
        requests.post(form, json={**said, **visit, "form_name": "Обратный звонок"}, timeout=30)
    anna = phone(windows)
    on(anna, "start").click()
    for text in ("Здравствуйте!", "Подскажите, чайник на 2 литра есть в наличии?"):
        write(anna, text)


def sign_in(browser: Browser, product: Product, look: Look) -> Page:
    """The administrator in a tab of their own, as this look wants it."""
    size = {"width": look.width, "height": WIDTHS[look.width]}
    context = browser.new_context(
        locale=LOCALES[look.lang],
        timezone_id="Europe/Moscow",
        viewport=size,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{product.ports.portal_url}/stream/?user={ADMIN}&lang={look.lang}")
    page.goto(f"{product.ports.app_url}/login?to=workspace&lang={look.lang}")
    save(page, "login", look)
    page.locator("#domain").fill(product.ports.portal_url)
    page.locator("#domain").press("Enter")
    on(page, "workspace").wait_for()
    page.evaluate(CHOOSE, {"lang": look.lang, "theme": look.theme})
    page.reload()
    return page


def section(name: str) -> Callable[[Page], None]:
    return lambda page: on(page, f"section-{name}").click()


def first(test: str) -> Callable[[Page], None]:
    return lambda page: on(page, test).first.click()


def back(page: Page) -> None:
    """On a narrow screen what is open lies over the list."""
    if on(page, "back").filter(visible=True).count():
        on(page, "back").filter(visible=True).first.click()


def press(key: str) -> Callable[[Page], None]:
    return lambda page: page.locator("body").press(key)


# Name of the picture → what is done before it is taken.
WORKPLACE: dict[str, tuple[Callable[[Page], None], ...]] = {
    "chats": (),
    "chat": (first("chat-row"),),
    "client": (press("Alt+i"),),
    "requests": (press("Alt+i"), back, section("requests")),
    "request": (first("request-row"),),
    "contacts": (back, section("contacts")),
    "contact": (first("contact-row"),),
    "write-first": (back, lambda page: on(page, "write-first").filter(visible=True).first.click()),
    "personal": (press("Escape"), section("settings")),
    "keys": (press("Shift+Slash"),),
}
SETTINGS = ("home", "channels", "rules", "lines", "journal")


def walk(page: Page, product: Product, look: Look) -> Iterator[str]:
    """Every screen in turn; the names of those that could not be reached."""
    for name, deeds in WORKPLACE.items():
        try:
            for deed in deeds:
                deed(page)
            save(page, name, look)
        except PageError as error:
            yield f"{look} {name}: {str(error).splitlines()[0]}"
    page.goto(f"{product.ports.app_url}/app/settings")
    for name in SETTINGS:
        try:
            on(page, f"tab-{name}").click()
            save(page, f"settings-{name}", look)
        except PageError as error:
            yield f"{look} settings-{name}: {str(error).splitlines()[0]}"


def save(page: Page, name: str, look: Look) -> None:
    with suppress(PageError):  # a page with news never falls quite silent
        page.wait_for_load_state("networkidle", timeout=SETTLE_MS * 3)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=OUT / f"{name}-{look}.png", animations="disabled")


def main() -> int:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    missed: list[str] = []
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        with running(Path(folder)) as product:
            prepare(Windows(browser, product))
            for look in (Look(*one) for one in every(LOCALES, ("light", "dark"), WIDTHS)):
                page = sign_in(browser, product, look)
                missed += walk(page, product, look)
                page.context.close()
        browser.close()
    taken = len(list(OUT.glob("*.png")))
    sys.stdout.write("\n".join([*missed, f"{taken} pictures in {OUT}", ""]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
