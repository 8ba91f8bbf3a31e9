"""What our connector says to Open Lines, and what it understands of the answers."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from b24app.bitrix import connector
from b24app.bitrix.connector import Ack, Item, LineSent, LineStatus, Registration
from b24app.errors import BitrixError
from b24app.values import Person

NOW = datetime(2026, 3, 11, 13, 53, 13, tzinfo=UTC)
ANNA = Person(
    external_id="42",
    name="Anna Petrova",
    phone="+79990000000",
    avatar_url="https://app.example/m/u42.jpg",
)
ITEM = Item(17, "42", "42:1001", NOW, ANNA, "Hi", chat_url="https://t.me/anna")


def test_item_names_client_message_and_chat() -> None:
    assert connector.message(ITEM) == {
        "user": {
            "id": "c17:42",
            "name": "Anna",
            "last_name": "Petrova",
            "phone": "+79990000000",
            "picture": {"url": "https://app.example/m/u42.jpg"},
            "url": "https://t.me/anna",
        },
        "message": {"id": "c17:42:1001", "date": 1773237193, "text": "Hi"},
        "chat": {"id": "c17:42", "name": "Anna Petrova", "url": "https://t.me/anna"},
    }


def test_files_go_by_address() -> None:
    item = replace(ITEM, text="", files=[("https://app.example/x.pdf", "x.pdf")])
    told = connector.message(item)["message"]
    assert told["files"] == [{"url": "https://app.example/x.pdf", "name": "x.pdf"}]
    assert "text" not in told


@pytest.mark.parametrize("text", ["[b]x[/b]", "$result[a][b]", "[url=x]y[/url]"])
def test_clients_words_stay_words(text: str) -> None:
    said = connector.message(replace(ITEM, text=text))["message"]["text"]
    assert said.replace("\u2060", "") == text
    assert said != text


def test_note_of_a_colleague_has_their_name() -> None:
    item = replace(ITEM, text="Done", author="Boris [x]", employee_id=0, disable_crm=True)
    told = connector.message(item)["message"]
    assert told["text"] == "[b]Boris (x):[/b] [br]Done"
    assert (told["user_id"], told["disable_crm"]) == (0, "Y")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Anna", "Anna"),
        ("Анна-Мария О'Нил", "Анна-Мария О'Нил"),
        ("Anna 🌸 2000", "Anna"),
        ("+7 916 123-45-67", ""),
        ("a_b", "ab"),
        ("х" * 40, "х" * 25),
        ("<script>", "script"),
        ("O’Neil", "O'Neil"),
        ("Anna  -  Maria", "Anna-Maria"),
        ("d\u2019 -Artagnan", "d-Artagnan"),
        ("Андрейка".replace("й", "и\u0306"), "Андрейка"),
        ("a" * 24 + " Long", "a" * 24),
        ("  ", ""),
    ],
)
def test_names_are_what_lines_take(name: str, kept: str) -> None:
    assert connector.person_name(name) == kept


def test_given_names_win_over_the_full_one() -> None:
    person = Person("42", name="annushka", first_name="Anna", last_name="Petrova")
    user = connector.message(replace(ITEM, person=person))["user"]
    assert (user["name"], user["last_name"]) == ("Anna", "Petrova")


def test_nameless_client_has_no_name() -> None:
    told = connector.message(replace(ITEM, person=Person("42", phone="+7999"), chat_url=""))
    assert told["user"] == {"id": "c17:42", "phone": "+7999"}
    assert told["chat"] == {"id": "c17:42", "name": "+7999"}


def test_ids_can_be_taken_apart() -> None:
    assert connector.internal(connector.external(17, "a:b")) == (17, "a:b")
    assert connector.internal("42") is None
    assert connector.internal("cx:1") is None


def test_messages_of_a_chat_go_in_one_call() -> None:
    call = connector.send_messages("callgear", 107, [ITEM, ITEM], "k1")
    assert (call.method, call.key) == ("imconnector.send.messages", "k1")
    assert (call.params["CONNECTOR"], call.params["LINE"]) == ("callgear", 107)
    assert len(call.params["MESSAGES"]) == 2


def test_deleting_names_no_more_than_ids() -> None:
    call = connector.delete_messages("callgear", 107, [ITEM])
    assert call.params["MESSAGES"] == [
        {"user": {"id": "c17:42"}, "message": {"id": "c17:42:1001"}, "chat": {"id": "c17:42"}}
    ]


def test_acknowledgement_lists_all_ids() -> None:
    call = connector.send_status_delivery(
        "callgear", 107, [Ack(1807, 86497, "c17:42", ["c17:1", "c17:2"], NOW)]
    )
    assert call.params["MESSAGES"] == [
        {
            "im": {"chat_id": 1807, "message_id": 86497},
            "message": {"id": ["c17:1", "c17:2"], "date": 1773237193},
            "chat": {"id": "c17:42"},
        }
    ]


def test_connector_is_switched_and_shown() -> None:
    assert connector.activate("callgear", 107, False).params["ACTIVE"] == "0"
    data = connector.connector_data_set("callgear", 107, "17", "My bot", "https://t.me/bot")
    assert data.params["DATA"] == {
        "ID": "17",
        "URL": "https://t.me/bot",
        "URL_IM": "https://t.me/bot",
        "NAME": "My bot",
    }
    assert connector.status("callgear", 107).params == {"CONNECTOR": "callgear", "LINE": 107}
    assert connector.unregister("callgear").params == {"ID": "callgear"}


def test_registration_draws_its_icon() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0#"/></svg>'
    call = connector.register(Registration("CallGear", "Chats", svg, "https://app.example/p"))
    image = call.params["ICON"]["DATA_IMAGE"]
    assert image.startswith("data:image/svg+xml,%3Csvg")
    assert not set(image) & set('<>#"')
    assert call.params["ID"] == "callgear"
    assert (call.params["CHAT_GROUP"], call.params["NEED_SIGNATURE"]) == (False, False)


def test_sent_messages_are_read() -> None:
    told = {
        "SUCCESS": True,
        "DATA": {
            "RESULT": [
                {
                    "user": "585",
                    "message": {"id": "c17:1"},
                    "SUCCESS": True,
                    "session": {"ID": "323", "CHAT_ID": "1767"},
                },
                {"SUCCESS": False, "ERRORS": ["Not all required data"], "message": {"id": "c17:2"}},
            ]
        },
    }
    assert connector.read_sent(told) == [
        LineSent(True, (), 323, 1767, 585, "c17:1"),
        LineSent(False, ("Not all required data",), message_id="c17:2"),
    ]


@pytest.mark.parametrize(
    "told", [None, [], {}, {"DATA": []}, {"DATA": {"RESULT": []}}, "x", {"DATA": {"RESULT": None}}]
)
def test_empty_answers_name_nothing(told: Any) -> None:
    assert connector.read_sent(told) == []


def test_strange_answers_are_read_as_failures() -> None:
    told = {"DATA": {"RESULT": {"0": {"SUCCESS": "Y", "session": []}, "1": 5}}}
    assert [one.ok for one in connector.read_sent(told)] == [True, False]


def test_status_is_read() -> None:
    told = {"LINE": 12, "CONNECTOR": "x", "ERROR": False, "CONFIGURED": True, "STATUS": True}
    assert connector.read_status(told) == LineStatus(works=True, configured=True, error=False)
    assert not connector.read_status([]).works


def test_refused_registration_is_an_error() -> None:
    connector.read_done({"result": True})
    connector.read_done(True)
    with pytest.raises(BitrixError, match="ICON_REQUIRED") as refused:
        connector.read_done({"result": False, "error": "ICON_REQUIRED"})
    assert refused.value.permanent
