"""Files of a talk in timelines: each once, apart from the words, in every card."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from b24app import clock
from b24app.actions import uploads
from b24app.db import reading, transaction
from b24app.models import Attachment
from tests.actions.talks import (
    CONTACT,
    DEAL,
    LEAD,
    batches,
    cards,
    chats,
    close,
    comments,
    lost,
    refused,
    words,
)
from tests.world import BORIS, World, world

MEGABYTE = 1 << 20
PDF = b"%PDF-1.4 "


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        made.connect_telegram()
        yield made


@pytest.fixture
def either(any_app: Flask) -> Iterator[World]:
    """On both databases."""
    with world(any_app) as made:
        made.install()
        made.connect_telegram()
        yield made


def files(here: World) -> list[dict[str, Any]]:
    """Comments with files, oldest first."""
    return [one for one in comments(here) if one["FILES"]]


def states() -> list[str]:
    with reading() as session:
        return [one.crm_state for one in session.query(Attachment).order_by(Attachment.id)]


def uploaded(number: int, size: int) -> str:
    """A file that Boris has put into our store."""
    stored = uploads.receive(BytesIO(PDF + bytes(size - len(PDF))))
    chat, name = chats()[0], f"price{number}.pdf"
    with transaction():
        row = uploads.keep_upload(
            chat.portal_id, f"operator:{BORIS}", name, stored, "document", clock.now()
        )
        return str(row.id)


def answer(here: World, *sizes: int, run: bool = True) -> None:
    """Boris answers with files of these sizes."""
    screen = here.open("LEFT_MENU", BORIS)
    ids = [uploaded(number, size) for number, size in enumerate(sizes)]
    body = {"client_uuid": "uuid-0001", "text": "The price", "attachments": ids}
    screen.post(f"/conversations/{chats()[0].id}/messages", body)
    if run:
        here.run(30)


def test_files_of_both_sides_follow_the_words(either: World) -> None:
    either.rules(create_primary=["lead", "deal"], copy_to_contact_company=True)
    either.say("", photo=True)
    answer(either, 2000)
    photo, price = files(either)
    assert cards(photo) == cards(price) == [LEAD, DEAL, CONTACT]
    assert [one["name"] for one in price["FILES"].values()] == ["price0.pdf"]
    assert [one["size"] for one in price["FILES"].values()] == [2000]
    (talk,) = words(either)
    assert "price0.pdf" in talk
    assert min(either.portal.comments) < photo["ID"] < price["ID"]
    assert states() == ["sent", "sent"]


def test_files_wait_for_the_end_with_the_words(here: World) -> None:
    here.rules(transcript="at_close")
    here.say("", photo=True)
    assert comments(here) == []
    close(here, chats()[0].id)
    assert len(files(here)) == 1


def test_chat_without_transcript_brings_no_files(here: World) -> None:
    here.rules(transcript="off")
    here.say("", photo=True)
    close(here, chats()[0].id)
    assert files(here) == []
    assert states() == [""]


def test_small_files_share_a_request(here: World) -> None:
    here.say("one")
    answer(here, 1000, 2000, 3000, run=False)
    before = len(here.http_calls())
    here.run(30)
    assert batches(here, before) == ["batch", "batch"]  # the words, then the files
    assert len(files(here)) == 3


def test_large_file_is_no_part_of_a_batch(here: World) -> None:
    here.say("one")
    answer(here, 2 * MEGABYTE)
    assert here.http_calls().count("crm.timeline.comment.add") == 1
    assert len(files(here)) == 1


def test_too_large_a_file_is_only_named(here: World) -> None:
    here.say("one")
    answer(here, 6 * MEGABYTE)
    assert files(here) == []
    assert states() == ["large"]
    (talk,) = words(here)
    assert "price0.pdf (6 МБ" in talk
    assert "http" not in talk


@pytest.mark.parametrize("size", [2000, 2 * MEGABYTE], ids=["batch", "alone"])
@pytest.mark.parametrize("match", ["crm.timeline.comment.add", "crm.timeline.bindings.bind"])
def test_lost_answer_makes_no_second_file(here: World, match: str, size: int) -> None:
    here.rules(create_primary=["lead", "deal"])
    here.say("one")
    lost(here, match)
    answer(here, size)
    (file,) = files(here)
    assert cards(file) == [LEAD, DEAL]
    assert states() == ["sent"]


def test_refused_file_holds_nothing_up_and_is_said(here: World) -> None:
    here.say("one")
    refused(here, "crm.timeline.comment.add", "ACCESS_DENIED", status=403)
    answer(here, 2000, 3000)
    here.say("two")
    assert len(files(here)) == 1
    assert sorted(states()) == ["failed", "sent"]
    (talk,) = words(here)
    assert "two" in talk
    assert "price0.pdf (" in talk


def test_file_that_the_messenger_lost_is_said(here: World) -> None:
    here.say("one")
    answer(here, 2000, run=False)
    with transaction() as session:
        session.query(Attachment).update({"state": "failed"})
    here.run()
    assert files(here) == []
    assert states() == ["failed"]
    assert "price0.pdf (" in words(here)[0]
