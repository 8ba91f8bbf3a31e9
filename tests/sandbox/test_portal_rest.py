"""REST over HTTP: addresses, bodies, authorization, envelope, paging, trouble."""

import pytest
import requests

from sandbox.portal import PortalSettings, create_portal
from tests.sandbox.portals import Client, clock, control, portal, session
from tests.sandbox.served import served


@pytest.fixture
def home():
    return portal()


@pytest.fixture
def admin(home):
    return Client(home)


@pytest.mark.parametrize("path", ["profile", "profile.json", "PROFILE", "profile/"])
def test_method_is_found(admin, path):
    answer = admin.http.post(f"/rest/{path}", json={"auth": admin.pair["access_token"]})
    assert answer.get_json()["result"]["ID"] == "1"


def test_token_may_be_a_bearer(admin):
    header = {"Authorization": f"Bearer {admin.pair['access_token']}"}
    assert admin.http.get("/rest/profile", headers=header).status_code == 200


def test_form_with_brackets_is_read(admin):
    body = {
        "auth": admin.pair["access_token"],
        "entityTypeId": "2",
        "fields[title]": "Чай",
        "fields[contactIds][0]": "1",
        "fields[contactIds][]": "2",
    }
    item = admin.http.post("/rest/crm.item.add.json", data=body).get_json()["result"]["item"]
    assert (item["title"], item["contactIds"]) == ("Чай", [1, 2])


def test_query_and_json_go_together(admin):
    path = "/rest/crm.item.get?entityTypeId=2"
    answer = admin.http.post(path, json={"auth": admin.pair["access_token"], "id": 1})
    assert answer.get_json()["result"]["item"]["id"] == 1


def test_preflight_is_allowed(admin):
    answer = admin.http.options("/rest/profile")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "content-type" in answer.headers["Access-Control-Allow-Headers"]


def test_envelope_tells_time(admin):
    times = admin.post("profile").get_json()["time"]
    assert {"start", "finish", "duration", "date_start", "operating", "operating_reset_at"} <= set(
        times
    )


def test_empty_map_is_a_list(admin):
    answer = admin.call("crm.duplicate.findbycomm", type="PHONE", values=["+79995550000"])
    assert answer == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, (401, "NO_AUTH_FOUND")),
        ({"auth": "nonsense"}, (401, "NO_AUTH_FOUND")),
    ],
)
def test_stranger_is_refused(admin, params, expected):
    answer = admin.http.post("/rest/profile", json=params)
    assert (answer.status_code, answer.get_json()["error"]) == expected


def test_expired_token_is_told(home, admin):
    home.clock.advance(3601)
    assert admin.error("profile") == (401, "expired_token")


def test_dismissed_user_is_refused(home):
    boris = Client(home, 2)
    control(home, "users", ID=2, ACTIVE=False)
    assert boris.error("profile") == (401, "authorization_error")


def test_unpaid_application_is_refused(home, admin):
    home.installation.paid = False
    assert admin.error("profile") == (401, "PAYMENT_REQUIRED")


def test_unknown_method_is_told(admin):
    assert admin.error("crm.nothing") == (404, "ERROR_METHOD_NOT_FOUND")


def test_rest_v3_is_absent(admin):
    assert admin.http.post("/rest/api/profile", json={}).status_code == 404


def test_missing_scope_is_told():
    client = Client(portal(scope="crm"))
    assert client.error("im.notify", USER_ID=1, MESSAGE="a") == (403, "insufficient_scope")


def test_admin_methods_refuse_others(home):
    assert Client(home, 2).error("placement.get") == (403, "ACCESS_DENIED")


def test_webhook_calls_without_a_token(home):
    answer = home.app.test_client().post("/rest/1/sandboxhook000001/profile")
    assert answer.get_json()["result"]["ID"] == "1"


def test_webhook_has_no_application(home):
    http = home.app.test_client()
    answer = http.post("/rest/1/sandboxhook000001/event.bind", json={"event": "ONAPPTEST"})
    assert (answer.status_code, answer.get_json()["error"]) == (403, "WRONG_AUTH_TYPE")


def test_wrong_webhook_is_refused(home):
    assert home.app.test_client().post("/rest/1/guess/profile").status_code == 401


def add_deals(admin, count):
    fields = [{"title": f"Сделка {number}"} for number in range(count)]
    for first in range(0, count, 20):
        page = fields[first : first + 20]
        admin.call("crm.item.batchImport", entityTypeId=2, data=page)


def test_lists_come_by_fifty(admin):
    add_deals(admin, 60)
    first = admin.post("crm.item.list", entityTypeId=2).get_json()
    second = admin.post("crm.item.list", entityTypeId=2, start=first["next"]).get_json()
    assert (len(first["result"]["items"]), first["next"], first["total"]) == (50, 50, 63)
    assert (len(second["result"]["items"]), "next" in second) == (13, False)


def test_counting_can_be_left_out(admin):
    add_deals(admin, 60)
    answer = admin.post("crm.item.list", entityTypeId=2, start=-1).get_json()
    assert (len(answer["result"]["items"]), answer["total"], "next" in answer) == (50, 0, False)


def test_old_address_redirects(home, admin):
    home.rename("renamed.example.com")
    answer = admin.post("profile")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "http://renamed.example.com/rest/profile"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("503", (503, "QUERY_LIMIT_EXCEEDED")),
        ("429", (429, "OPERATION_TIME_LIMIT")),
        ("500", (500, "INTERNAL_SERVER_ERROR")),
        ("401_expired", (401, "expired_token")),
    ],
)
def test_trouble_comes_on_order(home, admin, kind, expected):
    control(home, "faults", match="profile", kind=kind)
    assert admin.error("profile") == expected
    assert admin.post("profile").status_code == 200


def test_any_refusal_comes_on_order(home, admin):
    control(home, "faults", kind="error", error="OVERLOAD_LIMIT", status=503)
    assert admin.error("profile") == (503, "OVERLOAD_LIMIT")


def test_page_of_a_proxy_comes_on_order(home, admin):
    control(home, "faults", kind="html_504")
    answer = admin.post("profile")
    assert (answer.status_code, answer.mimetype) == (504, "text/html")


def test_answer_is_lost_after_the_deed(home, admin):
    control(home, "faults", match="crm.item.add", kind="timeout_after")
    with pytest.raises(requests.ReadTimeout):
        session(home).post(
            f"{home.origin}/rest/crm.item.add",
            json={"auth": admin.pair["access_token"], "entityTypeId": 2, "fields": {}},
        )
    assert len(home.items[2]) == 4


def test_answer_of_a_batch_is_lost_after_the_deed(home, admin):
    control(home, "faults", match="crm.item.add", kind="timeout_after")
    body = {
        "auth": admin.pair["access_token"],
        "cmd": ["crm.item.add?entityTypeId=2&fields[title]=A"],
    }
    with pytest.raises(requests.ReadTimeout):
        session(home).post(f"{home.origin}/rest/batch", json=body)
    assert len(home.items[2]) == 4


def test_calls_are_kept(home, admin):
    admin.batch({"a": "profile", "b": "crm.item.get?entityTypeId=2&id=1"})
    items = home.app.test_client().get("/_sandbox/calls?method=crm.item.get").get_json()["items"]
    assert [(one["batch"], one["params"]["id"], one["user_id"]) for one in items] == [
        (True, "1", 1)
    ]
    assert len(home.app.test_client().get("/_sandbox/http").get_json()["items"]) == 1


def test_portals_share_an_oauth_server(home):
    other = create_portal(
        PortalSettings(domain="other.example.com", member_id="other"), oauth=home.oauth
    )
    other.install()
    mine = Client(home)
    answer = other.app.test_client().post("/rest/profile", json={"auth": mine.pair["access_token"]})
    assert answer.get_json()["error"] == "NO_AUTH_FOUND"
    assert Client(other).call("profile")["ID"] == "1"


def test_empty_portal_has_nothing():
    bare = create_portal(PortalSettings(seed=False), clock=clock())
    assert (bare.users, bare.lines, bare.items[2]) == ({}, {}, {})


def test_connection_breaks_on_a_real_wire():
    with served() as home:
        token = Client(home).pair["access_token"]
        home.faults.add({"match": "profile", "kind": "reset"})
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{home.origin}/rest/profile", json={"auth": token}, timeout=5)
