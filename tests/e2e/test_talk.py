"""The talk itself: written first, by a template of one's own, later, and with whom.

The tests are the steps of one story: they share its windows and run in this order.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from sandbox.messengers.telegram.media import SAMPLES
from tests.e2e.deeds import (
    BOT,
    MARKET,
    TOKEN,
    answer,
    connect,
    install,
    open_workplace,
    phone,
    write,
)
from tests.e2e.windows import Windows, app, on, shot

SECOND = 5_000_002

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("in_order")]


@dataclass
class Talk:
    """Boris answers, Anna writes from her phone."""

    windows: Windows
    boris: Page
    anna: Page

    @property
    def workplace(self) -> FrameLocator:
        return app(self.boris)


@pytest.fixture(scope="module")
def talk(windows: Windows) -> Talk:
    admin = windows.portal(MARKET)
    install(admin)
    expect(connect(admin, "telegram", token=TOKEN)).to_have_attribute("data-state", "working")
    story = Talk(windows, windows.portal(user=2), phone(windows))
    on(story.anna, "start").click()
    write(story.anna, "Здравствуйте! Есть ли лампа «Сова»?")
    open_workplace(story.boris)
    return story


def test_search_offers_a_chat_with_a_stranger(talk: Talk) -> None:
    field = on(talk.workplace, "search")
    field.fill("+79990000000")
    expect(on(talk.workplace, "start-with")).to_contain_text("Начать чат+7 999 000-00-00")
    shot(talk.boris, "talk-00-stranger")
    field.press("ArrowDown")
    talk.boris.keyboard.press("Enter")
    expect(on(talk.workplace, "outreach-address")).to_have_value("+7 999 000-00-00")
    expect(on(talk.workplace, "outreach-absent")).to_have_text("Номер не найден")
    talk.boris.keyboard.press("Escape")
    field.fill("")
    expect(on(talk.workplace, "chat-row")).to_have_count(1)


def test_first_word_finds_only_who_wrote(talk: Talk) -> None:
    talk.windows.forgive(r"status of 400 .*/api/v1/outreach/")
    on(talk.workplace, "write-first").click()
    ask(talk, "12")
    expect(on(talk.workplace, "outreach").get_by_role("alert")).to_contain_text("@ник")
    ask(talk, "+7 999 000-00-00")
    expect(on(talk.workplace, "outreach-absent")).to_have_text("Номер не найден")
    shot(talk.boris, "talk-01-absent")


def test_chat_in_new_is_not_begun_again(talk: Talk) -> None:
    ask(talk, "@anna_demo")
    found = on(talk.workplace, "outreach-answer")
    expect(found).to_have_attribute("data-state", "in_new")
    expect(found).to_contain_text('его можно найти во вкладке "Новые"')
    expect(on(talk.workplace, "outreach-go")).to_be_disabled()
    shot(talk.boris, "talk-02-in-new")
    talk.boris.keyboard.press("Escape")


def test_known_client_is_written_first(talk: Talk) -> None:
    page = talk.workplace
    on(page, "chat-row").first.click()
    on(page, "accept").click()
    on(page, "close").click()
    expect(on(page, "chat")).to_have_count(0)
    on(page, "write-first").click()
    ask(talk, "@anna_demo")
    expect(on(page, "outreach-answer")).to_have_attribute("data-state", "ready")
    shot(talk.boris, "talk-03-ready")
    on(page, "outreach-go").click()
    expect(on(page, "system-line")).to_contain_text("начал(а) чат")
    answer(page, "Добрый день, «Сова» снова есть")
    expect(talk.anna.get_by_text("«Сова» снова есть")).to_be_visible()


def test_quick_reply_comes_by_a_slash(talk: Talk) -> None:
    talk.windows.forgive(r"status of 400 .*/api/v1/quick-replies")
    page = talk.workplace
    on(page, "quick").click()
    on(page, "add-reply").click()
    on(page, "new-reply").click()
    on(page, "save-reply").click()
    expect(on(page, "reply-dialog").get_by_role("alert").first).to_contain_text("название")
    on(page, "reply-title").fill("Доставка")
    on(page, "reply-text").fill("Здравствуйте, ")
    on(page, "variable-client_first_name").click()
    on(page, "reply-text").press_sequentially("! Доставка завтра.")
    on(page, "reply-files").set_input_files(SAMPLES / "photo.jpg")
    shot(talk.boris, "talk-04-reply")
    on(page, "save-reply").click()
    expect(on(page, "kept-reply")).to_contain_text("Доставка")
    shot(talk.boris, "talk-05-replies")
    talk.boris.keyboard.press("Escape")
    on(page, "message-input").press_sequentially("/дост")
    expect(on(page, "quick-reply")).to_contain_text("Здравствуйте, Анна!")
    shot(talk.boris, "talk-06-slash")
    on(page, "message-input").press("Enter")
    expect(on(page, "message-input")).to_have_value("Здравствуйте, Анна! Доставка завтра.")
    expect(on(page, "pending-file")).to_have_count(1)
    on(page, "send").click()
    expect(talk.anna.get_by_text("Доставка завтра.")).to_be_visible()


def test_message_waits_for_its_time(talk: Talk) -> None:
    page = talk.workplace
    on(page, "message-input").fill("Напоминаю про лампу")
    on(page, "later").click()
    shot(talk.boris, "talk-07-later")
    on(page, "later-tomorrow").click()
    expect(on(page, "planned-toggle")).to_contain_text("1 отложенное сообщение")
    expect(on(page, "message-input")).to_have_value("")
    on(page, "planned-toggle").click()
    on(page, "planned-edit").click()
    on(page, "planned-text").fill("Лампа ждёт вас")
    shot(talk.boris, "talk-08-planned")
    on(page, "planned-save").click()
    expect(on(page, "planned-item")).to_contain_text("Лампа ждёт вас")
    talk.windows.product.hurry_planned()
    expect(talk.anna.get_by_text("Лампа ждёт вас")).to_be_visible()
    expect(on(page, "planned")).to_have_count(0)
    expect(on(page, "message").filter(has_text="Лампа ждёт вас")).to_have_count(1)


def test_file_too_large_is_refused_at_once(talk: Talk) -> None:
    page = talk.workplace
    large = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"0" * (20 * 1024 * 1024 + 1)}
    on(page, "file-input").set_input_files(large)  # type: ignore[arg-type]
    expect(on(page, "pending-file")).to_contain_text("не больше 20 МБ")
    expect(on(page, "send")).to_be_disabled()
    on(page, "remove-file").click()


def test_client_is_edited_in_the_card(talk: Talk) -> None:
    page = talk.workplace
    edit_client(page, "+7 900 000-00-01")
    on(page, "profile-note").fill("Любит сов")
    shot(talk.boris, "talk-09-edit")
    on(page, "profile-save").click()
    expect(on(page, "client-note")).to_have_text("Любит сов")
    expect(on(page, "client-card")).to_contain_text("+7 900 000-00-01")


def test_duplicates_are_merged_and_taken_apart(talk: Talk) -> None:
    address = talk.windows.product.ports.telegram_url
    ivan = talk.windows.open(f"{address}/?user={SECOND}&bot={BOT}&lang=ru")
    on(ivan, "start").click()
    write(ivan, "А это снова я, с другого телефона")
    page = talk.workplace
    on(page, "tab-new").click()
    on(page, "chat-row").filter(has_text="с другого телефона").click()
    edit_client(page, "8 900 000-00-01")
    on(page, "profile-save").click()
    expect(on(page, "duplicate")).to_contain_text("Анна")
    shot(talk.boris, "talk-10-duplicate")
    on(page, "merge").click()
    expect(on(page, "merged")).to_contain_text("Анна")
    expect(on(page, "card-channels")).to_have_count(1)
    expect(on(page, "earlier-chat")).to_have_count(2)
    shot(talk.boris, "talk-11-merged")
    on(page, "unmerge").click()
    expect(on(page, "duplicate")).to_have_count(1)
    expect(on(page, "earlier-chat")).to_have_count(0)


def edit_client(page: FrameLocator, phone: str) -> None:
    if not on(page, "client-card").is_visible():
        on(page, "toggle-card").click()
    on(page, "edit-client").click()
    on(page, "profile-phones").fill(phone)


def ask(talk: Talk, address: str) -> None:
    on(talk.workplace, "outreach-address").fill(address)
    on(talk.workplace, "outreach-find").click()
