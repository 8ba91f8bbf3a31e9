"""Browser windows of the people in a story: what they see, and whether a page complained."""

import re
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Locator, Page

from tests.e2e.product import Product

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
LOCALES = {"ru": "ru-RU", "en": "en-GB"}
APP_FRAME = 'iframe[id^="appframe_"]'
PATIENCE_MS = 30_000  # a message passes the messenger, a job and the live news

# Headless browsers play to nobody: what a page would have played is counted.
COUNT_SOUNDS = """
  window.sounds = 0
  const start = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (...when) {
    window.sounds += 1
    start.apply(this, when)
  }
"""

Place = Page | FrameLocator | Locator


class Windows:
    """Opens windows, each in a browser profile of its own, and listens to their consoles."""

    def __init__(self, chromium: Browser, product: Product) -> None:
        self.chromium = chromium
        self.product = product
        self.trouble: list[str] = []
        self.forgiven: list[re.Pattern[str]] = []

    def open(self, url: str, lang: str = "ru") -> Page:
        context = self.chromium.new_context(
            locale=LOCALES[lang],
            timezone_id="Europe/Moscow",
            viewport={"width": 1280, "height": 800},
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(COUNT_SOUNDS)
        page = context.new_page()
        page.on("pageerror", lambda error: self._complained(f"page error: {error}"))
        page.on("console", self._said)
        page.goto(url)
        return page

    def portal(self, path: str = "/stream/", user: int = 1, lang: str = "ru") -> Page:
        """The portal as an employee sees it; cookies keep who looks in which language."""
        mark = "&" if "?" in path else "?"
        return self.open(
            f"{self.product.ports.portal_url}{path}{mark}user={user}&lang={lang}", lang
        )

    def _said(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self._complained(f"{line.type}: {line.text} ({line.location.get('url', '')})")

    def _complained(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self.forgiven):
            self.trouble.append(text)

    def forgive(self, pattern: str) -> None:
        """From now on a complaint like this is part of the story; say beside the call why."""
        self.forgiven.append(re.compile(pattern))

    def check(self) -> None:
        """No page may have complained since the last check."""
        trouble, self.trouble = self.trouble, []
        assert not trouble, "\n".join(trouble)

    def close(self) -> None:
        for context in self.chromium.contexts:
            context.close()


def on(place: Place, name: str) -> Locator:
    """What carries the hook `data-test`."""
    return place.locator(f'[data-test="{name}"]')


def app(page: Page) -> FrameLocator:
    """Our page in the portal's page."""
    return page.locator(APP_FRAME).filter(visible=True).content_frame


def slider(page: Page) -> FrameLocator:
    """The portal's page in its slider."""
    return page.frame_locator(".slider.loaded iframe")


def app_in_slider(page: Page) -> FrameLocator:
    return slider(page).frame_locator(APP_FRAME)


def shot(page: Page, name: str) -> None:
    """A picture for people: what a step of the story looks like."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
