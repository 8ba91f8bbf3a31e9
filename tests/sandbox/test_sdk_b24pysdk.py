"""The official Python SDK as a client of the sandbox portal."""

import pytest
from b24pysdk.api.callers.call_method import _MethodCaller
from b24pysdk.api.requesters.bitrix_oauth_requester import BitrixOAuthRequester
from b24pysdk.client import Client
from b24pysdk.credentials import BitrixApp, BitrixToken
from b24pysdk.errors import BitrixAPIError

from sandbox.portal import crm
from tests.sandbox.served import served


@pytest.fixture
def portal(monkeypatch):
    """A portal at the SDK's two addresses; nothing else of the SDK is touched."""
    with served() as made:
        base = property(lambda caller: f"http://{caller._domain}/rest")
        monkeypatch.setattr(_MethodCaller, "_base_url", base)
        url = f"{made.oauth.url}/oauth/token/"
        monkeypatch.setattr(BitrixOAuthRequester, "_OAUTH_TOKEN_URL", url)
        monkeypatch.setattr(
            BitrixOAuthRequester, "_APP_INFO_URL", f"{made.oauth.url}/rest/app.info/"
        )
        yield made


@pytest.fixture
def token(portal):
    pair = portal.open_frame().auth
    application = BitrixApp(
        client_id=portal.settings.client_id, client_secret=portal.settings.client_secret
    )
    return BitrixToken(
        domain=portal.domain,
        auth_token=pair["AUTH_ID"],
        refresh_token=pair["REFRESH_ID"],
        bitrix_app=application,
    )


@pytest.fixture
def client(token):
    return Client(token)


def test_profile_is_read(client):
    assert client.profile().result["NAME"] == "Анна"


def test_contact_is_made_and_read(client):
    number = client.crm.contact.add(fields={"NAME": "Иван", "PHONE": [{"VALUE": "+7999"}]}).result
    assert client.crm.contact.get(bitrix_id=number).result["PHONE"][0]["VALUE"] == "+7999"


def test_item_is_made(client):
    fields = {"title": "Чай", "contactIds": [1]}
    item = client.crm.item.add(entity_type_id=2, fields=fields).result["item"]
    assert (item["title"], item["contactIds"]) == ("Чай", [1])


def test_pages_become_one_list(client, portal):
    deals(portal, 120)
    rows = client.crm.deal.list(select=["ID", "TITLE"]).as_list().result
    assert len(rows) == 123


def test_fast_list_reads_all(client, portal):
    deals(portal, 120)
    rows = client.crm.deal.list(select=["ID", "TITLE"]).as_list_fast().result
    assert len(list(rows)) == 123


def deals(portal, count):
    for number in range(count):
        crm.add(portal, 2, {"title": f"Сделка {number}"}, 1)


def test_batch_refers_to_earlier_results(client):
    calls = {
        "contact": client.crm.contact.add(fields={"NAME": "Иван"}),
        "deal": client.crm.deal.add(fields={"TITLE": "А", "CONTACT_ID": "$result[contact]"}),
        "read": client.crm.deal.list(filter={"ID": "$result[deal]"}),
    }
    answer = client.call_batch(calls).result.result
    assert answer["read"][0]["CONTACT_ID"] == str(answer["contact"])


def test_expired_token_is_renewed(client, portal, token):
    before = token.auth_token
    portal.oauth.expire()
    assert client.profile().result["ID"] == "1"
    assert token.auth_token != before


def test_app_info_is_trusted(token, portal):
    assert token.get_app_info().result.install.member_id == portal.settings.member_id


def test_refusal_is_the_sdks_own_error(client):
    with pytest.raises(BitrixAPIError) as refusal:
        client.crm.contact.get(bitrix_id=9999).result  # noqa: B018
    assert refusal.value.error == "NOT_FOUND"


def test_connector_is_registered(client):
    answer = client.imconnector.register(
        bitrix_id="sdk_tg",
        name="SDK",
        icon={"DATA_IMAGE": "data:image/svg+xml,%3Csvg/%3E"},
        placement_handler="http://127.0.0.1:8000/placement/connector_settings",
    )
    assert answer.result["result"] is True
