"""The contract between the product and a messenger.

A talker is three things: make the request (pure), send it, read the answer (pure).
An adapter keeps nothing between calls, never sleeps and never tries again: it says
what happened, and the worker decides when to come back.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as kept
from datetime import timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

import requests

from b24app.config import Config
from b24app.errors import ChannelError, Invalid
from b24app.i18n import N_
from b24app.values import (
    Account,
    Address,
    AddressKind,
    Brought,
    Connected,
    Fetched,
    Filled,
    Found,
    HookCall,
    OutFile,
    Outgoing,
    Parsed,
    RemoteFile,
    Sent,
    Span,
    Step,
    Template,
)

# ChannelError.code, what it means and whether it is permanent:
UNAUTHORIZED = "unauthorized"  # the account needs attention: its token is refused; permanent
MOVED = "moved"  # the account needs attention: somebody else receives its messages; permanent
RECIPIENT_GONE = "recipient_gone"  # the client blocked us or is no more; permanent
TOO_LARGE = "too_large"  # more than the messenger takes or gives; permanent
REJECTED = "rejected"  # the messenger says this message is impossible; permanent
RATE_LIMITED = "rate_limited"  # come back after `retry_after`; it was not carried out
UNREACHABLE = "unreachable"  # no connection was made, so it was not carried out
UNANSWERED = "unanswered"  # it may have been carried out: `unknown` is set
WINDOW_OVER = "window_closed"  # the client wrote too long ago for free words; permanent
UNKNOWN_OUTCOME = "unknown_outcome"  # it may have been carried out and nobody can tell; permanent
NEEDS_ATTENTION = frozenset({UNAUTHORIZED, MOVED})

FIELD_LENGTH = 2000
LIST_LENGTH = 50
FieldType = Literal["text", "secret", "url", "list", "bool", "choice", "hours", "zone"]


@dataclass(frozen=True, slots=True)
class Field:
    """A line of the form that connects an account; `label` and `help` are English.

    options: of a choice: what is kept and its English words; the words are marked by N_.
    group: the heading that this line and those after it stand under, marked by N_.
    """

    name: str
    label: str
    type: FieldType = "text"
    required: bool = False
    help: str = ""
    default: str = ""
    options: tuple[tuple[str, str], ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What goes to the messenger in one call; `uuid` stays the same in every try."""

    chat_id: str
    uuid: str
    text: str = ""
    files: tuple[OutFile, ...] = ()
    quote_id: str | None = None
    template: Filled | None = None
    memo: Mapping[str, str] = kept(default_factory=dict)
    spans: tuple[Span, ...] = ()


class PartlySent(ChannelError):
    """Some parts of a message went, then one failed; `cause` says how.

    Args:
        done: parts that went; `Adapter.send(outgoing, done)` sends the rest.
        sent: the messenger's ids of what went.
    """

    def __init__(self, cause: ChannelError, done: int, sent: tuple[str, ...]) -> None:
        super().__init__(
            cause.message,
            code=cause.code,
            permanent=cause.permanent,
            retry_after=cause.retry_after,
            unknown=cause.unknown,
        )
        self.done = done
        self.sent = sent


class _Settings:
    config: Config | None = None


def configure(config: Config) -> None:
    """Called once at the start: where the servers of messengers are."""
    _Settings.config = config


class Adapter(ABC):
    """One connected account of one kind of messenger.

    kind: name in the database and the API ("telegram").
    title: name for people ("Telegram bot").
    fields: the form that connects an account.
    steps: what an administrator does to get what the form asks for, in order, marked by N_.
    text_limit: most characters of one text; a longer one becomes several parts.
    caption_limit: most characters of a text that goes with a file; 0: never together.
    file_limit: most bytes of a file that we send.
    file_types: what files it takes, as `image/*` or `application/pdf`; empty: any.
    can_quote: a reply shows at the client which message it answers.
    can_edit, can_delete: what we sent can be changed or taken back.
    has_receipts: the messenger tells `delivered` or `read`.
    has_typing: the messenger shows that an operator types.
    has_widget: it lives on a site by a line of script.
    renames: a client's chat may be called otherwise one day; `Person.external_id` stays.
    tells_of_reading: the client sees that we read what they wrote.
    echo: how long the messenger may take to tell of a message whose answer was lost.
    polls: it does not call us; the worker asks `collect` again and again.
    stays: a connection is kept open: one worker holds it (`stay`, `leave`) and asks `collect`.
    hidden: settings beside those of the form that never leave us.
    files_in_calls: files lie in the calls they came with: `unpack` instead of `fetch`.
    vouches_for: addresses of a client that the messenger knows to be theirs, not only typed.
    family: kinds of one family call a person by the same number; "": a number means nothing.
    reached_by: by what addresses an operator looks for a client in it.
    found_by: those of them by which `resolve` finds somebody who never wrote here.
    asks_to_find: `resolve` asks the messenger, so it is called in a job.
    window: free words may be sent so long after the client's last ones; None: always.
    has_templates: outside the window, and to who never wrote, a template is sent.
    tells: the kinds of news that `parse` gives.
    server_setting, official_server: the setting that moves its server, and the real one.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    steps: ClassVar[tuple[str, ...]] = ()
    text_limit: ClassVar[int]
    caption_limit: ClassVar[int] = 0
    file_limit: ClassVar[int]
    file_types: ClassVar[tuple[str, ...]] = ()
    can_quote: ClassVar[bool] = False
    can_edit: ClassVar[bool] = False
    can_delete: ClassVar[bool] = False
    has_receipts: ClassVar[bool] = False
    has_typing: ClassVar[bool] = False
    has_widget: ClassVar[bool] = False
    renames: ClassVar[bool] = False
    tells_of_reading: ClassVar[bool] = False
    echo: ClassVar[timedelta | None] = None
    polls: ClassVar[bool] = False
    stays: ClassVar[bool] = False
    hidden: ClassVar[tuple[str, ...]] = ()
    files_in_calls: ClassVar[bool] = False
    vouches_for: ClassVar[tuple[AddressKind, ...]] = ()
    family: ClassVar[str] = ""
    reached_by: ClassVar[tuple[AddressKind, ...]] = ("phone",)
    found_by: ClassVar[tuple[AddressKind, ...]] = ()
    asks_to_find: ClassVar[bool] = False
    window: ClassVar[timedelta | None] = None
    has_templates: ClassVar[bool] = False
    tells: ClassVar[tuple[type[Parsed], ...]]
    server_setting: ClassVar[str] = ""
    official_server: ClassVar[str] = ""

    def __init__(self, account: Account, session: requests.Session) -> None:
        self.account = account
        self.session = session

    @property
    def server(self) -> str:
        return str(getattr(_Settings.config, self.server_setting, self.official_server))

    @abstractmethod
    def connect(self, expected: str = "") -> Connected | Step:
        """Check the settings at the messenger; it may ask it to call `account.hook_url`.

        A Step: more is needed; its state and the answers are settings of the next call.

        Called when an administrator connects or reconnects an account, outside of any
        transaction; twice is harmless. `account.channel_id` is 0 for a new one.
        Args:
            expected: external id of the account that is reconnected; "": any.
        Raises:
            Invalid: the messenger refuses a setting, or it is another account's; `fields`
                says which. Nothing was changed at the messenger.
            ChannelError: it cannot be reached or cannot call us back.
        """

    def listen(self) -> None:  # noqa: B027 (most messengers need no second step)
        """Ask the messenger to call `account.hook_url`, where it finds us by now.

        Called after `connect`, when the account is kept: for messengers that try the
        address before they agree. Twice is harmless.
        Raises:
            Invalid, ChannelError: as `connect`.
        """

    def greeting(self, call: HookCall) -> str | None:
        """The answer to a call that only tries whether we are here; None: it tells something.

        Called before `verify`.
        Raises:
            Denied: it does not come from the messenger.
        """
        return None

    def answer(self, call: HookCall) -> dict[str, Any] | None:
        """What the messenger hears to a call that was kept; None: only that it was. Pure."""
        return None

    @abstractmethod
    def disconnect(self) -> None:
        """Ask the messenger to call us no more.

        Called when an administrator disconnects or deletes the account, and when the
        portal uninstalls us. Nothing to undo is success.
        Raises:
            ChannelError: the caller notes it and goes on.
        """

    @abstractmethod
    def check(self) -> None:
        """Return if messages can come in and go out.

        Called every few minutes and by the administrator's button.
        Raises:
            ChannelError: its words tell the administrator what is wrong and what to do.
        """

    @abstractmethod
    def verify(self, call: HookCall) -> None:
        """Return if the call really comes from the messenger (or from our visitor).

        Called first for every call, before anything is kept. Secrets are compared in
        constant time.
        Raises:
            Denied: it does not.
            Stranger: it shows a token that is not ours.
            Invalid: there is nothing to judge: the body is no JSON.
        """

    @abstractmethod
    def provider_id(self, call: HookCall) -> str:
        """What the messenger repeats when it repeats a call; unique within the account.

        Called after `verify`; at most 200 characters.
        Raises:
            Invalid: the call has none.
        """

    def collect(self, after: str) -> Iterator[Brought]:
        """What came since the bookmark, oldest first. Called only if `polls` or `stays`.

        Each call is kept, and the bookmark with it, before the next one is asked for.
        Args:
            after: the bookmark behind the last call that was kept; "": the beginning that
                `connect` noted.
        Raises:
            ChannelError: as `check`.
        """
        yield from ()

    def stay(self) -> None:
        """Open the connection that this process holds. Called only if `stays`.

        Raises:
            ChannelError: as `check`.
        """
        return

    def leave(self) -> None:
        """Let go of the connection. Called only if `stays`; nothing to let go is success."""
        return

    def collected(self, calls: Sequence[HookCall]) -> None:
        """What was brought is safe with us. Called only if `polls`.

        Raises:
            ChannelError: the caller ignores it.
        """
        return

    def lane(self, call: HookCall) -> str:
        """The chat this call is about: calls of one chat are understood in order.

        Called after `verify`. Empty: in order with all others of the account.
        """
        return ""

    def allows_origin(self, origin: str) -> bool:
        """May a page of this origin (`https://shop.example`) call us from a browser?"""
        return False

    @abstractmethod
    def parse(self, call: HookCall) -> list[Parsed]:
        """Everything that a kept call tells; what is not for us is `Skipped`. Pure.

        Called in the worker, maybe twice, maybe days later (replay).
        Raises:
            Invalid: it makes no sense; the arrival is marked so and never tried again.
        """

    def parts(self, outgoing: Outgoing) -> Sequence[Part]:
        """The calls that a message takes, in order. Pure: the same message, the same parts.

        Called before sending. A caller who notes after each part how many went can go on
        after a failure or a crash without doubling what went.
        Raises:
            ChannelError: permanent; it can never be sent (nothing in it, a file too large).
        """
        self.check_files(outgoing)
        return [
            Part(
                outgoing.chat_id,
                outgoing.uuid,
                outgoing.text,
                outgoing.files,
                outgoing.quote_id,
                outgoing.template,
                outgoing.memo,
            )
        ]

    @abstractmethod
    def send_part(self, part: Part) -> Sent:
        """Send one part; the ids of the messages it became.

        Called once for each part. After an `unknown` failure `find_part` is asked first.
        Raises:
            ChannelError: permanent, retry_after or unknown; else surely not carried out.
        """

    def find_part(self, part: Part, newest: str, known: Collection[str]) -> Sent | None:
        """Look whether a part went whose answer was lost; None: surely not, send it.

        Called before a part is tried again, outside of any transaction.
        Args:
            newest: id of the newest message in the account when the part was tried; may be "".
            known: ids in the account that are other messages.
        Raises:
            ChannelError: UNKNOWN_OUTCOME if the messenger has no way to tell.
        """
        raise ChannelError(
            f"{self.title} does not say whether this message arrived.",
            code=UNKNOWN_OUTCOME,
            permanent=True,
        )

    def send(self, outgoing: Outgoing, done: int = 0) -> Sent:
        """Send a message, but for its first `done` parts; all ids of what went now.

        Raises:
            PartlySent: a part failed after others went; says how many went.
            ChannelError: as `parts` and `send_part`.
        """
        ids: tuple[str, ...] = ()
        sent = Sent(())
        for number, part in enumerate(self.parts(outgoing)[done:], start=done):
            try:
                sent = self.send_part(part)
            except ChannelError as error:
                if number == 0:
                    raise
                raise PartlySent(error, number, ids) from error
            ids += sent.message_ids
        return Sent(ids, sent.sent_at, sent.chat_id)

    @abstractmethod
    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        """Change the words of a message we sent. Called only if `can_edit`.

        Raises:
            ChannelError: it cannot be changed (too old, deleted).
        """

    @abstractmethod
    def delete(self, chat_id: str, message_id: str) -> None:
        """Take back a message we sent; one that is gone already is success.

        Called only if `can_delete`.
        Raises:
            ChannelError: it cannot be taken back.
        """

    @abstractmethod
    def typing(self, chat_id: str) -> None:
        """Show that an operator types. Called only if `has_typing`, at most every few seconds.

        Raises:
            ChannelError: the caller ignores it.
        """

    def mark_read(self, chat_id: str, message_id: str) -> None:
        """Show the client that their messages were read up to one. Only if `tells_of_reading`.

        Raises:
            ChannelError: the caller ignores it if it is permanent.
        """
        raise ChannelError(f"{self.title} tells nobody of reading.", code=REJECTED, permanent=True)

    def resolve(self, address: Address) -> Found | None:
        """Who is behind an address that is not known in this account; None: nobody.

        Called only with addresses that `found_by` names, outside of any transaction, in a
        job if `asks_to_find`. Asking again later is harmless and may find somebody else.
        Raises:
            ChannelError: it cannot be told now; `retry_after` says when to ask again.
        """
        raise ChannelError(f"{self.title} does not look anybody up.", code=REJECTED, permanent=True)

    def templates(self) -> Sequence[Template]:
        """All templates of the account. Called in a job, only if `has_templates`.

        Raises:
            ChannelError: they cannot be told now.
        """
        return ()

    @abstractmethod
    def fetch(self, file: RemoteFile) -> Fetched:
        """Bring a file that a client sent; the caller closes the stream.

        Called in the worker soon after the message, since messengers forget.
        Raises:
            ChannelError: permanent if it can never be brought (too large, forgotten).
        """

    def unpack(self, call: HookCall, file: RemoteFile) -> Fetched:
        """Take a file out of the call it came with. Called only if `files_in_calls`.

        Raises:
            ChannelError: permanent; it is not there.
        """
        raise ChannelError("There is no such file.", code=REJECTED, permanent=True)

    def check_files(self, outgoing: Outgoing) -> None:
        """Refuse an empty message and files that are too large."""
        if not outgoing.text.strip() and not outgoing.files:
            raise ChannelError("There is nothing in this message.", code=REJECTED, permanent=True)
        for file in outgoing.files:
            if file.size > self.file_limit:
                raise ChannelError(
                    f"“{file.name}” is larger than {self.file_limit >> 20} MB: "
                    f"{self.title} does not take it.",
                    code=TOO_LARGE,
                    permanent=True,
                )


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; Invalid if it is anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Invalid("The body is not a JSON object.")
    return found


def plain(text: str, limit: int) -> str:
    """Text that every database keeps: no NUL, no half of a surrogate pair, not too long."""
    whole = text.replace("\x00", "").encode("utf-16-le", "surrogatepass")
    return whole.decode("utf-16-le", "replace")[:limit]


def cleaned(fields: Sequence[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that fit the form; an empty secret is left out.

    Raises:
        Invalid: `fields` says what is wrong with each.
    """
    wrong = {name: N_("There is no such setting.") for name in given if name not in _names(fields)}
    settings: dict[str, Any] = {}
    for field in fields:
        try:
            settings[field.name] = _read(field, given.get(field.name) or field.default)
        except ValueError as error:
            wrong[field.name] = str(error)
        if field.required and not settings.get(field.name) and field.name not in wrong:
            wrong[field.name] = N_("This is required.")
    if wrong:
        raise Invalid(fields=wrong)
    secret = {field.name for field in fields if field.type == "secret"}
    return {name: value for name, value in settings.items() if value or name not in secret}


def _names(fields: Sequence[Field]) -> set[str]:
    return {field.name for field in fields}


def _read(field: Field, value: Any) -> Any:
    if field.type != "choice":
        return _READ[field.type](value)
    if value not in ("", *(name for name, _ in field.options)):
        raise ValueError(N_("Choose one of the list."))
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(N_("This is not text."))
    if len(value) > FIELD_LENGTH:
        raise ValueError(f"At most {FIELD_LENGTH} characters.")
    return plain(value.strip(), FIELD_LENGTH)


def _url(value: Any) -> str:
    url = _text(value)
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        sound = False
    if url and not sound:
        raise ValueError(N_("This is not an address that begins with https://."))
    return url


def _list(value: Any) -> list[str]:
    """Lines of a text, or a list of texts."""
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, list) or len(lines) > LIST_LENGTH:
        raise ValueError(f"This is not a list of at most {LIST_LENGTH} lines.")
    return [line for line in map(_text, lines) if line]


def _bool(value: Any) -> bool:
    if value not in (True, False, "", "0", "1"):
        raise ValueError(N_("This is neither on nor off."))
    return value in (True, "1")


_READ = {
    "text": _text,
    "secret": _text,
    "url": _url,
    "list": _list,
    "bool": _bool,
    "hours": _list,
    "zone": _text,
}
