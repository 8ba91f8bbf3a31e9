"""Events and placements: bindings, delivery without retries, offline queue, switches, control."""

import pytest

from tests.sandbox.portals import APPLICATION, Client, Listener, bind, control, portal

DEAL = "ONCRMDEALADD"


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def home(listener):
    return portal(listener)


@pytest.fixture
def admin(home):
    return Client(home)


def add_deal(client):
    client.call("crm.item.add", entityTypeId=2, fields={"title": "Чай"})


def test_event_is_a_form_with_brackets(home, admin, listener):
    bind(admin, DEAL)
    add_deal(Client(home, 3))
    home.deliver_events()
    (event,) = listener.events(DEAL)
    assert event["data"] == {"FIELDS": {"ID": "4"}}
    assert (event["auth"]["user_id"], event["auth"]["member_id"]) == ("3", home.settings.member_id)
    assert "refresh_token" not in event["auth"]


def test_event_names_have_no_case(home, admin, listener):
    bind(admin, "OnCrmDealAdd")
    add_deal(admin)
    assert home.deliver_events() == 1


def test_token_of_an_event_works(home, admin, listener):
    bind(admin, DEAL)
    add_deal(Client(home, 3))
    home.deliver_events()
    admin.pair["access_token"] = listener.events(DEAL)[0]["auth"]["access_token"]
    assert admin.call("profile")["ID"] == "3"


def test_failed_event_is_lost(home, admin, listener):
    bind(admin, DEAL)
    listener.status = 500
    add_deal(admin)
    assert (home.deliver_events(), home.deliver_events()) == (1, 0)


def test_event_can_be_lost_on_order(home, admin, listener):
    bind(admin, DEAL)
    control(home, "faults", match=f"event:{DEAL}", kind="reset")
    add_deal(admin)
    home.deliver_events()
    assert listener.events(DEAL) == []


def test_same_handler_twice_is_refused(admin):
    bind(admin, DEAL)
    handler = f"{APPLICATION}/bitrix/events"
    assert admin.error("event.bind", event=DEAL, handler=handler) == (400, "ERROR_CORE")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"event": "ONNOTHING"}, "ERROR_EVENT_NOT_FOUND"),
        ({"handler": "ftp://a.example/x"}, "ERROR_UNSUPPORTED_PROTOCOL"),
        ({"handler": "http://intranet/x"}, "ERROR_WRONG_HANDLER_URL"),
    ],
)
def test_refused_bindings(admin, params, code):
    given = {"event": DEAL, "handler": f"{APPLICATION}/e", **params}
    assert admin.error("event.bind", **given)[1] == code


def test_only_admins_bind_for_others(home):
    boris = Client(home, 2)
    given = {"event": DEAL, "handler": f"{APPLICATION}/e", "auth_type": 1}
    assert boris.error("event.bind", **given) == (403, "ACCESS_DENIED")


def test_bindings_are_listed_and_taken_away(admin):
    bind(admin, DEAL, "ONAPPUNINSTALL")
    assert [row["event"] for row in admin.call("event.get")] == [DEAL, "ONAPPUNINSTALL"]
    handler = f"{APPLICATION}/bitrix/events"
    assert admin.call("event.unbind", event=DEAL, handler=handler) == {"count": 1}


def test_self_test_comes_back(home, admin, listener):
    bind(admin, "ONAPPTEST")
    admin.call("event.test", any="value")
    home.deliver_events()
    assert listener.events("ONAPPTEST")[0]["data"]["QUERY"] == {"any": "value"}


def test_offline_events_wait_in_a_queue(admin):
    admin.call("event.bind", event="ONCRMDEALUPDATE", event_type="offline")
    for title in ("A", "B"):
        admin.call("crm.item.update", entityTypeId=2, id=1, fields={"title": title})
    taken = admin.call("event.offline.get", clear=0)
    assert [row["EVENT_DATA"]["FIELDS"]["ID"] for row in taken["events"]] == [1]
    assert admin.call("event.offline.get", clear=0)["events"] == []
    admin.call("event.offline.clear", process_id=taken["process_id"])
    assert admin.call("event.offline.list") == []


def test_update_drops_bindings_and_opens_the_installer(home, admin, listener):
    bind(admin, "ONAPPUPDATE")
    home.update()
    home.deliver_events()
    (event,) = listener.events("ONAPPUPDATE")
    assert (event["data"]["PREVIOUS_VERSION"], event["data"]["VERSION"]) == ("1", "2")
    assert (home.handlers, home.installation.finished) == ([], False)


def test_events_without_tokens_are_a_question(home, admin, listener):
    control(home, "switches", event_tokens=False)
    bind(admin, DEAL)
    add_deal(admin)
    home.deliver_events()
    assert "access_token" not in listener.events(DEAL)[0]["auth"]


def test_background_sender_sends(home, admin, listener):
    bind(admin, DEAL)
    home.start()
    add_deal(admin)
    home.stop()
    home.deliver_events()
    assert len(listener.events(DEAL)) == 1


def widget(code="LEFT_MENU", **more):
    return {"PLACEMENT": code, "HANDLER": f"{APPLICATION}/placement/x", **more}


def test_widget_is_bound_listed_and_taken_away(admin):
    assert admin.call("placement.bind", **widget(TITLE="Чаты")) is True
    (row,) = admin.call("placement.get")
    assert (row["placement"], row["title"]) == ("LEFT_MENU", "Чаты")
    assert admin.call("placement.unbind", PLACEMENT="LEFT_MENU") == {"count": 1}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (widget("NOWHERE"), "ERROR_PLACEMENT_NOT_FOUND"),
        (widget(USER_ID=2), "ERROR_PLACEMENT_USER_MODE"),
    ],
)
def test_refused_widgets(admin, params, code):
    assert admin.error("placement.bind", **params) == (400, code)


def test_widget_of_a_missing_scope_is_unknown():
    client = Client(portal(scope="placement"))
    error = client.error("placement.bind", **widget("CRM_DEAL_DETAIL_TAB"))
    assert error == (400, "ERROR_PLACEMENT_NOT_FOUND")


def test_options_belong_to_the_application_and_to_users(home, admin):
    boris = Client(home, 2)
    admin.call("app.option.set", options={"a": "1"})
    boris.call("user.option.set", options={"theme": "dark"})
    assert boris.call("app.option.get") == {"a": "1"}
    assert admin.call("user.option.get") == []
    assert boris.error("app.option.set", options={"a": "2"}) == (403, "ACCESS_DENIED")


def test_people_without_contacts_for_a_brief_scope(admin):
    rows = admin.call("user.get", FILTER={"ACTIVE": True})
    assert [row["NAME"] for row in rows] == ["Анна", "Борис", "Вера", "Глеб", "Дарья"]
    assert "EMAIL" not in rows[0]


def test_same_tag_replaces_a_notification(home, admin):
    for text in ("Первое", "Второе"):
        admin.call("im.notify.system.add", USER_ID=2, MESSAGE=text, TAG="APP|CHAT|1")
    assert [one["text"] for one in home.notifications] == ["Второе"]


def test_frame_data_follows_the_user(home):
    frame = home.open_frame("DEFAULT", {"a": "1"}, user_id=2)
    data = home.init_data(frame.sid)
    assert (data["IS_ADMIN"], data["FIRST_RUN"], data["PLACEMENT_OPTIONS"]) == (
        False,
        True,
        {"a": "1"},
    )
    home.first_run_over(frame.sid)
    assert home.init_data(frame.sid)["FIRST_RUN"] is False


def test_frame_gets_a_fresh_pair(home):
    frame = home.open_frame()
    before = frame.auth["AUTH_ID"]
    assert home.refresh_frame(frame.sid)["AUTH_ID"] != before


def test_reset_makes_a_new_portal(home, admin):
    add_deal(admin)
    control(home, "switches", crm_mode=2)
    control(home, "reset")
    assert (len(home.items[2]), home.installation.present, home.switches.crm_mode) == (3, False, 1)


def test_tokens_do_not_outlive_a_reset(home, admin):
    control(home, "reset")
    home.install()
    assert admin.error("profile") == (401, "NO_AUTH_FOUND")


def test_wrong_switch_is_told(home):
    answer = control(home, "switches", weather="sunny")
    assert "weather" in answer["error"]


def test_state_is_plain_json(home, admin):
    bind(admin, DEAL)
    state = home.app.test_client().get("/_sandbox/state").get_json()
    assert (state["installation"]["finished"], len(state["handlers"])) == (True, 1)
