"""Old things go, young ones stay."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask

from b24app import clock, media
from b24app.actions import crm_memory, housekeeping, uploads
from b24app.db import db, transaction
from b24app.errors import NotFound
from b24app.models import Arrival, Attachment, CrmCard, CrmPerson, Event, Job, RestCall
from b24app.models.event import announce
from b24app.models.job import promise
from tests import build


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


def tidy() -> None:
    db.session.commit()
    housekeeping.tidy(Job())


def ages() -> tuple[datetime, datetime]:
    """Long ago, and just now."""
    return clock.now() - timedelta(days=30), clock.now()


def test_old_news_goes() -> None:
    home = build.portal()
    for at in ages():
        announce(home.id, "channel", {}, at)
    tidy()
    assert [row.number for row in build.rows(Event)] == [2]


def test_kept_promises_go_and_open_ones_stay() -> None:
    for number, at in enumerate(ages()):
        promise("test", f"done:{number}", at, portal_id=None)
        promise("test", f"open:{number}", at, portal_id=None)
    for row in build.rows(Job):
        if row.key.startswith("done"):
            row.state, row.finished_at = "done", row.created_at
    tidy()
    left = {row.key for row in build.rows(Job) if row.kind == "test"}
    assert left == {"open:0", "open:1", "done:1"}


def test_what_was_remembered_of_crm_goes() -> None:
    home = build.portal()
    for number, at in enumerate(ages()):
        person = CrmPerson(portal_id=home.id, kind="phone", value=f"+7{number}", checked_at=at)
        card = CrmCard(portal_id=home.id, type_id=2, card_id=number, document={}, fetched_at=at)
        db.session.add_all([person, card])
    crm_memory.doubt(home.id, 2, 7)  # waits to be read
    tidy()
    assert [row.value for row in build.rows(CrmPerson)] == ["+71"]
    assert [row.card_id for row in build.rows(CrmCard)] == [1, 7]


def test_understood_calls_go_and_failed_ones_stay() -> None:
    channel, (old, _) = build.channel(), ages()
    for state in ("done", "failed"):
        row = Arrival(
            portal_id=channel.portal_id,
            source="channel:1",
            provider_id=state,
            body="",
            meta={},
            state=state,
            error="",
            received_at=old,
        )
        db.session.add(row)
    tidy()
    assert [row.state for row in build.rows(Arrival)] == ["failed"]


def test_rest_calls_are_kept_a_week() -> None:
    home = build.portal()
    for at in (*ages(), clock.now() - timedelta(days=4)):
        call = RestCall(
            portal_id=home.id,
            request_id="1",
            method="batch",
            request="",
            response="",
            status=200,
            error="",
            milliseconds=1,
            at=at,
        )
        db.session.add(call)
    tidy()
    assert len(build.rows(RestCall)) == 2


def test_upload_that_was_never_sent_goes_with_its_file() -> None:
    home, (old, _) = build.portal(), ages()
    stored = media.save(BytesIO(b"x"), 10)
    uploads.keep_upload(home.id, "operator:2", "a.txt", stored, "document", old)
    tidy()
    assert build.rows(Attachment) == []
    assert not media.path(stored.key).exists()


def test_sent_file_stays() -> None:
    message = build.heard(files=(build.photo(),))
    message.attachments[0].created_at = ages()[0]
    tidy()
    assert len(build.rows(Attachment)) == 1


def test_next_hour_is_promised_once() -> None:
    with transaction():
        for _ in range(2):
            housekeeping.promise_next(clock.now(), timedelta(hours=1))
    assert len(build.rows(Job)) == 1


def test_old_files_go_and_their_messages_stay(any_app: Flask) -> None:
    config = any_app.config["CALLGEAR"]
    any_app.config["CALLGEAR"] = replace(config, media_keep_days=20)
    keys = []
    for at in ages():
        message = build.heard(text="Look")
        stored = media.save(BytesIO(b"picture"), 100)
        file = uploads.keep_upload(message.portal_id, "", "a.png", stored, "image", at)
        file.message_id = message.id
        keys.append(stored.key)
    tidy()
    states = [(row.state, row.media_key) for row in build.rows(Attachment)]
    assert states == [("gone", ""), ("stored", keys[1])]
    with pytest.raises(NotFound):
        media.open(keys[0])
    media.open(keys[1]).close()


def test_files_stay_for_ever_unless_told(any_app: Flask) -> None:
    message = build.heard(text="Look")
    stored = media.save(BytesIO(b"picture"), 100)
    file = uploads.keep_upload(message.portal_id, "", "a.png", stored, "image", ages()[0])
    file.message_id = message.id
    tidy()
    assert [row.state for row in build.rows(Attachment)] == ["stored"]
