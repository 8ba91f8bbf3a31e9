"""fast-bitrix24 as a client of the sandbox portal."""

import pytest
from fast_bitrix24 import Bitrix

from sandbox.portal import crm
from tests.sandbox.served import served


@pytest.fixture
def portal():
    with served() as made:
        yield made


@pytest.fixture
def hook(portal):
    (code,) = portal.settings.webhooks
    return Bitrix(f"{portal.origin}/rest/1/{code}/", verbose=False)


def deals(portal, count):
    for number in range(count):
        crm.add(portal, 2, {"title": f"Сделка {number}"}, 1)


def test_call_adds(hook):
    assert hook.call("crm.contact.add", {"fields": {"NAME": "Иван"}}) == 4


def test_get_all_reads_every_page(hook, portal):
    deals(portal, 120)
    assert len(hook.get_all("crm.deal.list")) == 123


def test_many_calls_go_by_batch(hook, portal):
    items = [{"fields": {"NAME": f"Клиент {number}"}} for number in range(60)]
    made = hook.call("crm.contact.add", items)
    assert len(set(made)) == 60
    assert {entry["method"] for entry in portal.http} == {"batch"}


def test_call_batch_refers_to_results(hook):
    commands = {
        "contact": "crm.contact.add?fields[NAME]=Иван",
        "read": "crm.contact.get?id=$result[contact]",
    }
    assert hook.call_batch({"halt": 0, "cmd": commands})["read"]["NAME"] == "Иван"


def test_token_is_renewed_by_its_function(portal):
    pair = {"refresh_token": portal.open_frame().auth["REFRESH_ID"]}
    asked = []

    async def token():
        asked.append(pair["refresh_token"])
        pair.update(portal.oauth.grant(grant(portal, pair["refresh_token"])))
        return pair["access_token"]

    application = Bitrix(f"{portal.origin}/rest/", token_func=token, verbose=False)
    application.call("profile", raw=True)
    portal.oauth.expire()
    assert application.call("profile", raw=True)["result"]["ID"] == "1"
    assert len(set(asked)) == 2


def grant(portal, refresh):
    return {
        "grant_type": "refresh_token",
        "client_id": portal.settings.client_id,
        "client_secret": portal.settings.client_secret,
        "refresh_token": refresh,
    }
