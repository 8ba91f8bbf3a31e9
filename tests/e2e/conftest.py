"""The product in a browser: real processes on free ports, one world for each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import absent
from tests.e2e.product import Product, running
from tests.e2e.windows import PATIENCE_MS, Windows

BUILT = Path(__file__).parents[2] / "static" / "dist"


@pytest.fixture(scope="module")
def product(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The world with the application beside it; nothing is installed on the portal yet."""
    for name in ("manifest.json", "widget.js"):
        if not (BUILT / name).is_file():
            absent(f"The front end is not built ({name}): npm --prefix frontend run build")
    with running(tmp_path_factory.mktemp("product")) as product:
        yield product


@pytest.fixture(scope="module")
def windows(chromium: Browser, product: Product) -> Iterator[Windows]:
    expect.set_options(timeout=PATIENCE_MS)
    windows = Windows(chromium, product)
    yield windows
    windows.close()
    expect.set_options(timeout=5_000)


@pytest.fixture(autouse=True)
def quiet(windows: Windows) -> Iterator[None]:
    """No page may complain in its console."""
    yield
    windows.check()


@pytest.fixture(scope="module")
def failed_before(request: pytest.FixtureRequest) -> int:
    return request.session.testsfailed


@pytest.fixture
def in_order(failed_before: int, request: pytest.FixtureRequest) -> None:
    """A step of a story stands on those before it."""
    if request.session.testsfailed > failed_before:
        pytest.skip("an earlier step of the story failed")
