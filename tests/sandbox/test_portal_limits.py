"""Leaky bucket and operating time."""

import pytest

from tests.sandbox.portals import Client, control, portal


@pytest.fixture
def home():
    """One call may spend a whole budget here."""
    return portal(request_seconds=10_000)


def test_burst_is_borne_and_then_refused(home):
    admin = Client(home)
    codes = [admin.post("profile").status_code for _ in range(52)]
    assert codes == [200] * 50 + [503, 503]


def test_bucket_leaks(home):
    admin = Client(home)
    for _ in range(51):
        admin.post("profile")
    home.clock.advance(1)
    assert [admin.post("profile").status_code for _ in range(3)] == [200, 200, 503]


def test_refused_call_is_not_carried_out(home):
    admin = Client(home)
    control(home, "limits", fill=True)
    admin.error("crm.item.add", entityTypeId=2, fields={"title": "A"})
    assert len(home.items[2]) == 3


def test_browsers_have_a_bucket_of_their_own(home):
    admin = Client(home)
    control(home, "limits", fill=True)
    body = {"auth": admin.pair["access_token"]}
    answer = admin.http.post(
        "/rest/profile", json=body, headers={"Origin": "http://app.example.com"}
    )
    assert answer.status_code == 200


def test_operating_time_adds_up_and_blocks(home):
    admin = Client(home)
    control(home, "limits", costs={"crm.item.get": 200})
    told = [
        admin.post("crm.item.get", entityTypeId=2, id=1).get_json()["time"]["operating"]
        for _ in range(3)
    ]
    assert told == [200, 400, 600]
    assert admin.error("crm.item.get", entityTypeId=2, id=1) == (429, "OPERATION_TIME_LIMIT")
    assert admin.post("profile").status_code == 200


def test_operating_time_is_forgotten_after_ten_minutes(home):
    admin = Client(home)
    control(home, "limits", costs={"crm.item.get": 500})
    reset = admin.post("crm.item.get", entityTypeId=2, id=1).get_json()["time"][
        "operating_reset_at"
    ]
    home.clock.advance(reset - home.now())
    assert admin.post("crm.item.get", entityTypeId=2, id=1).status_code == 200


def test_commands_of_a_batch_spend_their_own(home):
    admin = Client(home)
    control(home, "limits", costs={"crm.item.get": 300})
    command = "crm.item.get?entityTypeId=2&id=1"
    admin.batch({"a": command, "b": command})
    answer = admin.batch({"c": command, "d": "profile"})
    assert answer["result_error"]["c"]["error"] == "OPERATION_TIME_LIMIT"
    assert answer["result"]["d"]["ID"] == "1"


def test_code_profile_forgives_short_calls(home):
    admin = Client(home)
    control(home, "switches", operating_profile="code")
    control(home, "limits", costs={"profile": 0.09}, operating_limit=0.2)
    for _ in range(5):
        assert admin.post("profile").get_json()["time"]["operating"] == 0


def test_code_profile_bans_for_five_minutes(home):
    admin = Client(home)
    control(home, "switches", operating_profile="code")
    control(home, "limits", costs={"profile": 500})
    admin.post("profile")
    home.clock.advance(299)
    assert admin.error("profile") == (429, "OPERATION_TIME_LIMIT")
    home.clock.advance(2)
    assert admin.post("profile").status_code == 200


def test_request_is_cut_off_after_a_minute():
    home = portal()
    admin = Client(home)
    control(home, "limits", costs={"crm.item.add": 25})
    commands = ["crm.item.add?entityTypeId=2&fields[title]=A"] * 5
    answer = admin.post("batch", cmd=commands)
    assert (answer.status_code, len(home.items[2])) == (504, 6)
