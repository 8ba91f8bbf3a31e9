"""When to try again."""

from datetime import timedelta

import pytest

from b24app.errors import BitrixError, ChannelError
from b24app.rules.retry import ATTEMPTS, next_try


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (4, 8), (10, 300)])
def test_waits_grow(attempts: int, seconds: float) -> None:
    assert next_try(OSError(), attempts) == timedelta(seconds=seconds)


def test_permanent_is_never_repeated() -> None:
    assert next_try(ChannelError(permanent=True), 1) is None


def test_asked_wait_is_obeyed() -> None:
    wait = next_try(ChannelError(retry_after=30), 1, jitter=0)
    assert wait is not None
    assert wait >= timedelta(seconds=30)


def test_gives_up_in_the_end() -> None:
    assert next_try(OSError(), ATTEMPTS) is None


def test_bitrix24_is_never_given_up() -> None:
    assert next_try(BitrixError(), ATTEMPTS + 100) is not None


def test_asked_wait_never_gives_up() -> None:
    assert next_try(ChannelError(retry_after=1), ATTEMPTS + 5) is not None
