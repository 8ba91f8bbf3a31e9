"""Quick replies, templates and messages for later: whose they are, and sent once."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from b24app import channels, media
from b24app.actions import housekeeping, message_templates, quick_replies, replies, scheduled
from b24app.actions import uploads as files
from b24app.actions.quick_replies import Author, Given
from b24app.actions.scheduled import Plan
from b24app.db import db
from b24app.errors import Conflict, Denied, Invalid, NotFound
from b24app.models import Attachment, Conversation, Job, Message, Operator, Portal, Scheduled
from b24app.values import Filled
from b24app.worker import Worker
from tests import build
from tests.build import BORIS, CLARA, NOW
from tests.channels.finders import Pigeon

LATER = NOW + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _kinds(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(channels.kinds(), "pigeon", Pigeon)
    yield
    db.session.rollback()


def talk(kind: str = "telegram", **more: Any) -> tuple[Conversation, Operator]:
    row = build.conversation(build.channel(kind=kind), **more)
    made = row, build.operator(db.session.get_one(Portal, row.portal_id))
    db.session.commit()
    return made


def upload(row: Conversation, user_id: int = BORIS, size: int = 10, mime: str = "image/png") -> int:
    stored = media.save(io.BytesIO(b"x" * size), 10_000)
    stored = media.Stored(stored.key, size, stored.sha256, mime)
    return files.keep_upload(row.portal_id, f"operator:{user_id}", "a.png", stored, "image", NOW).id


def author(row: Conversation, user_id: int = BORIS, may_share: bool = False) -> Author:
    return Author(row.portal_id, user_id, may_share)


def test_own_reply_is_for_its_author_only() -> None:
    row, _ = talk()
    made = quick_replies.keep(author(row), None, Given("Hi", "Hello, {client}"), NOW)
    assert [one["title"] for one in quick_replies.listed(author(row), NOW)] == ["Hi"]
    assert quick_replies.listed(author(row, CLARA), NOW) == []
    with pytest.raises(NotFound):
        quick_replies.drop(author(row, CLARA, may_share=True), int(made["id"]))


def test_common_reply_is_changed_by_named_people() -> None:
    row, _ = talk()
    given = Given("Hours", "From nine to six", common=True)
    with pytest.raises(Denied):
        quick_replies.keep(author(row), None, given, NOW)
    made = quick_replies.keep(author(row, may_share=True), None, given, NOW)
    (seen,) = quick_replies.listed(author(row, CLARA), NOW)
    assert (seen["common"], seen["may_change"]) == (True, False)
    with pytest.raises(Denied):
        quick_replies.keep(author(row), int(made["id"]), Given("Mine", "now"), NOW)


def test_file_of_a_reply_is_sent_as_a_copy_and_stays(any_app: Flask) -> None:
    row, boris = talk()
    number = upload(row)
    made = quick_replies.keep(author(row), None, Given("Price", "", attachments=(number,)), NOW)
    (copy,) = quick_replies.use(author(row), int(made["id"]), NOW)
    draft = replies.Draft("uuid-0001", "", attachments=(int(copy["id"]),))
    replies.reply(row, boris, draft, NOW)
    build.rows(Attachment)[0].created_at = NOW - timedelta(days=400)
    db.session.commit()
    housekeeping.tidy(Job())
    (seen,) = quick_replies.listed(author(row), NOW)
    assert (len(seen["attachments"]), seen["used"]) == (1, 1)


def test_file_of_a_colleague_is_not_taken() -> None:
    row, _ = talk()
    given = Given("Price", "", attachments=(upload(row, CLARA),))
    with pytest.raises(Invalid, match="missing"):
        quick_replies.keep(author(row), None, given, NOW)


def test_planned_message_goes_once(any_app: Flask) -> None:
    row, boris = talk(status="active")
    number = upload(row)
    plan = Plan("later-0001", "Good morning", LATER, (number,))
    made = scheduled.plan(row, boris, plan, NOW)
    assert scheduled.plan(row, boris, plan, NOW)["id"] == made["id"]
    job = due(row)
    for _ in range(2):  # a lost worker's promise is kept again
        scheduled.send(job)
    said = [one for one in build.rows(Message) if one.direction == "out"]
    assert [(one.text, len(one.attachments)) for one in said] == [("Good morning", 1)]
    assert scheduled.listed(row, NOW) == []
    with pytest.raises(Conflict):
        scheduled.cancel(row, int(made["id"]), NOW)


def test_changed_plan_forgets_its_first_promise() -> None:
    row, boris = talk(status="active")
    made = scheduled.plan(row, boris, Plan("later-0001", "One", LATER), NOW)
    first = due(row)
    scheduled.change(row, int(made["id"]), "Two", LATER + timedelta(hours=1), NOW)
    db.session.commit()
    scheduled.send(first)
    assert [one["text"] for one in scheduled.listed(row, NOW)] == ["Two"]
    scheduled.send(due(row))
    assert [one.text for one in build.rows(Message) if one.direction == "out"] == ["Two"]


def test_cancelled_plan_is_not_sent() -> None:
    row, boris = talk(status="active")
    made = scheduled.plan(row, boris, Plan("later-0001", "One", LATER), NOW)
    job = due(row)
    scheduled.cancel(row, int(made["id"]), NOW)
    db.session.commit()
    scheduled.send(job)
    assert [one.direction for one in build.rows(Message)] == ["in"]


def test_plan_for_a_closed_chat_fails_in_words() -> None:
    row, boris = talk(status="active")
    scheduled.plan(row, boris, Plan("later-0001", "One", LATER), NOW)
    job = due(row)
    db.session.get_one(Conversation, row.id).close(NOW)
    db.session.commit()
    scheduled.send(job)
    (kept,) = build.rows(Scheduled)
    assert kept.state == "failed"
    assert build.rows(Message)[-1].details["code"] == "later_failed"


def test_plan_needs_a_time_to_come() -> None:
    row, boris = talk(status="active")
    with pytest.raises(Invalid) as told:
        scheduled.plan(row, boris, Plan("later-0001", "", NOW), NOW)
    assert set(told.value.fields) == {"text", "due_at"}


def test_templates_are_fetched_by_a_job(any_app: Flask) -> None:
    row, boris = talk("pigeon", status="active")
    assert message_templates.listed(row.channel, NOW)["asking"]
    db.session.commit()
    Worker(any_app, threads=0).run_due()
    known = message_templates.listed(row.channel, NOW)["items"]
    assert [(one["name"], one["status"]) for one in known] == [
        ("hello", "approved"),
        ("late", "rejected"),
    ]
    row.identity.heard_at = NOW - timedelta(days=2)
    draft = replies.Draft("uuid-0001", template=Filled("hello", "en", ("Anna",)))
    message, _ = replies.reply(row, boris, draft, NOW)
    db.session.commit()
    Pigeon.flown.clear()
    Worker(any_app, threads=0).run_due()
    assert message.text == "Hello, Anna!"
    assert [part.template for part in Pigeon.flown] == [Filled("hello", "en", ("Anna",))]


def test_rejected_template_is_refused(any_app: Flask) -> None:
    row, boris = talk("pigeon", status="active")
    message_templates.ask(row.channel, NOW)
    db.session.commit()
    Worker(any_app, threads=0).run_due()
    for filled in (Filled("late", "en"), Filled("gone", "en"), Filled("hello", "en")):
        with pytest.raises(Invalid):
            replies.reply(row, boris, replies.Draft("uuid-0001", template=filled), NOW)


def test_file_beyond_the_messengers_limit_is_refused() -> None:
    row, boris = talk("pigeon", status="active")
    row.identity.heard_at = NOW
    for number in (upload(row, size=1001), upload(row, mime="application/pdf")):
        with pytest.raises(Invalid):
            replies.reply(row, boris, replies.Draft("uuid-0001", "", (number,)), NOW)


def due(row: Conversation) -> Job:
    """The newest promise to say something later in this chat."""
    db.session.commit()
    made: Job = [job for job in build.rows(Job) if job.kind == "scheduled"][-1]
    db.session.expunge(made)
    db.session.rollback()
    return made
