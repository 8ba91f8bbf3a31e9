"""Rules from the screen to CRM and back: built, published, obeyed, explained, changed, undone.

The tests are the steps of one story: they share its windows and run in this order.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, Route, expect

from sandbox.portal import crm
from sandbox.portal.crm_fields import CONTACT, DEAL
from tests.e2e.deeds import (
    ANNA,
    BOT,
    MARKET,
    TOKEN,
    connect,
    install,
    message,
    open_workplace,
    phone,
    row,
    write,
)
from tests.e2e.rulebook import add_row, channel_is, draft_kept, in_force, open_rules, pick, publish
from tests.e2e.windows import Windows, app, on, shot, slider

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("in_order")]

GLEB, DARYA = 4, 5
MARIA = 2  # a contact of the portal with a deal in «Сервис»
MARIA_PHONE = "+79990000011"
VISITOR = "Гость"


@dataclass
class Story:
    """Who takes part, each at a window of their own."""

    windows: Windows
    admin: Page
    boris: Page
    darya: Page | None = None

    @property
    def settings(self) -> FrameLocator:
        return app(self.admin)

    @property
    def workplace(self) -> FrameLocator:
        return app(self.boris)

    def deals(self) -> list[dict[str, Any]]:
        """Of the portal's CRM, the oldest first."""
        portal = self.windows.product.world.portal
        with portal.lock:
            return [dict(deal) for _, deal in sorted(portal.items[DEAL].items())]

    def deal_of(self, name: str) -> dict[str, Any]:
        """The deal that the client card of the open chat leads to."""
        number = int(deal_link(self.workplace).inner_text().split("№")[1])
        (deal,) = [one for one in self.deals() if one["id"] == number]
        contact = self.windows.product.world.portal.items[CONTACT][deal["contactIds"][0]]
        assert str(contact["name"]).startswith(name)
        return deal

    def say(self, number: int, name: str, **what: Any) -> None:
        """A client of the bot writes from a phone that nobody looks at."""
        telegram = self.windows.product.world.telegram.test_client()
        user = {"id": number, **({"first_name": name} if number != ANNA else {})}
        user |= what.pop("user", {})
        answer = telegram.post("/_sandbox/say", json={"bot": BOT, "user": user, **what})
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def story(windows: Windows) -> Story:
    return Story(windows, admin=windows.portal(MARKET), boris=windows.portal(user=2))


def look_at(story: Story, name: str) -> FrameLocator:
    """Boris opens a client's chat with the client card."""
    chat = story.workplace
    row(chat, name).click()
    expect(on(chat, "chat-name")).to_contain_text(name)
    if not on(chat, "client-card").count():
        on(chat, "toggle-card").click()
    return chat


def deal_link(chat: FrameLocator) -> Locator:
    return on(chat, "crm-links").locator('[data-test*="/crm/deal/"]')


def why(chat: FrameLocator) -> Locator:
    """The panel of the open chat's decision."""
    on(chat, "client-card").locator('[data-test="why"]').click()
    panel = on(chat, "why-panel")
    expect(panel).to_have_attribute("data-state", "ready")
    return panel


def close_why(chat: FrameLocator) -> None:
    on(chat, "why-close").click()
    expect(on(chat, "why-panel")).to_have_count(0)


def step(panel: Locator, name: str) -> Locator:
    return panel.locator(f'[data-test="why-step"][data-step="{name}"]')


def test_channels_are_connected(story: Story) -> None:
    install(story.admin)
    expect(on(connect(story.admin, "telegram", token=TOKEN), "health")).to_have_text("Работает")
    card = connect(story.admin, "webchat", title="Лавка")
    expect(on(card, "health")).to_have_text("Работает")


def test_channel_gets_a_pipeline_of_its_own(story: Story) -> None:
    page = story.settings
    open_rules(page)
    shot(story.admin, "60-rules")
    rule = add_row(page, "pipelines_primary.rows")
    channel_is(page, rule, "Telegram")
    pick(page, rule, "pipeline", "Сервис")
    pick(page, rule, "deal-stage", "В работе")
    rest = on(page, "pipelines_primary-default")
    pick(page, rest, "pipeline", "Общая")
    pick(page, rest, "deal-stage", "Подготовка документов")
    expect(on(rule, "sentence")).to_contain_text("Тип канала")
    expect(on(rule, "open-row")).to_contain_text("Сервис")
    expect(on(page, "to-error")).to_have_count(0)
    shot(story.admin, "61-pipelines")


def test_title_is_put_together_from_chips(story: Story) -> None:
    titles = on(story.settings, "section-titles")
    deal = on(titles, "title-deal")
    template = titles.locator('.template:has([data-test="title-deal"])')
    deal.fill("Чат ")
    for name in ("channel_type", "visitor_phone", "communication_id"):
        template.locator(f'[data-name="{name}"]').click()
    expect(deal).to_have_value("Чат {channel_type} {visitor_phone} {communication_id}")
    expect(on(template, "preview")).to_contain_text("Чат")
    shot(story.admin, "62-titles")


def test_rule_without_a_person_is_refused_beside_its_field(story: Story) -> None:
    page = story.settings
    rule = add_row(page, "responsibles")
    channel_is(page, rule, "Telegram")
    person = on(rule, "person")
    expect(person).to_have_attribute("aria-invalid", "true")
    expect(rule.get_by_role("alert").first).to_be_visible()
    expect(on(page, "to-error")).to_have_count(1)
    expect(on(page, "to-error")).to_have_attribute("data-where", "responsibles.0.user_id")
    shot(story.admin, "63-refused")
    story.windows.forgive(r"status of 400 .*/settings/chats/dry_run\)")  # refused, as it should be
    on(page, "dry-run").click()
    expect(on(page, "dry-wrong")).to_be_visible()
    on(page, "dry-run-dialog").press("Escape")
    on(page, "to-error").click()
    expect(person).to_be_focused()
    pick(page, rule, "person", "Глеб Сервисов")
    expect(on(page, "error-summary")).to_have_count(0)


def test_rules_are_published_with_a_note(story: Story) -> None:
    page = story.settings
    draft_kept(page)
    on(page, "publish").click()
    changes = on(on(page, "changes").last, "change")
    expect(changes.filter(has_text="Глеб Сервисов")).to_have_count(1)
    expect(changes.filter(has_text="Сервис")).not_to_have_count(0)
    on(page, "publish-note").fill("Telegram уходит в сервис")
    shot(story.admin, "64-publish")
    publish(page, "Telegram уходит в сервис", 1)


def test_telegram_goes_to_its_pipeline(story: Story) -> None:
    open_workplace(story.boris)
    story.say(ANNA, "Анна", contact=True)  # her phone comes before «/start» would
    anna = phone(story.windows)
    write(anna, "Луна перестала светить")
    look_at(story, "Анна Соколова")
    expect(deal_link(story.workplace)).to_be_visible()
    deal = story.deal_of("Анна")
    assert (deal["categoryId"], deal["stageId"]) == (3, "C3:EXECUTING")
    assert deal["assignedById"] == GLEB
    assert deal["title"].startswith("Чат Telegram +79000000001 "), deal["title"]


def test_everything_else_goes_by_default(story: Story) -> None:
    shop = story.windows.product.ports.shop_url
    page = story.settings
    on(page, "tab-channels").click()
    snippet = on(page, "snippet").input_value()
    visitor = story.windows.open(f"{shop}/")
    on(visitor, "settings-link").click()
    on(visitor, "widget-src").fill(snippet)
    on(visitor, "widget-save").click()
    visitor.goto(f"{shop}/lamps/moon")
    visitor.get_by_role("button", name="Открыть чат").click()
    talk = visitor.get_by_role("dialog", name="Лавка")
    talk.get_by_role("textbox").fill("Доставите завтра?")
    talk.get_by_role("textbox").press("Enter")
    look_at(story, VISITOR)
    expect(deal_link(story.workplace)).to_be_visible()
    deal = story.deals()[-1]
    assert (deal["categoryId"], deal["stageId"]) == (0, "PREPARATION")
    assert deal["assignedById"] != GLEB
    assert deal["title"].startswith("Чат "), deal["title"]
    assert "  " not in deal["title"]
    visitor.context.close()


def test_chat_says_why(story: Story) -> None:
    panel = why(look_at(story, "Анна Соколова"))
    used = on(step(panel, "pipelines"), "why-row").and_(panel.locator('[data-used="true"]'))
    expect(used).to_contain_text("Строка 1")
    expect(used).to_contain_text("Telegram")
    expect(used).to_contain_text("Сервис")
    deal = panel.locator('[data-test="result-card"][data-type="deal"]')
    link = f"/crm/deal/details/{story.deal_of('Анна')['id']}/"
    expect(on(deal, "card-link")).to_have_attribute("href", f"{portal_url(story)}{link}")
    for call in ("contact", "deal", "comment"):
        expect(panel.locator(f'[data-key="{call}"]')).to_have_attribute("data-state", "done")
    expect(on(panel, "why-version")).to_contain_text("версии 1")
    shot(story.boris, "65-why")
    close_why(story.workplace)


def portal_url(story: Story) -> str:
    return story.windows.product.ports.portal_url


def test_deal_stands_in_the_portal(story: Story) -> None:
    window = story.windows.portal("/crm/deal/")
    window.locator("td.name").get_by_role("link", name="Чат Telegram").click()
    card = slider(window)
    expect(card.get_by_role("combobox", name="Ответственный")).to_have_value(str(GLEB))
    expect(card.get_by_role("button", name="В работе")).to_have_attribute("aria-pressed", "true")
    shot(window, "66-deal")
    window.context.close()


def test_changed_rules_are_tried_on_history(story: Story) -> None:
    page = story.settings
    open_rules(page)
    rule = on(on(page, "rows-pipelines_primary.rows"), "row").first
    on(rule, "open-row").click()
    pick(page, rule, "deal-stage", "Счёт на предоплату")
    draft_kept(page)
    on(page, "dry-run").click()
    expect(on(page, "dry-run-dialog")).to_have_attribute("data-state", "done")
    expect(on(page, "dry-checked")).to_contain_text("2")
    expect(on(page, "dry-changed")).to_contain_text("1")
    differs = on(page, "dry-item")
    expect(differs).to_have_count(1)
    expect(differs).to_contain_text("Счёт на предоплату")
    shot(story.admin, "67-dry-run")
    on(differs, "why").click()
    expect(on(page, "why-panel")).to_have_attribute("data-state", "ready")
    on(page, "why-close").click()
    on(page, "publish-from-dry-run").click()
    publish(page, "Сначала счёт", 2)


def test_new_client_goes_by_the_new_rule(story: Story) -> None:
    story.say(77, "Игорь", text="Сколько стоит ремонт?")
    look_at(story, "Игорь")
    expect(deal_link(story.workplace)).to_be_visible()
    assert story.deal_of("Игорь")["stageId"] == "C3:PREPAYMENT_INVOICE"


def test_versions_are_compared_and_brought_back(story: Story) -> None:
    page = story.settings
    on(page, "versions").click()
    versions = on(page, "version")
    expect(versions).to_have_count(2)
    for at in (0, 1):
        on(versions.nth(at), "pick-version").click()
    on(page, "compare").click()
    expect(on(page, "comparison")).to_contain_text("Счёт на предоплату")
    shot(story.admin, "68-versions")
    on(versions.nth(1), "rollback").click()
    on(page, "confirm-rollback").click()
    in_force(page, 3)
    story.say(78, "Ольга", text="Здравствуйте")
    look_at(story, "Ольга")
    expect(deal_link(story.workplace)).to_be_visible()
    assert story.deal_of("Ольга")["stageId"] == "C3:EXECUTING"


def test_late_colleague_is_told(story: Story) -> None:
    """Darya's page has not heard of what Anna published; the server has."""
    story.windows.forgive(r"status of 409 .*/settings/chats\)")  # Chromium tells of a refusal
    portal = story.windows.product.world.portal
    with portal.lock:
        portal.users[DARYA]["ADMIN"] = True
    darya = story.windows.portal("/marketplace/app/1/", user=DARYA)
    hers, news = app(darya), Deaf()
    darya.route("**/api/v1/settings/chats", news)
    open_rules(hers)
    on(hers, "title-activity").fill("Ответить: {visitor_name}")
    draft_kept(hers)
    on(hers, "publish").click()
    expect(on(hers, "confirm-publish")).to_be_enabled()
    page = story.settings
    on(page, "title-lead").fill("Лид {visitor_name}")
    draft_kept(page)
    publish(page, "Название лида", 4)
    on(hers, "confirm-publish").click()
    dialog = on(hers, "publish-dialog")
    expect(dialog).to_have_attribute("data-stale", "true")
    expect(dialog).to_contain_text("Анна Администратор")
    shot(darya, "69-stale")
    on(hers, "take-both").click()
    expect(dialog).to_have_attribute("data-stale", "false")
    publish(hers, "И название дела", 5)
    in_force(page, 5)
    expect(on(page, "title-activity")).to_have_value("Ответить: {visitor_name}")
    expect(on(hers, "title-lead")).to_have_value("Лид {visitor_name}")
    darya.context.close()


class Deaf:
    """A network that repeats the first answer, until something is written."""

    def __init__(self) -> None:
        self.kept: str | None = None
        self.wrote = False

    def __call__(self, route: Route) -> None:
        if route.request.method != "GET" or self.wrote:
            self.wrote = True
            return route.continue_()
        if self.kept is None:
            self.kept = json.dumps(route.fetch().json())
        route.fulfill(body=self.kept, content_type="application/json")
        return None


def test_pinned_deal_gets_what_is_said_next(story: Story) -> None:
    portal = story.windows.product.world.portal
    with portal.lock:
        second = crm.add(portal, DEAL, {"title": "Лампа в детскую", "contactIds": [MARIA]}, 1)
    (first,) = [one for one in story.deals() if one["title"] == "Годовое обслуживание"]
    story.say(79, "Мария", contact=True, user={"phone": MARIA_PHONE})
    panel = why(look_at(story, "Мария"))
    cards = on(panel, "candidate")
    expect(cards).to_have_count(2)
    chosen = cards.and_(panel.locator('[data-chosen="true"]')).get_attribute("data-card")
    (other,) = (one["id"] for one in (first, second) if f"deal:{one['id']}" != chosen)
    shot(story.boris, "70-candidates")
    on(panel.locator(f'[data-card="deal:{other}"]'), "pin-candidate").click()
    on(panel, "confirm-pin").click()
    expect(on(panel, "why-pin")).to_contain_text(f"№ {other}")
    shot(story.boris, "71-pinned")
    close_why(story.workplace)
    story.say(79, "Мария", text="Пишите в эту сделку")
    expect(message(story.workplace, "Пишите в эту сделку")).to_be_visible()
    expect(on(story.workplace, "pin-badge")).to_be_visible()
    window = story.windows.portal(f"/crm/deal/details/{other}/")
    expect(window.locator(".timeline")).to_contain_text("Пишите в эту сделку")
    shot(window, "72-pinned-deal")
    window.context.close()


@pytest.fixture(scope="module")
def tab(story: Story) -> Page:
    """A browser tab without Bitrix24 around, where Anna signs in."""
    story.windows.product.world.portal.browser_user = 1
    return story.windows.open(f"{story.windows.product.ports.app_url}/login?to=settings")


def switch(tab: Page) -> Locator:
    return on(tab, "switch-integration").get_by_role("switch")


def test_settings_open_outside_bitrix24(story: Story, tab: Page) -> None:
    shot(tab, "73-login")
    tab.get_by_role("textbox").fill(portal_url(story))
    tab.get_by_role("button").click()
    expect(on(tab, "standalone")).to_contain_text("Анна Администратор")
    open_rules(tab)
    in_force(tab, 5)
    on(tab, "all-portals").click()
    expect(on(tab, "portal")).to_have_count(1)
    shot(tab, "74-portals")
    on(tab, "open-portal").click()
    on(tab, "tab-home").click()
    switch(tab).click()
    expect(switch(tab)).to_have_attribute("aria-checked", "false")
    expect(on(tab, "overall")).to_contain_text("Интеграция выключена")
    shot(tab, "75-switched-off")


def test_switched_off_nothing_is_made(story: Story) -> None:
    before = [deal["id"] for deal in story.deals()]
    story.say(80, "Семён", text="Есть кто живой?")
    panel = why(look_at(story, "Семён"))
    expect(on(panel, "why-answer")).to_contain_text("В CRM ничего не записано.")
    expect(on(panel, "why-reasons")).to_contain_text("Интеграция для этого Битрикс24 выключена.")
    expect(on(panel, "why-call")).to_have_count(0)
    shot(story.boris, "76-why-nothing")
    close_why(story.workplace)
    assert [deal["id"] for deal in story.deals()] == before


def test_switched_on_the_next_client_is_taken_in(story: Story, tab: Page) -> None:
    switch(tab).click()
    expect(switch(tab)).to_have_attribute("aria-checked", "true")
    story.say(81, "Тимур", text="Добрый день")
    look_at(story, "Тимур")
    expect(deal_link(story.workplace)).to_be_visible()
    assert story.deal_of("Тимур")["stageId"] == "C3:EXECUTING"


def test_signed_out_nobody_gets_in(story: Story, tab: Page) -> None:
    on(tab, "sign-out").click()
    tab.get_by_role("button", name="Выйти").click()
    door = tab.get_by_role("heading", name="Вход через Битрикс24")
    expect(door).to_be_visible()
    tab.goto(f"{story.windows.product.ports.app_url}/app/settings")
    expect(door).to_be_visible()
    expect(on(tab, "settings")).to_have_count(0)
