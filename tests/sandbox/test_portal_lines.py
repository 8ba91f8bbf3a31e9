"""Open Lines: connectors, clients' messages, operators, sessions, switches."""

import base64

import pytest

from tests.sandbox.portals import (
    APPLICATION,
    Client,
    Listener,
    bind,
    connect,
    control,
    portal,
    say,
)

ADD = "ONIMCONNECTORMESSAGEADD"


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def home(listener):
    return portal(listener)


@pytest.fixture
def admin(home):
    client = Client(home)
    connect(client)
    bind(client, ADD)
    return client


def chat_of(answer):
    return int(answer["session"]["CHAT_ID"])


def words(home, listener, event=ADD):
    home.deliver_events()
    return [one["data"]["MESSAGES"][0]["message"] for one in listener.events(event)]


def test_connector_id_is_lowered(home, admin):
    connect(admin, code="CallGear_TG")
    assert admin.call("imconnector.list")["callgear_tg"] == "CallGear"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ID": "a.b"}, "APPLICATION_REGISTRATION_ERROR_POINT"),
        ({"NAME": ""}, "NAME_REQUIRED"),
        ({"ICON": {"COLOR": "#fff"}}, "ICON_REQUIRED"),
        ({"PLACEMENT_HANDLER": ""}, "NO_PLACEMENT_HANDLER"),
    ],
)
def test_refused_registration_has_status_200(admin, change, code):
    given = {
        "ID": "a",
        "NAME": "A",
        "ICON": {"DATA_IMAGE": "x"},
        "PLACEMENT_HANDLER": f"{APPLICATION}/p",
    }
    answer = admin.call("imconnector.register", **{**given, **change})
    assert (answer["result"], answer["error"]) == (False, code)


def test_status_needs_data_after_activation(home, admin):
    admin.call("imconnector.activate", CONNECTOR="callgear", LINE=2, ACTIVE="1")
    status = admin.call("imconnector.status", CONNECTOR="callgear", LINE=2)
    assert (status["CONFIGURED"], status["STATUS"]) == (False, False)
    assert admin.call("imconnector.status", CONNECTOR="callgear", LINE=1)["STATUS"] is True


def messages(**element):
    default = {"user": {"id": "1"}, "message": {"text": "a"}, "chat": {"id": "1"}}
    return [{**default, **element}]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"LINE": 2}, "NOT_ACTIVE_LINE"),
        ({"LINE": 99}, "NOT_ACTIVE_LINE"),
        ({"CONNECTOR": "other"}, "IMCONNECTOR_NO_CORRECT_PROVIDER"),
        ({"MESSAGES": [{"user": {"id": "1"}}]}, "ERROR_ARGUMENT"),
    ],
)
def test_refused_message(admin, params, code):
    given = {"CONNECTOR": "callgear", "LINE": 1, "MESSAGES": messages()}
    assert admin.error("imconnector.send.messages", **{**given, **params}) == (400, code)


def test_empty_message_fails_alone(admin):
    both = messages(message={"id": "1"}) + messages()
    answer = admin.call("imconnector.send.messages", CONNECTOR="callgear", LINE=1, MESSAGES=both)
    assert [one["SUCCESS"] for one in answer["DATA"]["RESULT"]] == [False, True]


def test_unreachable_file_fails_its_message(admin):
    answer = say(admin, message={"files": [{"url": "http://127.0.0.1:9/a.png", "name": "a.png"}]})
    assert (answer["SUCCESS"], bool(answer["ERRORS"])) == (False, True)


def test_file_is_downloaded(home, admin):
    url = f"{APPLICATION}/media/a.txt"
    say(admin, message={"files": [{"url": url, "name": "a.txt"}]})
    (file,) = home.files.values()
    assert (file.name, file.content) == ("a.txt", b"page media/a.txt")


def test_file_of_an_operator_can_be_fetched(home, admin, listener):
    chat = chat_of(say(admin))
    file = {"name": "a.txt", "content": base64.b64encode(b"abc").decode()}
    control(home, f"lines/{chat}/reply", user_id=1, text="Вот", files=[file])
    (message,) = words(home, listener)
    path = message["files"][0]["downloadLink"]
    assert home.app.test_client().get(path).data == b"abc"
    assert home.app.test_client().get(path[:-1]).status_code == 404


def test_greeting_comes_from_the_system(home, admin, listener):
    params = {"WELCOME_MESSAGE": "Y", "WELCOME_MESSAGE_TEXT": "Добро пожаловать"}
    admin.call("imopenlines.config.update", CONFIG_ID=1, PARAMS=params)
    say(admin)
    assert words(home, listener) == [{"user_id": "0", "text": "Добро пожаловать"}]


def test_signature_can_be_left_out(home, admin, listener):
    connect(admin, NEED_SIGNATURE="N")
    chat = chat_of(say(admin))
    control(home, f"lines/{chat}/reply", user_id=2, text="Да")
    assert words(home, listener)[0]["text"] == "Да"


def test_stranger_cannot_write_into_a_chat(home, admin):
    chat = chat_of(say(admin))
    boris = Client(home, 2)
    error = boris.error("im.message.add", DIALOG_ID=f"chat{chat}", MESSAGE="a")
    assert error == (400, "ACCESS_ERROR")


def test_system_line_is_told_to_nobody(home, admin, listener):
    chat = chat_of(say(admin))
    admin.call("imopenlines.session.join", CHAT_ID=chat)
    admin.call("im.message.add", DIALOG_ID=f"chat{chat}", MESSAGE="Заметка", SYSTEM="Y")
    assert words(home, listener) == []


def test_edit_is_told_only_after_a_confirmed_delivery(home, admin, listener):
    bind(admin, "ONIMCONNECTORMESSAGEUPDATE")
    chat = chat_of(say(admin))
    message = control(home, f"lines/{chat}/reply", user_id=1, text="Да")["id"]
    admin.call("im.message.update", MESSAGE_ID=message, MESSAGE="Нет")
    acknowledge(admin, message, ["tg:1", "tg:2"])
    admin.call("im.message.update", MESSAGE_ID=message, MESSAGE="Может быть")
    edits = words(home, listener, "ONIMCONNECTORMESSAGEUPDATE")
    assert [(one["id"], one["text"][-10:]) for one in edits] == [(["tg:1", "tg:2"], "Может быть")]


def acknowledge(client, message, external):
    element = {"im": {"chat_id": 1, "message_id": message}, "message": {"id": external}}
    params = {"CONNECTOR": "callgear", "LINE": 1, "MESSAGES": [element]}
    return client.call("imconnector.send.status.delivery", **params)


def test_first_acknowledgement_counts(home, admin):
    chat = chat_of(say(admin))
    message = control(home, f"lines/{chat}/reply", user_id=1, text="Да")["id"]
    acknowledge(admin, message, ["tg:1"])
    acknowledge(admin, message, ["tg:2"])
    assert home.messages[message].external_ids == ["tg:1"]


def test_unknown_acknowledgement_succeeds(admin):
    assert acknowledge(admin, 424242, ["tg:1"])["SUCCESS"] is True


def test_acknowledged_id_must_be_a_list(admin):
    element = {"im": {"message_id": 1}, "message": {"id": "tg:1"}}
    params = {"CONNECTOR": "callgear", "LINE": 1, "MESSAGES": [element]}
    assert admin.error("imconnector.send.status.delivery", **params) == (400, "ERROR_ARGUMENT")


def test_client_edits_and_withdraws(home, admin):
    chat = chat_of(say(admin))
    element = messages(user={"id": "c1:42"}, chat={"id": "c1:42"})[0]
    for method, text in (("update", "Исправлено"), ("delete", "")):
        element["message"] = {"id": "c1:1001", "text": text}
        params = {"CONNECTOR": "callgear", "LINE": 1, "MESSAGES": [element]}
        admin.call(f"imconnector.{method}.messages", **params)
        assert home.messages[home.chats[chat].message_ids[0]].text == text


def test_taken_dialog_is_not_taken_twice(home, admin):
    chat = chat_of(say(admin))
    Client(home, 2).call("imopenlines.operator.answer", CHAT_ID=chat)
    assert admin.error("imopenlines.operator.answer", CHAT_ID=chat) == (400, "ACCESS_DENIED")
    admin.call("imopenlines.session.intercept", CHAT_ID=chat)
    assert admin.call("imopenlines.dialog.get", CHAT_ID=chat)["owner"] == 1


def test_line_of_others_is_closed(home, admin):
    connect(admin, line=2)
    chat = chat_of(say(admin, line=2))
    vera = Client(home, 3)
    assert vera.error("imopenlines.operator.answer", CHAT_ID=chat)[1] == "ACCESS_DENIED"
    assert vera.error("imopenlines.dialog.get", CHAT_ID=chat)[1] == "ACCESS_ERROR"


def test_transfer_moves_the_owner(home, admin):
    chat = chat_of(say(admin))
    admin.call("imopenlines.operator.answer", CHAT_ID=chat)
    admin.call("imopenlines.operator.transfer", CHAT_ID=chat, USER_ID=3)
    assert home.chats[chat].owner == 3
    admin.call("imopenlines.operator.transfer", CHAT_ID=chat, TRANSFER_ID="queue2")
    assert home.chats[chat].owner == 0


def test_own_dialogs_only_are_finished(home, admin):
    chat = chat_of(say(admin))
    Client(home, 2).call("imopenlines.operator.answer", CHAT_ID=chat)
    assert admin.error("imopenlines.operator.finish", CHAT_ID=chat) == (400, "ACCESS_DENIED")
    assert admin.call("imopenlines.operator.another.finish", CHAT_ID=chat) is True


def test_skipped_dialog_waits_again(home, admin):
    chat = chat_of(say(admin))
    admin.call("imopenlines.operator.answer", CHAT_ID=chat)
    admin.call("imopenlines.operator.skip", CHAT_ID=chat)
    session = home.sessions[home.chats[chat].session_id]
    assert (session.status, home.chats[chat].owner) == ("new", 0)


def test_history_shows_connector_ids(admin):
    answer = say(admin)
    params = {"SESSION_ID": answer["session"]["ID"]}
    history = admin.call("imopenlines.session.history.get", **params)
    (message,) = history["message"].values()
    assert (message["senderid"], message["params"]["connectorMid"]) == (
        answer["user"],
        ["c1:1001"],
    )


def test_messages_after_one_are_read(admin):
    chat = chat_of(say(admin))
    admin.call("imopenlines.session.join", CHAT_ID=chat)
    first = admin.call("im.dialog.messages.get", DIALOG_ID=f"chat{chat}")["messages"][0]
    say(admin, "Ещё", id="c1:1002")
    params = {"DIALOG_ID": f"chat{chat}", "FIRST_ID": first["id"]}
    later = admin.call("im.dialog.messages.get", **params)["messages"]
    assert [one["params"]["CONNECTOR_MID"] for one in later] == [["c1:1002"]]
    assert admin.call("im.dialog.messages.get", **params | {"FIRST_ID": 5})["messages"] == []


def test_only_members_read_a_chat(admin):
    dialog = f"chat{chat_of(say(admin))}"
    answer = admin.post("im.dialog.messages.get", DIALOG_ID=dialog)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "ACCESS_ERROR")


def test_end_of_a_dialog_is_marked_in_its_history(admin):
    answer = say(admin)
    admin.call("imopenlines.operator.answer", CHAT_ID=chat_of(answer))
    admin.call("imopenlines.operator.finish", CHAT_ID=chat_of(answer))
    params = {"SESSION_ID": answer["session"]["ID"]}
    log = admin.call("imopenlines.session.history.get", **params)["message"]
    marks = [one["params"]["class"] for one in log.values() if "class" in one["params"]]
    assert marks == ["bx-messenger-content-item-ol-end"]


def test_chat_is_found_from_its_lead(home, admin):
    chat = chat_of(say(admin))
    lead = home.chats[chat].crm["LEAD"]
    params = {"CRM_ENTITY_TYPE": "lead", "CRM_ENTITY": lead}
    (found,) = admin.call("imopenlines.crm.chat.get", **params)
    assert found == {
        "CHAT_ID": str(chat),
        "CONNECTOR_ID": "callgear",
        "CONNECTOR_TITLE": "CallGear",
    }
    imol = {"=imol": f"imol|{home.chats[chat].user_code}"}
    assert admin.call("crm.item.list", entityTypeId=1, filter=imol)["items"][0]["id"] == lead


def test_tracker_can_be_switched_off(home, admin):
    say(admin, message={"disable_crm": "Y"})
    assert len(home.items[1]) == 1


def test_tracker_can_make_deals(home, admin):
    admin.call("imopenlines.config.update", CONFIG_ID=1, PARAMS={"CRM_CREATE": "deal"})
    say(admin)
    deal = home.items[2][4]
    assert home.items[3][deal["contactIds"][0]]["name"] == "Пётр"


def test_line_is_made_changed_and_removed(home, admin):
    queue = [{"ENTITY_TYPE": "user", "ENTITY_ID": "2"}]
    params = {"LINE_NAME": "Новая", "ACTIVE": "Y", "QUEUE": queue}
    line = admin.call("imopenlines.config.add", PARAMS=params)
    shown = admin.call("imopenlines.config.get", CONFIG_ID=line)
    assert (shown["LINE_NAME"], shown["QUEUE"], shown["CRM"]) == ("Новая", ["2"], "N")
    assert admin.call("imopenlines.config.delete", CONFIG_ID=line) is True
    assert admin.call("imopenlines.config.get", CONFIG_ID=line) is False


def test_settings_of_a_line_come_back_in_the_portals_own_notation(admin):
    hours = {"WORKTIME_FROM": "09:00", "WORKTIME_TO": "18:30"}
    days = {"WORKTIME_DAYOFF": ["SU", "SA"], "WORKTIME_HOLIDAYS": "01.01,23.02"}
    given = {**hours, **days, "CONFIRM_CLOSE": True, "KPI_FIRST_ANSWER_LIST": [2], "XML_ID": "x"}
    admin.call("imopenlines.config.update", CONFIG_ID=1, PARAMS=given)
    shown = admin.call("imopenlines.config.get", CONFIG_ID=1)
    assert {name: shown[name] for name in given} == {
        "WORKTIME_FROM": "9",
        "WORKTIME_TO": "18.3",
        "WORKTIME_DAYOFF": ["SA", "SU"],
        "WORKTIME_HOLIDAYS": ["01.01", "23.02"],
        "CONFIRM_CLOSE": "Y",
        "KPI_FIRST_ANSWER_LIST": ["2"],
        "XML_ID": None,
    }


@pytest.mark.parametrize(("takes", "kept"), [(True, "Y"), (False, "N")])
def test_consent_is_taken_where_the_portal_takes_it(home, admin, takes, kept):
    control(home, "switches", config_update_agreement=takes)
    given = {"AGREEMENT_MESSAGE": "Y", "MAX_CHAT": 2}
    admin.call("imopenlines.config.update", CONFIG_ID=1, PARAMS=given)
    shown = admin.call("imopenlines.config.get", CONFIG_ID=1)
    assert (shown["AGREEMENT_MESSAGE"], shown["MAX_CHAT"]) == (kept, "2")


def test_lines_are_listed_with_queues(admin):
    params = {"PARAMS": {"select": ["LINE_NAME"]}, "OPTIONS": {"QUEUE": "Y", "CONFIG_QUEUE": "Y"}}
    rows = admin.call("imopenlines.config.list.get", **params)
    assert [(row["ID"], row["LINE_NAME"], row["QUEUE"]) for row in rows] == [
        ("1", "Открытая линия", [1, 2, 3]),
        ("2", "Поддержка", [2]),
    ]


def test_removed_line_is_told_by_a_bare_number(home, admin, listener):
    bind(admin, "ONIMCONNECTORLINEDELETE")
    admin.call("imopenlines.config.delete", CONFIG_ID=1)
    home.deliver_events()
    assert listener.events("ONIMCONNECTORLINEDELETE")[0]["data"] == "1"


def test_disconnected_line_is_told_in_lower_case(home, admin, listener):
    bind(admin, "ONIMCONNECTORSTATUSDELETE")
    control(home, "lines/1/disconnect", connector="callgear")
    home.deliver_events()
    (event,) = listener.events("ONIMCONNECTORSTATUSDELETE")
    assert event["data"] == {"connector": "callgear", "line": "1"}


def test_uploaded_file_goes_to_the_client(home, admin, listener):
    chat = chat_of(say(admin))
    admin.call("imopenlines.operator.answer", CHAT_ID=chat)
    fields = {"name": "a.png", "content": "YWJj", "message": "Смотрите"}
    answer = admin.call("im.v2.File.upload", dialogId=f"chat{chat}", fields=fields)
    (message,) = words(home, listener)
    assert (message["files"][0]["type"], answer["file"]["size"]) == ("image", 3)


@pytest.mark.parametrize(("echo", "count"), [(True, 1), (False, 0)])
def test_employee_by_user_id_is_a_question(home, admin, listener, echo, count):
    control(home, "switches", send_messages_user_id_echo=echo)
    say(admin, message={"user_id": 2})
    assert len(words(home, listener)) == count


def test_system_by_user_id_never_comes_back(home, admin, listener):
    say(admin, message={"user_id": 0})
    assert words(home, listener) == []


@pytest.mark.parametrize(("key", "chats"), [("chat_and_user", 2), ("user", 1)])
def test_key_of_a_chat_is_a_question(home, admin, key, chats):
    control(home, "switches", chat_key=key)
    say(admin)
    say(admin, id="c1:1002", chat="c1:43")
    assert len(home.chats) == chats


@pytest.mark.parametrize(("dedupe", "count"), [(False, 2), (True, 1)])
def test_repeated_id_is_a_question(home, admin, dedupe, count):
    control(home, "switches", dedupe_message_id=dedupe)
    chat = chat_of(say(admin))
    say(admin)
    assert len(home.chats[chat].message_ids) == count


@pytest.mark.parametrize(("sends", "count"), [(True, 1), (False, 0)])
def test_message_from_the_card_is_a_question(home, admin, listener, sends, count):
    control(home, "switches", crm_message_add_event=sends)
    chat = chat_of(say(admin))
    admin.call("imopenlines.operator.answer", CHAT_ID=chat)
    where = {"CRM_ENTITY_TYPE": "lead", "CRM_ENTITY": home.chats[chat].crm["LEAD"]}
    admin.call("imopenlines.crm.message.add", **where, USER_ID=1, CHAT_ID=chat, MESSAGE="a")
    assert len(words(home, listener)) == count


@pytest.mark.parametrize(("rule", "success"), [("accept", True), ("cut", True), ("refuse", False)])
def test_long_names_are_a_question(home, admin, rule, success):
    control(home, "switches", long_names=rule)
    assert say(admin, user={"name": "Очень длинное имя 12345 😀 ещё"})["SUCCESS"] is success


@pytest.mark.parametrize("shape", ["list", "object"])
def test_shape_of_dialog_events_is_a_question(home, admin, listener, shape):
    control(home, "switches", dialog_data=shape)
    bind(admin, "ONIMCONNECTORDIALOGSTART")
    say(admin)
    home.deliver_events()
    (event,) = listener.events("ONIMCONNECTORDIALOGSTART")
    assert isinstance(event["data"]["DATA"], list if shape == "list" else dict)


@pytest.mark.parametrize(("fires", "count"), [(False, 0), (True, 1)])
def test_own_switching_off_is_a_question(home, admin, listener, fires, count):
    control(home, "switches", deactivate_event=fires)
    bind(admin, "ONIMCONNECTORSTATUSDELETE")
    admin.call("imconnector.activate", CONNECTOR="callgear", LINE=1, ACTIVE=0)
    home.deliver_events()
    assert len(listener.events("ONIMCONNECTORSTATUSDELETE")) == count
