"""Viber bots, by the REST bot API.

Source: developers.viber.com/docs/api/rest-bot-api.
"""

import hmac
import json
import os.path
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal

import requests
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic import Field as Limited

from b24app import http
from b24app.channels import base
from b24app.channels.base import Adapter, Field, Part, json_object, plain
from b24app.channels.pieces import pieces, units
from b24app.errors import ChannelError, Denied, Invalid, TooLarge
from b24app.i18n import N_
from b24app.values import (
    Blocked,
    Connected,
    Fetched,
    FileKind,
    HookCall,
    Incoming,
    OutFile,
    Outgoing,
    Parsed,
    Person,
    Profile,
    Receipt,
    RemoteFile,
    Sent,
    Skipped,
)

SIGNATURE = "x-viber-content-signature"
EVENTS = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")
TEXT_LIMIT = 7000
CAPTION_LIMIT = 768
SENDER_LIMIT = 28
CALL_LIMIT = 30_000  # bytes of one call
FILE_NAME_LIMIT = 256
MB = 1 << 20
FETCH_LIMIT = 200 * MB
URL_MAX = 1000
TEXT_MAX = 20_000
LAST_MS = 253_402_300_799_000
RETRY_SECONDS = 10.0
# How Viber takes a file, by its type: the kind and the most bytes; all else is a file.
TAKEN: dict[str, tuple[str, int]] = {
    "image/jpeg": ("picture", MB),
    "image/png": ("picture", MB),
    "image/gif": ("picture", MB),
    "video/mp4": ("video", 26 * MB),
}
TOKEN_GONE = N_("Viber does not know this token any more. Reconnect the bot.")
HELD = N_("Viber has blocked or suspended this bot. Write to Viber's support.")
MOVED = N_("Viber gives this bot's messages to another address. Reconnect the bot.")
NOT_SUBSCRIBED = N_("The client has not written to this bot yet or has left it.")
# What a status says: our code and words.
STATUSES: dict[int, tuple[str, str]] = {
    1: (base.REJECTED, N_("Viber cannot reach our address: it must be https with a valid name.")),
    2: (base.UNAUTHORIZED, TOKEN_GONE),
    3: (base.REJECTED, "Viber refused this: {words}."),
    4: (base.REJECTED, "Viber refused this: {words}."),
    5: (base.RECIPIENT_GONE, N_("The client is no longer in Viber.")),
    6: (base.RECIPIENT_GONE, NOT_SUBSCRIBED),
    7: (base.UNAUTHORIZED, HELD),
    8: (base.UNAUTHORIZED, TOKEN_GONE),
    9: (base.UNAUTHORIZED, HELD),
    10: (base.MOVED, MOVED),
    11: (base.REJECTED, N_("The client's Viber is too old for messages of bots.")),
    12: (base.RATE_LIMITED, N_("Viber asks to wait.")),
    13: (base.REJECTED, N_("The client's Viber is too old for messages of bots.")),
    15: (base.UNAUTHORIZED, N_("Viber has not approved this bot.")),
    21: (base.REJECTED, N_("Viber does not let this bot write to clients of that country.")),
    23: (base.UNAUTHORIZED, N_("The free messages of this bot are used up. See Viber's cabinet.")),
    24: (base.UNAUTHORIZED, N_("There is no money left on this bot's account at Viber.")),
}
OTHER_STATUS = (base.REJECTED, "Viber refused this: {words}.")

Text = Annotated[str, AfterValidator(lambda text: plain(text, TEXT_MAX))]
Name = Annotated[str, AfterValidator(lambda text: plain(text, 200))]
Id = Annotated[str, Limited(max_length=100), AfterValidator(lambda text: plain(text, 100))]
Ms = Annotated[int, Limited(ge=0, le=LAST_MS)]


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else None


class Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class User(Model):
    id: Id
    name: Name = ""
    avatar: Text | None = None
    language: Name | None = None


class Place(Model):
    lat: Annotated[float, Limited(ge=-90, le=90)]
    lon: Annotated[float, Limited(ge=-180, le=180)]


class Card(Model):
    name: Name = ""
    phone_number: Name = ""


class Message(Model):
    type: Name = ""
    text: Text | None = None
    media: Text | None = None
    location: Place | None = None
    contact: Annotated[Card | None, BeforeValidator(_object)] = None
    file_name: Name | None = None
    file_size: Annotated[int, Limited(ge=0, lt=2**53)] | None = None
    duration: int | None = None
    sticker_id: Id | None = None


class Event(Model):
    event: Name
    timestamp: Ms = 0
    message_token: Id = ""
    sender: User | None = None
    user: User | None = None
    user_id: Id = ""
    message: Message | None = None
    desc: Text = ""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    body: Mapping[str, Any]


class Refused(ChannelError):
    """Viber answered with a status that is not 0."""


class Viber(Adapter):
    kind = "viber"
    title = "Viber"
    fields = (
        Field(
            "token",
            "Bot token",
            "secret",
            required=True,
            help="In the bot's settings in Viber or at partners.viber.com.",
        ),
        Field(
            "welcome",
            "Welcome",
            help="A client who opens the chat for the first time sees it; empty: nothing.",
        ),
    )
    steps = (
        N_("Order a bot from Viber or from a partner of Viber: since 2024 bots are paid for."),
        N_("Open the bot's page at partners.viber.com and copy its token."),
        N_("Put the token below and press “Connect”: the address for messages is set by itself."),
    )
    text_limit = TEXT_LIMIT
    caption_limit = CAPTION_LIMIT
    file_limit = 50 * MB
    has_receipts = True
    # Nobody can be asked about a lost answer; that it was delivered is told by itself.
    echo = timedelta(minutes=2)
    tells = (Incoming, Receipt, Blocked, Profile, Skipped)
    server_setting = "viber_api_url"
    official_server = "https://chatapi.viber.com"

    def connect(self, expected: str = "") -> Connected:
        found = bot(self._known())
        if expected and found.external_id != expected:
            raise Invalid(fields={"token": f"This token is of another bot, {found.name}."})
        return found

    def listen(self) -> None:
        self._call("set_webhook", url=self.account.hook_url, event_types=EVENTS, send_name=True)

    def disconnect(self) -> None:
        self._call("set_webhook", url="")

    def check(self) -> None:
        if self._call("get_account_info").get("webhook") != self.account.hook_url:
            raise ChannelError(MOVED, code=base.MOVED, permanent=True)

    def greeting(self, call: HookCall) -> str | None:
        if b'"webhook"' not in call.body or json_object(call.body).get("event") != "webhook":
            return None
        self.verify(call)
        return ""

    def verify(self, call: HookCall) -> None:
        right = hmac.new(self._token.encode(), call.body, sha256).hexdigest()
        given = call.headers.get(SIGNATURE, "")
        if not self._token or not hmac.compare_digest(given.encode(), right.encode()):
            raise Denied("The signature is not made with this bot's token.")

    def provider_id(self, call: HookCall) -> str:
        event = read(call.body)
        if not event.message_token:
            raise Invalid("The call has no token.")
        return f"{event.event[:40]}:{event.message_token}:{chat(event)}"[:200]

    def lane(self, call: HookCall) -> str:
        return chat(read(call.body))[:80]

    def parse(self, call: HookCall) -> list[Parsed]:
        return parsed(read(call.body))

    def answer(self, call: HookCall) -> dict[str, Any] | None:
        """The welcome, if somebody opened the chat who has not written yet."""
        words = str(self.account.settings.get("welcome", "")).strip()
        event = json_object(call.body)
        if not words or event.get("event") != "conversation_started" or event.get("subscribed"):
            return None
        return {"sender": self._sender, "type": "text", "text": words[:TEXT_LIMIT]}

    def parts(self, outgoing: Outgoing) -> Sequence[Part]:
        self.check_files(outgoing)
        return parts(outgoing)

    def send_part(self, part: Part) -> Sent:
        content = body(part)
        told = {"receiver": part.chat_id, "min_api_version": 1, "sender": self._sender}
        return sent(self._call("send_message", **told, **content))

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        """Viber does not let bots change what they sent."""

    def delete(self, chat_id: str, message_id: str) -> None:
        """Viber does not let bots take back what they sent."""

    def typing(self, chat_id: str) -> None:
        """Viber does not show that a bot types."""

    def fetch(self, file: RemoteFile) -> Fetched:
        try:
            fetched = http.download(file.remote_id, FETCH_LIMIT, self.session)
        except TooLarge:
            raise ChannelError(
                f"The file is larger than {FETCH_LIMIT >> 20} MB.",
                code=base.TOO_LARGE,
                permanent=True,
            ) from None
        except requests.RequestException:
            raise ChannelError("Viber did not give the file.") from None
        return replace(fetched, name=file.name or fetched.name, mime=file.mime or fetched.mime)

    def _known(self) -> dict[str, Any]:
        try:
            return self._call("get_account_info")
        except Refused as error:
            if error.code != base.UNAUTHORIZED:
                raise
            raise Invalid(
                fields={"token": "Viber does not know this token. Copy it once more."}
            ) from None

    @property
    def _sender(self) -> dict[str, str]:
        name = str(self.account.settings.get("name", "")) or self.title
        return {"name": name[:SENDER_LIMIT]}

    def _call(self, method: str, **words: Any) -> dict[str, Any]:
        return call(self.session, self.server, self._token, Request(method, words))

    @property
    def _token(self) -> str:
        return str(self.account.settings.get("token", ""))


def call(session: requests.Session, server: str, token: str, request: Request) -> dict[str, Any]:
    """Make a call; the object in its answer.

    Raises:
        ChannelError: see base.py for codes.
    """
    raw = json.dumps(dict(request.body), ensure_ascii=False).encode()
    if len(raw) > CALL_LIMIT:
        raise ChannelError(
            "This message is too long for Viber.", code=base.TOO_LARGE, permanent=True
        )
    headers = {"X-Viber-Auth-Token": token, "Content-Type": "application/json"}
    try:
        answer = session.post(
            f"{server}/pa/{request.method}", data=raw, headers=headers, allow_redirects=False
        )
    except requests.RequestException as error:
        raise lost(http.never_sent(error)) from None
    return result(answer.status_code, answer.content)


def result(status: int, body: bytes) -> dict[str, Any]:
    """What an answer says; errors come with HTTP 200 and a status of Viber's own."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise lost(False) from None
    if not isinstance(answer, dict) or status >= 500:
        raise lost(False)
    code = answer.get("status")
    if status == 200 and code == 0:
        return answer
    if not isinstance(code, int) or isinstance(code, bool):
        raise lost(False)
    raise refusal(code, plain(str(answer.get("status_message", "")), 300))


def refusal(number: int, words: str) -> ChannelError:
    code, message = STATUSES.get(number, OTHER_STATUS)
    limited = code == base.RATE_LIMITED
    return Refused(
        message.format(words=words.rstrip(".") or number),
        code=code,
        permanent=not limited,
        retry_after=RETRY_SECONDS if limited else None,
    )


def lost(never_sent: bool) -> ChannelError:
    """No answer that could be understood."""
    if never_sent:
        return ChannelError("Viber cannot be reached.", code=base.UNREACHABLE)
    return ChannelError("Viber did not answer properly.", code=base.UNANSWERED, unknown=True)


def bot(about: Mapping[str, Any]) -> Connected:
    """The account that an answer to get_account_info describes."""
    found = about.get("id")
    if not isinstance(found, str) or not found:
        raise lost(False)
    name, uri = (plain(str(about.get(key) or ""), 100) for key in ("name", "uri"))
    link = f"viber://pa?chatURI={uri}" if uri else ""
    return Connected(plain(found, 200), name or uri, link, {"name": name})


def sent(answer: Mapping[str, Any]) -> Sent:
    token = answer.get("message_token")
    if not isinstance(token, str | int) or not 0 < len(str(token)) <= 100:
        raise lost(False)
    return Sent((str(token),))


def parts(outgoing: Outgoing) -> Sequence[Part]:
    """Texts, then files one by one; a short text goes with a picture that comes first."""
    files = outgoing.files
    together = bool(files) and _captions(outgoing.text, files[0])
    texts = [] if together else pieces(outgoing.text, TEXT_LIMIT)
    bodies: list[tuple[str, tuple[OutFile, ...]]] = [(text, ()) for text in texts]
    bodies += [("", (file,)) for file in files]
    if together:
        bodies[0] = (outgoing.text.strip(), (files[0],))
    return [
        Part(
            outgoing.chat_id,
            f"{outgoing.uuid}:{number}",
            text,
            sending,
            None if number else outgoing.quote_id,
        )
        for number, (text, sending) in enumerate(bodies)
    ]


def _captions(text: str, file: OutFile) -> bool:
    return 0 < units(text.strip()) <= CAPTION_LIMIT and kind_of(file) == "picture"


def kind_of(file: OutFile) -> str:
    """picture, video or file, as Viber would take it."""
    kind, most = TAKEN.get(file.mime, ("file", 0))
    return kind if file.size <= most and file.kind != "document" else "file"


def body(part: Part) -> dict[str, Any]:
    """The part of a call that depends on what is sent. Viber fetches files by itself.

    Raises:
        ChannelError: the file has no address.
    """
    if not part.files:
        return {"type": "text", "text": part.text}
    file = part.files[0]
    if not file.url:
        raise ChannelError(
            "Viber cannot get this file from us.", code=base.REJECTED, permanent=True
        )
    kind = kind_of(file)
    if kind == "picture":
        return {"type": kind, "text": part.text, "media": file.url}
    found: dict[str, Any] = {"type": kind, "media": file.url, "size": file.size}
    return found if kind == "video" else {**found, "file_name": _file_name(file.name)}


def _file_name(name: str) -> str:
    """A name that is not too long and keeps its ending."""
    stem, ending = os.path.splitext(name)
    return stem[: FILE_NAME_LIMIT - len(ending)] + ending[:FILE_NAME_LIMIT]


def read(body: bytes) -> Event:
    """An event; Invalid if it is none."""
    given = json_object(body)
    try:
        return Event.model_validate(given)
    except (ValidationError, RecursionError):
        pass
    try:  # broken inside: what it is and whose it is may still be told
        bare = {name: given[name] for name in BARE if name in given}
        bare["message"] = {"type": _word(_in(given, "message", "type"))}
        return Event.model_validate({**bare, "sender": _bare_sender(given)})
    except (ValidationError, RecursionError):
        raise Invalid("This is no event of Viber.") from None


BARE = ("event", "timestamp", "message_token", "user_id")


def _bare_sender(given: Mapping[str, Any]) -> Any:
    found = _in(given, "sender", "id") or _in(given, "user", "id")
    return None if found is None else {"id": found}


def _in(given: Mapping[str, Any], outer: str, inner: str) -> Any:
    held = given.get(outer)
    return held.get(inner) if isinstance(held, dict) else None


def chat(event: Event) -> str:
    """The chat that an event is about: a client's id."""
    who = event.sender or event.user
    return who.id if who else event.user_id


def parsed(event: Event) -> list[Parsed]:
    tell = TELL.get(event.event)
    if tell is None:
        return [Skipped(f"event_{_word(event.event)}")]
    if not chat(event):
        return [Skipped("nobody_named")]
    return [tell(event)]


def _message(event: Event) -> Parsed:
    message = event.message or Message()
    files = _files(event, message)
    return Incoming(
        chat_id=chat(event),
        message_id=event.message_token,
        sent_at=_moment(event),
        person=_person(event),
        text=_words(message) or ("" if files else f"[{_word(message.type)}]"),
        files=files,
    )


def _words(message: Message) -> str:
    if message.location:
        place = message.location
        return f"📍 https://maps.google.com/maps?q={place.lat},{place.lon}"
    if message.contact:
        return f"👤 {message.contact.name} {message.contact.phone_number}".strip()
    if message.type == "sticker" and not message.media:
        return f"[sticker {message.sticker_id or ''}]".replace(" ]", "]")
    if message.type == "url" or (message.type in FILES and not _address(message)):
        return "\n".join(part for part in (message.text, message.media) if part)
    return message.text or ""


FILES: dict[str, tuple[FileKind, str, str]] = {
    "picture": ("image", "photo.jpg", "image/jpeg"),
    "video": ("video", "video.mp4", "video/mp4"),
    "file": ("document", "document", ""),
    "sticker": ("sticker", "sticker.png", "image/png"),
}


def _files(event: Event, message: Message) -> tuple[RemoteFile, ...]:
    if message.type not in FILES or not (url := _address(message)):
        return ()
    kind, name, mime = FILES[message.type]
    seconds = message.duration
    lasts = seconds if seconds is not None and 0 <= seconds < 2**31 else None
    return (RemoteFile(kind, url, message.file_name or name, mime, message.file_size, lasts),)


def _address(message: Message) -> str:
    """Where the file of a message is; one that is too long to keep is told as words."""
    url = message.media or ""
    return url if url.startswith(("https://", "http://")) and len(url) <= URL_MAX else ""


def _person(event: Event) -> Person:
    who = event.sender or event.user or User(id=event.user_id)
    avatar = who.avatar or ""
    return Person(
        external_id=who.id,
        name=who.name,
        avatar_url=avatar[:URL_MAX] if avatar.startswith("https://") else "",
        language=(who.language or "")[:16],
    )


def _receipt(state: Literal["delivered", "read", "failed"]) -> Callable[[Event], Parsed]:
    def told(event: Event) -> Parsed:
        words = f"Viber refused this: {event.desc.rstrip('.')}." if event.desc else ""
        failed = state == "failed"
        return Receipt(
            chat(event), event.message_token, state, _moment(event), words[:500] if failed else ""
        )

    return told


TELL: dict[str, Callable[[Event], Parsed]] = {
    "message": _message,
    "delivered": _receipt("delivered"),
    "seen": _receipt("read"),
    "failed": _receipt("failed"),
    "subscribed": lambda event: Blocked(chat(event), False),
    "unsubscribed": lambda event: Blocked(chat(event), True),
    "conversation_started": lambda event: Profile(chat(event), _person(event)),
}


def _moment(event: Event) -> datetime:
    return datetime.fromtimestamp(event.timestamp / 1000, UTC)


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    kept = "".join(one for one in text if one.isascii() and (one.isalnum() or one in "_-"))
    return kept[:40] or "unknown"
