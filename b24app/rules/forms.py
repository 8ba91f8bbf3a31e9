"""What a site's form brings: which field is which, and whether anybody can be called back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from b24app.errors import Invalid
from b24app.i18n import N_
from b24app.rules import parameters, texts

FIELDS_MAX = 100
NAME_MAX = 200
EXTERNAL_ID_MAX = 120
URL_MAX = 2000
TRAP = "website_url"  # hidden from people; what fills it in is a machine
TOO_MANY = N_("A request has too many fields.")
NO_CONTACT = N_("Leave a phone number or an e-mail address.")
NOT_PHONE = N_("This is not a phone number.")
NOT_EMAIL = N_("This is not an e-mail address.")
NOT_TEXT = N_("A field holds a text, a number or a list of them.")
LONG_ID = N_("This name of the request is too long.")
# Ours for what sites call it; of several that are filled in the first is taken.
NAMES = {
    "name": "name",
    "phone": "phone",
    "tel": "phone",
    "email": "email",
    "e-mail": "email",
    "message": "text",
    "text": "text",
    "comment": "text",
    "form_name": "form_name",
    "page_url": "page_url",
    "page_title": "page_title",
    "referrer": "referrer",
    "referer": "referrer",
    "external_id": "external_id",
    "return_url": "return_url",
    TRAP: "trap",
}
# What advertising and counters add to a form beside utm_…: told of the visit.
MARKS = frozenset(
    {one.name for one in parameters.CATALOGUE.values() if one.group == "utm"}
    | {"ua_client_id", "ym_client_id"}
)
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]+\.[^\s@<>,;.]{2,}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Given:
    """A request as somebody left it, tidy.

    phone: E.164. form: the fields that have no place of their own, and what could not be
    read as it was typed. visit: as of a conversation. external_id: "" if the sender names
    none. spam: a field that people do not see was filled in.
    """

    name: str = ""
    phone: str = ""
    email: str = ""
    text: str = ""
    form_name: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    visit: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""
    return_url: str = ""
    spam: bool = False
    kind: str = "form"


def read(fields: Mapping[str, Any]) -> Given:
    """Fields by their names → a request; names are known in any case.

    Raises:
        Invalid: too many fields, something nested, or nothing to answer by.
    """
    if len(fields) > FIELDS_MAX:
        raise Invalid(TOO_MANY)
    known, marks, rest = _sorted_out(fields)
    phone, email = texts.e164(known.get("phone", "")), email_of(known.get("email", ""))
    _check(known, phone, email)
    read_as = {"phone": phone, "email": email}
    rest |= {name: known[name] for name, read in read_as.items() if name in known and not read}
    for name in ("name", "form_name"):
        if len(known.get(name, "")) > NAME_MAX:
            rest[name] = known[name]
    return Given(
        name=_line(known.get("name", "")),
        phone=phone,
        email=email,
        text=known.get("text", ""),
        form_name=_line(known.get("form_name", "")),
        form=rest,
        visit=_visit(known, marks),
        external_id=known.get("external_id", ""),
        return_url=known.get("return_url", ""),
        spam="trap" in known,
    )


def email_of(text: str) -> str:
    """An e-mail address in small letters, or ""."""
    short = text.strip().lower()
    return short if len(short) <= NAME_MAX and _EMAIL.fullmatch(short) else ""


def _sorted_out(
    fields: Mapping[str, Any],
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """What we know by its name, the advertising marks, and the rest; all filled in."""
    known: dict[str, str] = {}
    marks: dict[str, str] = {}
    rest: dict[str, str] = {}
    for name, value in fields.items():
        said, label = _filled(name, value), _clean(name)
        key = NAMES.get(label.lower(), "")
        if said and key and key not in known:
            known[key] = said.pop(0)
        if said and label.lower() in MARKS:
            marks[label.lower()] = said.pop(0)[:NAME_MAX]
        if said:
            rest[label] = ", ".join(said)
    return known, marks, rest


def _filled(name: str, value: Any) -> list[str]:
    """The texts of a field that are not empty; a field may come several times."""
    texts_of = [_text(name, one) for one in (value if isinstance(value, list) else [value])]
    return [text for text in texts_of if text]


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return _clean(str(value))
    raise Invalid(fields={_clean(name): NOT_TEXT})


def _clean(text: str) -> str:
    """Text that every database keeps: no control characters, no half of a surrogate pair."""
    whole = text.encode("utf-8", "replace").decode()
    return texts.clean(whole.replace("\r\n", "\n")).strip()


def _line(text: str) -> str:
    return _SPACES.sub(" ", text)[:NAME_MAX]


def _check(known: Mapping[str, str], phone: str, email: str) -> None:
    wrong: dict[str, str] = {}
    if len(known.get("external_id", "")) > EXTERNAL_ID_MAX:
        wrong["external_id"] = LONG_ID
    if not phone and not email:
        if "phone" in known:
            wrong["phone"] = NOT_PHONE
        if "email" in known:
            wrong["email"] = NOT_EMAIL
        if not {"phone", "email"} & set(known):
            wrong |= {"phone": NO_CONTACT, "email": NO_CONTACT}
    if wrong:
        raise Invalid(fields=wrong)


def _visit(known: Mapping[str, str], marks: Mapping[str, str]) -> dict[str, Any]:
    visit: dict[str, Any] = {
        "page_url": _address(known.get("page_url", "")),
        "page_title": _line(known.get("page_title", "")),
        "referrer": _address(known.get("referrer", "")),
        "utm": {name: said for name, said in marks.items() if name.startswith("utm_")},
        **{name: said for name, said in marks.items() if not name.startswith("utm_")},
    }
    return {name: value for name, value in visit.items() if value}


def _address(text: str) -> str:
    """An http address; anything else (javascript:, data:) is no page."""
    return text[:URL_MAX] if text.startswith(("http://", "https://")) else ""
