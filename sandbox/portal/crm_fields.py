"""Fields of CRM items: types, defaults, names in the old methods."""

import re
from typing import Any

from sandbox.portal.phpform import as_list, as_map, yes
from sandbox.portal.registry import RestError, number
from sandbox.portal.state import State
from sandbox.portal.user_fields import USER_FIELDS, value

LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
NAMES = {LEAD: "LEAD", DEAL: "DEAL", CONTACT: "CONTACT", COMPANY: "COMPANY"}
SHORT = {LEAD: "L", DEAL: "D", CONTACT: "C", COMPANY: "CO"}
WITH_COMMUNICATIONS = (LEAD, CONTACT, COMPANY)

COMMON: dict[str, str] = {
    "id": "integer",
    "xmlId": "string",
    "createdTime": "datetime",
    "updatedTime": "datetime",
    "createdBy": "user",
    "updatedBy": "user",
    "assignedById": "user",
    "opened": "boolean",
    "comments": "text",
    "sourceId": "crm_status",
    "sourceDescription": "text",
    "originatorId": "string",
    "originId": "string",
    "observers": "users",
    "utmSource": "string",
    "utmMedium": "string",
    "utmCampaign": "string",
    "utmContent": "string",
    "utmTerm": "string",
    "lastActivityTime": "datetime",
    "lastActivityBy": "user",
}
PERSON: dict[str, str] = {
    "honorific": "crm_status",
    "name": "string",
    "secondName": "string",
    "lastName": "string",
    "birthdate": "date",
    "post": "string",
}
STAGED: dict[str, str] = {
    "stageId": "crm_status",
    "stageSemanticId": "string",
    "companyId": "crm_company",
    "contactId": "crm_contact",
    "contactIds": "contacts",
    "opportunity": "double",
    "currencyId": "crm_currency",
    "isManualOpportunity": "boolean",
    "movedTime": "datetime",
    "movedBy": "user",
}
TYPES: dict[int, dict[str, str]] = {
    LEAD: {
        "title": "string",
        **COMMON,
        **PERSON,
        **STAGED,
        "companyTitle": "string",
        "statusDescription": "text",
        "isReturnCustomer": "boolean",
        "webformId": "integer",
        "fm": "crm_multifield",
    },
    DEAL: {
        "title": "string",
        **COMMON,
        **STAGED,
        "categoryId": "crm_category",
        "typeId": "crm_status",
        "probability": "integer",
        "taxValue": "double",
        "closed": "boolean",
        "begindate": "date",
        "closedate": "date",
        "leadId": "crm_lead",
        "webformId": "integer",
        "additionalInfo": "text",
    },
    CONTACT: {
        **COMMON,
        **PERSON,
        "typeId": "crm_status",
        "export": "boolean",
        "companyId": "crm_company",
        "companyIds": "companies",
        "leadId": "crm_lead",
        "categoryId": "crm_category",
        "webformId": "integer",
        "fm": "crm_multifield",
    },
    COMPANY: {
        "title": "string",
        **COMMON,
        "typeId": "crm_status",
        "industry": "crm_status",
        "employees": "crm_status",
        "revenue": "double",
        "currencyId": "crm_currency",
        "isMyCompany": "boolean",
        "contactIds": "contacts",
        "leadId": "crm_lead",
        "categoryId": "crm_category",
        "fm": "crm_multifield",
    },
}
READ_ONLY = frozenset(
    {"id", "createdTime", "updatedTime", "createdBy", "updatedBy", "stageSemanticId", "closed"}
    | {"movedTime", "movedBy", "lastActivityTime", "lastActivityBy", "isReturnCustomer"}
)
LISTS = {"users": "user", "contacts": "crm_contact", "companies": "crm_company"}
NUMBERS = ("integer", "user", "crm_company", "crm_contact", "crm_lead", "crm_category")
EMPTY: dict[str, Any] = {"boolean": "N", "double": 0, **dict.fromkeys(NUMBERS, 0)}
IMPORTABLE = ("createdTime", "updatedTime", "movedTime")


def defaults(state: State, type_id: int, user_id: int) -> dict[str, Any]:
    """A blank item of a type."""
    row = {name: _blank(kind) for name, kind in TYPES[type_id].items()}
    row |= {code: field.blank for code, field in USER_FIELDS[type_id].items()}
    now = state.clock.iso()
    stamps = ("createdTime", "updatedTime", "movedTime", "lastActivityTime")
    people = ("createdBy", "updatedBy", "movedBy", "assignedById", "lastActivityBy")
    row |= {name: now for name in stamps if name in row}
    row |= {name: user_id for name in people if name in row}
    row["opened"] = "Y"
    if "currencyId" in row:
        row["currencyId"] = "RUB"
    if type_id == DEAL:
        row["typeId"] = "SALE"
    if type_id == CONTACT:
        row |= {"typeId": "CLIENT", "export": "Y"}
    return row


def _blank(kind: str) -> Any:
    if kind in LISTS or kind == "crm_multifield":
        return []
    return EMPTY.get(kind)


def clean(type_id: int, fields: dict[str, Any]) -> dict[str, Any]:
    """Given values as their fields keep them; unknown and read-only names are left out.

    Raises:
        RestError: 100, a single value where a list belongs; a value that its field cannot hold.
    """
    kinds, custom = TYPES[type_id], USER_FIELDS[type_id]
    kept = {}
    for given, told in fields.items():
        name = _field_name(given)
        writable = name not in READ_ONLY or name in IMPORTABLE
        if name in custom:
            kept[name] = value(name, custom[name], told)
        elif name.startswith("UF_") or (name in kinds and writable):
            kept[name] = _value(name, kinds.get(name, "uf"), told)
    return kept


def _field_name(name: str) -> str:
    """ufCrmOmniChatId as UF_CRM_OMNI_CHAT_ID; others stay."""
    if not name.startswith("ufCrm"):
        return name
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name)
    return re.sub(r"(?<=CRM)(\d)", r"_\1", snake.upper())


def _value(name: str, kind: str, value: Any) -> Any:
    if kind in LISTS:
        if not isinstance(value, list | dict) and value not in ("", None):
            raise RestError("100", f"Invalid value of {name}: an array is expected", 400)
        return [number(one) for one in as_list(value) if number(one)]
    if kind in NUMBERS:
        return number(value)
    if kind == "boolean":
        return "Y" if yes(value) else "N"
    if kind == "double":
        return _money(value)
    if kind in ("uf", "crm_multifield"):
        return value
    return None if value is None or value == "" else _text(value)


def _text(value: Any) -> str:
    return "Array" if isinstance(value, dict | list) else str(value)


def _money(value: Any) -> float | int:
    try:
        amount = float(value)
    except (TypeError, ValueError):
        return 0
    return int(amount) if amount.is_integer() else amount


def described(type_id: int, *, original: bool) -> dict[str, Any]:
    """The answer of crm.item.fields."""
    own = {name: _described(type_id, name, kind) for name, kind in TYPES[type_id].items()}
    custom = USER_FIELDS[type_id].items()
    return own | {
        code if original else camel(code): field.described(code) for code, field in custom
    }


def camel(name: str) -> str:
    """UF_CRM_OMNI_CHAT_ID as ufCrmOmniChatId; others stay."""
    if not name.startswith("UF_"):
        return name
    head, *rest = name.lower().split("_")
    told = head + "".join(f"_{part}" if part.isdigit() else part.title() for part in rest)
    return told.replace("Crm_", "Crm", 1)


def _described(type_id: int, name: str, kind: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": LISTS.get(kind, kind),
        "isRequired": False,
        "isReadOnly": name in READ_ONLY,
        "isImmutable": False,
        "isMultiple": kind in LISTS or kind == "crm_multifield",
        "isDynamic": False,
        "title": TITLES.get(name, name),
        "upperName": upper_name(name),
    }
    if name in DEPRECATED:
        described["isDeprecated"] = True
    if kind == "crm_status":
        described["statusType"] = STATUS_TYPES.get((type_id, name)) or STATUS_TYPES[0, name]
    return described


DEPRECATED = ("contactId",)
STATUS_TYPES = {
    (0, "sourceId"): "SOURCE",
    (0, "honorific"): "HONORIFIC",
    (0, "industry"): "INDUSTRY",
    (0, "employees"): "EMPLOYEES",
    (LEAD, "stageId"): "STATUS",
    (DEAL, "stageId"): "DEAL_STAGE",
    (DEAL, "typeId"): "DEAL_TYPE",
    (CONTACT, "typeId"): "CONTACT_TYPE",
    (COMPANY, "typeId"): "COMPANY_TYPE",
}
TITLES = {
    "title": "Название",
    "assignedById": "Ответственный",
    "opened": "Доступно для всех",
    "comments": "Комментарий",
    "sourceId": "Источник",
    "sourceDescription": "Дополнительно об источнике",
    "observers": "Наблюдатели",
    "stageId": "Стадия",
    "categoryId": "Воронка",
    "opportunity": "Сумма",
    "currencyId": "Валюта",
    "companyId": "Компания",
    "contactIds": "Контакты",
    "probability": "Вероятность",
    "typeId": "Тип",
    "begindate": "Дата начала",
    "closedate": "Дата завершения",
    "additionalInfo": "Дополнительная информация",
    "honorific": "Обращение",
    "name": "Имя",
    "secondName": "Отчество",
    "lastName": "Фамилия",
    "birthdate": "Дата рождения",
    "post": "Должность",
    "companyTitle": "Название компании",
    "statusDescription": "Дополнительно о стадии",
    "taxValue": "Ставка налога",
    "utmSource": "UTM Source",
    "utmMedium": "UTM Medium",
    "utmCampaign": "UTM Campaign",
    "utmContent": "UTM Content",
    "utmTerm": "UTM Term",
}


OLD_NAMES = {
    "createdTime": "DATE_CREATE",
    "updatedTime": "DATE_MODIFY",
    "createdBy": "CREATED_BY_ID",
    "updatedBy": "MODIFY_BY_ID",
    "movedBy": "MOVED_BY_ID",
}
OLD_LEAD_NAMES = {"stageId": "STATUS_ID", "stageSemanticId": "STATUS_SEMANTIC_ID"}
OLD_COMPANY_NAMES = {"typeId": "COMPANY_TYPE"}
OWN_OLD_NAMES = {LEAD: OLD_LEAD_NAMES, COMPANY: OLD_COMPANY_NAMES}
OLD_MULTI = ("PHONE", "EMAIL", "WEB", "IM")


def upper_name(name: str) -> str:
    """assignedById as ASSIGNED_BY_ID."""
    if name.startswith("UF_"):
        return name
    return OLD_NAMES.get(name) or re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).upper()


def old_names(type_id: int) -> dict[str, str]:
    """Names of the old methods by those of crm.item."""
    own = OWN_OLD_NAMES.get(type_id, {})
    return {name: own.get(name) or upper_name(name) for name in TYPES[type_id] if name != "fm"}


def from_old(type_id: int, fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of crm.lead.add and its like as crm.item.add takes them."""
    names = {old: new for new, old in old_names(type_id).items()}
    answer = {names.get(key, key): value for key, value in fields.items() if key not in OLD_MULTI}
    multi = {}
    for kind in OLD_MULTI:
        for index, one in enumerate(as_list(fields.get(kind))):
            entry = as_map(one)
            multi[str(entry.get("ID") or f"n{kind}{index}")] = {
                "typeId": kind,
                "valueType": entry.get("VALUE_TYPE", "WORK"),
                "value": entry.get("VALUE", ""),
            }
    return {**answer, "fm": multi} if multi else answer


def to_old(type_id: int, row: dict[str, Any], *, multi: bool) -> dict[str, Any]:
    """An item as crm.lead.get and its like answer it: nearly all texts."""
    names = old_names(type_id)
    answer = {names.get(key, key): _old_value(value) for key, value in row.items() if key != "fm"}
    if type_id not in WITH_COMMUNICATIONS:
        return answer
    for kind in ("PHONE", "EMAIL"):
        answer[f"HAS_{kind}"] = "Y" if _old_multi(row, kind) else "N"
    found = {kind: _old_multi(row, kind) for kind in OLD_MULTI} if multi else {}
    return answer | {kind: rows for kind, rows in found.items() if rows}


def _old_value(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        return value
    return str(value)


def _old_multi(row: dict[str, Any], kind: str) -> list[dict[str, str]]:
    return [
        {
            "ID": str(one["id"]),
            "VALUE_TYPE": one["valueType"],
            "VALUE": one["value"],
            "TYPE_ID": kind,
        }
        for one in row["fm"]
        if one["typeId"] == kind
    ]
