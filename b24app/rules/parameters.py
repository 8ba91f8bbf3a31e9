"""What is known about an inquiry, by name: for conditions, titles and fields of CRM cards."""

import base64
import binascii
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from b24app.i18n import N_

Value = str | int | float | bool | list[str] | tuple[str, ...] | None
Parameters = Mapping[str, Value]
Type = Literal["text", "number", "bool", "enum", "date", "list", "phone", "email", "url"]
Options = tuple[tuple[str, str], ...]

CUSTOM = "custom."
CUSTOM_MAX = 100
TEXT_MAX = 2_000
MARKS = ("source", "medium", "campaign", "term", "content", "referrer", "expid")
OPENSTAT = ("service", "campaign", "ad", "source")
LABELS = ("ef_id", "yclid", "gclid", "cm_id", "ymclid")

GROUPS: Mapping[str, str] = {
    "communication": N_("Inquiry"),
    "chat": N_("Chat"),
    "request": N_("Offline request"),
    "site": N_("Site"),
    "utm": N_("Advertising marks"),
    "visitor": N_("Visitor"),
}
WEEKDAYS: Options = (
    ("1", N_("Monday")),
    ("2", N_("Tuesday")),
    ("3", N_("Wednesday")),
    ("4", N_("Thursday")),
    ("5", N_("Friday")),
    ("6", N_("Saturday")),
    ("7", N_("Sunday")),
)
INQUIRIES: Options = (("chat", N_("Chat")), ("request", N_("Offline request")))
KINDS: Options = (("primary", N_("First inquiry")), ("repeat", N_("Repeat inquiry")))
CHAT_STATUSES: Options = (
    ("rejected", N_("Rejected chat")),
    ("lost", N_("Lost chat")),
    ("system", N_("System chat")),
    ("held", N_("Held chat")),
)
INITIATORS: Options = (("visitor", N_("Visitor")), ("operator", N_("Operator of the chat")))
REQUEST_TYPES: Options = (
    ("form", N_("Form of a site")),
    ("widget", N_("Form of the chat")),
    ("email", N_("E-mail")),
)
REQUEST_STATUSES: Options = (
    ("new", N_("Not processed")),
    ("active", N_("In processing")),
    ("done", N_("Processed")),
)
VISITORS: Options = (("new", N_("New visitor")), ("returning", N_("Returning visitor")))
# Of the query in an address of a search engine, by a part of its host's name.
ENGINES = {
    "yandex": "text",
    "ya.ru": "text",
    "google": "q",
    "bing": "q",
    "mail.ru": "q",
    "duckduckgo": "q",
    "rambler": "query",
    "yahoo": "p",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name that conditions and templates may use.

    title: English, translated where it is shown.
    options: (value, title) of an enumeration.
    """

    name: str
    group: str
    title: str
    type: Type = "text"
    options: Options = ()


def _marks(prefix: str, names: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Marks are called the same in every language."""
    return tuple(Parameter(prefix + name, "utm", prefix + name) for name in names)


_ALL = (
    Parameter("communication_type", "communication", N_("Kind of inquiry"), "enum", INQUIRIES),
    Parameter("communication_id", "communication", N_("Inquiry ID")),
    Parameter("communication_number", "communication", N_("Inquiry number"), "number"),
    Parameter("communication_kinds", "communication", N_("First or repeat"), "enum", KINDS),
    Parameter("communication_date_time", "communication", N_("Date / time"), "date"),
    Parameter("communication_hour", "communication", N_("Hour of inquiry"), "number"),
    Parameter("communication_weekday", "communication", N_("Weekday of inquiry"), "enum", WEEKDAYS),
    Parameter("communication_month", "communication", N_("Month of inquiry"), "number"),
    Parameter("communication_year", "communication", N_("Year of inquiry"), "number"),
    Parameter("communication_page_url", "communication", N_("Page of inquiry"), "url"),
    Parameter("is_communication_with_visit", "communication", N_("Has a visit of a site"), "bool"),
    Parameter("total_duration", "communication", N_("Duration"), "number"),
    Parameter("tags", "communication", N_("Tags"), "list"),
    Parameter("employees", "communication", N_("Employee"), "list"),
    Parameter("campaign_name", "communication", N_("Advertising campaign")),
    Parameter("channel", "communication", N_("Traffic channel")),
    Parameter("source", "communication", N_("Traffic source")),
    Parameter("chat_status", "chat", N_("Chat status"), "enum", CHAT_STATUSES),
    Parameter("chat_type", "chat", N_("Chat type")),
    Parameter("chat_initiator", "chat", N_("Initiator"), "enum", INITIATORS),
    Parameter("chat_messages_count", "chat", N_("Number of messages"), "number"),
    Parameter("answer_time", "chat", N_("Time to answer"), "number"),
    Parameter("is_transfer", "chat", N_("Was transferred"), "bool"),
    Parameter("release_cause", "chat", N_("Why it was finished")),
    Parameter("employee_messages_count", "chat", N_("Messages of the employee"), "number"),
    Parameter("rating", "chat", N_("Rating"), "number"),
    Parameter("channel_type", "chat", N_("Channel type")),
    Parameter("channel_id", "chat", N_("Channel ID")),
    Parameter("channel_name", "chat", N_("Channel name")),
    Parameter("visitor_phone", "chat", N_("Visitor's phone"), "phone"),
    Parameter("visitor_nickname", "chat", N_("Visitor's nickname")),
    Parameter("visitor_name", "chat", N_("Visitor's name")),
    Parameter("visitor_email", "chat", N_("Visitor's e-mail"), "email"),
    Parameter("first_message", "chat", N_("First message")),
    Parameter("offline_message_type", "request", N_("Request type"), "enum", REQUEST_TYPES),
    Parameter("offline_message_form_name", "request", N_("Request form")),
    Parameter("offline_message_status", "request", N_("Request status"), "enum", REQUEST_STATUSES),
    Parameter("process_time", "request", N_("Processing time"), "number"),
    Parameter("offline_message_group", "request", N_("Request group")),
    Parameter("offline_message_text", "request", N_("Request text")),
    Parameter("site_domain_name", "site", N_("Site")),
    Parameter("site_name", "site", N_("Site name")),
    Parameter("entrance_page", "site", N_("Entrance page"), "url"),
    Parameter("referrer", "site", N_("Referrer"), "url"),
    Parameter("referrer_domain", "site", N_("Referrer's domain")),
    Parameter("search_query", "site", N_("Search query")),
    *_marks("utm_", MARKS),
    *_marks("eq_utm_", MARKS),
    *_marks("openstat_", OPENSTAT),
    *_marks("", LABELS),
    Parameter("tag_from", "utm", N_("Mark “from”")),
    Parameter("visitor_id", "visitor", N_("Visitor ID")),
    Parameter("person_id", "visitor", N_("Client card")),
    Parameter("visitor_type", "visitor", N_("Visitor type"), "enum", VISITORS),
    Parameter("visitor_session_id", "visitor", N_("Visit ID")),
    Parameter("country", "visitor", N_("Country")),
    Parameter("region", "visitor", N_("Region")),
    Parameter("city", "visitor", N_("City")),
    Parameter("provider", "visitor", N_("Internet provider")),
    Parameter("ip_address", "visitor", N_("IP address")),
    Parameter("browser_name", "visitor", N_("Browser")),
    Parameter("browser_version", "visitor", N_("Browser version")),
    Parameter("os_name", "visitor", N_("Operating system")),
    Parameter("os_version", "visitor", N_("Operating system version")),
    Parameter("language", "visitor", N_("Visitor's language")),
    Parameter("screen", "visitor", N_("Screen resolution")),
    Parameter("device", "visitor", N_("Device type")),
    Parameter("ua_client_id", "visitor", N_("Google Analytics client ID")),
    Parameter("ym_client_id", "visitor", N_("Yandex Metrica client ID")),
    Parameter("segments", "visitor", N_("Segments"), "list"),
    Parameter("visit_date", "visitor", N_("Visit date"), "date"),
    Parameter("visit_hour", "visitor", N_("Hour of visit"), "number"),
    Parameter("visit_weekday", "visitor", N_("Weekday of visit"), "enum", WEEKDAYS),
    Parameter("visit_month", "visitor", N_("Month of visit"), "number"),
    Parameter("visit_year", "visitor", N_("Year of visit"), "number"),
)
CATALOGUE: Mapping[str, Parameter] = {one.name: one for one in _ALL}
# A site may tell these of a visit by their own names; an address says the rest.
_ADDRESSES = ("referrer", "entrance_page")
TOLD = tuple(
    one.name
    for one in _ALL
    if one.group in ("site", "utm", "visitor") and one.name not in _ADDRESSES
)


def parameter(name: str) -> Parameter | None:
    """The parameter called so; `custom.<name>` is any property of a visitor, a text."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    own = name.removeprefix(CUSTOM)
    if own == name or not _custom_fits(own):
        return None
    return Parameter(name, "visitor", own)


def from_visit(visit: Mapping[str, Any]) -> dict[str, Value]:
    """What a visit tells: `page_url`, `referrer`, `utm`, and `custom` of setProperty.

    What the site says itself under a parameter's name counts more than what an
    address shows. Anything that is no data is left out; nothing here ever fails.
    """
    page, referrer = _text(visit.get("page_url")), _text(visit.get("referrer"))
    entrance = _text(visit.get("entrance_page")) or page
    found: dict[str, Value] = {
        "communication_page_url": page,
        "site_domain_name": _host(page) or _host(entrance),
        "entrance_page": entrance,
        "referrer": referrer,
        "referrer_domain": _host(referrer),
        "search_query": _search_query(referrer),
        **_query_marks({**_query(entrance), **_query(page)}),
        **_utm(visit.get("utm")),
        **{name: told for name in TOLD if (told := _plain(visit.get(name))) is not None},
        **_custom(visit.get("custom")),
    }
    known = {name: value for name, value in found.items() if value not in (None, "", [])}
    return {**_equivalents(known), **_traffic(known), **known}


def calendar(at: datetime, prefix: str) -> dict[str, Value]:
    """The parts of a time under `communication_…` or `visit_…`.

    Args:
        at: aware, in the portal's zone.
    """
    whole = f"{prefix}_date_time" if f"{prefix}_date_time" in CATALOGUE else f"{prefix}_date"
    return {
        whole: at.isoformat(timespec="seconds"),
        f"{prefix}_hour": at.hour,
        f"{prefix}_weekday": at.isoweekday(),
        f"{prefix}_month": at.month,
        f"{prefix}_year": at.year,
    }


def _custom_fits(own: str) -> bool:
    """Braces would end a template's hole."""
    return bool(own.strip()) and len(own) <= CUSTOM_MAX and not re.search(r"[{}\x00-\x1f]", own)


def _custom(given: Any) -> dict[str, Value]:
    if not isinstance(given, Mapping):
        return {}
    return {
        CUSTOM + name: _plain(value)
        for name, value in given.items()
        if isinstance(name, str) and _custom_fits(name)
    }


def _utm(given: Any) -> dict[str, Value]:
    """Marks of the first touch; their names come with or without `utm_`."""
    if not isinstance(given, Mapping):
        return {}
    named = {f"utm_{str(name).lower().removeprefix('utm_')}": given[name] for name in given}
    return {f"utm_{mark}": said for mark in MARKS if (said := _text(named.get(f"utm_{mark}")))}


def _query_marks(query: Mapping[str, str]) -> dict[str, Value]:
    return {
        **{f"utm_{mark}": query.get(f"utm_{mark}") for mark in MARKS},
        **dict(_openstat(query)),
        **{label: query.get(label) for label in LABELS},
        "tag_from": query.get("from"),
    }


def _openstat(query: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """`_openstat` is `service;campaign;ad;source`, as it is or in base64."""
    packed = query.get("_openstat", "")
    if ";" not in packed:
        packed = _unpacked(packed)
    yield from zip((f"openstat_{name}" for name in OPENSTAT), packed.split(";"), strict=False)
    for name in OPENSTAT:
        if said := query.get(f"openstat_{name}"):
            yield f"openstat_{name}", said


def _unpacked(packed: str) -> str:
    padded = packed + "=" * (-len(packed) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _equivalents(known: Parameters) -> dict[str, Value]:
    """Extended marks: the UTM ones, else what Openstat says in their place."""
    openstat = {"source": "service", "campaign": "campaign", "content": "ad", "medium": "source"}
    said = {
        mark: known.get(f"utm_{mark}") or known.get(f"openstat_{openstat.get(mark, '')}")
        for mark in MARKS
    }
    return {f"eq_utm_{mark}": value for mark, value in said.items() if value}


def _traffic(known: Parameters) -> dict[str, Value]:
    said = {
        "source": known.get("utm_source") or known.get("referrer_domain"),
        "channel": known.get("utm_medium"),
        "campaign_name": known.get("utm_campaign"),
    }
    return {name: value for name, value in said.items() if value}


def _search_query(referrer: str) -> str:
    host = _host(referrer)
    names = (name for engine, name in ENGINES.items() if engine in host)
    query = _query(referrer)
    return next((query[name] for name in names if query.get(name)), "")


def _host(url: str) -> str:
    """The host's name without `www.`; punycode is read back as people write it."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
        return host.encode().decode("idna") if "xn--" in host else host
    except ValueError:
        return ""


def _query(url: str) -> dict[str, str]:
    """Names in lower case; the first of several values counts."""
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=200)
    except ValueError:
        return {}
    return {name.lower(): value.strip() for name, value in reversed(pairs)}


def _text(given: Any) -> str:
    return given.strip()[:TEXT_MAX] if isinstance(given, str) else ""


def _plain(given: Any) -> Value:
    """A value as parameters hold it, or None."""
    if isinstance(given, float) and not math.isfinite(given):
        return None
    if isinstance(given, bool | int | float):
        return given
    if isinstance(given, list | tuple):
        return [text for one in given[:CUSTOM_MAX] if (text := _text(one))] or None
    return _text(given) or None
