"""Open Lines as people see them: a line made in the connector's form, words both ways, its end.

The tests are the steps of one story: they share its windows and run in this order.
"""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from sandbox.messengers.telegram.media import SAMPLES
from tests.e2e.deeds import (
    MARKET,
    TOKEN,
    answer,
    connect,
    install,
    make_manager,
    message,
    open_workplace,
    phone,
    row,
    write,
)
from tests.e2e.windows import Windows, app, app_in_slider, on, shot, slider

SECOND_TOKEN = "100002:SANDBOX-TOKEN-TWO"

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("in_order")]


@dataclass
class Story:
    """Who takes part; the administrator answers in the Open Line, Boris in the workplace."""

    windows: Windows
    admin: Page
    boris: Page
    anna: Page

    @property
    def workplace(self) -> FrameLocator:
        return app(self.boris)


@pytest.fixture(scope="module")
def story(windows: Windows) -> Story:
    admin = windows.portal(MARKET)
    install(admin)
    for token in (TOKEN, SECOND_TOKEN):
        expect(on(connect(admin, "telegram", token=token), "health")).to_have_text("Работает")
    make_manager(admin, "Борис Операторов")  # he goes on in what the line gives to another
    return Story(windows, admin, windows.portal(user=2), phone(windows))


def open_form(story: Story) -> FrameLocator:
    """By the tile of the Contact Center, as the portal opens it."""
    admin = story.admin
    admin.goto(f"{story.windows.product.ports.portal_url}/contact_center/")
    admin.locator('[data-key^="connector-"]', has_text="CallGear Чаты").click()
    center = slider(admin)
    expect(center.get_by_role("combobox", name="Открытая линия")).to_be_visible()
    if center.get_by_role("link", name="Подключить").count():
        center.get_by_role("link", name="Подключить").click()
    return app_in_slider(admin)


def test_new_line_gets_two_channels(story: Story) -> None:
    form = open_form(story)
    on(form, "place-new").check()
    on(form, "submit").click()
    expect(form.get_by_role("alert").first).to_have_text("Дайте линии название.")
    on(form, "line-name").locator("input").or_(on(form, "line-name")).last.fill("Магазин")
    for choice in on(form, "channel-choice").all():
        choice.get_by_role("checkbox").check()
    shot(story.admin, "40-line-form-new")
    on(form, "submit").click()
    made = on(form, "connected")
    expect(made).to_contain_text("Магазин")
    expect(made.get_by_role("listitem")).to_have_count(2)
    expect(on(made, "line-state")).to_contain_text("подключена")
    shot(story.admin, "41-line-connected")


def test_line_is_set_up_without_leaving(story: Story) -> None:
    form = app_in_slider(story.admin)
    on(form, "configure").click()
    expect(on(form, "line-parts")).to_be_visible()
    expect(on(form, "line-settings")).to_contain_text("Магазин")
    shot(story.admin, "42-line-settings")
    on(form, "back-to-lines").click()
    expect(on(form, "connected")).to_be_visible()


def test_words_and_their_edits_come_to_the_line(story: Story) -> None:
    workplace = open_workplace(story.boris)
    on(story.anna, "start").click()
    write(story.anna, "Луна есть?")
    row(workplace, "Анна Соколова").click()
    line = open_line(story)
    expect(said(line, "Луна есть?")).to_have_count(1)
    mine = on(story.anna, "message").filter(has_text="Луна есть?")
    mine.hover()
    on(mine, "edit").click()
    on(story.anna, "composer").fill("Луна большая есть?")
    on(story.anna, "composer").press("Enter")
    expect(said(line, "Луна большая есть?")).to_have_count(1)
    expect(message(workplace, "Луна большая есть?")).to_have_count(1)


def test_reply_of_the_line_is_edited_and_taken_back_everywhere(story: Story) -> None:
    line, workplace = story.admin, story.workplace
    line.get_by_role("textbox", name="Сообщение").fill("[b]Есть[/b] две")
    line.get_by_role("textbox", name="Сообщение").press("Enter")
    sent = said(line, "Есть две")
    expect(sent.get_by_title("Доставлено")).to_be_visible()
    expect(on(story.anna, "message-text").last).to_have_text("Есть две")
    sent.hover()
    sent.get_by_role("button", name="Изменить").click()
    sent.locator("textarea").fill("Есть три")
    sent.get_by_role("button", name="Сохранить").click()
    expect(on(story.anna, "message-text").last).to_have_text("Есть три")
    expect(message(workplace, "Есть три")).to_have_count(1)
    said(line, "Есть три").hover()
    said(line, "Есть три").get_by_role("button", name="Удалить").click()
    expect(on(story.anna, "message-text").filter(has_text="Есть три")).to_have_count(0)
    expect(line.get_by_text("Сообщение удалено")).to_be_visible()


def test_files_go_both_ways(story: Story) -> None:
    line, workplace = story.admin, story.workplace
    on(story.anna, "attach").click()
    on(story.anna, "attach-photo").set_input_files(SAMPLES / "photo.jpg")
    picture = line.get_by_role("log").locator("img.picture")
    expect(picture).to_have_count(1)
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    line.locator('input[type="file"]').set_input_files(SAMPLES / "document.pdf")
    line.get_by_role("textbox", name="Сообщение").press("Enter")
    expect(story.anna.locator('[data-direction="in"][data-kind="document"]')).to_be_visible()
    answer(workplace, "Это прайс")
    expect(said(line, "Это прайс")).to_have_count(1)
    expect(on(story.anna, "message-text").last).to_have_text("Это прайс")
    shot(line, "43-line-files")


def open_line(story: Story) -> Page:
    """Anna's chat in the Open Line, taken by the administrator."""
    admin = story.admin
    admin.goto(f"{story.windows.product.ports.portal_url}/online/")
    admin.get_by_role("navigation", name="Чаты").get_by_role("link", name="Анна").click()
    admin.wait_for_url(re.compile(r"/online/\?chat="))
    admin.get_by_role("button", name="Ответить").click()
    return admin


def said(line: Page, text: str) -> Locator:
    return line.get_by_role("log").locator(".say").filter(has_text=text)


def test_taken_or_finished_in_the_line_it_is_so_here(story: Story) -> None:
    line, workplace = story.admin, story.workplace
    expect(on(workplace, "chat-about")).to_contain_text("Анна Администратор")
    line.get_by_role("button", name="Завершить диалог").click()
    expect(line.get_by_text("Диалог завершён.")).to_be_visible()
    expect(
        on(workplace, "system-line").filter(has_text="Диалог Открытой линии завершён")
    ).to_have_count(1)
    shot(story.boris, "46-finished-in-the-line")


def test_channels_are_changed_and_the_line_disconnected(story: Story) -> None:
    form = open_form(story)
    on(form, "change").click()
    on(form, "channel-choice").last.get_by_role("checkbox").uncheck()
    shot(story.admin, "44-line-change")
    on(form, "submit").click()
    expect(on(form, "connected").get_by_role("listitem")).to_have_count(1)
    on(form, "disconnect").click()
    form.get_by_role("dialog").get_by_role("button", name="Отключить").click()
    expect(on(form, "connector-form")).to_be_visible()
    center = slider(story.admin)
    expect(center.get_by_text("Не подключено", exact=True)).to_be_visible()
    shot(story.admin, "45-line-disconnected")
