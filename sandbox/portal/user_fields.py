"""Custom fields of CRM items: one of each type on deals, some on leads and contacts."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.portal.registry import RestError

LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
COLOURS = (("81", "Красный"), ("82", "Синий"), ("83", "Зелёный"))
GOALS = (("91", "Покупка"), ("92", "Вопрос"), ("93", "Ремонт"))


@dataclass(frozen=True)
class UserField:
    """A custom field; `items` are the options of a list: (ID, VALUE)."""

    type: str
    title: str
    multiple: bool = False
    items: tuple[tuple[str, str], ...] = ()

    def described(self, code: str) -> dict[str, Any]:
        """As crm.item.fields tells of it."""
        told: dict[str, Any] = {
            "type": self.type,
            "isRequired": False,
            "isReadOnly": False,
            "isImmutable": False,
            "isMultiple": self.multiple,
            "isDynamic": True,
            "title": self.title,
            "settings": {},
            "upperName": code,
        }
        if self.items:
            told["items"] = [{"ID": number, "VALUE": value} for number, value in self.items]
        return told

    @property
    def blank(self) -> Any:
        """What a new item has."""
        return [] if self.multiple else None


EVERY_TYPE = {
    "UF_CRM_CITY": UserField("string", "Город"),
    "UF_CRM_PAGE": UserField("url", "Страница обращения"),
    "UF_CRM_GOAL": UserField("enumeration", "Цель обращения", items=GOALS),
    "UF_CRM_COLOURS": UserField("enumeration", "Цвета", multiple=True, items=COLOURS),
    "UF_CRM_BUDGET": UserField("money", "Бюджет"),
    "UF_CRM_VISITS": UserField("integer", "Число визитов"),
    "UF_CRM_WEIGHT": UserField("double", "Вес"),
    "UF_CRM_URGENT": UserField("boolean", "Срочно"),
    "UF_CRM_DELIVERY": UserField("date", "Дата доставки"),
    "UF_CRM_ASKED_AT": UserField("datetime", "Время обращения"),
    "UF_CRM_ENGINEER": UserField("employee", "Инженер"),
    "UF_CRM_TAGS": UserField("string", "Теги", multiple=True),
    "UF_CRM_PARTNER": UserField("crm", "Партнёр"),
    "UF_CRM_ADDRESS": UserField("address", "Адрес доставки"),
    "UF_CRM_FILE": UserField("file", "Файл"),
    "UF_CRM_FILES": UserField("file", "Файлы", multiple=True),
    "UF_CRM_SECTION": UserField("iblock_section", "Раздел каталога"),
}
SOME = ("UF_CRM_CITY", "UF_CRM_PAGE", "UF_CRM_GOAL", "UF_CRM_URGENT", "UF_CRM_ASKED_AT")
USER_FIELDS: dict[int, dict[str, UserField]] = {
    LEAD: {code: EVERY_TYPE[code] for code in (*SOME, "UF_CRM_BUDGET", "UF_CRM_FILES")},
    DEAL: EVERY_TYPE,
    CONTACT: {code: EVERY_TYPE[code] for code in (*SOME, "UF_CRM_TAGS", "UF_CRM_ENGINEER")},
    COMPANY: {"UF_CRM_CITY": EVERY_TYPE["UF_CRM_CITY"]},
}


def value(code: str, field: UserField, given: Any) -> Any:
    """A given value as the item keeps it; what is empty clears the field.

    Raises:
        RestError: 100, one value where a list belongs; CRM_FIELD_ERROR_VALUE_NOT_VALID.
    """
    if given in ("", None) or given == []:
        return field.blank
    if not field.multiple:
        return _one(code, field, given)
    if not isinstance(given, list):
        raise RestError("100", f"Invalid value of {code}: an array is expected", 400)
    return [_one(code, field, one) for one in given]


def _one(code: str, field: UserField, given: Any) -> Any:
    if field.type == "file":
        return _file(given)
    if isinstance(given, list | dict):
        raise _wrong(code)
    text = str(given)
    options = [number for number, _ in field.items]
    if field.type == "enumeration" and text not in options:
        raise _wrong(code)
    if field.type in SHAPES and not re.fullmatch(SHAPES[field.type], text):
        raise _wrong(code)
    return READ.get(field.type, str)(text)


def _file(given: Any) -> dict[str, Any] | None:
    """`[name, base64]`; any other shape is taken without an error and leaves nothing."""
    if not isinstance(given, list) or len(given) != 2:
        return None
    name = str(given[0])
    address = f"/bitrix/services/main/ajax.php?action=crm.controller.item.getFile&name={name}"
    return {"id": 9000 + len(str(given[1])), "url": address, "urlMachine": address}


def _wrong(code: str) -> RestError:
    text = f"Неверное значение поля {code}"
    return RestError("CRM_FIELD_ERROR_VALUE_NOT_VALID", text, 400)


def _day(text: str) -> str:
    return f"{text[:10]}T00:00:00+03:00"


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


NUMBER = r"-?\d+(\.\d+)?"
SHAPES = {
    "integer": r"-?\d+",
    "double": NUMBER,
    "boolean": "[YN10]",
    "date": r"\d{4}-\d{2}-\d{2}",
    "datetime": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([+-]\d{2}:\d{2}|Z)",
    "money": rf"{NUMBER}(\|[A-Z]{{3}})?",
    "url": r"https?://\S+",
    "employee": r"\d+",
    "crm": r"(L|D|C|CO)_\d+",
}
READ: dict[str, Any] = {
    "integer": int,
    "double": float,
    "enumeration": int,
    "employee": int,
    "boolean": lambda text: "Y" if text in ("Y", "1") else "N",
    "date": _day,
    "datetime": _moment,
    "money": lambda text: text if "|" in text else f"{text}|RUB",
}
