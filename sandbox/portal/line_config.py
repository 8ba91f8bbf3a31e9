"""Settings of Open Lines: defaults, changes, how they are shown."""

from collections.abc import Callable
from typing import Any

from sandbox.portal import openlines
from sandbox.portal.phpform import EmptyObject, as_list, as_map
from sandbox.portal.registry import number
from sandbox.portal.state import State

GREETING = "Добро пожаловать! Вам ответит первый освободившийся оператор."
DEFAULTS: dict[str, Any] = {
    "ACTIVE": "N",
    "LINE_NAME": "",
    "LANGUAGE_ID": "ru",
    "CRM": "N",
    "CRM_CREATE": "none",
    "CRM_CREATE_SECOND": "",
    "CRM_CREATE_THIRD": "N",
    "CRM_FORWARD": "Y",
    "CRM_CHAT_TRACKER": "N",
    "CRM_TRANSFER_CHANGE": "Y",
    "CRM_SOURCE": "create",
    "QUEUE_TYPE": "evenly",
    "QUEUE_TIME": "60",
    "NO_ANSWER_TIME": "60",
    "CHECK_AVAILABLE": "N",
    "MAX_CHAT": "0",
    "TYPE_MAX_CHAT": "answered_new",
    "WATCH_TYPING": "Y",
    "OPERATOR_DATA": "profile",
    "DEFAULT_OPERATOR_DATA": [],
    "WELCOME_BOT_ENABLE": "N",
    "WELCOME_BOT_ID": "0",
    "WELCOME_BOT_JOIN": "first",
    "WELCOME_BOT_TIME": "60",
    "WELCOME_BOT_LEFT": "queue",
    "WELCOME_MESSAGE": "Y",
    "WELCOME_MESSAGE_TEXT": GREETING,
    "SEND_WELCOME_EACH_SESSION": "N",
    "NO_ANSWER_RULE": "none",
    "NO_ANSWER_TEXT": None,
    "NO_ANSWER_FORM_ID": None,
    "NO_ANSWER_BOT_ID": None,
    "WORKTIME_ENABLE": "N",
    "WORKTIME_FROM": "0",
    "WORKTIME_TO": "23.59",
    "WORKTIME_TIMEZONE": "Europe/Moscow",
    "WORKTIME_DAYOFF": [""],
    "WORKTIME_HOLIDAYS": [""],
    "WORKTIME_DAYOFF_RULE": "none",
    "WORKTIME_DAYOFF_TEXT": None,
    "WORKTIME_DAYOFF_FORM_ID": None,
    "WORKTIME_DAYOFF_BOT_ID": None,
    "AGREEMENT_MESSAGE": "N",
    "AGREEMENT_ID": "0",
    "CLOSE_RULE": "text",
    "CLOSE_TEXT": None,
    "CLOSE_FORM_ID": None,
    "CLOSE_BOT_ID": None,
    "FULL_CLOSE_TIME": "10",
    "AUTO_CLOSE_RULE": "none",
    "AUTO_CLOSE_TIME": "0",
    "AUTO_CLOSE_TEXT": None,
    "AUTO_CLOSE_FORM_ID": None,
    "AUTO_CLOSE_BOT_ID": None,
    "AUTO_EXPIRE_TIME": "86400",
    "VOTE_MESSAGE": "Y",
    "VOTE_TIME_LIMIT": "0",
    "VOTE_BEFORE_FINISH": "Y",
    "VOTE_CLOSING_DELAY": "N",
    "VOTE_MESSAGE_1_TEXT": "Пожалуйста, оцените качество обслуживания.",
    "VOTE_MESSAGE_1_LIKE": "Спасибо за оценку!",
    "VOTE_MESSAGE_1_DISLIKE": "Нам жаль, что мы не смогли помочь.",
    "VOTE_MESSAGE_2_TEXT": "Оцените качество обслуживания: отправьте 1, если хорошо, или 0.",
    "VOTE_MESSAGE_2_LIKE": "Спасибо за оценку!",
    "VOTE_MESSAGE_2_DISLIKE": "Нам жаль, что мы не смогли помочь.",
    "KPI_FIRST_ANSWER_TIME": "0",
    "KPI_FIRST_ANSWER_ALERT": "N",
    "KPI_FIRST_ANSWER_LIST": None,
    "KPI_FIRST_ANSWER_TEXT": "",
    "KPI_FURTHER_ANSWER_TIME": "0",
    "KPI_FURTHER_ANSWER_ALERT": "N",
    "KPI_FURTHER_ANSWER_LIST": None,
    "KPI_FURTHER_ANSWER_TEXT": "",
    "KPI_CHECK_OPERATOR_ACTIVITY": "N",
    "CATEGORY_ENABLE": "N",
    "CATEGORY_ID": "0",
    "SESSION_PRIORITY": "0",
    "QUICK_ANSWERS_IBLOCK_ID": "0",
    "USE_WELCOME_FORM": "N",
    "WELCOME_FORM_ID": "0",
    "WELCOME_FORM_DELAY": "Y",
    "IGNORE_WELCOME_FORM_RESPONSIBLE": "N",
    "SEND_NOTIFICATION_EMPTY_QUEUE": "N",
    "CONFIRM_CLOSE": "N",
    "TEMPORARY": "N",
    "XML_ID": None,
}


# Told by get and list.get, missing from the page of update (question 11).
DOUBTFUL = frozenset({"AGREEMENT_MESSAGE", "AGREEMENT_ID", "SEND_NOTIFICATION_EMPTY_QUEUE"})
READ_ONLY = frozenset({"XML_ID"})
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def add(state: State, params: dict[str, Any]) -> int:
    """A new line; its number."""
    line = state.next_id("line")
    config = {**DEFAULTS, "ID": str(line), "CONFIG_QUEUE": []}
    config["LINE_NAME"] = f"Открытая линия {line}"
    state.lines[line] = config
    _put(config, params)
    if "QUEUE" in params:
        config["CONFIG_QUEUE"] = members(params["QUEUE"])
    return line


def change(state: State, line: int, params: dict[str, Any]) -> None:
    """Change a line; its queue and some others only where the portal takes them (question 11)."""
    refused = READ_ONLY if state.switches.config_update_agreement else READ_ONLY | DOUBTFUL
    _put(state.lines[line], {name: params[name] for name in params if name not in refused})
    if "QUEUE" in params and state.switches.config_update_queue:
        state.lines[line]["CONFIG_QUEUE"] = members(params["QUEUE"])


def _put(config: dict[str, Any], params: dict[str, Any]) -> None:
    for name, value in params.items():
        if name in DEFAULTS:
            config[name] = WRITTEN.get(name, _kept)(value)


def _kept(value: Any) -> Any:
    """Everything single is a string over there."""
    if isinstance(value, dict):
        return {key: _kept(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_text(one) for one in value]
    return None if value is None else _text(value)


def _hour(value: Any) -> str:
    """HH:MM is kept as a number: "09:00" is "9", "18:30" is "18.3"."""
    hours, colon, minutes = str(value).partition(":")
    if not colon or not (hours + minutes).isdigit():
        return _text(value)
    return f"{int(hours)}.{minutes}".rstrip("0").rstrip(".") if int(minutes) else str(int(hours))


def _days_off(value: Any) -> list[str]:
    days = [str(one) for one in as_list(value)]
    return [day for day in WEEK if day in days] or [""]


def _holidays(value: Any) -> list[str]:
    given = value if isinstance(value, list) else str(value or "").split(",")
    return [str(one).strip() for one in given if str(one).strip()] or [""]


WRITTEN: dict[str, Callable[[Any], Any]] = {
    "WORKTIME_FROM": _hour,
    "WORKTIME_TO": _hour,
    "WORKTIME_DAYOFF": _days_off,
    "WORKTIME_HOLIDAYS": _holidays,
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return str(value)


def members(given: Any) -> list[dict[str, str]]:
    """A queue as it is kept; the old form {"U": [ids]} is read too."""
    if isinstance(given, dict) and "U" in given:
        given = [{"ENTITY_TYPE": "user", "ENTITY_ID": one} for one in as_list(given["U"])]
    rows = [as_map(one) for one in as_list(given)]
    return [
        {"ENTITY_TYPE": str(row.get("ENTITY_TYPE")), "ENTITY_ID": str(row.get("ENTITY_ID"))}
        for row in rows
        if number(row.get("ENTITY_ID"))
    ]


def shown(state: State, line: int, *, queue: bool = False) -> dict[str, Any]:
    """A line as config.get answers it."""
    config = state.lines[line]
    answer = {key: value for key, value in config.items() if key != "CONFIG_QUEUE"}
    answer |= {"DATE_CREATE": EmptyObject(), "DATE_MODIFY": EmptyObject(), "MODIFY_USER_ID": "1"}
    if queue:
        answer["QUEUE"] = [str(user) for user in openlines.queue(state, line)]
        answer["QUEUE_FULL"] = _queue_full(state, line)
        answer["QUEUE_USERS_FIELDS"] = queue_users(state, line)
        answer["QUEUE_ONLINE"] = "Y"
    return answer


def _queue_full(state: State, line: int) -> dict[str, Any]:
    return {
        str(user): {
            "ID": str(index),
            "SORT": str(index),
            "USER_ID": str(user),
            "DEPARTMENT_ID": "0",
        }
        | queue_users(state, line)[str(user)]
        for index, user in enumerate(openlines.queue(state, line))
    }


def queue_users(state: State, line: int) -> dict[str, Any]:
    """How a queue's people are shown to clients."""
    return {
        str(user): {
            "USER_NAME": state.user_name(user),
            "USER_WORK_POSITION": state.users[user].get("WORK_POSITION") or None,
            "USER_AVATAR": state.users[user].get("PERSONAL_PHOTO") or "",
            "USER_AVATAR_ID": None,
        }
        for user in openlines.queue(state, line)
    }


def connector_name(state: State, code: str) -> str:
    """Title of a connector; its code when it is gone."""
    connector = state.connectors.get(code)
    return connector.name if connector else code
