"""The sections of the workplace: requests, clients, one's own settings, a tab of its own."""

import re
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import FrameLocator, Page, expect

from tests.e2e.deeds import MARKET, connect, install, open_workplace
from tests.e2e.test_accessibility import well
from tests.e2e.windows import Windows, app, on, shot

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("in_order")]

# How far to the right anything reaches that is not cut off on purpose.
WIDEST = """Math.max(...[...document.querySelectorAll('main *')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.sr-only'))
  .filter((one) => !one.closest('[role=tablist]'))
  .map((one) => one.getBoundingClientRect().right))"""
ROOMS = {"chats": "workspace", "settings": "personal"}


@dataclass
class Story:
    windows: Windows
    admin: Page
    boris: Page
    darya: Page
    form: str = ""

    @property
    def mine(self) -> FrameLocator:
        return app(self.boris)

    @property
    def hers(self) -> FrameLocator:
        return app(self.darya)

    def fill_in(self, name: str, **more: str) -> None:
        """Somebody sends the form of the shop's site."""
        said = {"name": name, "phone": "+79031112233", "message": "Перезвоните мне", **more}
        answer = requests.post(self.form, json=said, timeout=30)
        assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def story(windows: Windows) -> Story:
    return Story(windows, *(windows.portal(MARKET), windows.portal(user=2), windows.portal(user=5)))


def go(place: FrameLocator | Page, section: str) -> None:
    """To a section; there when its room has come."""
    on(place, f"section-{section}").click()
    expect(on(place, ROOMS.get(section, section))).to_be_visible()


def test_form_of_a_site_reaches_everybody(story: Story) -> None:
    install(story.admin)
    card = connect(story.admin, "webchat", title="Лавка")
    expect(on(card, "health")).to_have_text("Работает")
    snippet = on(card, "snippet").input_value()
    key = re.search(r"/widget/([\w-]+)\.js", snippet)
    assert key
    story.form = f"{story.windows.product.ports.app_url}/public/requests/{key[1]}"
    for page in (story.boris, story.darya):
        go(open_workplace(page), "requests")
        expect(on(app(page), "requests")).to_be_visible()
    well(story.mine)
    story.fill_in("Мария Иванова", page_url="https://shop.example/tea", colour="зелёный")
    for place in (story.mine, story.hers):
        expect(on(place, "request-row")).to_contain_text("Мария Иванова")
        expect(on(place, "section-count-requests")).to_have_text("1")


def test_one_takes_it_and_the_other_sees_it(story: Story) -> None:
    on(story.mine, "request-row").click()
    expect(on(story.mine, "request-form")).to_contain_text("зелёный")
    on(story.mine, "request-deed-take").click()
    expect(on(story.mine, "request-about")).to_contain_text("В обработке")
    expect(on(story.hers, "request-row")).to_have_count(0)
    on(on(story.hers, "requests"), "tab-active").click()
    on(story.hers, "request-row").click()
    expect(on(story.hers, "request-about")).to_contain_text("Борис")
    shot(story.darya, "80-request")
    well(story.hers)


def test_note_is_kept_and_shown_to_colleagues(story: Story) -> None:
    on(story.mine, "note-text").fill("Звонить после шести")
    expect(on(story.mine, "note")).to_have_attribute("data-state", "saved")
    expect(on(story.hers, "note-text")).to_have_value("Звонить после шести")
    story.mine.locator("body").press("Alt+e")
    expect(on(story.mine, "request-about")).to_contain_text("Обработано")
    expect(on(story.hers, "request-about")).to_contain_text("Обработано")


def test_request_tells_of_itself_elsewhere(story: Story) -> None:
    go(story.mine, "chats")
    story.fill_in("Пётр", phone="+79031112244")
    expect(on(story.mine, "section-count-requests")).to_have_text("1")
    story.mine.get_by_role("button", name="Открыть", exact=True).click()
    expect(on(story.mine, "request-name")).to_have_text("Пётр")


def test_client_is_found_with_what_they_left(story: Story) -> None:
    story.mine.locator("body").press("Alt+Shift+3")
    on(story.mine, "search-field").fill("8 903 111-22-33")
    expect(on(story.mine, "contact-row")).to_have_count(1)
    on(story.mine, "contact-row").click()
    expect(on(story.mine, "contact-name")).to_have_text("Мария Иванова")
    shot(story.boris, "81-contact")
    well(story.mine)
    on(story.mine, "contact-request").click()
    expect(on(story.mine, "request-name")).to_have_text("Мария Иванова")


def test_keys_are_listed_in_every_section(story: Story) -> None:
    for section in ("chats", "requests", "contacts", "settings"):
        go(story.mine, section)
        story.mine.locator("body").press("Shift+Slash")
        expect(on(story.mine, "shortcuts")).to_contain_text("Alt+Shift+2")
        on(story.mine, "shortcuts").press("Escape")
        expect(on(story.mine, "shortcuts")).to_have_count(0)


@pytest.fixture(scope="module")
def alone(story: Story) -> Page:
    """Boris in a tab of its own, signed in with his Bitrix24."""
    page = story.boris.context.new_page()
    page.on("pageerror", lambda error: story.windows.trouble.append(f"page error: {error}"))
    page.goto(f"{story.windows.product.ports.app_url}/login?to=workspace&lang=ru")
    page.locator("#domain").fill(story.windows.product.ports.portal_url)
    page.locator("#domain").press("Enter")
    expect(on(page, "workspace")).to_have_attribute("data-live", "open")
    return page


def test_what_one_chooses_all_windows_of_theirs_follow(story: Story, alone: Page) -> None:
    go(alone, "settings")
    on(alone, "choose-theme").get_by_label("Тёмная").check()
    expect(story.mine.locator("html")).to_have_class("dark")
    expect(story.hers.locator("html")).to_have_class("light")
    well(alone)
    shot(alone, "82-personal-dark")


def test_language_is_ones_own_everywhere(alone: Page) -> None:
    on(alone, "choose-language").get_by_label("English").check()
    expect(on(alone, "section-requests")).to_contain_text("Requests")
    expect(on(alone, "shell")).to_have_attribute("data-section", "settings")


def test_workplace_is_installable(alone: Page) -> None:
    asked = "async () => (await fetch(document.querySelector('link[rel=manifest]').href)).json()"
    assert alone.evaluate(asked)["start_url"] == "/app"
    alone.wait_for_function(
        "navigator.serviceWorker.getRegistration('/app').then((one) => Boolean(one?.active))"
    )


def test_narrow_window_has_the_sections_below(alone: Page) -> None:
    alone.set_viewport_size({"width": 360, "height": 740})
    for section in ("chats", "requests", "contacts", "settings"):
        go(alone, section)
        assert alone.evaluate(WIDEST) <= 360, section
    go(alone, "requests")
    on(on(alone, "requests"), "tab-done").click()
    on(alone, "request-row").first.click()
    expect(on(alone, "sections")).to_be_hidden()
    shot(alone, "83-request-narrow")
    on(alone, "back").click()
    expect(on(alone, "sections")).to_be_visible()


def test_place_survives_a_reload(alone: Page) -> None:
    on(alone, "request-row").first.click()
    alone.reload()
    expect(on(alone, "request-name")).to_be_visible()


def test_signing_out_closes_the_door(alone: Page) -> None:
    on(alone, "back").click()
    go(alone, "settings")
    on(alone, "sign-out").click()
    alone.get_by_role("button").click()
    alone.goto(alone.url.replace("/login", "/app"))
    expect(alone).to_have_url(re.compile("/login"))
