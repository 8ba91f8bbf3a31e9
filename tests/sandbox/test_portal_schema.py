"""Parameters of calls: undocumented, missing or mistyped ones are errors."""

import json

import pytest

from sandbox.portal.schema import spec_dir
from tests.sandbox.portals import Client, control, portal

official = pytest.mark.skipif(spec_dir(None) is None, reason="official schemas are not at hand")
BAD = (400, "ERROR_ARGUMENT")


@pytest.fixture
def admin():
    return Client(portal())


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("profile", {"VERBOSE": 1}),
        ("placement.bind", {"PLACEMENT": "LEFT_MENU"}),
        ("placement.bind", {"PLACEMENT": "LEFT_MENU", "HANDLER": "http://a.example", "ICON": "x"}),
        ("crm.contact.add", {"fields": "text"}),
    ],
)
def test_methods_without_schemas_are_checked(admin, method, params):
    assert admin.error(method, **params) == BAD


@official
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("crm.item.get", {"entityTypeId": 2}),
        ("crm.item.get", {"entityTypeId": 2, "id": 1, "expand": 1}),
        ("crm.item.get", {"entityTypeId": "deal", "id": 1}),
        ("crm.item.add", {"entityTypeId": 2, "fields": {"titel": "Чай"}}),
        ("crm.timeline.comment.add", {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "deal"}}),
        ("crm.timeline.comment.add", {"FIELDS": {}}),
        ("imconnector.send.messages", {"CONNECTOR": "a", "LINE": 1, "MESSAGES": [{"users": {}}]}),
        ("im.message.add", {"CHAT_ID": 1, "MESSAGE": "a"}),
        ("crm.settings.mode.get", {"mode": 1}),
    ],
)
def test_official_schemas_are_obeyed(admin, method, params):
    assert admin.error(method, **params) == BAD


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("crm.item.add", {"entityTypeId": 2, "fields": {"title": "A", "categoryId": 3}}),
        ("crm.item.add", {"entityTypeId": 1, "fields": {"title": "A", "UF_CRM_CHAT": "1"}}),
        ("user.get", {"FILTER": {"ACTIVE": True}, "sort": "ID", "order": "ASC"}),
        ("crm.stagehistory.list", {"entityTypeId": 2}),
        ("crm.settings.mode.get", {}),
        ("imopenlines.config.add", {"PARAMS": {"LINE_NAME": "A", "AGREEMENT_MESSAGE": "N"}}),
    ],
)
def test_where_the_schemas_err_calls_pass(admin, method, params):
    assert admin.post(method, **params).status_code == 200


def test_tracing_of_the_sdk_passes(admin):
    assert admin.call("profile", bx24_request_id="1", bx24_sdk_ver="2.2.0")["ID"] == "1"


def test_check_can_be_switched_off(admin):
    control(admin.portal, "switches", schema=False)
    assert admin.post("profile", VERBOSE=1).status_code == 200


def test_schemas_are_found_where_told(tmp_path):
    params = [{"name": "VERBOSE", "base": "integer", "required": False}]
    schema = {"method": "server.time", "params": params, "defs": {}}
    (tmp_path / "crm.settings.mode.get.json").write_text(json.dumps(schema))
    client = Client(portal(spec_dir=str(tmp_path)))
    assert client.post("crm.settings.mode.get", VERBOSE=1).status_code == 200
    assert client.error("crm.settings.mode.get", OTHER=1) == BAD
