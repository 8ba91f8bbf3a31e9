"""Pages of the sandbox portal through Flask's test client: what they show and what they do."""

import io
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.portal import create_portal, line_config, openlines
from sandbox.portal.crm import add
from sandbox.portal.portal import Portal
from sandbox.portal.registry import METHODS, Call
from sandbox.portal.settings import PortalSettings
from sandbox.portal.state import Chat, Connector, Handler, LineLink, Placement

CODE = "callgear_telegram"
CLIENT = 585
EVIL = "<script>alert(1)</script>"
PAGES = (
    "/stream/",
    "/market/",
    "/market/detail/callgear.chats/",
    "/marketplace/app/1/",
    "/marketplace/view/callgear.chats/",
    "/crm/deal/",
    "/crm/lead/",
    "/crm/contact/",
    "/crm/company/",
    "/crm/deal/details/1/",
    "/crm/lead/details/1/",
    "/crm/contact/details/1/",
    "/crm/company/details/1/",
    "/contact_center/",
    f"/contact_center/connector/?ID={CODE}&LINE=1&open=Y",
    "/contact_center/lines/",
    "/contact_center/lines_edit/?ID=1",
    "/online/",
    "/online/?chat=1761",
    "/company/personal/user/2/",
)


@pytest.fixture
def portal() -> Portal:
    """An empty market, one item of each CRM kind, a line with a client's chat."""
    portal = create_portal(PortalSettings())
    for items in portal.items.values():
        items.clear()
    portal.counters = {}
    contact = add(portal, 3, {"name": EVIL, "fm": [phone("+79990001122")]}, 2)
    add(portal, 2, {"title": f"{EVIL} deal", "contactIds": [contact["id"]]}, 2)
    add(portal, 1, {"title": "Lead", "name": "Peter"}, 3)
    add(portal, 4, {"title": "Company"}, 3)
    talk(portal)
    return portal


def phone(number: str) -> dict[str, str]:
    return {"typeId": "PHONE", "valueType": "MOBILE", "value": number}


def talk(portal: Portal) -> None:
    """Boris is asked by a client on line 1."""
    portal.lines.clear()
    queue = [{"ENTITY_TYPE": "user", "ENTITY_ID": number} for number in ("2", "3")]
    line_config.add(portal, {"LINE_NAME": "Sales", "ACTIVE": "Y", "QUEUE": queue})
    portal.connectors[CODE] = Connector(CODE, "Telegram", {}, "http://127.0.0.1:8000/connector")
    portal.links[(CODE, 1)] = LineLink(CODE, 1, active=True, data={"ID": "x"})
    portal.users[CLIENT] = {"ID": CLIENT, "NAME": EVIL, "LAST_NAME": "", "USER_TYPE": "imconnector"}
    chat = Chat(1761, CODE, 1, "c1:42", "c1:42", CLIENT, EVIL, crm={"DEAL": 1})
    portal.chats[chat.id] = chat
    openlines.open_session(portal, chat)
    openlines.write(portal, chat, CLIENT, f"{EVIL} [b]hi[/b]", external_ids=["c1:1"])


@pytest.fixture
def client(portal: Portal) -> FlaskClient:
    return portal.app.test_client()


def as_user(client: FlaskClient, number: int, lang: str = "en") -> FlaskClient:
    client.set_cookie("portal_user", str(number))
    client.set_cookie("portal_lang", lang)
    return client


def installed(portal: Portal, **widgets: str) -> None:
    portal.install(1)
    portal.finish_install(1)
    portal.placements[:] = [
        Placement(number, code, f"http://127.0.0.1:8000/{code.lower()}", title)
        for number, (code, title) in enumerate(widgets.items(), 1)
    ]


def frame(client: FlaskClient, **fields: Any) -> Any:
    return client.post("/_browser/frame", data=fields).get_json()


def send(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    return client.post(f"/_browser/{path}", data=fields)


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("user", [1, 2, 3])
@pytest.mark.parametrize("finished", [False, True])
def test_every_page_opens(portal: Portal, user: int, lang: str, finished: bool) -> None:
    widgets = ("LEFT_MENU", "CONTACT_CENTER", "CRM_DEAL_DETAIL_TAB", "IM_TEXTAREA")
    installed(portal, **dict.fromkeys(widgets, "W"))
    portal.installation.finished = finished
    client = as_user(portal.app.test_client(), user, lang)
    for path in PAGES:
        page = client.get(path)
        assert page.status_code == 200, path
        assert f'<html lang="{lang}">' in page.text
        assert EVIL not in page.text, path


@pytest.mark.parametrize("path", PAGES)
def test_page_in_slider_has_no_menu(client: FlaskClient, path: str) -> None:
    page = client.get(f"{path}{'&' if '?' in path else '?'}IFRAME=Y")
    assert 'class="side"' not in page.text
    assert "</main>" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/crm/deal/details/77/",
        "/crm/boat/",
        "/online/?chat=7",
        "/market/detail/x/",
        "/nowhere/",
        "/marketplace/app/placement/9/",
        "/contact_center/connector/?ID=x",
    ],
)
def test_unknown_things_are_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_pages_let_only_the_application_in(client: FlaskClient) -> None:
    policy = client.get("/stream/").headers["Content-Security-Policy"]
    assert "frame-src 'self' http://127.0.0.1:8000" in policy
    assert "default-src 'self'" in policy


def test_choice_of_user_is_kept(client: FlaskClient) -> None:
    client.get("/stream/?user=3&lang=en")
    assert "Вера" in client.get("/stream/").text
    assert "Good day" in client.get("/stream/").text


def test_unknown_user_becomes_the_administrator(client: FlaskClient) -> None:
    assert "Анна" in as_user(client, 999).get("/stream/").text


def test_install_waits_for_both_agreements(portal: Portal, client: FlaskClient) -> None:
    assert send(client, "install", license="Y").status_code == 400
    assert not portal.installation.present
    answer = send(client, "install", license="Y", privacy="Y").get_json()
    assert answer["slider"].startswith("/marketplace/app/1/?IFRAME=Y")
    assert portal.installation.present
    assert not portal.installation.finished


def test_only_administrators_install(portal: Portal, client: FlaskClient) -> None:
    answer = send(as_user(client, 2), "install", license="Y", privacy="Y")
    assert answer.status_code == 400
    assert not portal.installation.present
    assert "Install<" not in client.get("/market/detail/callgear.chats/").text


def test_frame_form_has_the_documented_fields(portal: Portal, client: FlaskClient) -> None:
    portal.install(1)
    made = frame(client, placement="DEFAULT", options="{}")
    assert made["url"].startswith(portal.settings.installer_url)
    assert set(re.findall(r"[?&]([A-Z_]+)=", made["url"])) == {
        "DOMAIN",
        "PROTOCOL",
        "LANG",
        "APP_SID",
    }
    wanted = {"AUTH_ID", "AUTH_EXPIRES", "REFRESH_ID", "member_id", "status", "PLACEMENT"}
    assert wanted <= set(made["fields"])
    assert made["name"] == f"{portal.domain}|0|{made['sid']}"
    assert made["init"]["INSTALL"] is True


def test_installer_finishes_once(portal: Portal, client: FlaskClient) -> None:
    portal.install(1)
    made = frame(client, placement="DEFAULT")
    answer = send(client, "install_finish", sid=made["sid"])
    assert answer.get_json() == {"url": "/marketplace/app/1/"}
    assert portal.installation.finished
    later = frame(client, placement="DEFAULT")
    assert send(client, "install_finish", sid=later["sid"]).status_code == 400


def test_others_wait_for_the_installation(portal: Portal, client: FlaskClient) -> None:
    portal.install(1)
    assert "not fully installed" in as_user(client, 2).get("/marketplace/app/1/").text
    assert "data-frame" in as_user(client, 1).get("/marketplace/app/1/").text


def test_widgets_appear_after_the_installation(portal: Portal, client: FlaskClient) -> None:
    installed(portal, LEFT_MENU="CallGear Чаты", CRM_DEAL_DETAIL_TAB="Чаты сделки")
    assert "CallGear Чаты" in client.get("/stream/").text
    assert "Чаты сделки" in client.get("/crm/deal/details/1/").text
    portal.installation.finished = False
    assert "CallGear Чаты" not in client.get("/stream/").text
    assert "Чаты сделки" not in client.get("/crm/deal/details/1/").text


def test_widget_speaks_the_viewers_language(portal: Portal, client: FlaskClient) -> None:
    installed(portal, LEFT_MENU="fallback")
    portal.placements[0].lang_all = {"en": {"TITLE": "Chats"}, "ru": {"TITLE": "Чаты"}}
    assert ">Чаты<" in as_user(client, 1, "ru").get("/stream/").text
    assert ">Chats<" in as_user(client, 1, "en").get("/stream/").text


def test_deep_link_carries_its_parameters(portal: Portal, client: FlaskClient) -> None:
    installed(portal, REST_APP_URI="x")
    page = client.get("/marketplace/view/callgear.chats/?params[chat]=7")
    wanted = json.loads(re.search(r"data-frame='([^']+)'", page.text)[1])  # type: ignore[index]
    assert wanted == {"placement": "REST_APP_URI", "binding": 1, "options": {"chat": "7"}}


def test_tab_frame_names_its_deal(portal: Portal, client: FlaskClient) -> None:
    installed(portal, CRM_DEAL_DETAIL_TAB="x")
    made = frame(
        client,
        placement="CRM_DEAL_DETAIL_TAB",
        binding=1,
        options='{"ID": "1"}',
        uri="/crm/deal/details/1/",
    )
    assert made["url"].startswith("http://127.0.0.1:8000/crm_deal_detail_tab?")
    options = json.loads(made["fields"]["PLACEMENT_OPTIONS"])
    assert options == {"ID": "1", "URI": "/crm/deal/details/1/"}


def test_frame_of_a_stranger_is_not_opened(portal: Portal, client: FlaskClient) -> None:
    installed(portal, LEFT_MENU="x")
    answer = send(client, "frame", placement="CRM_DEAL_DETAIL_TAB", binding=1)
    assert answer.status_code == 404
    assert send(client, "frame", placement="NOWHERE").status_code == 404


def test_application_token_of_the_frame_belongs_to_the_viewer(
    portal: Portal, client: FlaskClient
) -> None:
    installed(portal)
    made = frame(as_user(client, 2), placement="DEFAULT")
    assert portal.oauth.app_info(made["init"]["AUTH_ID"])["user_id"] == 2
    fresh = send(client, "refresh", sid=made["sid"]).get_json()
    assert portal.oauth.app_info(fresh["AUTH_ID"])["user_id"] == 2
    assert made["init"]["IS_ADMIN"] is False


def test_only_administrators_set_application_options(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    given = {"kind": "app", "name": "a", "value": '"1"'}
    assert send(as_user(client, 2), "option", **given).status_code == 400
    assert send(as_user(client, 1), "option", **given).get_json() == {"a": "1"}


def test_uninstall_asks_what_to_clean(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    portal.installation.options["a"] = "1"
    send(client, "uninstall")
    assert not portal.installation.present
    assert portal.installation.options == {"a": "1"}
    installed(portal)
    send(client, "uninstall", clean="Y")
    assert portal.installation.options == {}


def test_update_opens_the_installer_again(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    assert "slider" in send(client, "update").get_json()
    assert portal.installation.version == 2


def test_deal_is_moved_and_closed(portal: Portal, client: FlaskClient) -> None:
    won = next(
        row["STATUS_ID"]
        for row in portal.statuses.values()
        if row["SEMANTICS"] == "S" and row["ENTITY_ID"] == "DEAL_STAGE"
    )
    send(client, "crm/deal/1/stage", stage=won)
    assert portal.items[2][1]["closed"] == "Y"
    assert "Closed with success" in as_user(client, 1).get("/crm/deal/details/1/").text


def test_responsible_is_changed(portal: Portal, client: FlaskClient) -> None:
    send(client, "crm/lead/1/responsible", user=2)
    assert portal.items[1][1]["assignedById"] == 2


def test_comment_is_drawn_safely(client: FlaskClient) -> None:
    send(client, "crm/deal/1/comment", text=f"[b]bold[/b] {EVIL} [url=javascript:x]y[/url]")
    page = client.get("/crm/deal/details/1/").text
    assert "<b>bold</b> &lt;script&gt;" in page
    assert "javascript:x" not in page


LAYOUT = {
    "icon": {"code": "omni"},
    "header": {
        "title": {"en": "Chat", "ru": "Чат"},
        "tags": {"a": {"type": "warning", "title": "waits"}},
    },
    "body": {
        "blocks": {
            "who": {
                "type": "withTitle",
                "properties": {
                    "title": "Client",
                    "block": {"type": "text", "properties": {"value": EVIL}},
                },
            }
        }
    },
    "footer": {
        "buttons": {
            "open": {
                "title": "Reply",
                "action": {"type": "openRestApp", "actionParams": {"chat": "7"}},
            },
            "end": {"title": "Finish", "action": {"type": "restEvent", "id": "close"}},
        }
    },
}


def test_activity_of_the_application_is_drawn(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    params = {"ownerTypeId": 2, "ownerId": 1, "fields": {}, "layout": LAYOUT}
    METHODS["crm.activity.configurable.add"].run(Call(portal, "", params, 2))
    page = as_user(client, 1).get("/crm/deal/details/1/").text
    assert "<b>Chat</b>" in page
    assert "waits" in page
    assert "Client:</span> &lt;script&gt;" in page
    assert "%22chat%22%3A+%227%22" in page


def test_button_of_an_activity_tells_the_application(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    bind(portal, "ONCRMTIMELINEITEMACTION")
    params = {"ownerTypeId": 2, "ownerId": 1, "fields": {}, "layout": LAYOUT}
    METHODS["crm.activity.configurable.add"].run(Call(portal, "", params, 2))
    number = next(iter(portal.activities))
    send(client, f"crm/activity/{number}", event="close", params='{"chat": "7"}')
    (data,) = told(portal, "ONCRMTIMELINEITEMACTION")
    assert (data["id"], data["entityId"], data["chat"]) == ("close", 1, "7")


def test_new_deal_gets_a_contact_with_the_phone(portal: Portal, client: FlaskClient) -> None:
    send(client, "crm/deal/add", title="Coffee", phone="+79995550011")
    deal = portal.items[2][2]
    contact = portal.items[3][deal["contactIds"][0]]
    assert contact["fm"][0]["value"] == "+79995550011"
    assert "+79995550011" in client.get("/crm/deal/").text


def test_crm_choice_offers_the_types_asked_for(client: FlaskClient) -> None:
    items = client.get("/_browser/crm?types=deal,contact").get_json()["items"]
    assert [item["id"] for item in items] == ["D_1", "C_1"]


def test_connector_settings_get_the_state_of_the_line(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    page = client.get(f"/contact_center/connector/?ID={CODE}&LINE=1&open=Y").text
    wanted = json.loads(re.search(r"data-frame='([^']+)'", page)[1])  # type: ignore[index]
    made = frame(client, **{**wanted, "options": json.dumps(wanted["options"]), "uri": "/x"})
    assert made["url"].startswith("http://127.0.0.1:8000/connector?")
    assert json.loads(made["fields"]["PLACEMENT_OPTIONS"]) == {
        "CONNECTOR": CODE,
        "LINE": "1",
        "ACTIVE_STATUS": True,
        "CONNECTION_STATUS": True,
        "REGISTER_STATUS": True,
        "ERROR_STATUS": False,
        "STATUS": True,
        "URI": "/x",
    }


def told(portal: Portal, event: str) -> list[Any]:
    """What an event bound by the application would say."""
    return [one.payload["data"] for one in portal.outbox if one.event == event]


def bind(portal: Portal, event: str) -> None:
    portal.handlers.append(Handler(1, event, "http://127.0.0.1:8000/bitrix/events"))


def test_disconnect_tells_the_application(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    bind(portal, "ONIMCONNECTORSTATUSDELETE")
    send(client, "center/disconnect", connector=CODE, line=1)
    assert told(portal, "ONIMCONNECTORSTATUSDELETE") == [{"connector": CODE, "line": 1}]
    assert (CODE, 1) not in portal.links


def test_new_line_is_ready_to_work(portal: Portal, client: FlaskClient) -> None:
    answer = send(client, "center/line_add", name="Support", connector=CODE).get_json()
    assert "LINE=2" in answer["url"]
    assert portal.lines[2]["ACTIVE"] == "Y"
    assert openlines.queue(portal, 2)[:5] == [1, 2, 3, 4, 5]  # everybody who is there


def test_line_settings_are_saved(portal: Portal, client: FlaskClient) -> None:
    send(client, "center/line", line=1, name="Other", create="deal", queue="3")
    line = portal.lines[1]
    assert (line["LINE_NAME"], line["CRM"], line["CRM_CREATE"]) == ("Other", "Y", "deal")
    assert openlines.queue(portal, 1) == [3]


def test_operator_answers_and_replies(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    bind(portal, "ONIMCONNECTORMESSAGEADD")
    as_user(client, 2)
    assert send(client, "online/1761/reply", text="early").status_code == 400
    assert send(client, "online/1761/answer").status_code == 200
    attachment = (io.BytesIO(b"price list"), "price.txt")
    send(client, "online/1761/reply", text="Hello!", files=attachment)
    message = portal.messages[portal.chats[1761].message_ids[-1]]
    assert (message.author, message.text) == (2, "Hello!")
    assert portal.files[message.files[0]].content == b"price list"
    assert len(told(portal, "ONIMCONNECTORMESSAGEADD")) == 1


def test_empty_reply_is_refused(client: FlaskClient) -> None:
    assert send(as_user(client, 2), "online/1761/reply", text="  ").status_code == 400


def replied(portal: Portal, client: FlaskClient) -> int:
    send(as_user(client, 2), "online/1761/answer")
    send(client, "online/1761/reply", text="Hello!")
    return portal.chats[1761].message_ids[-1]


def test_delivery_is_drawn(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    number = replied(portal, client)
    assert "Sending" in client.get("/online/?chat=1761").text
    openlines.acknowledge(portal, number, ["c1:2"])
    assert "Delivered" in client.get("/online/?chat=1761").text


def test_silence_of_the_connector_is_drawn_red(portal: Portal, client: FlaskClient) -> None:
    installed(portal)
    replied(portal, client)
    portal.clock.advance(61)
    assert "Not delivered" in client.get("/online/?chat=1761").text


def test_own_message_is_changed(portal: Portal, client: FlaskClient) -> None:
    number = replied(portal, client)
    send(client, "online/1761/edit", message=number, text="Good day!")
    assert portal.messages[number].text == "Good day!"
    send(client, "online/1761/delete", message=number)
    assert "Message deleted" in client.get("/online/?chat=1761").text


def test_strangers_message_stays(portal: Portal, client: FlaskClient) -> None:
    number = replied(portal, client)
    answer = send(as_user(client, 3), "online/1761/edit", message=number, text="x")
    assert answer.status_code == 400
    assert portal.messages[number].text == "Hello!"


def test_dialog_is_finished_and_begun_again(portal: Portal, client: FlaskClient) -> None:
    replied(portal, client)
    send(client, "online/1761/finish")
    assert "The dialog is finished" in client.get("/online/?chat=1761").text
    send(client, "online/1761/start")
    assert "The dialog is finished" not in client.get("/online/?chat=1761").text


def test_waiting_chats_are_counted_in_the_menu(client: FlaskClient) -> None:
    assert '<span class="count">1</span>' in client.get("/stream/").text


def test_live_part_is_sent_once(client: FlaskClient) -> None:
    first = client.get("/online/?chat=1761&_live=log,menu")
    assert set(first.get_json()) == {"log", "menu"}
    known = {"X-Known": first.headers["X-Version"]}
    assert client.get("/online/?chat=1761&_live=log,menu", headers=known).status_code == 204
    assert client.get("/online/?chat=1761&_live=nothing").status_code == 404


def test_messenger_link_finds_the_chat(portal: Portal, client: FlaskClient) -> None:
    code = portal.chats[1761].user_code
    for dialog in ("chat1761", f"imol|{code}"):
        page = client.get("/online/", query_string={"dialog": dialog})
        assert 'class="talk-head"' in page.text
