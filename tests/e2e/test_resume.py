"""The application dies and comes back while an operator looks: nothing is lost, nothing doubles."""

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.e2e.deeds import (
    MARKET,
    TOKEN,
    answer,
    connect,
    install,
    message,
    open_workplace,
    phone,
    row,
    write,
)
from tests.e2e.windows import Windows, on, shot

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def anna(windows: Windows) -> Page:
    """She has written to the connected bot."""
    admin = windows.portal(MARKET)
    install(admin)
    expect(on(connect(admin, "telegram", token=TOKEN), "health")).to_have_text("Работает")
    anna = phone(windows)
    on(anna, "start").click()
    return anna


@pytest.fixture
def boris(windows: Windows) -> Page:
    return windows.portal(user=2)


@pytest.fixture
def workplace(boris: Page, anna: Page) -> FrameLocator:
    """Boris, at work with Anna's chat."""
    frame = open_workplace(boris)
    row(frame, "Анна Соколова").click()
    on(frame, "accept").click()
    expect(on(frame, "chat-about")).to_contain_text("отвечаете вы")
    return frame


def test_killed_application_is_resumed(
    windows: Windows, workplace: FrameLocator, boris: Page, anna: Page
) -> None:
    # While the application is dead the browser says so in its console, again and again.
    windows.forgive(rf"127\.0\.0\.1:{windows.product.ports.app}.*ERR_CONNECTION")
    windows.forgive(rf"ERR_CONNECTION.*127\.0\.0\.1:{windows.product.ports.app}")
    windows.product.kill_app()
    expect(on(workplace, "offline")).to_have_text("Нет связи, восстанавливаем…")
    shot(boris, "40-offline")
    write(anna, "Сообщение без приложения")
    answer(workplace, "Ответ без приложения")
    windows.product.start_app()
    expect(on(workplace, "offline")).to_have_count(0, timeout=30_000)
    expect(message(workplace, "Сообщение без приложения")).to_have_count(1, timeout=30_000)
    expect(message(workplace, "Ответ без приложения")).to_have_attribute("data-state", "sent")
    expect(on(anna, "message-text").filter(has_text="Ответ без приложения")).to_have_count(1)
    shot(boris, "41-resumed")
