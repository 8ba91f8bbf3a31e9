"""batch: limits, references and their traps."""

from urllib.parse import quote

import pytest

from sandbox.portal.batch import parse_command, substitute
from tests.sandbox.portals import Client, portal

RESULTS = {"a": {"item": {"id": 7, "title": "x"}}, "list": [{"ID": "5"}], "n": 9, "none": []}


@pytest.fixture
def admin():
    return Client(portal())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$result[a][item][id]", 7),
        ("$result[list]", [{"ID": "5"}]),
        ("$result[list][0][ID]", "5"),
        ("$result[n]", 9),
        ("$RESULT[n]", 9),
        ("№ $result[n] готов", "№ 9 готов"),
        ("$result[n]/x", 9),
        ("id=$result[n]/x", "id=9"),
        ("$result[n],$result[a][item][id]", 9),
        ("=$result[a]", "=Array"),
        ("$result[none][CONTACT]", []),
        ("$result[missing]", RESULTS),
        ("просто $result", "просто $result"),
    ],
)
def test_references_are_read_as_the_portal_does(text, expected):
    assert substitute(text, RESULTS) == expected


def test_command_is_read_as_an_address():
    text = "ключ=значение & 50% #1"
    name, params = parse_command(f"im.notify?MESSAGE={quote(text, safe='')}&USER_ID=1#x")
    assert (name, params) == ("im.notify", {"MESSAGE": text, "USER_ID": "1"})


def test_chain_of_writes(admin):
    answer = admin.batch(
        {
            "contact": "crm.item.add?entityTypeId=3&fields[name]=A",
            "deal": "crm.item.add?entityTypeId=2&fields[title]=B"
            "&fields[contactIds][0]=$result[contact][item][id]",
            "found": "crm.item.list?entityTypeId=2"
            "&filter[@contactIds][0]=$result[contact][item][id]&select[0]=id",
        },
        halt=1,
    )
    deal = answer["result"]["deal"]["item"]
    assert deal["contactIds"] == [answer["result"]["contact"]["item"]["id"]]
    assert answer["result"]["found"]["items"] == [{"id": deal["id"]}]


def test_list_may_be_a_whole_value(admin):
    found = "crm.duplicate.findbycomm?type=PHONE&values[0]=%2B79990000011&entity_type=CONTACT"
    deals = "crm.item.list?entityTypeId=2&filter[@contactIds]=$result[c][CONTACT]&select[0]=title"
    answer = admin.batch({"c": found, "d": deals})
    assert [row["title"] for row in answer["result"]["d"]["items"]] == ["Годовое обслуживание"]


def test_failures_are_told_with_status_200(admin):
    answer = admin.batch({"a": "crm.item.get?entityTypeId=2&id=99", "b": "profile"})
    assert answer["result_error"]["a"]["error"] == "NOT_FOUND"
    assert answer["result"]["b"]["ID"] == "1"


def test_halt_stops_at_the_first_failure(admin):
    answer = admin.batch({"a": "crm.nothing", "b": "profile"}, halt=1)
    assert (answer["result"], list(answer["result_error"])) == ([], ["a"])


def test_halt_is_a_cast_to_bool(admin):
    assert admin.batch({"a": "crm.nothing", "b": "profile"}, halt="false")["result"] == []


def test_empty_maps_are_lists(admin):
    answer = admin.batch({"a": "profile"})
    assert answer["result_error"] == answer["result_total"] == answer["result_next"] == []


def test_list_of_commands_gives_a_list(admin):
    answer = admin.batch(["profile", "server.time"])
    assert [type(one) for one in answer["result"]] == [dict, str]


def test_too_many_commands_fail_alone(admin):
    answer = admin.batch({f"c{number}": "profile" for number in range(52)})
    assert len(answer["result"]) == 50
    codes = {one["error"] for one in answer["result_error"].values()}
    assert codes == {"ERROR_BATCH_LENGTH_EXCEEDED"}


def test_batches_do_not_nest(admin):
    answer = admin.batch({"a": "batch?cmd[x]=profile"})
    assert answer["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_pages_are_told_by_command(admin):
    answer = admin.batch({"a": "crm.item.list?entityTypeId=2"})
    assert answer["result_total"] == {"a": 3}


def test_batch_may_come_as_a_form(admin):
    body = {"auth": admin.pair["access_token"], "cmd[a]": "crm.item.get?entityTypeId=2&id=1"}
    answer = admin.http.post("/rest/batch.json", data=body).get_json()["result"]
    assert answer["result"]["a"]["item"]["id"] == 1
