"""The main story from the portal's side, without a browser."""

import json

import pytest

from sandbox.portal import Portal, create_portal
from tests.sandbox.portals import APPLICATION, Client, Listener, bind, connect, control, portal, say


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def home(listener) -> Portal:
    return portal(listener)


def chat_of(answer):
    return int(answer["session"]["CHAT_ID"])


def test_installer_opens_until_finished(listener):
    made = create_portal(outside=portal(listener).outside)
    made.install()
    before = made.frame_form()[0]
    made.finish_install()
    assert "placement/install?" in before
    assert "placement/home?" in made.frame_form()[0]


def test_frame_carries_what_a_portal_posts(home):
    Client(home).call(
        "placement.bind",
        PLACEMENT="CRM_DEAL_DETAIL_TAB",
        HANDLER=f"{APPLICATION}/placement/deal_tab",
    )
    url, fields = home.frame_form("CRM_DEAL_DETAIL_TAB", {"ID": "1"}, user_id=2)
    assert url.startswith(f"{APPLICATION}/placement/deal_tab?DOMAIN=localhost%3A7200&PROTOCOL=0")
    assert json.loads(fields["PLACEMENT_OPTIONS"]) == {"ID": "1"}
    assert {"AUTH_ID", "REFRESH_ID", "member_id", "APPLICATION_TOKEN"} <= set(fields)


def test_finished_installation_is_told_to_its_handler(listener):
    made = create_portal(outside=portal(listener).outside)
    made.install()
    bind(Client(made), "ONAPPINSTALL")
    made.finish_install()
    made.deliver_events()
    (event,) = listener.events("ONAPPINSTALL")
    assert event["auth"]["refresh_token"]
    assert event["auth"]["application_token"] == made.installation.application_token


def test_nothing_is_told_before_the_end_of_installation(listener):
    made = create_portal(outside=portal(listener).outside)
    made.install()
    bind(Client(made), "ONCRMDEALADD")
    Client(made).call("crm.item.add", entityTypeId=2, fields={"title": "Чай"})
    assert made.deliver_events() == 0


def test_first_message_makes_a_chat_and_a_lead(home):
    admin = Client(home)
    connect(admin)
    answer = say(admin, user={"phone": "+7 999 000-00-77"})
    dialog = admin.call("imopenlines.dialog.get", CHAT_ID=chat_of(answer))
    lead = int(dialog["entity_data_2"].split("|")[1])
    assert dialog["entity_id"] == f"callgear|1|c1:42|{answer['user']}"
    assert admin.call("crm.item.get", entityTypeId=1, id=lead)["item"]["phone"]


def test_known_phone_is_recognised(home):
    admin = Client(home)
    connect(admin)
    chat = chat_of(say(admin, user={"phone": "8 (999) 000-00-11"}))
    data = admin.call("imopenlines.dialog.get", CHAT_ID=chat)["entity_data_2"]
    assert data == "LEAD|0|COMPANY|0|CONTACT|2|DEAL|2"


def test_operator_reply_comes_back_signed(home, listener):
    admin, boris = Client(home), Client(home, 2)
    connect(admin)
    bind(admin, "ONIMCONNECTORMESSAGEADD")
    chat = chat_of(say(admin))
    boris.call("imopenlines.operator.answer", CHAT_ID=chat)
    message = boris.call("im.message.add", DIALOG_ID=f"chat{chat}", MESSAGE="Добрый день")
    home.deliver_events()
    (event,) = listener.events("ONIMCONNECTORMESSAGEADD")
    (element,) = event["data"]["MESSAGES"]
    assert element["message"]["text"] == "[b]Борис Операторов:[/b] [br]Добрый день"
    assert element["im"] == {"chat_id": str(chat), "message_id": str(message)}
    assert (element["chat"]["id"], event["auth"]["user_id"]) == ("c1:42", "2")


def test_acknowledged_reply_loses_its_mark(home):
    admin = Client(home)
    connect(admin)
    chat = chat_of(say(admin))
    message = control(home, f"lines/{chat}/reply", user_id=1, text="Да")["id"]
    home.clock.advance(61)
    failed = control_chat(home, chat)
    ids = {"im": {"chat_id": chat, "message_id": message}, "message": {"id": ["tg:1"]}}
    admin.call("imconnector.send.status.delivery", CONNECTOR="callgear", LINE=1, MESSAGES=[ids])
    assert (failed, control_chat(home, chat)) == ("failed", "delivered")


def control_chat(home, chat):
    answer = home.app.test_client().get(f"/_sandbox/chats/{chat}").get_json()
    return answer["messages"][-1]["delivery"]


def test_closed_dialog_starts_anew(home, listener):
    admin = Client(home)
    connect(admin)
    bind(admin, "ONIMCONNECTORDIALOGSTART", "ONIMCONNECTORDIALOGFINISH")
    first = say(admin)
    admin.call("imopenlines.operator.answer", CHAT_ID=chat_of(first))
    admin.call("imopenlines.operator.finish", CHAT_ID=chat_of(first))
    second = say(admin, "Ещё вопрос", id="c1:1002")
    home.deliver_events()
    (finish,) = listener.events("ONIMCONNECTORDIALOGFINISH")
    assert finish["data"]["DATA"][0]["session"]["id"] == first["session"]["ID"]
    assert first["session"]["CHAT_ID"] == second["session"]["CHAT_ID"]
    assert first["session"]["ID"] != second["session"]["ID"]


def test_form_of_a_connector_knows_its_line(home):
    connect(Client(home))
    url, fields = home.frame_form("SETTING_CONNECTOR", {"CONNECTOR": "callgear", "LINE": "1"})
    options = json.loads(fields["PLACEMENT_OPTIONS"])
    assert url.startswith(f"{APPLICATION}/placement/connector_settings?")
    assert (options["LINE"], options["ACTIVE_STATUS"], options["STATUS"]) == ("1", True, True)


def test_uninstall_wipes_what_was_bound(home, listener):
    admin = Client(home)
    connect(admin)
    bind(admin, "ONAPPUNINSTALL")
    home.uninstall(clean=True)
    home.deliver_events()
    (event,) = listener.events("ONAPPUNINSTALL")
    assert (event["data"]["CLEAN"], "access_token" in event["auth"]) == ("1", False)
    assert (home.handlers, home.placements, "callgear" in home.connectors) == ([], [], False)
    assert admin.error("profile") == (401, "APPLICATION_NOT_FOUND")


def test_second_installation_works(home):
    old = home.installation.application_token
    home.uninstall()
    home.install()
    assert Client(home).call("app.info")["INSTALLED"] is False
    assert home.installation.application_token != old


def test_control_opens_a_frame(home, listener):
    answer = control(home, "open", placement="DEFAULT", user_id=2)
    assert (answer["status"], answer["html"]) == (200, "page placement/home")
    assert listener.got[0]["query"]["APP_SID"] == answer["app_sid"]
