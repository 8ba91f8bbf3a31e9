"""A text as the value of a CRM field, by the field's type.

Source: apidocs.bitrix24.com/api-reference/crm (values of user fields, multifields)
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from b24app.i18n import N_
from b24app.rules.texts import e164

NOT_INTEGER = N_("The field takes a whole number.")
NOT_NUMBER = N_("The field takes a number.")
NOT_BOOLEAN = N_("The field takes yes or no.")
NOT_DATE = N_("The field takes a date.")
NOT_OPTION = N_("The list of this field has no such value.")
NOT_MONEY = N_("The field takes an amount, for example 300 or 300|RUB.")
NOT_URL = N_("The field takes an address that begins with http:// or https://.")
NOT_USER = N_("The field takes the number of an employee.")
NOT_CARD = N_("The field takes a card of CRM, for example C_5.")
NOT_CODE = N_("The field takes a code of a directory.")
NOT_CURRENCY = N_("The field takes a currency code, for example RUB.")
NOT_PHONE = N_("The field takes a phone number.")
NOT_EMAIL = N_("The field takes an e-mail address.")
OPEN_LINES_ONLY = N_("Addresses that begin with imol| belong to Open Channels.")


class Unfit(Exception):
    """A text is no value of the field; says why in words for people."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a value is wanted for.

    zone: of times that say none, and of dates.
    options: ids of a list's options by their names, XML_IDs and ids, all in small letters.
    """

    zone: tzinfo
    options: Mapping[str, str]

    def option(self, text: str) -> str:
        """The id of an option; "" if there is none."""
        return self.options.get(text.strip().casefold(), "")


def _string(text: str, asked: Asked) -> str:
    return text


def _integer(text: str, asked: Asked) -> int:
    number = _number(text)
    if number is None or not number.is_integer():
        raise Unfit(NOT_INTEGER)
    return int(number)


def _double(text: str, asked: Asked) -> float:
    number = _number(text)
    if number is None:
        raise Unfit(NOT_NUMBER)
    return number


def _boolean(text: str, asked: Asked) -> str:
    word = text.casefold()
    if word not in YES | NO:
        raise Unfit(NOT_BOOLEAN)
    return "Y" if word in YES else "N"


def _date(text: str, asked: Asked) -> str:
    return _moment(text, asked.zone).date().isoformat()


def _datetime(text: str, asked: Asked) -> str:
    return _moment(text, asked.zone).isoformat(timespec="seconds")


def _enumeration(text: str, asked: Asked) -> int | str:
    option = asked.option(text)
    if not option:
        raise Unfit(NOT_OPTION)
    return int(option) if _DIGITS.fullmatch(option) else option


def _money(text: str, asked: Asked) -> str:
    found = _AMOUNT.fullmatch(text)
    amount = _number(found["amount"]) if found else None
    if found is None or amount is None:
        raise Unfit(NOT_MONEY)
    sign = (found["before"] or found["after"] or "").strip(" |.").casefold()
    currency = CURRENCIES.get(sign, sign.upper())
    if currency and not _CURRENCY.fullmatch(currency):
        raise Unfit(NOT_MONEY)
    plain = f"{amount:.2f}".rstrip("0").rstrip(".")
    return f"{plain}|{currency}" if currency else plain


def _url(text: str, asked: Asked) -> str:
    if not _WEB.fullmatch(text):
        raise Unfit(NOT_URL)
    return text


def _employee(text: str, asked: Asked) -> int:
    if not _DIGITS.fullmatch(text) or int(text) == 0:
        raise Unfit(NOT_USER)
    return int(text)


def _card(text: str, asked: Asked) -> str:
    if not _CARD.fullmatch(text.upper()):
        raise Unfit(NOT_CARD)
    return text.upper()


def _status(text: str, asked: Asked) -> str:
    """An entry of a directory by its code or name; any code where the entries are not known."""
    option = asked.option(text)
    if option:
        return option
    if asked.options or not _CODE.fullmatch(text):
        raise Unfit(NOT_CODE)
    return text


def _currency(text: str, asked: Asked) -> str:
    currency = CURRENCIES.get(text.strip(".").casefold(), text.upper())
    if not _CURRENCY.fullmatch(currency):
        raise Unfit(NOT_CURRENCY)
    return currency


def _phone(text: str, asked: Asked) -> dict[str, str]:
    number = e164(text)
    if not number:
        raise Unfit(NOT_PHONE)
    return {"typeId": "PHONE", "valueType": "WORK", "value": number}


def _email(text: str, asked: Asked) -> dict[str, str]:
    if not _EMAIL.fullmatch(text):
        raise Unfit(NOT_EMAIL)
    return {"typeId": "EMAIL", "valueType": "WORK", "value": text.lower()}


def _site(text: str, asked: Asked) -> dict[str, str]:
    return {"typeId": "WEB", "valueType": "WORK", "value": _url(text, asked)}


def _messenger(text: str, asked: Asked) -> dict[str, str]:
    """`telegram:@anna` says which messenger it is; other names are just kept."""
    if text.casefold().startswith("imol|"):
        raise Unfit(OPEN_LINES_ONLY)
    kind, colon, name = text.partition(":")
    known = bool(colon and name.strip()) and kind.strip().upper() in MESSENGERS
    if not known:
        return {"typeId": "IM", "valueType": "OTHER", "value": text}
    return {"typeId": "IM", "valueType": kind.strip().upper(), "value": name.strip()}


def _number(text: str) -> float | None:
    """1 300,50 and 1,300.50 as 1300.5; None for what is no finite number."""
    plain = re.sub(r"[\s'_]", "", text)
    point = max(plain.rfind(","), plain.rfind("."))
    if plain.count(",") > 1 and "." not in plain:
        plain = plain.replace(",", "")
    elif "," in plain and "." in plain:
        plain = plain[:point].replace(",", "").replace(".", "") + "." + plain[point + 1 :]
    plain = plain.replace(",", ".")
    return float(plain) if _PLAIN.fullmatch(plain) else None


def _moment(text: str, zone: tzinfo) -> datetime:
    """A time in the given zone; one that names no zone is in it already."""
    for read in (_iso, _written):
        try:
            found = read(text, zone)
            return found.astimezone(zone)
        except (ValueError, OverflowError):
            continue
    raise Unfit(NOT_DATE)


def _iso(text: str, zone: tzinfo) -> datetime:
    if not _ISO.match(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _written(text: str, zone: tzinfo) -> datetime:
    """21.08.2026, 21.08.2026 14:05, 21.08.2026 14:05:48."""
    day, *clock = text.replace(",", " ").split()
    hours = (clock or ["00:00"])[0]
    shape = "%d.%m.%Y %H:%M:%S" if hours.count(":") == 2 else "%d.%m.%Y %H:%M"
    return datetime.strptime(" ".join([day, hours, *clock[1:]]), shape).replace(tzinfo=zone)


_DIGITS = re.compile(r"[0-9]{1,15}")
_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|$)")
_AMOUNT = re.compile(
    r"(?P<before>[^\d\s,.'+-]{0,4})\s*(?P<amount>[+-]?[\d][\d\s,.']{0,30}?)"
    r"(?P<after>\s*\|?\s*[^\d\s|]{0,7})"
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_WEB = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_CARD = re.compile(r"(L|D|C|CO|Q|SI|T[0-9A-F]{1,8})_[0-9]{1,15}")
_CODE = re.compile(r"[A-Za-z0-9_:.-]{1,50}")
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]+\.[^\s@<>,;]{2,}")
YES = frozenset({"y", "yes", "true", "1", "on", "+", "да"})
NO = frozenset({"n", "no", "false", "0", "off", "-", "нет"})
CURRENCIES = {
    **dict.fromkeys(("₽", "руб", "р", "рубль", "рубля", "рублей", "rur"), "RUB"),
    "$": "USD",
    "€": "EUR",
    "₸": "KZT",
    "₴": "UAH",
    "£": "GBP",
}
MESSENGERS = frozenset({"TELEGRAM", "VK", "SKYPE", "VIBER", "BITRIX24", "ICQ", "MSN", "JABBER"})
Convert = Callable[[str, Asked], Any]
CONVERTERS: Mapping[str, Convert] = {
    **dict.fromkeys(("string", "text", "char", "address"), _string),
    "integer": _integer,
    "double": _double,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "enumeration": _enumeration,
    "money": _money,
    "url": _url,
    **dict.fromkeys(("employee", "user"), _employee),
    "crm": _card,
    "crm_status": _status,
    "crm_currency": _currency,
    "phone": _phone,
    "email": _email,
    "web": _site,
    "im": _messenger,
}
