"""What a new portal has: five people, two lines, pipelines, stages, a few cards. All fictional."""

from typing import Any

from sandbox.portal import crm, line_config
from sandbox.portal.crm_fields import COMPANY, CONTACT, DEAL, LEAD
from sandbox.portal.state import Connector, State

PERSON: dict[str, Any] = {
    "ACTIVE": True,
    "ADMIN": False,
    "NAME": "",
    "LAST_NAME": "",
    "SECOND_NAME": "",
    "EMAIL": "",
    "LAST_LOGIN": "2026-11-20T09:00:00+03:00",
    "DATE_REGISTER": "2024-02-01T00:00:00+03:00",
    "TIME_ZONE": "Europe/Moscow",
    "IS_ONLINE": "Y",
    "PERSONAL_GENDER": "",
    "PERSONAL_WWW": "",
    "PERSONAL_BIRTHDAY": "",
    "PERSONAL_PHOTO": "",
    "PERSONAL_MOBILE": "",
    "PERSONAL_CITY": "",
    "WORK_PHONE": "",
    "WORK_POSITION": "",
    "UF_DEPARTMENT": [1],
    "UF_PHONE_INNER": "",
    "USER_TYPE": "employee",
}
PHOTO = "{origin}/_static/person-{gender}.svg"
DEPARTMENTS = (
    (1, "Компания", ""),
    (2, "Поддержка", "1"),
    (3, "Продажи", "1"),
    (4, "Выездной сервис", "2"),
)
PEOPLE = (
    ("Анна", "Администратор", "Администратор портала", "F", 1),
    ("Борис", "Операторов", "Оператор чатов", "M", 2),
    ("Вера", "Менеджер", "Менеджер по продажам", "F", 3),
    ("Глеб", "Сервисов", "Инженер", "M", 4),
    ("Дарья", "Продажникова", "Руководитель отдела продаж", "F", 3),
)
LEAD_STAGES = (
    ("NEW", "Не обработан", None),
    ("IN_PROCESS", "В работе", None),
    ("PROCESSED", "Обработан", None),
    ("CONVERTED", "Качественный лид", "S"),
    ("JUNK", "Некачественный лид", "F"),
)
DEAL_STAGES = (
    ("NEW", "Новая", None),
    ("PREPARATION", "Подготовка документов", None),
    ("PREPAYMENT_INVOICE", "Счёт на предоплату", None),
    ("EXECUTING", "В работе", None),
    ("WON", "Сделка успешна", "S"),
    ("LOSE", "Сделка провалена", "F"),
    ("APOLOGY", "Анализ причины провала", "F"),
)
SOURCES = (
    ("CALL", "Звонок"),
    ("EMAIL", "Электронная почта"),
    ("WEB", "Веб-сайт"),
    ("WEBFORM", "CRM-форма"),
    ("IMOL", "Открытая линия"),
    ("OTHER", "Другое"),
)
PIPELINES = ((0, "Общая", "Y"), (3, "Сервис", "N"))
CODE_LENGTH = 21
COLOURS = ("#39a8ef", "#2fc6f6", "#55d0e0", "#47e4c2")  # of stages on the way, in turn
FINAL_COLOURS = {"S": "#7bd500", "F": "#ff5752"}


def sow(state: State) -> None:
    """Fill an empty portal."""
    with state.lock:
        _people(state)
        _directories(state)
        _lines(state)
        _cards(state)


def _people(state: State) -> None:
    for identity, name, parent in DEPARTMENTS:
        above = {"PARENT": parent} if parent else {}
        state.departments[identity] = {"ID": str(identity), "NAME": name, "SORT": 500, **above}
    for first, last, position, gender, department in PEOPLE:
        add_user(
            state,
            NAME=first,
            LAST_NAME=last,
            WORK_POSITION=position,
            PERSONAL_GENDER=gender,
            UF_DEPARTMENT=[department],
            PERSONAL_PHOTO=PHOTO.format(origin=state.origin, gender=gender.lower()),
            ADMIN=not state.users,
        )


def add_user(state: State, **fields: Any) -> int:
    """An employee; their number."""
    identity = state.next_id("user")
    email = {"EMAIL": f"user{identity}@example.com"}
    known = {key: value for key, value in fields.items() if key in PERSON}
    state.users[identity] = {**PERSON, "ID": identity, **email, **known}
    return identity


def _directories(state: State) -> None:
    for pipeline, name, default in PIPELINES:
        state.categories.setdefault(DEAL, {})[pipeline] = {
            "id": pipeline,
            "name": name,
            "sort": 100 * (pipeline + 1),
            "entityTypeId": DEAL,
            "isDefault": default,
            "originId": "",
            "originatorId": "",
        }
    _stages(state, "STATUS", LEAD_STAGES, "")
    for pipeline, _, _ in PIPELINES:
        prefix = f"C{pipeline}:" if pipeline else ""
        _stages(state, crm.stage_directory(DEAL, pipeline), DEAL_STAGES, prefix)
    _plain(state, "SOURCE", SOURCES)
    _plain(state, "DEAL_TYPE", (("SALE", "Продажа"), ("SERVICES", "Услуги")))
    _plain(state, "CONTACT_TYPE", (("CLIENT", "Клиенты"), ("PARTNER", "Партнёры")))
    _plain(state, "HONORIFIC", (("HNR_RU_1", "г-н"), ("HNR_RU_2", "г-жа")))


def _stages(
    state: State, directory: str, stages: tuple[tuple[str, str, str | None], ...], prefix: str
) -> None:
    words = {None: "process", "S": "success", "F": "failure"}
    for index, (code, name, semantics) in enumerate(stages):
        told = "apology" if code == "APOLOGY" else words[semantics]
        row = _entry(state, directory, f"{prefix}{code}"[:CODE_LENGTH], name, index)
        row["COLOR"] = FINAL_COLOURS.get(semantics or "", COLOURS[index % len(COLOURS)])
        row |= {"SEMANTICS": semantics, "EXTRA": {"SEMANTICS": told, "COLOR": row["COLOR"]}}


def _plain(state: State, directory: str, entries: tuple[tuple[str, str], ...]) -> None:
    for index, (code, name) in enumerate(entries):
        _entry(state, directory, code, name, index)


def _entry(state: State, directory: str, code: str, name: str, index: int) -> dict[str, Any]:
    identity = state.next_id("status")
    row = {
        "ID": str(identity),
        "ENTITY_ID": directory,
        "STATUS_ID": code,
        "NAME": name,
        "NAME_INIT": name,
        "SORT": str(10 * (index + 1)),
        "SYSTEM": "Y",
        "CATEGORY_ID": None,
        "COLOR": "#39a8ef",
        "SEMANTICS": None,
    }
    state.statuses[identity] = row
    return row


CALM = {
    "ACTIVE": "Y",
    "WELCOME_MESSAGE": "N",
    "VOTE_MESSAGE": "N",
    "CLOSE_RULE": "none",
    "QUEUE_TYPE": "all",
    "CRM_CREATE_SECOND": "N",
}


def _lines(state: State) -> None:
    everybody = [{"ENTITY_TYPE": "user", "ENTITY_ID": str(number)} for number in (1, 2, 3)]
    support = [{"ENTITY_TYPE": "department", "ENTITY_ID": "2"}]
    tracker = {"CRM": "Y", "CRM_CREATE": "lead"}
    titled = {"LINE_NAME": "Открытая линия"}
    line_config.add(state, {**CALM, **tracker, **titled, "QUEUE": everybody})
    line_config.add(state, {**CALM, "LINE_NAME": "Поддержка", "QUEUE": support})
    for code, name in (("livechat", "Онлайн-чат"), ("network", "Битрикс24.Network")):
        state.connectors[code] = Connector(code, name, {}, "", own=False)


def _cards(state: State) -> None:
    company = crm.add(state, COMPANY, {"title": "ООО «Пример»", "fm": _fm("+7 999 000-00-40")}, 1)
    people = (
        ("Иван", "Примеров", "+7 999 000-00-10", "ivan@example.com"),
        ("Мария", "Образцова", "+7 999 000-00-11", "maria@example.com"),
        ("Пётр", "Тестов", "+7 999 000-00-12", "petr@example.com"),
    )
    for first, last, phone, email in people:
        crm.add(state, CONTACT, {"name": first, "lastName": last, "fm": _fm(phone, email)}, 3)
    crm.change(state, CONTACT, 1, {"companyIds": [company["id"]]}, 3)
    deals = (
        ("Поставка кофемашин", 1, "EXECUTING", 0, 125_000),
        ("Годовое обслуживание", 2, "C3:PREPARATION", 3, 48_000),
        ("Подарочные наборы", 3, "WON", 0, 17_500),
    )
    for title, contact, stage, pipeline, amount in deals:
        place = {"stageId": stage, "categoryId": pipeline}
        what = {"title": title, "contactIds": [contact], "opportunity": amount, "sourceId": "WEB"}
        crm.add(state, DEAL, {**what, **place}, 3)
    lead = {"title": "Заявка с сайта", "name": "Ольга", "fm": _fm("+7 999 000-00-20")}
    crm.add(state, LEAD, {**lead, "sourceId": "WEBFORM"}, 2)


def _fm(phone: str, email: str = "") -> list[dict[str, str]]:
    entries = [{"typeId": "PHONE", "valueType": "WORK", "value": phone}]
    if email:
        entries.append({"typeId": "EMAIL", "valueType": "WORK", "value": email})
    return entries
