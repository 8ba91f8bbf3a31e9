"""Operators among themselves: a chat is handed on, a status refuses, marks are put, words found.

Two operators and a client, each at a window. The tests are the steps of one story: they share
its windows and run in this order.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.deeds import (
    MARKET,
    TOKEN,
    answer,
    connect,
    install,
    message,
    open_workplace,
    phone,
    write,
)
from tests.e2e.deeds import row as chat_row
from tests.e2e.windows import Windows, app, on, shot

ANNA = "Анна Соколова"
VERA_ID = 3

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("in_order")]


@dataclass
class Story:
    """Anna writes from her phone, Boris answers, Vera helps; the administrator sets things up."""

    admin: Page
    boris: Page
    vera: Page
    anna: Page
    portal_url: str

    @property
    def his(self) -> FrameLocator:
        return app(self.boris)

    @property
    def hers(self) -> FrameLocator:
        return app(self.vera)


@pytest.fixture(scope="module")
def story(windows: Windows) -> Story:
    admin = windows.portal(MARKET)
    install(admin)
    connect(admin, "telegram", token=TOKEN)
    anna = phone(windows)
    on(anna, "start").click()
    write(anna, "Здравствуйте! Луна ещё есть?")
    boris, vera = windows.portal(user=2), windows.portal(user=VERA_ID)
    return Story(admin, boris, vera, anna, windows.product.ports.portal_url)


def offer(story: Story, comment: str) -> None:
    """Boris offers the open chat to Vera."""
    on(story.his, "transfer").click()
    dialog = on(story.his, "transfer-dialog")
    expect(on(dialog, "transfer-to").first).to_be_visible()
    on(dialog, "transfer-to").filter(has_text="Вера").click()
    on(dialog, "transfer-comment").fill(comment)
    shot(story.boris, "desk-01-transfer")
    on(story.his, "transfer-send").click()


def tab(place: FrameLocator, name: str) -> Locator:
    return on(place, f"tab-{name}")


def test_declined_chat_stays(story: Story) -> None:
    open_workplace(story.vera)
    open_workplace(story.boris)
    chat_row(story.his, ANNA).click()
    on(story.his, "accept").click()
    offer(story, "Спрашивает про скидку, я её не знаю")
    card = on(story.hers, "transfer-card")
    expect(card).to_contain_text("Борис Операторов")
    expect(card).to_contain_text(ANNA)
    expect(card).to_contain_text("Спрашивает про скидку")
    expect(on(story.his, "transfer-waiting")).to_contain_text("Вера")
    shot(story.vera, "desk-02-offered")
    on(card, "transfer-decline").click()
    expect(card).to_have_count(0)
    expect(on(story.his, "transfer-waiting")).to_have_count(0)
    expect(on(story.his, "system-line").last).to_contain_text("Отказ от перевода: Вера")
    shot(story.boris, "desk-03-declined")


def test_accepted_chat_goes_over(story: Story) -> None:
    offer(story, "Теперь точно")
    on(on(story.hers, "transfer-card"), "transfer-accept").click()
    expect(on(story.hers, "chat-about")).to_contain_text("отвечаете вы")
    expect(tab(story.hers, "active")).to_have_attribute("aria-selected", "true")
    expect(on(story.his, "chat-row")).to_have_count(0)
    answer(story.hers, "Здравствуйте, это Вера. Есть!")
    expect(on(story.anna, "message-text").last).to_have_text("Здравствуйте, это Вера. Есть!")
    shot(story.vera, "desk-04-accepted")


def test_status_refuses(story: Story) -> None:
    write(story.anna, "А какая скидка?")
    on(story.hers, "status").click()
    shot(story.vera, "desk-05-statuses")
    on(story.hers, "status-not_at_workplace").click()
    expect(on(story.hers, "composer-reason")).to_have_text(
        "Невозможно вести переписку в текущем статусе"
    )
    expect(on(story.hers, "message-input")).to_be_disabled()
    expect(on(story.hers, "close")).to_be_disabled()
    shot(story.vera, "desk-06-refused")
    on(story.hers, "status").click()
    on(story.hers, "status-available").click()
    expect(on(story.hers, "message-input")).to_be_enabled()


def test_note_is_for_colleagues_only(story: Story) -> None:
    on(story.hers, "note-open").click()
    on(story.hers, "note-input").fill("Скидку согласовала: 10 процентов")
    shot(story.vera, "desk-07-note")
    on(story.hers, "note-save").click()
    expect(on(story.hers, "note")).to_contain_text("10 процентов")
    answer(story.hers, "Секунду")
    expect(on(story.anna, "message-text").last).to_have_text("Секунду")
    expect(story.anna.get_by_text("10 процентов")).to_have_count(0)


def test_chat_is_pinned_and_tagged(story: Story) -> None:
    on(story.hers, "pin-chat").click()
    expect(on(on(story.hers, "chat-row"), "pinned")).to_have_count(1)
    on(story.hers, "toggle-card").click()
    on(story.hers, "add-tag").click()
    expect(on(story.hers, "tag-search")).to_be_visible()
    # A plain operator puts tags on; who may make them is a matter of rights.
    expect(on(story.hers, "tag-make")).to_have_count(0)
    story.vera.keyboard.press("Escape")


def test_manager_sees_colleagues_and_makes_tags(story: Story) -> None:
    # The administrator of the portal looks after everybody.
    workplace = open_workplace(story.admin)
    tab(workplace, "others").click()
    chat_row(workplace, ANNA).click()
    expect(message(workplace, "Секунду")).to_be_visible()
    expect(on(story.hers, "lookers")).to_contain_text("Анна Администратор и ещё 1 коллега")
    on(workplace, "toggle-card").click()
    on(workplace, "add-tag").click()
    on(workplace, "tag-search").fill("VIP")
    on(workplace, "tag-make").click()
    expect(on(on(workplace, "chat-tags"), "tag")).to_have_text("VIP")
    expect(on(on(story.hers, "chat-row"), "tag")).to_have_text("VIP")
    shot(story.admin, "desk-08-others")
    shot(story.vera, "desk-09-tagged")


def test_administrator_makes_a_status(story: Story) -> None:
    story.admin.goto(f"{story.portal_url}/marketplace/app/1/")
    page = app(story.admin)
    on(page, "tab-workplace").click()
    on(page, "add-status").click()
    made = on(page, "status-row").last
    made.get_by_label("Название").fill("Обучение")
    made.get_by_label("Принимает чаты", exact=True).uncheck()
    on(page, "right-force").get_by_role("switch").click()
    shot(story.admin, "desk-11-settings")
    on(page, "save-workplace").click()
    expect(on(page, "save-workplace")).to_be_disabled()
    on(story.hers, "status").click()
    story.hers.get_by_role("menuitemradio", name="Обучение").click()
    expect(on(story.hers, "status")).to_contain_text("Обучение")
    expect(on(story.hers, "transfer")).to_be_enabled()


def test_everything_said_is_found(story: Story) -> None:
    on(story.hers, "search").fill("скид")
    found = on(story.hers, "found")
    expect(found).to_contain_text("Скидку согласовала")
    expect(on(story.hers, "chat-row")).to_have_count(1)
    shot(story.vera, "desk-10-found")
    on(story.hers, "chat-row").click()
    expect(on(story.hers, "note")).to_be_in_viewport()
    on(story.hers, "search").fill("соколова")
    expect(on(story.hers, "chat-row")).to_have_count(1)
    # A colleague's chat is nobody else's business: Boris has no right to see over Vera.
    on(story.his, "search").fill("скид")
    expect(on(story.his, "empty")).to_contain_text("Ничего не найдено")
