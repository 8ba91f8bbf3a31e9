"""The rules editor as an administrator works in it."""

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.windows import on

Screen = FrameLocator | Page


def open_rules(screen: Screen) -> None:
    """«Чаты и офлайн заявки», with the lists of the portal read."""
    on(screen, "tab-rules").click()
    expect(on(screen, "rules")).to_be_visible()
    expect(on(screen, "directory")).to_have_attribute("data-refreshing", "false")


def add_row(screen: Screen, path: str) -> Locator:
    """A new rule at the end of a list, open."""
    rows = on(screen, f"rows-{path}")
    known = on(rows, "row").count()
    on(rows, "add-row").click()
    return on(rows, "row").nth(known)


def pick(screen: Screen, place: Locator, test: str, label: str) -> None:
    """Open a list and take what is called so."""
    on(place, test).click()
    screen.get_by_role("option", name=label).first.click()
    expect(on(screen, "option")).to_have_count(0)


def channel_is(screen: Screen, row: Locator, kind: str) -> None:
    """«Тип канала» равно `kind`, as the first condition of a row."""
    pick(screen, row, "param", "Тип канала")
    on(row, "add-value").click()
    screen.get_by_role("option", name=kind, exact=True).click()
    on(screen, "option").first.press("Escape")
    expect(on(screen, "option")).to_have_count(0)


def draft_kept(screen: Screen) -> None:
    """What was changed lies on the server."""
    expect(on(screen, "publish-bar")).to_have_attribute("data-saving", "saved")
    expect(on(screen, "publish")).to_be_enabled()


def in_force(screen: Screen, version: int) -> None:
    expect(on(screen, "publish-bar")).to_have_attribute("data-version", str(version))
    expect(on(screen, "publish-bar")).to_have_attribute("data-changed", "false")


def publish(screen: Screen, note: str, version: int) -> None:
    """With the dialog of publishing open already or not."""
    if not on(screen, "publish-dialog").count():
        on(screen, "publish").click()
    on(screen, "publish-note").fill(note)
    on(screen, "confirm-publish").click()
    in_force(screen, version)
