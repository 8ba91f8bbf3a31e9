"""What a portal remembers: everything in memory, behind one lock."""

import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import Faults
from sandbox.outside import Outside
from sandbox.portal.clock import Clock
from sandbox.portal.oauth import OAuthServer
from sandbox.portal.settings import PortalSettings, Switches

LOG_LENGTH = 20_000


@dataclass
class Installation:
    """The application on this portal."""

    present: bool = False
    finished: bool = False
    version: int = 1
    generation: int = 0
    status: str = "F"
    paid: bool = True
    scope: str = ""
    application_token: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    user_options: dict[int, dict[str, Any]] = field(default_factory=dict)
    seen: set[tuple[int, int]] = field(default_factory=set)  # user, version: first run is over

    @property
    def live(self) -> bool:
        """Whether widgets are drawn and events are sent."""
        return self.present and self.finished


@dataclass
class Handler:
    """An event handler bound by the application."""

    id: int
    event: str
    url: str
    auth_type: int = 0
    offline: bool = False
    connector: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Delivery:
    """An event on its way to the application, or what became of it."""

    id: int
    event: str
    url: str
    payload: dict[str, Any]
    user_id: int | None
    auth: dict[str, Any]
    status: int | None = None
    error: str = ""


@dataclass
class Placement:
    """A widget bound by the application."""

    id: int
    code: str
    handler: str
    title: str = ""
    description: str = ""
    group_name: str = ""
    lang_all: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    user_id: int = 0


@dataclass
class Frame:
    """One opened iframe of the application."""

    sid: str
    url: str
    placement: str
    options: dict[str, Any]
    user_id: int
    install: bool
    auth: dict[str, str]  # AUTH_ID, REFRESH_ID, AUTH_EXPIRES


@dataclass
class Connector:
    """A kind of channel, registered in Contact Center."""

    code: str
    name: str
    icon: dict[str, Any]
    handler: str
    icon_disabled: dict[str, Any] = field(default_factory=dict)
    own: bool = True  # of the application; False: a built-in one
    signature: bool = True
    system_messages: bool = True
    chat_group: bool = False
    edit_internal: bool = True
    delete_internal: bool = True
    delete_external: bool = True
    newsletter: bool = True


@dataclass
class LineLink:
    """A connector on a line."""

    connector: str
    line: int
    active: bool = False
    error: bool = False
    data: dict[str, str] = field(default_factory=dict)

    @property
    def configured(self) -> bool:
        """Raised by imconnector.connector.data.set."""
        return bool(self.data)

    @property
    def status(self) -> bool:
        """What imconnector.status calls STATUS."""
        return self.active and self.configured and not self.error


@dataclass
class Chat:
    """An Open Line chat of one client."""

    id: int
    connector: str
    line: int
    external_id: str
    external_user_id: str
    client_id: int
    name: str
    description: str = ""
    code_by_external: bool = False
    owner: int = 0
    members: list[int] = field(default_factory=list)
    session_id: int = 0
    crm: dict[str, int] = field(default_factory=dict)  # LEAD, DEAL, CONTACT, COMPANY
    crm_main: tuple[str, int] | None = None
    pinned_by: int = 0
    message_ids: list[int] = field(default_factory=list)

    @property
    def user_code(self) -> str:
        """The chat's entity id: connector|line|external chat|portal's user of the client."""
        tail = self.external_user_id if self.code_by_external else str(self.client_id)
        return f"{self.connector}|{self.line}|{self.external_id}|{tail}"


@dataclass
class Session:
    """One dialog in a chat, from its first message to its end."""

    id: int
    chat_id: int
    line: int
    status: str = "new"  # new, answered, closed, spam
    operator: int = 0
    parent_id: int = 0
    opened_at: float = 0
    closed_at: float | None = None
    vote: int = 0

    @property
    def closed(self) -> bool:
        """Whether a next message needs a new session."""
        return self.status in ("closed", "spam")


@dataclass
class Message:
    """A message of a chat."""

    id: int
    chat_id: int
    session_id: int
    author: int  # 0: the system
    text: str
    at: float
    files: list[int] = field(default_factory=list)
    system: bool = False
    external_ids: list[str] = field(default_factory=list)
    sending_since: float | None = None  # waits for the application's acknowledgement
    delivered_at: float | None = None
    edited: bool = False
    deleted: bool = False
    uuid: str = ""
    mark: str = ""  # what the line itself says: output (to the client), end


@dataclass
class StoredFile:
    """A file of a chat or of a timeline comment."""

    id: int
    name: str
    mime: str
    content: bytes
    author: int = 0
    chat_id: int = 0
    url: str = ""  # where it came from when it was not downloaded
    key: str = field(default_factory=lambda: secrets.token_hex(16))


class State:
    """All of one portal. Take `lock` to read several things together or to write."""

    def __init__(
        self, settings: PortalSettings, oauth: OAuthServer, outside: Outside, clock: Clock
    ) -> None:
        self.lock = threading.RLock()
        self.settings = settings
        self.oauth = oauth
        self.outside = outside
        self.clock = clock
        self.faults = Faults()
        self.switches = Switches()
        self.wake = threading.Event()  # set when there are events to deliver
        self.clear()

    def clear(self) -> None:
        """A new, empty portal."""
        self.domain = self.settings.domain
        self.old_domains: set[str] = set()
        self.installation = Installation(scope=self.settings.scope)
        self.counters: dict[str, int] = {}
        self.costs: dict[str, float] = dict(self.settings.costs)
        self._clear_people()
        self._clear_bindings()
        self._clear_lines()
        self._clear_crm()
        self._clear_logs()

    def _clear_people(self) -> None:
        self.users: dict[int, dict[str, Any]] = {}
        self.departments: dict[int, dict[str, Any]] = {}
        self.notifications: list[dict[str, Any]] = []

    def _clear_bindings(self) -> None:
        self.handlers: list[Handler] = []
        self.placements: list[Placement] = []
        self.frames: dict[str, Frame] = {}
        self.offline: list[dict[str, Any]] = []

    def _clear_lines(self) -> None:
        self.connectors: dict[str, Connector] = {}
        self.links: dict[tuple[str, int], LineLink] = {}
        self.lines: dict[int, dict[str, Any]] = {}
        self.clients: dict[tuple[str, str], int] = {}
        self.chats: dict[int, Chat] = {}
        self.chat_keys: dict[tuple[str, ...], int] = {}
        self.sessions: dict[int, Session] = {}
        self.messages: dict[int, Message] = {}
        self.files: dict[int, StoredFile] = {}

    def _clear_crm(self) -> None:
        self.items: dict[int, dict[int, dict[str, Any]]] = {1: {}, 2: {}, 3: {}, 4: {}}
        self.communications: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.communication_keys: dict[tuple[int, int], set[tuple[str, str]]] = {}
        self.categories: dict[int, dict[int, dict[str, Any]]] = {}
        self.statuses: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.log_messages: dict[int, dict[str, Any]] = {}
        self.activities: dict[int, dict[str, Any]] = {}
        self.stage_history: list[dict[str, Any]] = []
        self.triggers: dict[str, dict[str, Any]] = {}
        self.trigger_runs: list[dict[str, Any]] = []
        self.badges: dict[str, dict[str, Any]] = {}
        self.activity_types: dict[str, dict[str, Any]] = {}

    def _clear_logs(self) -> None:
        self.calls: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self.http: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self.outbox: deque[Delivery] = deque()
        self.deliveries: deque[Delivery] = deque(maxlen=LOG_LENGTH)

    def next_id(self, kind: str, first: int = 1) -> int:
        """The next number of a kind, from `first` on."""
        self.counters[kind] = max(self.counters.get(kind, first - 1), first - 1) + 1
        return self.counters[kind]

    def now(self) -> float:
        """Unix seconds of the portal's clock."""
        return self.clock.now()

    @property
    def origin(self) -> str:
        """The portal's address without a closing slash."""
        return f"{self.settings.protocol}://{self.domain}"

    @property
    def client_endpoint(self) -> str:
        """Base of the portal's REST."""
        return f"{self.origin}/rest/"

    def is_admin(self, user_id: int) -> bool:
        """Whether a user administers the portal."""
        return bool(self.users.get(user_id, {}).get("ADMIN"))

    def employees(self) -> list[dict[str, Any]]:
        """Active people of the portal; clients of Open Lines are users too, but not these."""
        return [user for user in self.users.values() if user["USER_TYPE"] == "employee"]

    def user_name(self, user_id: int) -> str:
        """First and last name."""
        user = self.users.get(user_id, {})
        return f"{user.get('NAME', '')} {user.get('LAST_NAME', '')}".strip()
