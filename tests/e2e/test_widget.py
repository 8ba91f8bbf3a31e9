"""The site widget, from its editor to sites that are unkind to it.

The tests are the steps of one story: they share its windows and run in this order.
"""

import gzip
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import FrameLocator, Locator, Page, expect

from b24app import clock
from b24app.rules.hours import DAYS
from tests.e2e.deeds import MARKET, answer, install, message, open_workplace, row
from tests.e2e.windows import Windows, app, on, shot

VISITOR = "Гость"
FAR_DAY = DAYS[(clock.now().weekday() + 3) % 7]
# The code (less than 8 kB, frontend/tests/widget.spec.ts), its words in one language and its look.
MOST_BYTES = 9_000
NO_STORAGE = """
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
    Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError') } })
"""

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("in_order")]


@dataclass
class Story:
    windows: Windows
    admin: Page
    boris: Page
    shop: str
    anna: Page | None = None

    @property
    def settings(self) -> FrameLocator:
        return app(self.admin)

    @property
    def workplace(self) -> FrameLocator:
        return app(self.boris)

    @property
    def visitor(self) -> Page:
        assert self.anna
        return self.anna

    def new_visitor(self, path: str, script: str = "") -> Page:
        page = self.windows.open("about:blank")
        page.add_init_script(script)
        page.goto(f"{self.shop}{path}")
        return page


@pytest.fixture(scope="module")
def story(windows: Windows) -> Story:
    shop = windows.product.ports.shop_url
    return Story(windows, windows.portal(MARKET), windows.portal(user=2), shop)


def opened(page: Page) -> Locator:
    page.get_by_role("button", name="Открыть чат").click()
    return page.get_by_role("dialog")


def say(talk: Locator, text: str) -> Locator:
    talk.get_by_role("textbox").fill(text)
    talk.get_by_role("textbox").press("Enter")
    return talk.locator(".note.in", has_text=text)


def test_look_is_seen_before_it_is_kept(story: Story) -> None:
    install(story.admin)
    page = story.settings
    on(page, "tab-channels").click()
    on(page, "connect").click()
    on(page, "kind-webchat").click()
    expect(on(page, "steps")).to_contain_text("</body>")
    preview = on(page, "preview")
    on(page, "field-title").locator("input").fill("Лунная лавка")
    expect(preview.get_by_role("heading", name="Лунная лавка")).to_be_visible()
    on(page, "field-consent_text").locator("input").fill("Согласна на всё")
    expect(preview.get_by_text("Согласна на всё")).to_be_visible()
    on(page, "field-color").locator("input:not([type=color])").fill("#ffee99")
    expect(on(page, "preview-hard")).to_contain_text("плохо видно на белой странице")
    on(page, "field-color").locator("input:not([type=color])").fill("#0055aa")
    on(page, "field-away_text").locator("input").fill("Мы спим")
    on(page, "preview-away").click()
    expect(preview.get_by_text("Мы спим")).to_be_visible()
    shot(story.admin, "widget-editor")


def test_channel_gives_its_line_of_code(story: Story) -> None:
    page = story.settings
    on(page, "save-channel").click()
    card = on(page, "channel")
    expect(on(card, "health")).to_have_text("Работает")
    expect(on(card, "copy")).to_be_visible()
    src = on(card, "snippet").input_value()
    assert requests.post(f"{story.shop}/_sandbox/widget", json={"src": src}, timeout=10).ok
    script = re.findall(r'src="(.*?)"', src)[0]
    told = requests.get(script, headers={"Accept-Language": "ru"}, timeout=10)
    assert len(gzip.compress(told.content, 9)) < MOST_BYTES


def test_hostile_styles_do_not_reach_it(story: Story) -> None:
    story.anna = story.new_visitor("/hostile")
    button = story.visitor.get_by_role("button", name="Открыть чат")
    box = button.bounding_box()
    assert box
    assert (round(box["width"]), round(box["height"])) == (56, 56)
    assert (round(box["x"] + box["width"]), round(box["y"] + box["height"])) == (1260, 780)
    looks = "({color, opacity, fontSize}) => [color, opacity, fontSize]"
    style = f"(element) => ({looks})(getComputedStyle(element))"
    assert story.visitor.locator("callgear-chat").evaluate(style)[1:] == ["1", "15px"]


def test_nothing_is_said_before_the_consent(story: Story) -> None:
    talk = opened(story.visitor)
    talk.get_by_role("textbox").fill("Луна ещё есть?")
    talk.get_by_role("textbox").press("Enter")
    expect(talk.locator(".note.in")).to_have_count(0)
    talk.get_by_label("Согласна на всё").check()
    expect(say(talk, "Луна ещё есть?")).to_contain_text("оставлено")  # доставлено
    shot(story.visitor, "widget-hostile")


def test_operator_answers_and_the_badge_counts(story: Story) -> None:
    workplace = open_workplace(story.boris)
    row(workplace, VISITOR).click()
    answer(workplace, "Есть две")
    talk = story.visitor.get_by_role("dialog")
    expect(talk.locator(".note.out")).to_contain_text("Есть две")
    story.visitor.get_by_role("button", name="Закрыть чат").last.click()
    second = answer(workplace, "Отложить?")
    expect(story.visitor.locator(".badge")).to_have_text("1")
    expect(second.locator('[data-state="delivered"]')).to_be_visible()
    opened(story.visitor)
    expect(second.locator('[data-state="read"]')).to_be_visible()


def test_operator_is_seen_typing(story: Story) -> None:
    on(story.workplace, "message-input").press_sequentially("Думаю")
    expect(story.visitor.get_by_role("dialog").get_by_text("печатает…")).to_be_visible()
    on(story.workplace, "message-input").fill("")


def test_words_survive_the_network_and_a_reload(story: Story) -> None:
    story.windows.forgive(r"ERR_INTERNET_DISCONNECTED")  # the network was taken away
    talk = story.visitor.get_by_role("dialog")
    story.visitor.context.set_offline(True)
    said = say(talk, "Без сети")
    expect(talk.get_by_text("Нет связи")).to_be_visible()
    story.visitor.context.set_offline(False)
    expect(said).to_contain_text("оставлено")
    story.visitor.reload()
    expect(opened(story.visitor).locator(".note.in")).to_contain_text(
        ["Луна ещё есть?", "Без сети"]
    )
    expect(message(story.workplace, "Без сети")).to_have_count(1)


def test_file_goes_along(story: Story) -> None:
    talk = story.visitor.get_by_role("dialog")
    plan = {"name": "план.txt", "mimeType": "text/plain", "buffer": b"a plan"}
    talk.locator("input[type=file]").set_input_files([plan])
    expect(talk.locator(".files progress")).to_have_count(0)
    talk.get_by_role("button", name="Отправить").click()
    expect(on(story.workplace, "file").filter(has_text="план.txt")).to_be_visible()


def test_denied_storage_is_no_matter(story: Story) -> None:
    page = story.new_visitor("/lamps/moon", NO_STORAGE)
    talk = opened(page)
    talk.get_by_label("Согласна на всё").check()
    expect(say(talk, "Без памяти")).to_contain_text("оставлено")
    page.close()


def test_words_left_off_hours_become_a_request(story: Story) -> None:
    page = story.settings
    on(page, "edit").click()
    expect(on(page, "preview").get_by_role("heading", name="Лунная лавка")).to_be_visible()
    on(page, "add-hours").click()
    days = on(page, "hours-row").locator("select")
    days.nth(0).select_option(FAR_DAY)
    days.nth(1).select_option(FAR_DAY)
    on(page, "save-channel").click()
    expect(on(page, "channel-form")).to_have_count(0)
    visitor = story.new_visitor("/lamps/owl?utm_source=night")
    talk = opened(visitor)
    expect(talk.get_by_text("Мы спим")).to_be_visible()
    talk.get_by_label("Телефон").fill("8 900 000-00-01")
    talk.get_by_label("Ваш вопрос").fill("Позвоните утром")
    talk.get_by_label("Согласна на всё").check()
    talk.get_by_role("button", name="Отправить").click()
    expect(talk.get_by_text("Спасибо!")).to_be_visible()
    shot(visitor, "widget-away")
    with closing(sqlite3.connect(story.windows.product.database)) as database:
        asked = "SELECT kind, phone, text, visit FROM offline_request"
        ((kind, phone, text, visit),) = database.execute(asked).fetchall()
    assert (kind, phone, text) == ("widget", "+79000000001", "Позвоните утром")
    assert "night" in visit
