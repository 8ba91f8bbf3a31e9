"""What is wrong between us and a line."""

import pytest

from b24app.rules.line_trouble import Seen, trouble


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Seen(linked=False), ""),
        (Seen(linked=False, works=False), ""),
        (Seen(linked=False, works=True), "unserved"),
        (Seen(linked=True), ""),
        (Seen(linked=True, on=True, works=True), ""),
        (Seen(linked=True, on=False, works=True), "switched_off"),
        (Seen(linked=True, on=True, works=False), "disconnected"),
        (Seen(linked=True, on=True, works=False, refused=True), "refused"),
        (Seen(linked=True, parked=True, on=True, works=True), "parked"),
        (Seen(linked=True, parked=True, on=False), "switched_off"),
    ],
)
def test_first_trouble_is_told(seen: Seen, said: str) -> None:
    assert trouble(seen) == said
