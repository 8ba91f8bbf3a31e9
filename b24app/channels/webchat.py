"""The widget on a site: our own messenger, so sending is keeping.

The widget brings what a visitor does to the hook address as JSON; what we answer
reaches it as news (Event rows), which whoever keeps the message writes. Files are
put into our store before the message that names them.
"""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer

from b24app.channels.base import Adapter, Field, Part, json_object, plain
from b24app.errors import ChannelError, Invalid, Stranger
from b24app.i18n import N_
from b24app.rules import hours, zones
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
DELAY_MAX = 3600
ASKED = N_("In the form before the first message and in the one outside working hours.")
NEED = (
    ("optional", N_("May be filled in")),
    ("required", N_("Must be filled in")),
    ("off", N_("Not asked")),
)
TYPES = ("message", "typing", "delivered", "read", "profile")


class Webchat(Adapter):
    kind = "webchat"
    title = "Site widget"
    fields = (
        Field("title", "Title", help="Stands at the top of the window.", group=N_("How it looks")),
        Field("greeting", "Greeting", help="The first line a visitor reads."),
        Field(
            "greeting_delay",
            "Greet after, seconds",
            help="The greeting comes forward once by itself; empty: only when the chat is opened.",
        ),
        Field("color", "Colour", default="#2fc6f6", help="Like #2fc6f6."),
        Field(
            "position",
            "Corner",
            "choice",
            help="Where the button stands.",
            default="right",
            options=(("right", N_("Right bottom corner")), ("left", N_("Left bottom corner"))),
        ),
        Field("button", "Words on the button", help="Empty: a round button with a picture."),
        Field(
            "lang",
            "Language",
            "choice",
            help="Of the window; a page may also ask for its own with ?lang=en in the address.",
            options=(("", N_("As the visitor's browser")), ("ru", "Русский"), ("en", "English")),
        ),
        Field(
            "sites",
            "Sites",
            "list",
            group=N_("Where it stands"),
            help="Addresses of the sites it may stand on, one a line; empty: any.",
        ),
        Field(
            "consent_text",
            "Consent",
            help="Asked before the first message; empty: not asked.",
            group=N_("What it asks"),
        ),
        Field("consent_url", "Consent document", "url", help="Opens from the consent line."),
        Field(
            "contact_form",
            "Ask who writes",
            "bool",
            help="Before the first message, by the fields below.",
        ),
        Field("ask_name", "Visitor's name", "choice", False, ASKED, "optional", NEED),
        Field(
            "ask_phone", "Visitor's phone", "choice", help=ASKED, default="optional", options=NEED
        ),
        Field(
            "ask_email", "Visitor's e-mail", "choice", help=ASKED, default="optional", options=NEED
        ),
        Field(
            "hours",
            "Working hours",
            "hours",
            group=N_("When somebody answers"),
            help="Like mon-fri 09:00-18:00, a line for each; empty: always.",
        ),
        Field(
            "zone",
            "Time zone",
            "zone",
            help="Of the working hours, like Europe/Moscow; empty: UTC.",
        ),
        Field(
            "away_text",
            "Outside working hours",
            help="Said above a form; what is left in it becomes an offline request.",
        ),
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
        if wrong := wrong_looks(settings):
            raise Invalid(fields=wrong)
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


def wrong_looks(settings: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with an administrator's settings, by the field."""
    checks = {
        "color": _wrong_color,
        "greeting_delay": _wrong_delay,
        "sites": _wrong_sites,
        "hours": _wrong_hours,
        "zone": _wrong_zone,
    }
    wrong = {name: check(settings.get(name) or "") for name, check in checks.items()}
    if settings.get("hours") and {settings.get(name) for name in ("ask_phone", "ask_email")} == {
        "off"
    }:
        wrong["ask_email"] = N_("Ask for a phone or an e-mail: else nobody can be answered.")
    return {name: words for name, words in wrong.items() if words}


def _wrong_color(color: str) -> str:
    fits = not color or COLOR.fullmatch(color)
    return "" if fits else N_("This is not a colour like #2fc6f6.")


def _wrong_delay(delay: str) -> str:
    fits = not delay or (delay.isdecimal() and int(delay) <= DELAY_MAX)
    return "" if fits else N_("This is not a number of seconds from 0 to 3600.")


def _wrong_sites(sites: Iterable[str]) -> str:
    try:
        for site in sites:
            site_host(site)
    except Invalid as error:
        return error.fields["sites"]
    return ""


def _wrong_hours(lines: Iterable[str]) -> str:
    try:
        hours.read(list(lines))
    except ValueError:
        return N_("Write hours like mon-fri 09:00-18:00, a line for each.")
    return ""


def _wrong_zone(name: str) -> str:
    fits = not name or zones.known(name)
    return "" if fits else N_("There is no such time zone: write it like Europe/Moscow.")


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
    if kind in ("delivered", "read"):
        return [Receipt(visitor, None, kind, at)]
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
