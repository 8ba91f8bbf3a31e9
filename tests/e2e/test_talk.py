"""The talk itself: written first, by a template of one's own, later, and with whom.

The tests are the steps of one story: they share its windows and run in this order.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.e2e.deeds import MARKET, TOKEN, answer, connect, install, open_workplace, phone, write
from tests.e2e.windows import Windows, app, on, shot

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


def ask(talk: Talk, address: str) -> None:
    on(talk.workplace, "outreach-address").fill(address)
    on(talk.workplace, "outreach-find").click()
