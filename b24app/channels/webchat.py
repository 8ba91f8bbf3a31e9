"""The widget on a site: our own messenger, so sending is keeping.

The widget brings what a visitor does to the hook address as JSON; what we answer
reaches it as news (Event rows), which whoever keeps the message writes. Files are
put into our store before the message that names them.
"""

import re
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer

from b24app.channels.base import Adapter, Field, Part, json_object, plain
from b24app.errors import ChannelError, Invalid, Stranger
from b24app.i18n import N_
from b24app.values import (
    Connected,
    Fetched,
    HookCall,
    Incoming,
    Parsed,
    Person,
    Profile,
    Receipt,
    RemoteFile,
    Sent,
    Typing,
    Visit,
)

UUID = re.compile(r"[0-9A-Za-z-]{8,64}")
VISITOR = re.compile(r"[0-9a-f]{32}")
ATTACHMENT = re.compile(r"[0-9]{1,18}")
HOST = re.compile(r"[\w.:-]+")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
TEXT_MAX = 4000  # of a visitor
REPLY_MAX = 40_000  # ours: more than an employee may write at once
NAME_MAX = 100
PHONE_MAX = 32
EMAIL_MAX = 200
URL_MAX = 1000
UTM_MAX = 200
FILES_MAX = 10
TYPES = ("message", "typing", "read", "profile")


class Webchat(Adapter):
    kind = "webchat"
    title = "Site widget"
    fields = (
        Field("title", "Title", help="Stands at the top of the window."),
        Field("greeting", "Greeting", help="The first line a visitor reads."),
        Field("color", "Colour", default="#2fc6f6", help="Like #2fc6f6."),
        Field("lang", "Language", help="ru or en; empty: as the visitor's browser."),
        Field(
            "sites",
            "Sites",
            "list",
            help="Addresses of the sites it may stand on, one a line; empty: any.",
        ),
        Field("consent_text", "Consent", help="Asked before the first message; empty: not asked."),
        Field(
            "contact_form", "Ask for a name and a phone", "bool", help="Before the first message."
        ),
        Field("consent_url", "Consent document", "url", help="Opens from the consent line."),
    )
    steps = (
        N_("Choose how the chat looks and what it asks: the preview shows what visitors see."),
        N_("Press “Connect”: the channel gets a line of code of its own."),
        N_("Put this line before </body> on every page of the site."),
    )
    text_limit = REPLY_MAX
    caption_limit = REPLY_MAX
    file_limit = 20 << 20
    can_edit = True
    can_delete = True
    has_receipts = True
    has_typing = True
    has_widget = True
    reached_by = ("phone", "email")
    tells = (Incoming, Typing, Receipt, Profile)

    def connect(self, expected: str = "") -> Connected:
        settings = self.account.settings
        check_look(str(settings.get("color", "")), str(settings.get("lang", "")))
        for site in settings.get("sites", ()):
            site_host(site)
        return Connected(
            external_id=sha256(self.account.secret.encode()).hexdigest()[:32],
            name=str(settings.get("title", "")) or self.title,
        )

    def disconnect(self) -> None:
        """Nothing is registered anywhere."""

    def check(self) -> None:
        """It lives here: if this runs, it works."""

    def verify(self, call: HookCall) -> None:
        self._visitor(json_object(call.body))

    def provider_id(self, call: HookCall) -> str:
        """The visitor with the call's uuid, so that nobody uses up another's."""
        body = json_object(call.body)
        return f"{self._visitor(body)}:{_uuid(body)}"

    def lane(self, call: HookCall) -> str:
        return self._visitor(json_object(call.body))

    def allows_origin(self, origin: str) -> bool:
        """A site's own host, and hosts below it."""
        sites = self.account.settings.get("sites") or ()
        host = host_of(origin)
        return bool(host) and (not sites or stands_on(sites, host))

    def parse(self, call: HookCall) -> list[Parsed]:
        body = json_object(call.body)
        if call.received_at is None:
            raise Invalid("A visitor's call says no time; when it was received must be known.")
        try:
            visitor = self._visitor(body)
        except Stranger as error:
            raise Invalid(error.message) from None
        return _told(visitor, body, call.received_at)

    def send_part(self, part: Part) -> Sent:
        return Sent((part.uuid,))

    def find_part(self, part: Part, newest: str, known: Collection[str]) -> Sent | None:
        """Sending is keeping: done twice it changes nothing."""
        return None

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        """The widget hears of it by news."""

    def delete(self, chat_id: str, message_id: str) -> None:
        """The widget hears of it by news."""

    def typing(self, chat_id: str) -> None:
        """The widget hears of it by news."""

    def fetch(self, file: RemoteFile) -> Fetched:
        raise ChannelError("A visitor's files are in our store already.", permanent=True)

    def _visitor(self, body: dict[str, Any]) -> str:
        token = body.get("visitor")
        return visitor_of(token if isinstance(token, str) else "", self.account.secret)


def new_visitor(secret: str) -> str:
    """A token for somebody who has not been here before."""
    return mint_visitor(secrets.token_hex(16), secret)


def mint_visitor(visitor: str, secret: str) -> str:
    """The token by which a browser shows who it is; it does not expire, for a talk goes on."""
    token = URLSafeSerializer(secret, salt="visitor").dumps(visitor)
    return token if isinstance(token, str) else token.decode()


def visitor_of(token: str, secret: str) -> str:
    """The visitor that a token names.

    Raises:
        Stranger: the token is not ours, or of another channel.
    """
    try:
        visitor = URLSafeSerializer(secret, salt="visitor").loads(token)
    except (BadData, ValueError):
        visitor = None
    if not isinstance(visitor, str) or not VISITOR.fullmatch(visitor):
        raise Stranger("This visitor is not known here.")
    return visitor


def read_visit(page: Any) -> Visit | None:
    """The page that a visitor writes from; None if nothing of it makes sense."""
    if not isinstance(page, dict):
        return None
    utm = page.get("utm")
    visit = Visit(
        page_url=_address(page.get("url")),
        page_title=_said(page.get("title"), UTM_MAX),
        referrer=_address(page.get("referrer")),
        utm=_utm(utm) if isinstance(utm, dict) else {},
    )
    return visit if visit != Visit() else None


def check_look(color: str, lang: str) -> None:
    wrong = {}
    if color and not COLOR.fullmatch(color):
        wrong["color"] = N_("This is not a colour like #2fc6f6.")
    if lang not in ("", "ru", "en"):
        wrong["lang"] = N_("Choose ru or en, or leave it empty.")
    if wrong:
        raise Invalid(fields=wrong)


def site_host(site: str) -> str:
    """The host in an administrator's line: `shop.example` or `https://shop.example/any`."""
    host = host_of(site if "//" in site else f"https://{site}")
    if not host:
        raise Invalid(fields={"sites": f"“{site}” is not the address of a site."})
    return host


def host_of(address: str) -> str:
    """The host of an http address, without its port; empty if there is none."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    return host if parts.scheme in ("http", "https") and HOST.fullmatch(host) else ""


def stands_on(sites: Iterable[str], host: str) -> bool:
    """Is this the host of one of the sites, or below it?"""
    hosts = [site_host(site) for site in sites]
    return any(host == own or host.endswith(f".{own}") for own in hosts)


def _told(visitor: str, body: dict[str, Any], at: datetime) -> list[Parsed]:
    kind = body.get("type")
    if kind not in TYPES:
        raise Invalid("A visitor's call has no known type.")
    if kind == "typing":
        return [Typing(visitor)]
    if kind == "read":
        return [Receipt(visitor, None, "read", at)]
    person = _person(visitor, body)
    if kind == "profile":
        return [Profile(visitor, person)]
    return [_message(visitor, body, person, at)]


def _message(visitor: str, body: dict[str, Any], person: Person, at: datetime) -> Incoming:
    text, files = _said(body.get("text"), TEXT_MAX), _files(body.get("files"))
    if not text and not files:
        raise Invalid("There is nothing in this message.")
    return Incoming(
        chat_id=visitor,
        message_id=_uuid(body),
        sent_at=at,
        person=person,
        text=text,
        files=files,
        visit=read_visit(body.get("page")),
    )


def _person(visitor: str, body: dict[str, Any]) -> Person:
    return Person(
        external_id=visitor,
        name=_said(body.get("name"), NAME_MAX),
        phone=_said(body.get("phone"), PHONE_MAX),
        email=_said(body.get("email"), EMAIL_MAX),
        language=_said(body.get("lang"), 16),
    )


def _files(given: Any) -> tuple[RemoteFile, ...]:
    """Uploads that the message names, as `attachment:<id>`; our store knows the rest."""
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > FILES_MAX:
        raise Invalid(f"A message has at most {FILES_MAX} files.")
    for name in given:
        if not isinstance(name, str) or not ATTACHMENT.fullmatch(name):
            raise Invalid("A file of this message was never uploaded.")
    return tuple(RemoteFile("document", f"attachment:{name}") for name in dict.fromkeys(given))


def _uuid(body: dict[str, Any]) -> str:
    uuid = body.get("uuid")
    if not isinstance(uuid, str) or not UUID.fullmatch(uuid):
        raise Invalid("The call has no uuid.")
    return uuid


def _utm(given: dict[Any, Any]) -> dict[str, str]:
    """Only the five known marks; their names come with or without `utm_`."""
    found = {}
    for name in UTM:
        value = _said(given.get(name) or given.get(name.removeprefix("utm_")), UTM_MAX)
        if value:
            found[name] = value
    return found


def _address(given: Any) -> str:
    """An http address; anything else (javascript:, data:) is dropped."""
    text = _said(given, URL_MAX)
    return text if text.startswith(("http://", "https://")) else ""


def _said(given: Any, limit: int) -> str:
    return plain(given, limit).strip() if isinstance(given, str) else ""
