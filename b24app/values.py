"""What crosses floors: frozen values, no behaviour beyond their own fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Literal

Direction = Literal["in", "out", "system"]
Origin = Literal["channel", "workplace", "line", "device", "bot", "system"]
FileKind = Literal["image", "document", "voice", "audio", "video", "sticker"]
AddressKind = Literal["phone", "username", "email"]


@dataclass(frozen=True, slots=True)
class HookCall:
    """A call of a messenger exactly as it came; `headers` keys are lower-case.

    received_at is by our clock: for messengers that do not say when something was said.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who writes, as the messenger describes them; empty strings for what it does not say."""

    external_id: str
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    phone: str = ""
    email: str = ""
    avatar_url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where on a site the client writes from."""

    page_url: str = ""
    page_title: str = ""
    referrer: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file the messenger holds; `remote_id` is what Adapter.fetch understands."""

    kind: FileKind
    remote_id: str
    name: str = ""
    mime: str = ""
    size: int | None = None
    duration_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Words laid out in one way: characters `start` to `end` of a text.

    kind: b, i, u, s (bold, italic, underlined, struck out) or code.
    """

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """One utterance of a client, parsed.

    chat_id and message_id are the messenger's own; together with the channel they
    are unique. album_id joins several calls into one message with several files.
    memo: what the messenger needs to answer this chat; comes back in Outgoing.
    """

    chat_id: str
    message_id: str
    sent_at: datetime
    person: Person
    text: str = ""
    files: tuple[RemoteFile, ...] = ()
    quote_id: str | None = None
    quote_text: str = ""
    album_id: str | None = None
    visit: Visit | None = None
    from_device: bool = False  # written by us in the messenger's own application
    memo: Mapping[str, str] = field(default_factory=dict)
    html: str = ""  # the same words as they were laid out, sanitised
    spans: tuple[Span, ...] = ()  # how parts of `text` were laid out
    automatic: bool = False  # a machine answers; it opens no chat and is not answered
    as_request: Mapping[str, str] | None = None  # fields of the offline request it is


@dataclass(frozen=True, slots=True)
class Edited:
    chat_id: str
    message_id: str
    text: str
    edited_at: datetime
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Deleted:
    chat_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message of ours moved; message_id None: everything sent up to `at`.

    Args:
        error, code: why it failed, in words and as ChannelError.code.
        uuid: the part's own, where the messenger gives it back: a send whose answer was
            lost is known by it.
    """

    chat_id: str
    message_id: str | None
    state: Literal["sent", "delivered", "read", "failed"]
    at: datetime
    error: str = ""
    code: str = ""
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class Typing:
    chat_id: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A client told who they are (contact form, shared own phone) without an utterance."""

    chat_id: str
    person: Person


@dataclass(frozen=True, slots=True)
class Blocked:
    """A client stopped or restarted the bot."""

    chat_id: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Reacted:
    """A client put an emoji to a message; empty: took it away."""

    chat_id: str
    message_id: str
    emoji: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something a call told that is not shown to people: it is counted under its reason."""

    reason: str


Parsed = Incoming | Edited | Deleted | Receipt | Typing | Profile | Blocked | Reacted | Skipped


@dataclass(frozen=True, slots=True)
class Address:
    """Where to find somebody: a phone in E.164, a nickname without @, an e-mail in lower case."""

    kind: AddressKind
    value: str


@dataclass(frozen=True, slots=True)
class Found:
    """Who is behind an address, and the chat in which one writes to them."""

    chat_id: str
    person: Person
    memo: Mapping[str, str] = field(default_factory=dict)  # as of an Incoming


@dataclass(frozen=True, slots=True)
class Template:
    """A message that the messenger has to approve before it may be sent.

    Args:
        status: only `approved` ones can be sent; `pending`, `rejected`, `paused`.
        body: its words; `{{1}}` or `{{name}}` stand for variables.
        variables: what stands between the braces, in order; `header_variable` apart.
        header: what stands above the words: "", `text`, `image`, `video`, `document`.
        buttons: what is written on its buttons.
    """

    name: str
    language: str
    status: Literal["approved", "pending", "rejected", "paused"]
    body: str
    variables: tuple[str, ...] = ()
    category: str = ""
    header: Literal["", "text", "image", "video", "document"] = ""
    header_text: str = ""
    header_variable: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """A template ready to send; a header's picture, video or document is the message's file.

    Args:
        values: one for each variable of the body, in order.
        header_value: for the variable in a header of text.
        variables, header_variable: what these are called, for messengers that name them.
    """

    name: str
    language: str
    values: tuple[str, ...] = ()
    header_value: str = ""
    variables: tuple[str, ...] = ()
    header_variable: str = ""


@dataclass(frozen=True, slots=True)
class OutFile:
    """A file to send; `open` gives a fresh binary stream each time.

    url: where a messenger that fetches files by itself may get it; "": nowhere.
    """

    kind: FileKind
    name: str
    mime: str
    size: int
    open: Callable[[], BinaryIO]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What to send to one chat; `uuid` is ours and stays the same in every try."""

    chat_id: str
    uuid: str
    text: str = ""
    files: tuple[OutFile, ...] = ()
    quote_id: str | None = None
    author_name: str = ""
    spans: tuple[Span, ...] = ()  # how parts of `text` are laid out
    template: Filled | None = None  # `text` then says what the client will read
    memo: Mapping[str, str] = field(default_factory=dict)  # of the chat's newest Incoming


@dataclass(frozen=True, slots=True)
class Sent:
    """The messenger took it; one outgoing message may have become several.

    chat_id: what the messenger itself calls the chat, if that is not what we called it.
    """

    message_ids: tuple[str, ...]
    sent_at: datetime | None = None
    chat_id: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A call that we fetched ourselves; `after` is the bookmark behind it.

    call: None if only the bookmark moves.
    """

    call: HookCall | None
    after: str


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account as an adapter sees it.

    `settings` are decrypted; `secret` is ours, for verifying inbound calls.
    """

    channel_id: int
    settings: Mapping[str, Any]
    hook_url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Connected:
    """What connecting found out.

    Args:
        external_id: the account at the messenger; one account connects once per portal.
        link: where a client may write, for people; may be empty.
        settings: more settings to keep beside those given.
    """

    external_id: str
    name: str
    link: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What an administrator does next to connect an account.

    Args:
        text: English, marked by N_.
        state: comes back among the settings of the next `connect`; kept encrypted.
        fields: what to ask for (`base.Field`); their answers come back the same way.
        picture: a data URI to show.
        again_seconds: ask again by itself so often; None: when the form is sent.
    """

    text: str
    state: Mapping[str, str]
    fields: tuple[Any, ...] = ()
    picture: str = ""
    again_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file brought from a messenger; the caller closes the stream."""

    stream: BinaryIO
    name: str = ""
    mime: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One REST call to Bitrix24; `key` names it inside a batch and in `$result[key]`."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
