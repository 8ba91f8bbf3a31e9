"""The main job as people do it: installed, connected, written, answered, removed, installed again.

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
    begin_installation,
    connect,
    install,
    make_manager,
    message,
    open_workplace,
    phone,
    prefer,
    row,
    write,
)
from tests.e2e.windows import Windows, app, app_in_slider, on, shot, slider

VISITOR = "Гость"

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("in_order")]


@dataclass
class Story:
    """Who takes part, each at a window of their own."""

    windows: Windows
    admin: Page
    boris: Page
    anna: Page
    visitor: Page

    @property
    def workplace(self) -> FrameLocator:
        return app(self.boris)


@pytest.fixture(scope="module")
def story(windows: Windows) -> Story:
    return Story(
        windows,
        admin=windows.portal(MARKET),
        boris=windows.portal(user=2),
        anna=phone(windows),
        visitor=windows.open(f"{windows.product.ports.shop_url}/"),
    )


def test_administrator_installs(story: Story) -> None:
    shot(story.admin, "01-market")
    installer = begin_installation(story.admin)
    expect(installer.get_by_role("heading", level=1)).to_have_text("Установка CallGear Чатов")
    expect(on(installer, "finish")).to_be_enabled()
    expect(installer.locator('[data-test="step"]:not([data-state="done"])')).to_have_count(0)
    shot(story.admin, "02-installer")
    installer.get_by_role("button", name="Завершить установку").click()
    story.admin.wait_for_url(re.compile("/marketplace/app/1/"))
    expect(on(app(story.admin), "first-steps")).to_be_visible()
    shot(story.admin, "03-home")


def test_wrong_token_is_said_at_its_field(story: Story) -> None:
    # The refusal is an answer of 400, and Chromium tells its console of each.
    story.windows.forgive(r"status of 400 .*/api/v1/channels\)")
    connect(story.admin, "telegram", token="100001:NOT-A-TOKEN")
    field = on(app(story.admin), "field-token")
    expect(field.get_by_role("alert")).to_contain_text("Telegram не знает такого токена")
    shot(story.admin, "04-wrong-token")


def test_telegram_bot_connects(story: Story) -> None:
    page = app(story.admin)
    on(page, "field-token").locator("input").fill(TOKEN)
    on(page, "save-channel").click()
    card = on(page, "channel")
    expect(card).to_contain_text("callgear_demo_bot")
    expect(on(card, "health")).to_have_text("Работает")


def test_boris_looks_after_colleagues(story: Story) -> None:
    # In the Open Line the administrator takes a chat of his; he goes on answering in it.
    make_manager(story.admin, "Борис Операторов")


def test_widget_is_put_on_the_site(story: Story) -> None:
    card = connect(story.admin, "webchat", title="Лунная лавка", greeting="Здравствуйте!")
    expect(on(card, "health")).to_have_text("Работает")
    shot(story.admin, "05-channels")
    snippet = on(card, "snippet").input_value()
    on(story.visitor, "settings-link").click()
    on(story.visitor, "widget-src").fill(snippet)
    on(story.visitor, "widget-save").click()
    story.visitor.goto(f"{story.windows.product.ports.shop_url}/lamps/moon")
    expect(story.visitor.get_by_role("button", name="Открыть чат")).to_be_visible()


def test_chat_appears_without_reload(story: Story) -> None:
    workplace = open_workplace(story.boris)
    on(workplace, "search").click()  # a browser lets a page sound only after a gesture
    shot(story.boris, "06-workplace-empty")
    on(story.anna, "start").click()
    write(story.anna, "Здравствуйте! Луна ещё есть?")
    expect(row(workplace, "Анна Соколова")).to_contain_text("Луна ещё есть?")
    expect(on(workplace, "tab-new")).to_have_attribute("aria-selected", "true")
    expect(on(workplace, "count-new")).to_have_text("1")
    shot(story.anna, "07-phone")


def test_visitor_of_the_site_appears_too(story: Story) -> None:
    story.visitor.get_by_role("button", name="Открыть чат").click()
    talk = story.visitor.get_by_role("dialog", name="Лунная лавка")
    expect(talk.get_by_role("log")).to_contain_text("Здравствуйте!")
    talk.get_by_role("textbox").fill("Доставите завтра?")
    talk.get_by_role("textbox").press("Enter")
    expect(story.workplace.locator('[data-test="chat-row"]')).to_have_count(2)
    expect(on(story.workplace, "count-new")).to_have_text("2")
    shot(story.visitor, "08-widget")
    shot(story.boris, "09-workplace-new")


def test_new_chat_makes_a_sound(story: Story) -> None:
    assert story.workplace.locator("body").evaluate("() => window.sounds") > 0


def test_answer_reaches_the_phone(story: Story) -> None:
    chat = story.workplace
    row(chat, "Анна Соколова").click()
    on(chat, "accept").click()
    expect(on(chat, "chat-about")).to_contain_text("отвечаете вы")
    said = answer(chat, "Да, осталось две")
    expect(on(story.anna, "message-text").last).to_have_text("Да, осталось две")
    expect(said).to_have_attribute("data-state", "sent")
    expect(said).to_have_count(1)
    shot(story.boris, "10-chat")


def test_answer_is_read_in_the_widget(story: Story) -> None:
    chat = story.workplace
    on(chat, "tab-new").click()
    row(chat, "Доставите завтра?").click()
    on(chat, "accept").click()
    close = story.visitor.get_by_role("button", name="Закрыть чат")
    close.last.click()
    said = answer(chat, "Завтра до обеда")
    expect(story.visitor.get_by_role("button", name="Открыть чат (1)")).to_be_visible()
    expect(said).to_have_attribute("data-state", re.compile("sent|delivered"))
    story.visitor.get_by_role("button", name="Открыть чат (1)").click()
    expect(story.visitor.get_by_role("log")).to_contain_text("Завтра до обеда")
    expect(said).to_have_attribute("data-state", "read")
    shot(story.visitor, "11-widget-answer")


def test_files_reach_the_workplace(story: Story) -> None:
    chat = story.workplace
    widget = story.visitor.get_by_role("dialog")
    widget.locator('input[type="file"]').set_input_files(SAMPLES / "photo.jpg")
    widget.get_by_role("button", name="Отправить").click()
    expect_picture(on(chat, "log").locator('[data-direction="in"] img').last)
    row(chat, "Анна Соколова").click()
    on(story.anna, "attach").click()
    on(story.anna, "attach-photo").set_input_files(SAMPLES / "photo.jpg")
    expect_picture(on(chat, "log").locator('[data-direction="in"] img').last)


def test_files_reach_the_client(story: Story) -> None:
    chat = story.workplace
    on(chat, "file-input").set_input_files(SAMPLES / "document.pdf")
    on(chat, "send").click()
    expect(story.anna.locator('[data-direction="in"][data-kind="document"]')).to_be_visible()
    shot(story.boris, "12-files")
    row(chat, VISITOR).click()
    on(chat, "file-input").set_input_files(SAMPLES / "photo.jpg")
    on(chat, "send").click()
    expect_picture(story.visitor.get_by_role("log").locator(".out img").last)
    shot(story.visitor, "13-widget-files")


def expect_picture(image: Locator) -> None:
    """Not a broken one: its pixels have come."""
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", True)
    expect(image).not_to_have_js_property("naturalWidth", 0)


def test_chat_is_closed_and_reopened(story: Story) -> None:
    chat = story.workplace
    row(chat, "Анна Соколова").click()
    on(chat, "close").click()
    on(chat, "tab-closed").click()
    row(chat, "Анна Соколова").click()
    expect(on(chat, "system-line").last).to_contain_text("Чат завершён: Борис Операторов")
    shot(story.boris, "14-closed")
    on(chat, "reopen").click()
    expect(on(chat, "tab-active")).to_have_attribute("aria-selected", "true")
    answer(chat, "Отложить для вас?")
    expect(on(story.anna, "message-text").last).to_have_text("Отложить для вас?")


def test_deal_is_made_with_contact_and_messages(story: Story) -> None:
    admin = story.admin
    admin.goto(f"{story.windows.product.ports.portal_url}/crm/deal/")
    shot(admin, "15-deals")
    admin.locator("td.name").get_by_role("link", name="Анна Соколова").click()
    card = slider(admin)
    expect(card.get_by_role("combobox", name="Ответственный")).to_have_value("1")
    expect(card.locator(".fields").get_by_role("link", name="Анна Соколова")).to_be_visible()
    timeline = card.locator(".timeline")
    for text in ("Луна ещё есть?", "Да, осталось две", "Отложить для вас?"):
        expect(timeline).to_contain_text(text)
    shot(admin, "16-deal")


def test_deal_card_answers_in_the_same_chat(story: Story) -> None:
    card = slider(story.admin)
    card.get_by_role("tab", name="CallGear Чаты").click()
    tab = app_in_slider(story.admin)
    expect(message(tab, "Да, осталось две")).to_be_visible()
    answer(tab, "Отложили до пятницы")
    expect(on(story.anna, "message-text").last).to_have_text("Отложили до пятницы")
    expect(message(story.workplace, "Отложили до пятницы")).to_have_count(1)
    shot(story.admin, "17-deal-tab")


def test_line_is_connected_in_contact_center(story: Story) -> None:
    admin = story.admin
    admin.goto(f"{story.windows.product.ports.portal_url}/contact_center/")
    shot(admin, "18-contact-center")
    admin.locator('[data-key^="connector-"]', has_text="CallGear Чаты").click()
    center = slider(admin)
    center.get_by_role("combobox", name="Открытая линия").select_option(label="Поддержка")
    button = center.get_by_role("link", name="Подключить")
    expect(button).to_have_attribute("href", re.compile("LINE=2"))  # the page of that line came
    button.click()
    form = app_in_slider(admin)
    expect(form.get_by_role("heading", name="Поддержка")).to_be_visible()
    expect(form.get_by_role("group", name="Активные каналы")).to_be_visible()
    on(form, "channel-choice").filter(has_text="CallGear Demo").get_by_role("checkbox").check()
    shot(admin, "19-connector-form")
    form.get_by_role("button", name="Отправить").click()
    expect(on(form, "connected")).to_contain_text("Линия подключена")
    expect(center.get_by_text("Подключено", exact=True)).to_be_visible()
    shot(admin, "20-connected")


def test_message_is_shown_in_both_once(story: Story) -> None:
    write(story.anna, "А с подсветкой?")
    expect(message(story.workplace, "А с подсветкой?")).to_have_count(1)
    line = open_line(story)
    expect(said(line, "А с подсветкой?")).to_have_count(1)
    expect(message(story.workplace, "А с подсветкой?")).to_have_count(1)


def test_line_reply_is_shown_in_both_once(story: Story) -> None:
    line = story.admin
    line.get_by_role("textbox", name="Сообщение").fill("Есть тёплая и холодная")
    line.get_by_role("textbox", name="Сообщение").press("Enter")
    expect(on(story.anna, "message-text").last).to_have_text("Есть тёплая и холодная")
    expect(message(story.workplace, "Есть тёплая и холодная")).to_have_count(1)
    expect(said(line, "Есть тёплая и холодная").get_by_title("Доставлено")).to_be_visible()
    shot(line, "21-open-line")


def test_workplace_reply_is_shown_in_both_once(story: Story) -> None:
    line = story.admin
    answer(story.workplace, "Тёплая дешевле")
    expect(on(story.anna, "message-text").last).to_have_text("Тёплая дешевле")
    expect(said(line, "Тёплая дешевле")).to_have_count(1)
    write(story.anna, "Беру тёплую")
    expect(said(line, "Беру тёплую")).to_have_count(1)
    for text in ("Тёплая дешевле", "Есть тёплая и холодная", "Беру тёплую"):
        expect(said(line, text)).to_have_count(1)
        expect(message(story.workplace, text)).to_have_count(1)
        expect(on(story.anna, "message-text").filter(has_text=text)).to_have_count(1)
    shot(story.boris, "22-workplace-line")


def open_line(story: Story) -> Page:
    """Anna's chat in the Open Line, taken by the administrator."""
    admin = story.admin
    admin.goto(f"{story.windows.product.ports.portal_url}/online/")
    admin.get_by_role("navigation", name="Чаты").get_by_role("link", name="Анна").click()
    admin.wait_for_url(re.compile(r"/online/\?chat="))  # loaded, with its scripts
    admin.get_by_role("button", name="Ответить").click()
    return admin


def said(line: Page, text: str) -> Locator:
    return line.get_by_role("log").locator(".say").filter(has_text=text)


def test_workplace_speaks_both_languages_day_and_night(story: Story) -> None:
    prefer(story.workplace, "Тёмная тема", "dark")
    shot(story.boris, "23-workplace-ru-dark")
    window = story.windows.portal(user=2, lang="en")
    workplace = open_workplace(window)
    on(workplace, "search").fill("соколова")
    row(workplace, "Анна Соколова").click()
    expect(message(workplace, "Беру тёплую")).to_be_visible()
    shot(window, "24-workplace-en-dark")
    prefer(workplace, "Light theme", "light")
    shot(window, "25-workplace-en-light")
    window.close()


def test_uninstalled_application_says_so(story: Story) -> None:
    # Chromium tells its console of each refusal, and these are the point: nobody is let in
    # any more, and the portal has no page for a widget that is gone.
    story.windows.forgive(r"status of 40[134] .*/(api/v1|widget|hooks)/")
    story.windows.forgive(r"status of 404 .*(/app/placement/\d+/\?_live|/_browser/refresh)")
    admin = story.admin
    admin.goto(f"{story.windows.product.ports.portal_url}{MARKET}")
    admin.get_by_role("button", name="Удалить", exact=True).click()
    shot(admin, "26-uninstall")
    admin.get_by_role("button", name="Да, удалить").click()
    expect(admin.get_by_role("button", name="Установить")).to_be_visible()
    expect(on(story.workplace, "session-lost")).to_be_visible()
    shot(story.boris, "27-workplace-gone")
    expect(story.visitor.get_by_role("status")).to_have_text("Этот чат отключён.")
    shot(story.visitor, "28-widget-gone")


def test_uninstalled_application_takes_nothing(story: Story) -> None:
    kept = story.windows.product.kept_messages()
    write(story.anna, "Вы ещё тут?")
    expect(on(story.anna, "message-text").last).to_have_text("Вы ещё тут?")
    story.visitor.reload()
    expect(story.visitor.get_by_role("heading", name="Луна")).to_be_visible()
    expect(story.visitor.get_by_role("button", name="Открыть чат")).to_have_count(0)
    assert story.windows.product.kept_messages() <= kept


def test_installed_again_it_works(story: Story) -> None:
    install(story.admin)
    channels = app(story.admin)
    on(channels, "tab-channels").click()
    card = on(channels, "channel").filter(has_text="CallGear Demo")
    expect(on(card, "health")).to_have_text("Работает")
    shot(story.admin, "29-channels-again")
    story.boris.goto(f"{story.windows.product.ports.portal_url}/stream/")
    workplace = open_workplace(story.boris)
    write(story.anna, "Здравствуйте ещё раз")
    # Whose the talk is by now was settled in the Open Line: it goes on wherever it stands.
    on(workplace, "search").fill("соколова")
    row(workplace, "Анна Соколова").click()
    expect(message(workplace, "Здравствуйте ещё раз")).to_have_count(1)
    answer(workplace, "С возвращением")
    expect(on(story.anna, "message-text").last).to_have_text("С возвращением")
    shot(story.boris, "30-installed-again")
