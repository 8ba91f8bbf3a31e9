"""Packing for Open Lines: order is kept, nothing overtakes."""

from b24app.rules.mirror import Waiting, arrived, echo, loads, parcels


def said(number: int, chat: int = 1, **more: object) -> Waiting:
    return Waiting(number, chat, **{"way": "send", **more})  # type: ignore[arg-type]


def ids(waiting: list[Waiting], **more: int) -> list[tuple[int, ...]]:
    return [parcel.message_ids for parcel in parcels(waiting, **more)]


def test_one_chat_is_one_parcel() -> None:
    assert ids([said(1), said(2), said(3)]) == [(1, 2, 3)]


def test_chats_travel_apart() -> None:
    assert ids([said(1), said(2, chat=2), said(3)]) == [(1, 3), (2,)]


def test_reply_waits_for_the_question() -> None:
    assert ids([said(1), said(2, way="post", operator_id=5), said(3)]) == [(1,)]


def test_two_operators_are_two_parcels() -> None:
    waiting = [said(1, way="post", operator_id=5), said(2, way="post", operator_id=6)]
    assert ids(waiting) == [(1,)]


def test_file_on_its_way_holds_the_chat() -> None:
    assert ids([said(1), said(2, ready=False), said(3)]) == [(1,)]


def test_file_on_its_way_holds_only_its_chat() -> None:
    assert ids([said(1, ready=False), said(2, chat=2)]) == [(2,)]


def test_parcel_has_a_limit() -> None:
    assert ids([said(number) for number in range(1, 6)], most=3) == [(1, 2, 3)]


def test_read_back_finds_what_arrived() -> None:
    assert arrived([(1, "c1:5"), (2, "c1:6")], {"c1:5", "x"}) == {1}


def test_echo_is_known_by_its_words() -> None:
    assert echo("Good  day\n", [(7, "other"), (8, "Good day")]) == 8


def test_strange_words_are_no_echo() -> None:
    assert echo("Hello", [(8, "Good day")]) is None


def packed(waiting: list[Waiting], **more: int) -> list[tuple[int, ...]]:
    return [load.message_ids for load in loads(parcels(waiting), **more)]


def test_chats_of_a_line_share_a_command() -> None:
    waiting = [said(1), said(2, chat=2), said(3), said(4, chat=3, line_id=7)]
    assert packed(waiting) == [(1, 3, 2), (4,)]


def test_command_has_a_limit_and_no_chat_is_torn() -> None:
    waiting = [said(number, chat=number % 3) for number in range(1, 10)]
    assert packed(waiting, most=6) == [(1, 4, 7, 2, 5, 8), (3, 6, 9)]


def test_clients_text_goes_before_notes_and_files() -> None:
    waiting = [said(1, alone=True), said(2, chat=2, client=False), said(3, chat=3)]
    assert packed(waiting) == [(3, 2), (1,)]


def test_text_before_a_file_does_not_wait_for_it() -> None:
    assert packed([said(1), said(2, alone=True), said(3)]) == [(1,)]


def test_nothing_shares_a_command_with_a_file() -> None:
    waiting = [said(1, chat=1, alone=True), said(2, chat=2, alone=True), said(3, chat=3)]
    assert packed(waiting) == [(3,), (1,), (2,)]
