"""The door for JSON: what no database keeps does not come in."""

from typing import Any

import pytest
from flask import Flask

from b24app.web.answers import Json


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b'{"a\\u0000": ["x\\u0000y", 7, null]}', {"a": ["xy", 7, None]}),
        (b'"half \\ud83d of one"', "half ? of one"),
        (b'"half \xed\xa0\xbd of one"', "half ? of one"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"Привет, \\\\u0000"', "Привет, \\u0000"),
    ],
)
def test_only_what_can_be_kept_comes_in(raw: str | bytes, kept: Any) -> None:
    assert Json(Flask(__name__)).loads(raw) == kept
