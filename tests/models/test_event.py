"""News are numbered without gaps, and only those of what was kept."""

import pytest
from flask import Flask
from sqlalchemy import select

from b24app.db import reading, transaction
from b24app.models import Event
from b24app.models.event import announce
from tests import build
from tests.build import NOW


@pytest.fixture
def portal_id(any_app: Flask) -> int:
    with transaction():
        return build.portal().id


def kept() -> list[tuple[int, str]]:
    with reading() as session:
        rows = session.execute(select(Event.number, Event.kind).order_by(Event.number))
        return [(row.number, row.kind) for row in rows]


def test_news_of_a_transaction_are_numbered_in_order(portal_id: int) -> None:
    for kinds in (("one", "two"), ("three",)):
        with transaction():
            for kind in kinds:
                announce(portal_id, kind, {}, NOW)
    assert kept() == [(1, "one"), (2, "two"), (3, "three")]


def test_what_was_not_kept_is_not_told_later(portal_id: int) -> None:
    with pytest.raises(RuntimeError), transaction():
        announce(portal_id, "lost", {}, NOW)
        raise RuntimeError
    with transaction():
        announce(portal_id, "kept", {}, NOW)
    assert kept() == [(1, "kept")]
