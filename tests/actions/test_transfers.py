"""A chat goes to a colleague, on both databases."""

from collections.abc import Iterator

import pytest
from flask import Flask

from b24app.actions import conversations, transfers, workplace
from b24app.actions.transfers import Wish
from b24app.db import db
from b24app.errors import Conflict, Denied, Invalid
from b24app.models import Conversation, DirectoryPage, Message, Portal, Transfer
from tests import build
from tests.build import BORIS, NOW

VERA, GLEB = 5, 6
SALES = "3"


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


def office() -> Conversation:
    """Boris answers Anna; Vera and Gleb are in the sales department."""
    row = build.conversation()
    home = db.session.get_one(Portal, row.portal_id)
    conversations.accept(row, build.operator(home), NOW)
    for number, name in ((VERA, "Vera"), (GLEB, "Gleb")):
        build.operator(home, number, name=name)
    users = [{"id": str(number), "departments": [SALES]} for number in (VERA, GLEB)]
    groups = [{"id": SALES, "name": "Sales", "parent": None}]
    for kind, document in (("users", users), ("departments", groups)):
        page = DirectoryPage(portal_id=home.id, kind=kind, document=document, error="")
        db.session.add(page)
    db.session.flush()
    return row


def who(row: Conversation, user_id: int, admin: bool = False) -> workplace.Standing:
    return workplace.standing(row.portal_id, user_id, admin)


def offered(row: Conversation, **wish: object) -> Transfer:
    return transfers.offer(row, who(row, BORIS), Wish(**{"to_id": VERA, **wish}), NOW)  # type: ignore[arg-type]


def lines() -> list[str]:
    return [one.details["code"] for one in build.rows(Message) if one.direction == "system"]


def test_who_accepts_answers() -> None:
    row = office()
    made = offered(row, comment="Она про скидку")
    assert row.responsible_id == BORIS
    assert [one["comment"] for one in transfers.pending(row.portal_id, VERA)] == ["Она про скидку"]
    transfers.accept(made, who(row, VERA), NOW)
    assert (row.responsible_id, row.status) == (VERA, "active")
    assert transfers.pending(row.portal_id, VERA) == []
    assert lines() == ["accepted", "transfer_offered", "transfer_accepted"]


def test_declined_chat_stays() -> None:
    row = office()
    made = offered(row)
    transfers.decline(made, who(row, VERA), NOW)
    assert (made.state, row.responsible_id) == ("declined", BORIS)
    with pytest.raises(Conflict):
        transfers.accept(made, who(row, VERA), NOW)


def test_one_of_a_group_takes_it() -> None:
    row = office()
    made = offered(row, to_id=None, group_id=SALES)
    assert transfers.offered(row, GLEB)
    transfers.accept(made, who(row, GLEB), NOW)
    assert row.responsible_id == GLEB
    with pytest.raises(Conflict, match="over already"):
        transfers.accept(made, who(row, VERA), NOW)


def test_strangers_to_an_offer_cannot_answer_it() -> None:
    row = office()
    made = offered(row)
    with pytest.raises(Denied):
        transfers.accept(made, who(row, GLEB), NOW)


def test_offer_of_a_chat_that_went_elsewhere_is_over() -> None:
    row = office()
    made = offered(row)
    conversations.close(row, who(row, BORIS).operator, NOW)
    assert transfers.pending(row.portal_id, VERA) == []
    with pytest.raises(Conflict):
        transfers.accept(made, who(row, VERA), NOW)


def test_new_offer_takes_the_place_of_the_old() -> None:
    row = office()
    first, second = offered(row), offered(row, to_id=GLEB)
    assert (first.state, second.state) == ("void", "pending")


def test_giving_without_asking_is_a_right() -> None:
    row = office()
    with pytest.raises(Denied):
        offered(row, forced=True)
    transfers.offer(row, who(row, GLEB, admin=True), Wish(VERA, forced=True), NOW)
    assert (row.responsible_id, lines()[-1]) == (VERA, "transferred")


def test_open_line_is_to_hear_who_has_the_chat() -> None:
    row = office()
    build.line_link(row.channel)
    transfers.accept(offered(row), who(row, VERA), NOW)
    wish = row.line_wish or {}
    assert (wish["deed"], wish["by"], wish["holder"]) == ("transfer", BORIS, VERA)


def test_status_keeps_from_giving_and_taking() -> None:
    row = office()
    workplace.choose(who(row, VERA), "break", NOW)
    with pytest.raises(Invalid):
        offered(row)
    workplace.choose(who(row, BORIS), "not_at_work", NOW)
    with pytest.raises(Denied, match="cannot be transferred"):
        offered(row, to_id=GLEB)


def test_only_chats_in_work_go() -> None:
    row = office()
    conversations.close(row, who(row, BORIS).operator, NOW)
    with pytest.raises(Conflict):
        offered(row)
