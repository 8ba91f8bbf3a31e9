"""Commands."""

from flask import Flask

from b24app.db import db
from b24app.models import Arrival, Job
from tests import build
from tests.build import NOW


def arrival(state: str) -> Arrival:
    home = build.channel()
    row = Arrival(
        portal_id=home.portal_id,
        channel_id=home.id,
        source=f"channel:{home.id}",
        provider_id="1",
        body="{}",
        meta={},
        state=state,
        error="",
        received_at=NOW,
    )
    db.session.add(row)
    db.session.commit()
    return row


def test_doctor_says_how_promises_stand(app: Flask) -> None:
    assert "due 0" in app.test_cli_runner().invoke(args=["doctor"]).output


def test_replay_takes_failed_calls_up(app: Flask) -> None:
    row = arrival("failed")
    told = app.test_cli_runner().invoke(args=["replay", "--days", "36500"]).output
    assert "1 calls" in told
    db.session.expire_all()
    assert row.state == "new"
    assert [job.kind for job in build.rows(Job)] == ["receive"]


def test_replay_leaves_the_rest(app: Flask) -> None:
    arrival("done")
    assert "0 calls" in app.test_cli_runner().invoke(args=["replay"]).output
