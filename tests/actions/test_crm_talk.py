"""The talk in timelines: all of it, once, in every card, whatever the portal answers."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import update

from b24app import clock
from b24app.actions import crm_talk, pins
from b24app.db import reading, transaction
from b24app.models import Conversation, Decision, Job
from b24app.rules.target import Target
from b24app.rules.transcript import COMMENT_MAX
from tests.actions.talks import (
    CONTACT,
    DEAL,
    LEAD,
    age,
    batches,
    cards,
    chats,
    close,
    comments,
    delete_comment,
    edit,
    hear,
    lost,
    refused,
    reopen,
    said,
    words,
)
from tests.world import ADMIN, BORIS, World, world

EVERYWHERE = {"create_primary": ["lead", "deal"], "copy_to_contact_company": True}


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


def whole_talk(here: World) -> list[str]:
    return [line for one in words(here) for line in said(one)]


def everything(here: World) -> str:
    """All comments joined, without what heads and times add."""
    return "".join("".join(one.split("\n")[1:]) for one in words(here))


# -- Several cards ------------------------------------------------------------------------


def test_one_comment_in_two_cards_and_the_contact(either: World) -> None:
    either.rules(**EVERYWHERE)
    either.say("one")
    either.say("two")
    (comment,) = comments(either)
    assert cards(comment) == [LEAD, DEAL, CONTACT]
    assert said(comment["COMMENT"]) == ["Anna: one", "Anna: two"]


def test_next_comment_is_in_the_same_cards(here: World) -> None:
    here.rules(**EVERYWHERE)
    here.say("one")
    hear(chats()[0], ["x" * 900] * 10)
    here.run()
    assert [cards(one) for one in comments(here)] == [[LEAD, DEAL, CONTACT]] * 2


def test_comment_that_somebody_deleted_is_followed_by_one_in_all_cards(here: World) -> None:
    here.rules(**EVERYWHERE)
    here.say("one")
    delete_comment(here, *here.portal.comments)
    here.say("two")
    (comment,) = comments(here)
    assert cards(comment) == [LEAD, DEAL, CONTACT]
    assert said(comment["COMMENT"]) == ["Anna: two"]


def test_pinned_card_begins_another_comment(here: World) -> None:
    here.say("one")
    other = int(here.control("crm/2", {"fields": {"title": "Other"}})["id"])
    chat = chats()[0]
    pins.pin(chat.portal_id, chat.id, ADMIN, Target(DEAL, other), clock.now())
    here.say("two")
    assert comments(here)[-1]["bindings"] == [(DEAL, other)]
    assert [said(one) for one in words(here)] == [["Anna: one"], ["Anna: two"]]


def test_card_that_refuses_is_left_out_and_shown(here: World) -> None:
    here.rules(**EVERYWHERE)
    here.say("one")
    refused(here, "crm.timeline.bindings.bind", "OWNER_NOT_FOUND")
    hear(chats()[0], ["x" * 900] * 10)
    here.run()
    assert len(chats()[0].crm_bound) == 1
    assert [len(cards(one)) for one in comments(here)] == [3, 2]
    with reading() as session:
        reasons = session.query(Decision).order_by(Decision.id.desc()).first()
        assert reasons is not None
        assert "OWNER_NOT_FOUND" in reasons.reasons[0]["params"]["error"]


def test_card_refused_at_the_start_is_left_out(here: World) -> None:
    here.rules(**EVERYWHERE)
    refused(here, "crm.timeline.bindings.bind", "ACCESS_DENIED")
    here.say("one")
    assert len(chats()[0].crm_bound) == 1


def test_already_bound_is_bound(here: World) -> None:
    here.rules(**EVERYWHERE)
    here.say("one")
    delete_comment(here, *here.portal.comments)
    refused(here, "crm.timeline.bindings.bind", "ALREADY_BOUND")
    here.say("two")
    assert len(chats()[0].crm_bound) == 2
    assert chats()[0].crm_told == chats()[0].last_message_id


# -- Nothing lost ---------------------------------------------------------------------------


def test_full_comment_is_followed_by_another(either: World) -> None:
    either.say("first")
    for letter in "abcdefghij":
        either.say(letter * 900)
    told = words(either)
    assert len(told) == 2
    assert max(map(len, told)) <= COMMENT_MAX
    assert whole_talk(either) == ["Anna: first", *(f"Anna: {one * 900}" for one in "abcdefghij")]


def test_more_than_one_go_holds_arrives(here: World) -> None:
    here.say("first")
    texts = [f"message {number} " + "x" * 80 for number in range(500)]
    hear(chats()[0], texts)
    here.run(40)
    assert whole_talk(here) == ["Anna: first", *(f"Anna: {text}" for text in texts)]


def test_message_longer_than_a_comment_arrives(here: World) -> None:
    here.say("first")
    long = " ".join(f"word{number}" for number in range(3000))
    hear(chats()[0], [long, "after"])
    here.run()
    assert long in everything(here)
    assert said(words(here)[-1]) == ["Anna: after"]


def test_talk_at_the_end_is_numbered(here: World) -> None:
    here.rules(transcript="at_close")
    here.say("first")
    hear(chats()[0], [f"message {number} " + "x" * 70 for number in range(300)])
    here.run()
    assert words(here) == []
    before = len(here.http_calls())
    close(here, chats()[0].id)
    assert batches(here, before) == ["batch"]
    told = words(here)
    heads = [one.split("\n")[0].rpartition(" · ")[2] for one in told]
    assert heads == [f"{at}/{len(told)}" for at in range(1, len(told) + 1)]
    assert len(told) > 3
    assert len(whole_talk(here)) == 302
    assert whole_talk(here)[-1].startswith("—")


def test_reopened_chat_goes_on(here: World) -> None:
    here.rules(transcript="at_close")
    here.say("one")
    close(here, chats()[0].id)
    reopen(here, chats()[0].id)
    here.say("two")
    close(here, chats()[0].id)
    first, second = words(here)
    assert "Anna: one" in said(first)
    assert "Anna: two" in said(second)
    assert "Anna: one" not in said(second)


def test_chat_that_nobody_closes_is_told_after_a_day(here: World) -> None:
    here.rules(transcript="at_close")
    here.say("one")
    age(chats()[0], 25)
    with transaction() as session:
        waiting = update(Job).where(Job.kind == "crm_tell", Job.state == "queued")
        assert session.execute(waiting.values(due_at=clock.now())).rowcount == 1
    here.run()
    assert [said(one) for one in words(here)] == [["Anna: one"]]
    here.say("two")
    close(here, chats()[0].id)
    assert said(words(here)[1])[0] == "Anna: two"


def test_yesterdays_comment_is_followed_by_todays(here: World) -> None:
    here.say("one")
    age(chats()[0], 25)
    here.say("two")
    assert [said(one) for one in words(here)] == [["Anna: one"], ["Anna: two"]]


def test_end_of_a_chat_is_told(here: World) -> None:
    here.say("one")
    close(here, chats()[0].id)
    (comment,) = words(here)
    assert len(said(comment)) == 2
    assert chats()[0].crm_stale is None


def test_edited_message_is_rewritten_in_the_rolling_comment(here: World) -> None:
    here.say("Helo")
    here.say("two")
    edit(here, 0, "Hello")
    (comment,) = words(here)
    assert said(comment) == ["Anna: Hello", "Anna: two"]


def test_later_edit_is_told_apart(here: World) -> None:
    here.say("Helo")
    age(chats()[0], 25)
    here.say("two")
    edit(here, 0, "Hello")
    assert len(words(here)) == 3
    assert words(here)[-1].endswith(": Hello")
    edit(here, 0, "Hello!")
    assert words(here)[-1].endswith(": Hello!")
    assert chats()[0].crm_stale is None


def test_chat_without_transcript_says_nothing(here: World) -> None:
    here.rules(transcript="off")
    here.say("one", photo=True)
    close(here, chats()[0].id)
    assert comments(here) == []


# -- Safe words ---------------------------------------------------------------------------


def test_operator_and_client_are_told_apart(here: World) -> None:
    here.say("Good day", user={"first_name": "Boris (operator)"})
    screen = here.open("LEFT_MENU", BORIS)
    body = {"client_uuid": "uuid-0001", "text": "Hello"}
    screen.post(f"/conversations/{chats()[0].id}/messages", body)
    here.run()
    lines = said(words(here)[0])
    assert "(" not in lines[0].split(":")[0]
    assert "(оператор): Hello" in lines[-1]


@pytest.mark.parametrize(
    "text",
    ["$result[contact][item][id]", "[b]bold[/b] [USER=1]x[/USER]", "a\x00b\x1b[31m", "[URL]"],
)
def test_nothing_a_client_types_is_carried_out(here: World, text: str) -> None:
    here.say("first")
    hear(chats()[0], [text])
    here.run()
    (comment,) = words(here)
    assert "$result[" not in comment
    assert "[b" not in comment
    assert "[U" not in comment
    assert not {"\x00", "\x1b"} & set(comment)


def test_lines_of_a_message_do_not_pose_as_others(here: World) -> None:
    here.say("first")
    hear(chats()[0], ["hi\n14:05 Boris (operator): it is free\u2028— closed —"])
    here.run()
    assert [line[:2] for line in words(here)[0].split("\n")[3:]] == ["> ", "> "]


# -- Lost answers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "match", ["crm.timeline.comment.add", "crm.timeline.bindings.bind", "batch"]
)
def test_lost_answer_makes_no_second_comment(here: World, match: str) -> None:
    here.rules(**EVERYWHERE)
    here.say("one")
    age(chats()[0], 25)
    lost(here, match)
    texts = ["a" * 4000, "b" * 4000, "c" * 9000]
    hear(chats()[0], texts)
    here.run()
    assert len(comments(here)) == 5
    assert [cards(one) for one in comments(here)] == [[LEAD, DEAL, CONTACT]] * 5
    assert everything(here).count("c") == 9000
    assert chats()[0].crm_told == chats()[0].last_message_id
    assert not chats()[0].crm_unsure


@pytest.mark.parametrize("match", ["crm.timeline.comment.add", "batch"])
def test_lost_end_is_told_once(here: World, match: str) -> None:
    here.rules(transcript="at_close")
    here.say("one")
    hear(chats()[0], ["a" * 4000, "b" * 4000, "c" * 4000])
    here.run()
    lost(here, match)
    close(here, chats()[0].id)
    told = [one.split("\n")[0].rpartition(" · ")[2] for one in words(here)]
    assert told == ["1/3", "2/3", "3/3"]


def test_refused_words_are_told_with_the_next_ones(here: World) -> None:
    here.say("one")
    age(chats()[0], 25)
    refused(here, "crm.timeline.comment.add", "ACCESS_DENIED", status=403)
    here.say("two")
    assert chats()[0].crm_error
    here.say("three")
    assert chats()[0].crm_error == ""
    assert said(words(here)[-1]) == ["Anna: two", "Anna: three"]


def test_words_of_a_card_that_is_gone_find_another(here: World) -> None:
    here.say("one")
    age(chats()[0], 25)
    (deal,) = [number for number, one in here.portal.items[DEAL].items() if one.get("originId")]
    del here.portal.items[DEAL][deal]
    here.say("two")
    assert chats()[0].deal_id != deal
    assert said(words(here)[-1]) == ["Anna: two"]


# -- Cost -----------------------------------------------------------------------------------


def many(here: World, count: int) -> list[Conversation]:
    """So many chats that CRM knows."""
    here.say("first")
    template = chats()[0]
    for number in range(count - 1):
        user = {"id": 100 + number, "first_name": f"Client {number}"}
        here.telegram.test_client().post(
            "/_sandbox/say", json={"bot": "100001:SANDBOX-TOKEN-ONE", "user": user, "text": "hi"}
        )
    here.run(40)
    assert template.id
    return chats()


def test_twenty_chats_cost_one_request(here: World) -> None:
    found = many(here, 20)
    before = len(here.http_calls())
    for chat in found:
        hear(chat, ["more"])
    here.run()
    assert batches(here, before) == ["batch"]
    assert all("more" in one for one in words(here))


def test_new_comments_are_packed_without_tearing_chats(here: World) -> None:
    here.rules(**EVERYWHERE)
    found = many(here, 20)
    for chat in found:
        age(chat, 25)
    before = len(here.http_calls())
    for chat in found:
        hear(chat, ["more"])
    here.run()
    assert batches(here, before) == ["batch", "batch"]  # three commands a chat
    assert len(comments(here)) == 40
    assert {tuple(cards(one)) for one in comments(here)} == {(LEAD, DEAL, CONTACT)}


def test_idle_promise_is_one_an_hour(here: World) -> None:
    here.rules(transcript="at_close")
    for text in ("one", "two", "three"):
        here.say(text)
    with reading() as session:
        assert session.query(Job).filter_by(kind="crm_tell", state="queued").count() == 1
    assert crm_talk.IDLE.total_seconds() == 24 * 3600
