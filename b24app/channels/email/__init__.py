"""A mailbox: letters in by IMAP, out by SMTP.

A chat is everything written with one address. A letter of ours is named before it is sent
(Message-ID from the message's uuid); whether one went whose answer was lost is seen in the
folder of sent letters. Servers that do not fill that folder get the copy from us, after the
sending: there, a letter that is not found may have gone, and a person decides.
"""

import hmac
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from b24app import clock
from b24app.channels import base
from b24app.channels.base import Adapter, Field, Part, json_object
from b24app.channels.email import letters, mailbox, postbox, wire, words, writing
from b24app.errors import ChannelError, Denied, Invalid
from b24app.i18n import N_
from b24app.values import (
    Address,
    Brought,
    Connected,
    Fetched,
    Found,
    HookCall,
    Incoming,
    Parsed,
    Person,
    Receipt,
    RemoteFile,
    Sent,
    Skipped,
)

SECURITY = (
    (wire.SSL, N_("SSL/TLS")),
    (wire.STARTTLS, N_("STARTTLS")),
    (wire.OPEN, N_("No encryption (own network only)")),
)
# Servers that keep what was sent by SMTP themselves, at once.
KEEP_SENT = ("gmail.com", "googlemail.com", "office365.com", "outlook.com", "yandex.ru", "mail.ru")
LANE_MAX = 80


class Email(Adapter):
    kind = "email"
    title = "E-mail"
    fields = (
        Field("address", "Address", required=True, help="Clients write to it and see it as ours."),
        Field("from_name", "Name of the sender", help="Stands beside the address at the client."),
        Field("subject", "Subject of a first letter", help="Answers keep the client's subject."),
        Field("login", "Login", help="Empty: the address."),
        Field(
            "password",
            "Password",
            "secret",
            required=True,
            help="Many services want a password for applications here, made in their settings.",
        ),
        Field("imap_host", "IMAP server", required=True, help="For example imap.example.com."),
        Field("imap_port", "IMAP port", required=True, default="993", help="Usually 993 or 143."),
        Field(
            "imap_security",
            "IMAP security",
            "choice",
            default=wire.SSL,
            help="How the connection is encrypted.",
            options=SECURITY,
        ),
        Field("smtp_host", "SMTP server", required=True, help="For example smtp.example.com."),
        Field("smtp_port", "SMTP port", required=True, default="465", help="Usually 465 or 587."),
        Field(
            "smtp_security",
            "SMTP security",
            "choice",
            default=wire.SSL,
            help="How the connection is encrypted.",
            options=SECURITY,
        ),
        Field("smtp_login", "SMTP login", help="Only if it differs."),
        Field("smtp_password", "SMTP password", "secret", help="Only if it differs."),
        Field(
            "as_requests",
            "New letters become offline requests",
            "bool",
            help="A letter that answers none of ours waits in «Requests» instead of a chat.",
        ),
        Field(
            "mark_seen",
            "Mark letters as read",
            "bool",
            help="Once they are safe here. Letters are never deleted or moved.",
        ),
    )
    steps = (
        N_("In the settings of the mailbox allow programs to read it by IMAP."),
        N_("Where the service offers it, make a password for applications there."),
        N_("Put the address, that password and the names of both servers below."),
    )
    text_limit = words.TEXT_MAX
    caption_limit = words.TEXT_MAX
    file_limit = 15 << 20  # in base64 it grows by a third, and many servers stop at 25 MB
    can_quote = True
    polls = True
    files_in_calls = True
    vouches_for = ("email",)
    reached_by = ("email",)
    found_by = ("email",)
    tells = (Incoming, Receipt, Skipped)

    def connect(self, expected: str = "") -> Connected:
        address = self._address()
        if not letters.ADDRESS.fullmatch(address):
            raise Invalid(fields={"address": N_("This is not an e-mail address.")})
        if expected and expected != address:
            raise Invalid(fields={"address": f"This channel is the mailbox {expected}."})
        self._check_ports()
        try:
            start = self._tried()
        except wire.Trouble as error:
            raise Invalid(fields={error.field: error.message}) from error
        return Connected(
            external_id=address,
            name=str(self.account.settings.get("from_name", "")) or address,
            link=f"mailto:{address}",
            settings={"start": start},
        )

    def disconnect(self) -> None:
        """Nobody calls us: it is enough not to look any more."""

    def check(self) -> None:
        self._tried()

    def collect(self, after: str) -> Iterator[Brought]:
        today = clock.now().date()
        with wire.imap(self._server("imap")) as box:
            place = mailbox.bookmark(after) or mailbox.bookmark(self._start())
            for letter in mailbox.taken(box, place or mailbox.now(box, today), today):
                yield Brought(self._call(letter), str(letter.after))

    def collected(self, calls: Sequence[HookCall]) -> None:
        if self.account.settings.get("mark_seen") and calls:
            uids = [int(json_object(call.body)["uid"].rpartition(":")[2]) for call in calls]
            with wire.imap(self._server("imap")) as box:
                mailbox.mark_seen(box, uids)

    def verify(self, call: HookCall) -> None:
        """Nobody calls a mailbox: what it holds we fetch and sign ourselves."""
        body = json_object(call.body)
        uid, sign = body.get("uid"), body.get("sign")
        if not isinstance(uid, str) or not isinstance(sign, str):
            raise Denied("Letters come by IMAP only.")
        if not hmac.compare_digest(sign.encode(), self._sign(uid).encode()):
            raise Denied("This letter was not brought by us.")

    def provider_id(self, call: HookCall) -> str:
        return letters.number(_letter(json_object(call.body)))

    def lane(self, call: HookCall) -> str:
        return letters.sender(_letter(json_object(call.body)))[1][:LANE_MAX]

    def parse(self, call: HookCall) -> list[Parsed]:
        body = json_object(call.body)
        large = body.get("large")
        if call.received_at is None:
            raise Invalid("When the letter was brought must be known.")
        size = large if isinstance(large, int) and not isinstance(large, bool) else None
        return letters.told(_letter(body), self._box(), call.received_at, size)

    def send_part(self, part: Part) -> Sent:
        now = clock.now()
        raw = writing.letter(part, self.account.settings, self.account.secret, now)
        with wire.smtp(self._server("smtp")) as talk:
            postbox.send(talk, self._address(), part.chat_id, raw)
        with suppress(ChannelError):  # it went: a copy that could not be kept changes nothing
            self._keep_copy(part, raw)
        return Sent((self._number(part),), now)

    def find_part(self, part: Part, newest: str, known: Collection[str]) -> Sent | None:
        with wire.imap(self._server("imap")) as box:
            folder = mailbox.sent_folder(box)
            if folder and mailbox.holds(box, folder, self._message_id(part)):
                return Sent((self._number(part),))
        if self._server("smtp").host.lower().endswith(KEEP_SENT):
            return None
        raise ChannelError(
            "The mail server did not answer, and does not say whether it sent this letter.",
            code=base.UNKNOWN_OUTCOME,
            permanent=True,
        )

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        raise ChannelError("A letter cannot be changed.", code=base.REJECTED, permanent=True)

    def delete(self, chat_id: str, message_id: str) -> None:
        raise ChannelError("A letter cannot be taken back.", code=base.REJECTED, permanent=True)

    def typing(self, chat_id: str) -> None:
        """Letters do not show it."""

    def resolve(self, address: Address) -> Found | None:
        """Whoever has an address can be written to."""
        known = address.value.strip().lower()
        if len(known) > letters.ADDRESS_MAX or not letters.ADDRESS.fullmatch(known):
            return None
        return Found(known, Person(known, email=known))

    def fetch(self, file: RemoteFile) -> Fetched:
        raise ChannelError("Files of letters come with them.", code=base.REJECTED, permanent=True)

    def unpack(self, call: HookCall, file: RemoteFile) -> Fetched:
        place = file.remote_id.split("/")[1]
        part = letters.leaf(_letter(json_object(call.body)), place)
        if part is None:
            raise ChannelError(
                "This file is not in the letter.", code=base.REJECTED, permanent=True
            )
        content = letters.content(part)
        return Fetched(BytesIO(content), file.name, file.mime, len(content))

    def _tried(self) -> str:
        """Log in at both servers; the bookmark behind what lies in the mailbox now."""
        with wire.imap(self._server("imap")) as box:
            start = mailbox.now(box, clock.now().date())
        with wire.smtp(self._server("smtp")) as talk:
            talk.noop()
        return str(start)

    def _keep_copy(self, part: Part, raw: bytes) -> None:
        with wire.imap(self._server("imap")) as box:
            folder = mailbox.sent_folder(box)
            if folder and not mailbox.holds(box, folder, self._message_id(part)):
                mailbox.put(box, folder, raw)

    def _check_ports(self) -> None:
        wrong = {
            f"{name}_port": N_("This is not a port.")
            for name in ("imap", "smtp")
            if not self._server(name).port
        }
        if wrong:
            raise Invalid(fields=wrong)

    def _call(self, letter: mailbox.Taken) -> HookCall:
        uid = f"{letter.after.validity}:{letter.uid}"
        body: dict[str, Any] = {"uid": uid, "sign": self._sign(uid)}
        if letter.large:
            body["large"] = letter.large
        body["letter"] = letter.raw.decode("latin-1")
        return HookCall("IMAP", {}, {}, json.dumps(body).encode(), datetime.now(UTC))

    def _sign(self, uid: str) -> str:
        return hmac.new(self.account.secret.encode(), uid.encode(), "sha256").hexdigest()

    def _box(self) -> letters.Mailbox:
        own = {self._address(), str(self.account.settings.get("login", "")).lower()}
        as_requests = bool(self.account.settings.get("as_requests"))
        return letters.Mailbox(frozenset(own), as_requests)

    def _server(self, field: str) -> wire.Server:
        return wire.server(self.account.settings, field)

    def _message_id(self, part: Part) -> str:
        return writing.message_id(part, self.account.settings, self.account.secret)

    def _number(self, part: Part) -> str:
        return letters.short(self._message_id(part))

    def _address(self) -> str:
        return str(self.account.settings.get("address", "")).strip().lower()

    def _start(self) -> str:
        return str(self.account.settings.get("start", ""))


def _letter(body: dict[str, Any]) -> Any:
    raw = body.get("letter")
    if not isinstance(raw, str):
        raise Invalid("There is no letter in this call.")
    return letters.read(raw.encode("latin-1", "replace"))
