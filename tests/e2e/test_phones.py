"""WhatsApp and Viber in a browser: connected by the form, written to from a phone, answered."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import deeds
from tests.e2e.windows import Windows, app, on

WHATSAPP = {
    "phone_number_id": "106540352242922",
    "business_account_id": "102290129340398",
    "token": "EAASANDBOXTOKEN",
    "app_secret": "sandbox-app-secret",
}
pytestmark = pytest.mark.e2e
VIBER = {"token": "445da6az1s345z78-sandbox-one", "welcome": "Здравствуйте! Мы на связи."}


@pytest.fixture(scope="module")
def admin(windows: Windows) -> Page:
    """The administrator at the installed application."""
    page = windows.portal(deeds.MARKET)
    deeds.install(page)
    return page


def phone(windows: Windows, url: str, person: str, account: str) -> Page:
    return windows.open(f"{url}/?person={person}&account={account}&lang=ru")


def test_whatsapp_talks_both_ways(windows: Windows, admin: Page) -> None:
    windows.forgive(r"status of 400 .*/api/v1/channels\)")  # the secret is wrong
    wrong = {**WHATSAPP, "app_secret": "another"}
    page = app(admin)
    deeds.connect(admin, "whatsapp", **wrong)
    expect(on(page, "field-app_secret")).to_contain_text("от разных приложений")
    on(page, "field-app_secret").locator("input").fill(WHATSAPP["app_secret"])
    on(page, "save-channel").click()
    expect(on(page, "channel").first).to_contain_text("CallGear Demo")
    anna = phone(windows, windows.product.ports.whatsapp_url, "79000000001", "106540352242922")
    deeds.write(anna, "Есть ли доставка?")
    boris = deeds.open_workplace(windows.portal(user=2))
    deeds.row(boris, "Анна Соколова").click()
    deeds.answer(boris, "Да, привезём завтра")
    reply = on(anna, "message").filter(has_text="Да, привезём завтра")
    expect(reply).to_be_visible()
    reply.hover()
    on(reply, "react").click()
    mine = deeds.message(boris, "Да, привезём завтра")
    expect(on(mine, "reaction")).to_have_text("👍")
    expect(mine).to_have_attribute("data-state", "read")


def test_viber_welcomes_and_talks(windows: Windows, admin: Page) -> None:
    deeds.connect(admin, "viber", **VIBER)
    anna = phone(
        windows, windows.product.ports.viber_url, "anna0000000001A==", "pa:75346594275468546724"
    )
    expect(on(anna, "message")).to_contain_text("Мы на связи")
    deeds.write(anna, "Спасибо!")
    boris = deeds.open_workplace(windows.portal(user=2))
    expect(deeds.row(boris, "Спасибо!")).to_be_visible()
