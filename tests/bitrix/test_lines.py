"""Dialogs of Open Lines as the documentation shows them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from b24app.bitrix import lines
from b24app.bitrix.lines import Dialog, Line

DIALOG = {
    "id": 1777,
    "owner": 27,
    "manager_list": [27],
    "last_message_id": 86313,
    "entity_id": "CallGear|22|c17:42|599",
    "entity_data_1": "Y|LEAD|1209|N|N|343|1773682918|0|0|0",
    "entity_data_2": "LEAD|1209|COMPANY|0|CONTACT|55|DEAL|0",
}
HISTORY = {
    "chatId": 1982,
    "sessionId": 469,
    "message": {
        "18148": {
            "id": "18148",
            "senderid": "7",
            "date": "2023-05-19T01:52:03+02:00",
            "text": "Answer",
            "params": {"connectorMid": ["c1:2", "c1:3"], "fileId": [9]},
        },
        "18116": {
            "id": "18116",
            "senderid": "450",
            "text": "Hi",
            "params": {"CONNECTOR_MID": "c1:1"},
        },
        "18113": {"id": "18113", "senderid": "0", "text": "Start", "params": []},
    },
    "users": {"450": {"id": "450", "connector": True}, "7": {"id": "7", "connector": False}},
    "files": {"9": {"id": 9, "name": "a.pdf"}},
}


def test_history_is_read_in_order() -> None:
    told = lines.read_history(HISTORY)
    assert [said.message_id for said in told.messages] == [18113, 18116, 18148]
    assert told.mids == {"c1:1", "c1:2", "c1:3"}
    assert told.client_ids == {450}
    last = told.messages[-1]
    assert (last.author_id, last.file_ids) == (7, (9,))
    assert last.at == datetime(2023, 5, 18, 23, 52, 3, tzinfo=UTC)
    assert told.files[9]["name"] == "a.pdf"


@pytest.mark.parametrize("told", [None, [], {}, {"message": []}, {"message": {"1": 5}}])
def test_empty_history_has_no_messages(told: Any) -> None:
    assert lines.read_history(told).messages == ()


def test_lines_of_a_portal_are_read() -> None:
    told = [{"ID": "15", "LINE_NAME": "VIP", "ACTIVE": "Y", "QUEUE": [101, "205"]}, {"ID": "x"}]
    assert lines.read_lines(told) == [Line(15, "VIP", True, (101, 205))]


@pytest.mark.parametrize(
    ("told", "number"), [(86, 86), ("86", 86), ({"messageId": 86}, 86), ([], None)]
)
def test_posted_message_has_an_id(told: Any, number: int | None) -> None:
    assert lines.read_message_id(told) == number


def test_operators_words_are_safe() -> None:
    call = lines.im_message_add(1807, "[b]x $result[1]", system=True)
    assert call.params["DIALOG_ID"] == "chat1807"
    assert call.params["SYSTEM"] == "Y"
    assert call.params["MESSAGE"] == "[\u2060b]x $\u2060result[1]"


def test_dialog_is_read() -> None:
    assert lines.read_dialog(DIALOG) == Dialog(
        chat_id=1777,
        owner_id=27,
        manager_ids=(27,),
        user_code="CallGear|22|c17:42|599",
        connector="callgear",
        line_id=22,
        external_chat_id="c17:42",
        session_id=343,
        last_message_id=86313,
        lead_id=1209,
        contact_id=55,
    )


@pytest.mark.parametrize("told", [None, [], {}, False])
def test_absent_dialog_is_none(told: Any) -> None:
    assert lines.read_dialog(told) is None


def test_new_dialog_has_no_owner() -> None:
    dialog = lines.read_dialog({"id": "5", "owner": 0, "entity_data_1": "N|NONE|0|N|N|0"})
    assert dialog is not None
    assert (dialog.owner_id, dialog.session_id, dialog.line_id) == (0, None, None)
