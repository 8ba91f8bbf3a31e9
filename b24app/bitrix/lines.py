"""Dialogs of Open Lines: calls of operators, and what a chat looks like over there.

Source: apidocs.bitrix24.com/api-reference/imopenlines/openlines, …/chats/messages
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from b24app.bitrix.batch import safe_text
from b24app.bitrix.payloads import LineFile, line_file, whole
from b24app.rules import bbcode
from b24app.values import Call

SESSION_PART = 5  # the sixth part of entity_data_1
PAGE = 50  # messages that im.dialog.messages.get gives at most
LINES_PAGE = 200  # lines that config.list.get gives at most
# What a message of the line itself is, by the class that its params name.
MARKS = {
    "bx-messenger-content-item-ol-output": "output",
    "bx-messenger-content-item-ol-start": "start",
    "bx-messenger-content-item-ol-end": "end",
    "bx-messenger-content-item-system": "system",
}


@dataclass(frozen=True, slots=True)
class Dialog:
    """An Open Line chat. `owner_id` 0: nobody took it; CRM ids None: not linked."""

    chat_id: int
    owner_id: int
    manager_ids: tuple[int, ...]
    user_code: str
    connector: str
    line_id: int | None
    external_chat_id: str
    session_id: int | None
    last_message_id: int | None
    lead_id: int | None = None
    deal_id: int | None = None
    contact_id: int | None = None
    company_id: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a chat over there.

    `mids` are the external ids it has: given by us, or acknowledged by us. author 0 is
    Bitrix24 itself; `file_ids` name entries of Told.files; `mark` is one of MARKS or "".
    """

    message_id: int
    author_id: int
    at: datetime | None
    text: str
    mids: tuple[str, ...]
    file_ids: tuple[int, ...] = ()
    mark: str = ""
    edited: bool = False
    deleted: bool = False

    @property
    def for_client(self) -> bool:
        """Whether a connector has to carry it, if its author is not the client.

        Of what the line says itself only greetings and the like are: it marks them.
        """
        return self.mark == "output" if self.author_id == 0 else self.mark != "system"


@dataclass(frozen=True, slots=True)
class Told:
    """A chat's messages, oldest first; `client_ids` are users that are clients."""

    chat_id: int | None
    session_id: int | None
    messages: tuple[Said, ...]
    client_ids: frozenset[int]
    files: Mapping[int, Mapping[str, Any]]

    @property
    def mids(self) -> frozenset[str]:
        """Every external id that the chat shows: what is here has arrived."""
        return frozenset(mid for said in self.messages for mid in said.mids)

    @property
    def replies(self) -> tuple[Said, ...]:
        """What was said to the client there."""
        return tuple(
            one for one in self.messages if one.for_client and one.author_id not in self.client_ids
        )

    def files_of(self, said: Said) -> tuple[LineFile, ...]:
        """The files of one of its messages; their addresses live for minutes."""
        known = (self.files.get(number) for number in said.file_ids)
        return tuple(line_file(dict(one)) for one in known if one)

    @property
    def ended(self) -> bool | None:
        """Whether its end is the last of it; False: it went on after one; None: it shows none."""
        marks = [one.mark for one in self.messages if one.author_id or one.mark in ("start", "end")]
        return marks[-1] == "end" if "end" in marks else None


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    name: str
    active: bool
    operator_ids: tuple[int, ...]


def operator_answer(chat_id: int, key: str = "") -> Call:
    """The token's employee takes the dialog."""
    return Call("imopenlines.operator.answer", {"CHAT_ID": chat_id}, key)


def operator_finish(chat_id: int, key: str = "") -> Call:
    """The token's employee closes their own dialog."""
    return Call("imopenlines.operator.finish", {"CHAT_ID": chat_id}, key)


def another_finish(chat_id: int, key: str = "") -> Call:
    """Close a dialog whoever has it."""
    return Call("imopenlines.operator.another.finish", {"CHAT_ID": chat_id}, key)


def transfer(chat_id: int, user_id: int, key: str = "") -> Call:
    """The dialog goes to another employee."""
    params = {"CHAT_ID": chat_id, "TRANSFER_ID": user_id}
    return Call("imopenlines.operator.transfer", params, key)


def intercept(chat_id: int, key: str = "") -> Call:
    """The token's employee takes a dialog from its operator."""
    return Call("imopenlines.session.intercept", {"CHAT_ID": chat_id}, key)


def join(chat_id: int, key: str = "") -> Call:
    """The token's employee comes into a colleague's dialog."""
    return Call("imopenlines.session.join", {"CHAT_ID": chat_id}, key)


def session_start(chat_id: int, key: str = "") -> Call:
    return Call("imopenlines.session.start", {"CHAT_ID": chat_id}, key)


def dialog_get(
    *,
    chat_id: int | None = None,
    session_id: int | None = None,
    user_code: str | None = None,
    key: str = "",
) -> Call:
    asked = {"CHAT_ID": chat_id, "SESSION_ID": session_id, "USER_CODE": user_code}
    return Call("imopenlines.dialog.get", _given(asked), key)


def history_get(
    *, session_id: int | None = None, chat_id: int | None = None, key: str = ""
) -> Call:
    """By session: somebody who is not in the chat may ask that; by chat they may not."""
    asked = {"SESSION_ID": session_id, "CHAT_ID": chat_id}
    return Call("imopenlines.session.history.get", _given(asked), key)


def messages_get(chat_id: int, before: int | None = None, key: str = "") -> Call:
    """A page of a chat, its last one or the one before a message; for who is in the chat.

    Pages go back: asked for what is newer than a message that is gone, it answers nothing.
    """
    asked = {"DIALOG_ID": f"chat{chat_id}", "LAST_ID": before, "LIMIT": PAGE}
    return Call("im.dialog.messages.get", _given(asked), key)


def im_message_add(chat_id: int, text: str, *, system: bool = False, key: str = "") -> Call:
    """The token's employee writes into the chat; a `system` line does not reach the client."""
    params = {"DIALOG_ID": f"chat{chat_id}", "MESSAGE": safe_text(bbcode.escaped(text))}
    return Call("im.message.add", params | ({"SYSTEM": "Y"} if system else {}), key)


def config_list(offset: int = 0, key: str = "") -> Call:
    """A page of the portal's Open Lines with their operators, oldest first."""
    params = {
        "select": ["ID", "LINE_NAME", "ACTIVE"],
        "order": {"ID": "ASC"},
        "limit": LINES_PAGE,
        "offset": offset,
    }
    return Call("imopenlines.config.list.get", {"PARAMS": params, "OPTIONS": {"QUEUE": "Y"}}, key)


def config_add(name: str, user_id: int, key: str = "") -> Call:
    """A new line that works at once: its only operator is `user_id`, it makes leads."""
    params = {
        "LINE_NAME": name,
        "ACTIVE": "Y",
        "QUEUE": [{"ENTITY_TYPE": "user", "ENTITY_ID": str(user_id)}],
        "QUEUE_TYPE": "all",
        "CRM": "Y",
        "CRM_CREATE": "lead",
        "CRM_CREATE_SECOND": "N",
    }
    return Call("imopenlines.config.add", {"PARAMS": params}, key)


def config_switch_on(line_id: int, key: str = "") -> Call:
    """A line that was switched off works again."""
    return Call("imopenlines.config.update", {"CONFIG_ID": line_id, "PARAMS": {"ACTIVE": "Y"}}, key)


def read_lines(result: Any) -> list[Line]:
    return [
        Line(
            id=number,
            name=str(told.get("LINE_NAME") or f"#{number}")[:200],
            active=str(told.get("ACTIVE")).upper() == "Y",
            operator_ids=_ids(told.get("QUEUE")),
        )
        for told in _objects(result)
        if (number := whole(told.get("ID"))) is not None
    ]


def read_dialog(result: Any) -> Dialog | None:
    """The chat that dialog.get answered; None if there is none."""
    told = _mapping(result)
    chat_id = whole(told.get("id"))
    if chat_id is None:
        return None
    code = str(told.get("entity_id") or "")
    connector, line, external = ([*code.split("|"), "", "", ""])[:3]
    linked = _pairs(str(told.get("entity_data_2") or ""))
    return Dialog(
        chat_id=chat_id,
        owner_id=whole(told.get("owner")) or 0,
        manager_ids=_ids(told.get("manager_list")),
        user_code=code,
        connector=connector.lower(),
        line_id=whole(line),
        external_chat_id=external,
        session_id=_session(str(told.get("entity_data_1") or "")),
        last_message_id=whole(told.get("last_message_id")),
        lead_id=linked.get("LEAD"),
        deal_id=linked.get("DEAL"),
        contact_id=linked.get("CONTACT"),
        company_id=linked.get("COMPANY"),
    )


def read_history(result: Any) -> Told:
    """What session.history.get answered."""
    told = _mapping(result)
    messages = _objects(told.get("message") or told.get("messages"))
    return Told(
        chat_id=whole(told.get("chatId")),
        session_id=whole(told.get("sessionId")),
        messages=_ordered(_said(one, "senderid") for one in messages),
        client_ids=_clients(_objects(told.get("users"))),
        files=_files(told.get("files")),
    )


def read_messages(result: Any) -> Told:
    """What im.dialog.messages.get answered; it tells no session."""
    told = _mapping(result)
    return Told(
        chat_id=whole(told.get("chat_id")),
        session_id=None,
        messages=_ordered(_said(one, "author_id") for one in _objects(told.get("messages"))),
        client_ids=_clients(_objects(told.get("users"))),
        files=_files(told.get("files")),
    )


def joined(parts: Iterable[Told]) -> Told:
    """Several readings of one chat as one; each message once."""
    known = list(parts)
    messages = {one.message_id: one for part in known for one in part.messages}
    return Told(
        chat_id=next((part.chat_id for part in known if part.chat_id), None),
        session_id=next((part.session_id for part in known if part.session_id), None),
        messages=_ordered(messages.values()),
        client_ids=frozenset().union(*(part.client_ids for part in known)),
        files={number: file for part in known for number, file in part.files.items()},
    )


def read_message_id(result: Any) -> int | None:
    """The id that im.message.add or im.v2.File.upload gave."""
    return whole(_mapping(result).get("messageId")) or whole(result)


def _said(told: Mapping[str, Any], author: str) -> Said | None:
    number = whole(told.get("id"))
    if number is None:
        return None
    params = {key.lower().replace("_", ""): value for key, value in _params(told).items()}
    return Said(
        message_id=number,
        author_id=whole(told.get(author)) or 0,
        at=_moment(told.get("date")),
        text=str(told.get("text") or ""),
        mids=_names(params.get("connectormid")),
        file_ids=_ids(params.get("fileid")),
        mark=MARKS.get(str(params.get("class") or ""), ""),
        edited=_yes(params.get("isedited")),
        deleted=_yes(params.get("isdeleted")),
    )


def _ordered(found: Iterable[Said | None]) -> tuple[Said, ...]:
    return tuple(sorted(filter(None, found), key=lambda said: said.message_id))


def _clients(users: Iterator[Mapping[str, Any]]) -> frozenset[int]:
    known = (
        whole(user.get("id"))
        for user in users
        if user.get("connector") is True
        or "imconnector" in (user.get("external_auth_id"), user.get("externalAuthId"))
    )
    return frozenset(number for number in known if number is not None)


def _files(value: Any) -> dict[int, Mapping[str, Any]]:
    return {
        number: told for told in _objects(value) if (number := whole(told.get("id"))) is not None
    }


def _params(told: Mapping[str, Any]) -> dict[str, Any]:
    return _mapping(told.get("params"))  # PHP writes none as []


def _pairs(text: str) -> dict[str, int]:
    parts = text.split("|")
    found = {name: whole(number) for name, number in zip(parts[::2], parts[1::2], strict=False)}
    return {name: number for name, number in found.items() if number}


def _session(text: str) -> int | None:
    parts = text.split("|")
    return (whole(parts[SESSION_PART]) or None) if len(parts) > SESSION_PART else None


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        value = list(value.values())
    values = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in values if isinstance(one, str | int) and one != "")


def _ids(value: Any) -> tuple[int, ...]:
    found = (whole(one) for one in _names(value))
    return tuple(number for number in found if number)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list or of PHP's map by id."""
    values = value.values() if isinstance(value, dict) else value
    return (one for one in values or () if isinstance(one, dict))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _yes(value: Any) -> bool:
    return value is True or str(value).upper() == "Y"


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
