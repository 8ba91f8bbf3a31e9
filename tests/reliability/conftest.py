"""Fixtures of the reliability tests."""

from collections.abc import Iterator

import pytest

from tests.reliability.stage import Stage, stage


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One installed world for all cases of a file."""
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture
def here(lasting: Stage) -> Iterator[Stage]:
    """The file's world, without trouble left over."""
    lasting.calm()
    yield lasting
    lasting.calm()
