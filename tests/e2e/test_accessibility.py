"""Screens that everybody can use: axe finds nothing to complain of."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.conftest import absent
from tests.e2e.deeds import (
    MARKET,
    TOKEN,
    answer,
    begin_installation,
    connect,
    open_workplace,
    phone,
    prefer,
    row,
    write,
)
from tests.e2e.rulebook import add_row, channel_is, draft_kept, open_rules, pick, publish
from tests.e2e.windows import Windows, app, on, shot

pytestmark = pytest.mark.e2e

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# What the kit does on purpose: rule, a part of the element, and why we let it be.
KNOWN = (
    (
        "aria-hidden-focus",
        'tabindex="0" style="position: fixed; border: 0px; width: 1px; height: 1px',
        "reka-ui passes the focus on to the notices through these two; one never stays there",
    ),
)
RUN = "async () => { %s; return (await axe.run(document)).violations }"


def well(page: FrameLocator | Page) -> None:
    """Nobody is shut out of this screen."""
    found = complaints(page)
    assert not found, "\n".join(found)


def complaints(page: FrameLocator | Page) -> list[str]:
    """Each as `rule: element`, for a person to find it."""
    if not AXE.is_file():
        absent("axe-core is not installed: npm ci in frontend/")
    violations = page.locator("html").evaluate(RUN % AXE.read_text())
    return [
        f"{found['id']}: {node['html'][:160]} {_why(node)}"
        for found in violations
        for node in found["nodes"]
        if not any(found["id"] == rule and part in node["html"] for rule, part, _ in KNOWN)
    ]


def _why(node: dict[str, Any]) -> str:
    return " ".join(check["message"] for check in node["any"] + node["all"] + node["none"])


@pytest.fixture(scope="module")
def admin(windows: Windows) -> Page:
    return windows.portal(MARKET)


@pytest.fixture(scope="module")
def boris(windows: Windows) -> Page:
    return windows.portal(user=2)


def test_installer(admin: Page) -> None:
    installer = begin_installation(admin)
    expect(on(installer, "finish")).to_be_enabled()
    well(installer)
    on(installer, "finish").click()
    expect(on(app(admin), "first-steps")).to_be_visible()


def test_home(admin: Page) -> None:
    well(app(admin))


def test_channels(admin: Page) -> None:
    connect(admin, "telegram", token=TOKEN)
    card = connect(admin, "webchat", title="Лавка")
    expect(on(card, "health")).to_be_visible()
    well(app(admin))
    on(app(admin), "connect").click()
    on(app(admin), "kind-telegram").click()
    well(app(admin))


def test_rules_of_chats(admin: Page) -> None:
    """With an open rule, one that is refused, and a list that is open."""
    page = app(admin)
    on(page, "field-token").locator("input").press("Escape")
    open_rules(page)
    rule = add_row(page, "pipelines_primary.rows")
    channel_is(page, rule, "Telegram")
    on(rule, "add-condition").click()
    on(rule, "add-group").click()
    add_row(page, "fields")
    expect(on(page, "error-summary")).to_be_visible()
    well(page)
    on(rule, "param").first.click()
    expect(on(page, "option").first).to_be_visible()
    well(page)
    on(page, "option-search").press("Escape")


def test_publishing(admin: Page) -> None:
    page = app(admin)
    on(page, "discard").click()
    person = add_row(page, "responsibles")
    channel_is(page, person, "Telegram")
    pick(page, person, "person", "Глеб Сервисов")
    draft_kept(page)
    on(page, "publish").click()
    expect(on(page, "changes")).to_be_visible()
    well(page)
    publish(page, "Проба", 1)
    on(page, "versions").click()
    on(page, "show-changes").click()
    expect(on(page, "change")).not_to_have_count(0)
    well(page)
    on(page, "versions-dialog").press("Escape")
    on(page, "dry-run").click()
    expect(on(page, "dry-run-dialog")).to_have_attribute("data-state", "done")
    well(page)
    on(page, "dry-run-dialog").press("Escape")


def test_rules_of_requests(admin: Page) -> None:
    page = app(admin)
    on(page, "tab-requests").click()
    expect(page.locator('[data-test="rules"][data-kind="requests"]')).to_be_visible()
    well(page)


def test_open_lines(admin: Page) -> None:
    on(app(admin), "tab-lines").click()
    expect(on(app(admin), "lines-note")).to_be_visible()
    well(app(admin))


def test_portals(admin: Page) -> None:
    page = app(admin)
    on(page, "to-portals").click()
    expect(on(page, "portal")).to_have_count(1)
    well(page)
    on(page, "add-portal").click()
    expect(on(page, "portal-form")).to_be_visible()
    well(page)


def test_empty_workplace(boris: Page) -> None:
    well(open_workplace(boris))


@pytest.fixture(scope="module")
def chats(windows: Windows, boris: Page) -> FrameLocator:
    """The workplace with two chats, one of them open."""
    anna = phone(windows)
    on(anna, "start").click()
    write(anna, "Здравствуйте!")
    return app(boris)


def test_list_of_chats(chats: FrameLocator) -> None:
    expect(row(chats, "Анна Соколова")).to_contain_text("Здравствуйте!")
    well(chats)


def test_open_chat(chats: FrameLocator) -> None:
    row(chats, "Анна Соколова").click()
    on(chats, "accept").click()
    expect(answer(chats, "Добрый день")).to_have_attribute("data-state", "sent")
    on(chats, "toggle-card").click()
    expect(on(chats, "client-card")).to_be_visible()
    well(chats)


def test_why(chats: FrameLocator) -> None:
    on(on(chats, "client-card"), "why").click()
    expect(on(chats, "why-panel")).to_have_attribute("data-state", "ready")
    well(chats)
    on(chats, "why-close").click()
    on(chats, "change-card").click()
    expect(on(chats, "card-choice")).not_to_have_count(0)
    well(chats)
    on(chats, "card-picker").press("Escape")


def test_dark_workplace(chats: FrameLocator, boris: Page) -> None:
    prefer(chats, "Тёмная тема", "dark")
    well(chats)
    shot(boris, "50-client-card-dark")


def test_connector_form(windows: Windows, admin: Page) -> None:
    portal = windows.product.ports.portal_url
    admin.goto(f"{portal}/contact_center/connector/?ID=callgear_chats")
    admin.get_by_role("link", name="Подключить").click()
    form = app(admin)
    expect(on(form, "connector-form")).to_be_visible()
    well(form)
