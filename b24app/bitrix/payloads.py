"""What Bitrix24 posts to us, read with limits: bracketed forms, frames and events."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from b24app.errors import Invalid

MAX_DEPTH = 8
MAX_PAIRS = 2000
MAX_BYTES = 1 << 20
MAX_KEY = 200
MAX_OPTIONS = 8192
MAX_NUMBER = 2**63 - 1

_KEY = re.compile(r"[^\[\]\x00-\x1f]+(?:\[[^\[\]\x00-\x1f]*\])*")
_PART = re.compile(r"\[([^\[\]]*)\]")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")
_MEMBER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,1000}")
_EVENT = re.compile(r"[A-Z0-9_.:]{1,100}")
_SID = re.compile(r"[A-Za-z0-9-]{0,64}")
_LANG = re.compile(r"[a-z_-]{0,8}")


def parse_form(
    pairs: Iterable[tuple[str, str]],
    max_depth: int = MAX_DEPTH,
    max_pairs: int = MAX_PAIRS,
    max_bytes: int = MAX_BYTES,
) -> dict[str, Any]:
    """The nested value that PHP's bracketed keys spell: `a[b][0]=x` is {"a": {"b": ["x"]}}.

    Keys 0..n make a list, as PHP would encode it; `a[]` appends. Only plain dicts,
    lists and strings come out.

    Raises:
        Invalid: too deep, too many, too long, or keys that contradict each other.
    """
    root: dict[str, Any] = {}
    size = 0
    for number, (key, value) in enumerate(pairs, 1):
        size += len(key) + len(value)
        if number > max_pairs or size > max_bytes:
            raise Invalid("The form is too large.", code="too_large")
        _put(root, _path(key, max_depth), _clean(value))
    return {key: _listed(value) for key, value in root.items()}


def _path(key: str, max_depth: int) -> list[str]:
    if len(key) > MAX_KEY or not _KEY.fullmatch(key):
        raise Invalid("The form has a key that is not a bracketed name.")
    name = key.partition("[")[0]
    path = [_clean(part) for part in (name, *_PART.findall(key))]
    if len(path) > max_depth:
        raise Invalid(f"The form is nested deeper than {max_depth} levels.")
    return path


def _put(root: dict[str, Any], path: list[str], value: str) -> None:
    node = root
    for part in path[:-1]:
        node = node.setdefault(part or _next_index(node), {})
        if not isinstance(node, dict):
            raise Invalid("The form gives a key both a value and parts.")
    last = path[-1] or _next_index(node)
    if last in node:
        raise Invalid("The form gives a key twice.")
    node[last] = value


def _next_index(node: dict[str, Any]) -> str:
    index = len(node)
    while str(index) in node:
        index += 1
    return str(index)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    if all(str(index) in inner for index in range(len(inner))):
        return [inner[str(index)] for index in range(len(inner))]
    return inner


def _clean(text: str) -> str:
    """Without what databases cannot keep: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Frame:
    """What Bitrix24 posts when it opens one of our places; nothing of it is proven yet.

    `domain` is lower-case and keeps a port; `protocol` is http or https.
    """

    domain: str
    protocol: str
    lang: str
    app_sid: str
    auth_id: str = field(repr=False)
    auth_expires: int
    refresh_id: str = field(repr=False)
    server_endpoint: str
    application_token: str = field(repr=False)
    application_scope: str
    member_id: str
    status: str
    placement: str
    options: dict[str, Any]

    @classmethod
    def from_request(cls, query: Mapping[str, str], form: Mapping[str, str]) -> "Frame":
        """Read an opening; keys in any case.

        Raises:
            Invalid: it is not an opening by Bitrix24; the sentence says what is missing.
        """
        asked, sent = _Fields(query), _Fields(form)
        return cls(
            domain=asked.shaped("DOMAIN", _DOMAIN, lower=True),
            protocol="http" if asked.text("PROTOCOL", 1) == "0" else "https",
            lang=asked.shaped("LANG", _LANG, required=False, lower=True) or "en",
            app_sid=asked.shaped("APP_SID", _SID, required=False),
            auth_id=sent.shaped("AUTH_ID", _TOKEN),
            auth_expires=sent.number("AUTH_EXPIRES") or 3600,
            refresh_id=sent.shaped("REFRESH_ID", _TOKEN, required=False),
            server_endpoint=sent.text("SERVER_ENDPOINT", 255),
            application_token=sent.shaped("APPLICATION_TOKEN", _TOKEN, required=False),
            application_scope=sent.text("APPLICATION_SCOPE", 500),
            member_id=sent.shaped("member_id", _MEMBER),
            status=sent.text("status", 4),
            placement=sent.text("PLACEMENT", 64).upper() or "DEFAULT",
            options=_options(sent.text("PLACEMENT_OPTIONS", MAX_OPTIONS)),
        )


@dataclass(frozen=True, slots=True)
class EventAuth:
    """Who an event says it is from; proven by `application_token` alone."""

    member_id: str
    application_token: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    user_id: int | None
    scope: str
    domain: str
    client_endpoint: str
    server_endpoint: str
    status: str


@dataclass(frozen=True, slots=True)
class PortalEvent:
    """An event as it came: `event` is upper-case, `data` is a dict, a list or a string."""

    event: str
    event_handler_id: str
    ts: int
    data: Any
    auth: EventAuth

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> "PortalEvent":
        """Read what `parse_form` made of an event's body.

        Raises:
            Invalid: it is not an event of Bitrix24.
        """
        sent = _Fields(form)
        auth = sent.value("auth")
        if not isinstance(auth, dict):
            raise Invalid("The event has no auth block.", fields={"auth": "is missing"})
        return cls(
            event=sent.shaped("event", _EVENT, upper=True),
            event_handler_id=sent.text("event_handler_id", 40),
            ts=sent.number("ts") or 0,
            data=sent.value("data", {}),
            auth=_auth(_Fields(auth)),
        )

    @property
    def fingerprint(self) -> str:
        """The same for the same event posted twice."""
        parts = (self.event, self.auth.member_id, self.data, self.ts, self.event_handler_id)
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _auth(sent: "_Fields") -> EventAuth:
    return EventAuth(
        member_id=sent.shaped("member_id", _MEMBER),
        application_token=sent.shaped("application_token", _TOKEN, required=False),
        access_token=sent.shaped("access_token", _TOKEN, required=False),
        refresh_token=sent.shaped("refresh_token", _TOKEN, required=False),
        expires_in=sent.number("expires_in") or 3600,
        user_id=sent.number("user_id"),
        scope=sent.text("scope", 500),
        domain=sent.text("domain", 255).lower(),
        client_endpoint=sent.text("client_endpoint", 512),
        server_endpoint=sent.text("server_endpoint", 255),
        status=sent.text("status", 4),
    )


class _Fields:
    """Values looked up by name in any case, with limits."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {str(key).lower(): value for key, value in values.items()}

    def value(self, name: str, default: Any = None) -> Any:
        return self._values.get(name.lower(), default)

    def text(self, name: str, limit: int) -> str:
        value = self.value(name, "")
        if not isinstance(value, str):
            raise Invalid(f"{name} is not a text.", fields={name: "is not a text"})
        if len(value) > limit:
            raise Invalid(f"{name} is too long.", fields={name: f"longer than {limit}"})
        return _clean(value).strip()

    def number(self, name: str) -> int | None:
        """A whole number, None if it is absent or none."""
        return whole(self.text(name, 20))

    def shaped(
        self,
        name: str,
        shape: re.Pattern[str],
        *,
        required: bool = True,
        lower: bool = False,
        upper: bool = False,
    ) -> str:
        text = self.text(name, 1000)
        text = text.lower() if lower else text.upper() if upper else text
        if not text and not required:
            return ""
        if not shape.fullmatch(text):
            wrong = "has characters that cannot be there" if text else "is missing"
            raise Invalid(f"{name} {wrong}.", fields={name: wrong})
        return text


def _options(text: str) -> dict[str, Any]:
    """PLACEMENT_OPTIONS, a JSON object; anything else that portals send means none."""
    try:
        options = json.loads(text, parse_constant=_no_constant) if text else {}
        json.dumps(options, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError):
        return {}
    return options if isinstance(options, dict) else {}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


# -- Events of Open Lines -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file of an operator; `url` may be relative to the portal and valid for minutes."""

    name: str
    kind: str
    mime: str
    size: int | None
    url: str


@dataclass(frozen=True, slots=True)
class LineMessage:
    """A message of an Open Line on its way to the client.

    Args:
        chat_id: the external chat, ours.
        user_id: who wrote it; 0 is Bitrix24 itself, None is not said.
        message_ids: external ids of the message it changes or deletes.
    """

    connector: str
    line_id: int
    chat_id: str
    im_chat_id: int | None
    im_message_id: int | None
    user_id: int | None
    text: str
    files: tuple[LineFile, ...]
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DialogNews:
    """A session of an Open Line began or ended; either chat id may be missing or the other's."""

    connector: str
    line_id: int | None
    session_id: int | None
    parent_id: int | None
    closed: bool
    chat_ids: tuple[str, ...]
    user_id: int | None


def line_messages(event: PortalEvent) -> list[LineMessage]:
    """The messages that ONIMCONNECTORMESSAGEADD, …UPDATE and …DELETE carry."""
    data = _mapping(event.data)
    line_id = whole(_get(data, "LINE"))
    if line_id is None:
        raise Invalid("The event names no Open Line.", fields={"LINE": "is missing"})
    found = _get(data, "MESSAGES")
    items = _items(found if found not in (None, "") else _get(data, "DATA"))
    return [_line_message(item, connector(_get(data, "CONNECTOR")), line_id) for item in items]


def dialog_news(event: PortalEvent) -> list[DialogNews]:
    """The sessions that …DIALOGSTART, …DIALOGFINISH, ONSESSIONSTART and …FINISH carry."""
    data = _mapping(event.data)
    closed = event.event.endswith("FINISH")
    return [_news(item, data, closed) for item in _items(_get(data, "DATA"))]


def line_status(event: PortalEvent) -> tuple[str, int | None]:
    """Connector and line that ONIMCONNECTORSTATUSDELETE tells of."""
    data = _mapping(event.data)
    return connector(_get(data, "CONNECTOR")), whole(_get(data, "LINE"))


def removed_line(event: PortalEvent) -> int | None:
    """The line that ONIMCONNECTORLINEDELETE tells of; its data is a bare number."""
    if isinstance(event.data, dict):
        return whole(_get(event.data, "LINE", "LINE_ID", "ID"))
    return whole(event.data[0] if isinstance(event.data, list) and event.data else event.data)


def item_id(event: PortalEvent) -> int | None:
    """The CRM item or user that an event is about."""
    data = _mapping(event.data)
    return whole(_get(_mapping(_get(data, "FIELDS")), "ID")) or whole(_get(data, "ID"))


def wants_clean(event: PortalEvent) -> bool:
    """Whether an uninstalling administrator asked to delete the application's data."""
    return str(_get(_mapping(event.data), "CLEAN") or "").upper() in ("1", "Y", "TRUE")


def connector(value: Any) -> str:
    """A connector's code as it is compared: Bitrix24 keeps it in lower case."""
    return str(value or "").lower()[:64] if isinstance(value, str | int) else ""


def whole(value: Any) -> int | None:
    """A whole number in any of the shapes that Bitrix24 sends; None if it is none."""
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, str | int) else ""
    if not re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII) or abs(int(text)) > MAX_NUMBER:
        return None
    return int(text)


def _line_message(item: dict[str, Any], code: str, line_id: int) -> LineMessage:
    im, message = _mapping(_get(item, "im")), _mapping(_get(item, "message"))
    return LineMessage(
        connector=code,
        line_id=line_id,
        chat_id=_name(_get(_mapping(_get(item, "chat")), "id", "chat_id")),
        im_chat_id=whole(_get(im, "chat_id")),
        im_message_id=whole(_get(im, "message_id")),
        user_id=whole(_get(message, "user_id")),
        text=_string(_get(message, "text")),
        files=tuple(line_file(one) for one in _items(_get(message, "files"))),
        message_ids=_names(_get(message, "id")),
    )


def _news(item: dict[str, Any], data: dict[str, Any], closed: bool) -> DialogNews:
    link, session = _mapping(_get(item, "connector")), _mapping(_get(item, "session"))
    chat = _mapping(_get(item, "chat"))
    chat_ids = (_get(link, "chat_id"), _get(chat, "id"), _get(chat, "chat_id"))
    line = _get(link, "line_id") or _get(_mapping(_get(item, "line")), "id") or _get(data, "LINE")
    said = _get(session, "closed")
    return DialogNews(
        connector=connector(_get(link, "connector_id") or _get(data, "CONNECTOR")),
        line_id=whole(line),
        session_id=whole(_get(session, "id")),
        parent_id=whole(_get(session, "parent_id")),
        closed=str(said).upper() in ("Y", "1") if said not in (None, "") else closed,
        chat_ids=tuple(dict.fromkeys(name for name in map(_name, chat_ids) if name)),
        user_id=whole(_get(_mapping(_get(item, "user")), "id")),
    )


def line_file(item: dict[str, Any]) -> LineFile:
    """A file as events and logs of Open Lines tell of it."""
    return LineFile(
        name=_string(_get(item, "name"))[:255],
        kind=_string(_get(item, "type"))[:20],
        mime=_string(_get(item, "mime"))[:100],
        size=whole(_get(item, "size")),
        url=_string(_get(item, "downloadLink", "urlDownload") or _get(item, "link"))[:2000],
    )


def _get(values: dict[str, Any], *names: str) -> Any:
    """The first of `names` that is there, in any case."""
    lower: dict[str, Any] = {key.lower(): value for key, value in values.items()}
    return next((lower[name.lower()] for name in names if name.lower() in lower), None)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, of PHP's numbered map, or one bare object."""
    if isinstance(value, dict):
        numbered = bool(value) and all(key.isdecimal() for key in value)
        value = list(value.values()) if numbered else [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _names(value: Any) -> tuple[str, ...]:
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        values = value.values()
    return tuple(name for name in map(_name, values) if name)


def _name(value: Any) -> str:
    return str(value)[:240] if isinstance(value, str | int) else ""


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
