"""What is known about an inquiry: the names, and what a visit and a time tell."""

import base64
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.rules import parameters
from b24app.rules.conditions import OPERATORS
from b24app.rules.parameters import CATALOGUE, GROUPS, calendar, from_visit, parameter

ZONE = timezone(timedelta(hours=3))
LANDING = "https://www.shop.example/a/b?utm_source=Ads&utm_term=red+shoes&yclid=5&from=mail&x=1"

# Every name of the original's sections, as its API writes them.
ORIGINAL = """
communication_type communication_id communication_number communication_kinds
communication_date_time communication_hour communication_weekday communication_month
communication_year communication_page_url is_communication_with_visit total_duration tags
employees campaign_name channel source
chat_status chat_type chat_initiator chat_messages_count answer_time is_transfer release_cause
employee_messages_count rating channel_type channel_id channel_name visitor_phone
visitor_nickname visitor_name visitor_email first_message
offline_message_type offline_message_form_name offline_message_status process_time
offline_message_group offline_message_text
site_domain_name site_name entrance_page referrer referrer_domain search_query
utm_source utm_medium utm_campaign utm_term utm_content utm_referrer utm_expid
eq_utm_source eq_utm_medium eq_utm_campaign eq_utm_term eq_utm_content eq_utm_referrer
eq_utm_expid openstat_service openstat_campaign openstat_ad openstat_source
ef_id yclid gclid cm_id ymclid tag_from
visitor_id person_id visitor_type visitor_session_id country region city provider ip_address
browser_name browser_version os_name os_version language screen device ua_client_id
ym_client_id segments visit_date visit_hour visit_weekday visit_month visit_year
"""
NAMED = ORIGINAL.split()
OF_CALLS = """
call_type call_status call_direction phone_tracking_type call_region_name virtual_phone_number
goal_type goal_name
"""


def test_catalogue_has_every_name() -> None:
    assert sorted(CATALOGUE) == sorted(NAMED)


@pytest.mark.parametrize("name", CATALOGUE)
def test_parameter_is_complete(name: str) -> None:
    found = CATALOGUE[name]
    assert found.name == name
    assert found.title
    assert found.group in GROUPS
    assert found.type in OPERATORS
    assert bool(found.options) == (found.type == "enum")
    assert len(dict(found.options)) == len(found.options)


def test_every_group_is_used() -> None:
    assert {one.group for one in CATALOGUE.values()} == set(GROUPS)


def test_titles_do_not_repeat() -> None:
    titles = [one.title for one in CATALOGUE.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", OF_CALLS.split())
def test_names_of_calls_stay_free(name: str) -> None:
    assert parameter(name) is None


@pytest.mark.parametrize("own", ["size", "Размер обуви", "a.b", "x" * 100])
def test_custom_name_is_a_text(own: str) -> None:
    found = parameter(f"custom.{own}")
    assert found
    assert (found.type, found.group, found.title) == ("text", "visitor", own)


@pytest.mark.parametrize(
    "name",
    ["", "custom", "custom.", "custom. ", "custom.{x}", "custom.a\nb", "custom." + "x" * 101],
)
def test_bad_custom_name_is_unknown(name: str) -> None:
    assert parameter(name) is None


def test_address_tells_of_the_visit() -> None:
    assert from_visit({"page_url": LANDING}) == {
        "communication_page_url": LANDING,
        "entrance_page": LANDING,
        "site_domain_name": "shop.example",
        "utm_source": "Ads",
        "utm_term": "red shoes",
        "eq_utm_source": "Ads",
        "eq_utm_term": "red shoes",
        "yclid": "5",
        "tag_from": "mail",
        "source": "Ads",
    }


def test_marks_of_the_first_touch_win() -> None:
    found = from_visit({"page_url": LANDING, "utm": {"source": "first", "utm_medium": "cpc"}})
    assert (found["utm_source"], found["utm_medium"], found["utm_term"]) == (
        "first",
        "cpc",
        "red shoes",
    )
    assert (found["source"], found["channel"]) == ("first", "cpc")


@pytest.mark.parametrize("label", parameters.LABELS)
def test_advertising_label_is_read(label: str) -> None:
    assert from_visit({"page_url": f"https://a.example/?{label.upper()}=7"})[label] == "7"


def test_first_of_several_values_counts() -> None:
    found = from_visit({"page_url": "https://a.example/?utm_source=one&UTM_source=two"})
    assert found["utm_source"] == "one"


@pytest.mark.parametrize("mark", parameters.MARKS)
def test_every_mark_has_its_equivalent(mark: str) -> None:
    found = from_visit({"page_url": f"https://a.example/?utm_{mark}=7"})
    assert (found[f"utm_{mark}"], found[f"eq_utm_{mark}"]) == ("7", "7")


@pytest.mark.parametrize(
    "packed",
    [
        "direct.example;77;88;site.example:guarantee",
        base64.b64encode(b"direct.example;77;88;site.example:guarantee").decode(),
        base64.urlsafe_b64encode(b"direct.example;77;88;site.example:guarantee")
        .decode()
        .rstrip("="),
    ],
)
def test_openstat_is_unpacked(packed: str) -> None:
    found = from_visit({"page_url": f"https://a.example/?_openstat={packed}"})
    assert found["openstat_service"] == "direct.example"
    assert found["openstat_source"] == "site.example:guarantee"
    assert (found["eq_utm_campaign"], found["eq_utm_content"]) == ("77", "88")


@pytest.mark.parametrize("packed", ["%00%ff", "!!!", "abc", "====", "%D0%B0"])
def test_odd_openstat_is_no_data(packed: str) -> None:
    found = from_visit({"page_url": f"https://a.example/?_openstat={packed}"})
    assert not [name for name in found if name.startswith(("openstat", "eq_"))]


@pytest.mark.parametrize(
    ("referrer", "domain", "query"),
    [
        ("https://www.google.com/search?q=red+shoes", "google.com", "red shoes"),
        ("https://yandex.ru/search/?text=%D0%BE%D0%B1%D1%83%D0%B2%D1%8C", "yandex.ru", "обувь"),
        ("https://go.mail.ru/search?q=x", "go.mail.ru", "x"),
        ("https://friend.example/?q=x", "friend.example", None),
        ("https://xn--e1afmkfd.xn--p1ai/", "пример.рф", None),
        ("android-app://org.telegram.messenger/", "org.telegram.messenger", None),
    ],
)
def test_referrer_tells_where_from(referrer: str, domain: str, query: str | None) -> None:
    found = from_visit({"referrer": referrer})
    assert (found["referrer_domain"], found.get("search_query")) == (domain, query)
    assert found["source"] == domain


def test_site_tells_its_own() -> None:
    visit = {
        "page_url": "https://a.example/",
        "site_name": "Shop",
        "segments": ["vip", " ", 5],
        "screen": "1920x1080",
        "visit_hour": 9,
        "custom": {"size": "42", "{bad}": "x", "nothing": None},
        "chat_status": "held",
    }
    found = from_visit(visit)
    assert (found["site_name"], found["segments"], found["visit_hour"]) == ("Shop", ["vip"], 9)
    assert found["custom.size"] == "42"
    assert {name for name in found if name.startswith("custom.")} == {"custom.size"}
    assert "chat_status" not in found  # no site's to say


@pytest.mark.parametrize(
    "visit",
    [
        {},
        {"page_url": None, "referrer": 5, "utm": [], "custom": "x"},
        {"utm": {"utm_source": None, 5: "x", "utm_medium": ["a"]}},
        {"segments": [], "screen": "  ", "visit_hour": float("nan")},
        {"entrance_page": {}},
    ],
)
def test_no_data_is_left_out(visit: dict[str, Any]) -> None:
    assert from_visit(visit) == {}


@pytest.mark.parametrize("url", ["https://[::1", "http://[x]/", "://", "https://a b/?%", "\udcff"])
def test_odd_address_is_survived(url: str) -> None:
    assert from_visit({"page_url": url, "referrer": url})["communication_page_url"] == url


@pytest.mark.parametrize(("prefix", "whole"), [("communication", "date_time"), ("visit", "date")])
def test_calendar_names_its_parts(prefix: str, whole: str) -> None:
    assert calendar(datetime(2026, 11, 22, 23, 5, 9, 77, tzinfo=ZONE), prefix) == {
        f"{prefix}_{whole}": "2026-11-22T23:05:09+03:00",
        f"{prefix}_hour": 23,
        f"{prefix}_weekday": 7,
        f"{prefix}_month": 11,
        f"{prefix}_year": 2026,
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
told = st.sampled_from([*NAMED, "page_url", "utm", "custom", "entrance_page"])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(told, anything, max_size=6))
def test_any_visit_gives_known_names_and_json(visit: dict[str, Any]) -> None:
    found = from_visit(visit)
    assert [name for name in found if parameter(name) is None] == []
    json.dumps(found, allow_nan=False)
    assert [name for name, value in found.items() if value in (None, "", [])] == []
