"""A person's own Telegram account, by MTProto.

One worker holds the account's connection; everybody else asks again until it is theirs.
A message has a random id made from our uuid: sending it twice is refused by Telegram, so a
lost answer is never a doubled message.
Source: core.telegram.org/api, docs.telethon.dev.
"""

import hmac
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import segno

from b24app.channels import base
from b24app.channels.base import Adapter, Field, Part, json_object
from b24app.channels.pieces import pieces
from b24app.channels.telegram_personal import news, words
from b24app.channels.telegram_personal.client import Client, Keys, Peer, Refused, Utterance, maker
from b24app.errors import ChannelError, Denied, Invalid
from b24app.i18n import N_
from b24app.values import (
    Address,
    Brought,
    Connected,
    Edited,
    Fetched,
    Found,
    HookCall,
    Incoming,
    Outgoing,
    Parsed,
    Profile,
    Receipt,
    RemoteFile,
    Sent,
    Skipped,
    Step,
)

WAIT_SECONDS = 5.0  # also how long a worker that stops may wait
LOOK_SECONDS = 3.0  # how often a dialog asks whether the picture was scanned
CAPTION_LIMIT = 1024
BY_PICTURE, BY_PHONE = "picture", "phone"
CODE = Field("code", "Code", required=True, help="Telegram has sent it to the account.")
PASSWORD = Field("password", "Password", "secret", required=True, help="Of the two-step login.")

_held: dict[int, Client] = {}


class TelegramPersonal(Adapter):
    kind = "telegram_personal"
    title = "Telegram account"
    fields = (
        Field("api_id", "API id", required=True, help="A number from my.telegram.org."),
        Field("api_hash", "API hash", "secret", required=True, help="Stands beside it there."),
        Field(
            "login_by",
            "Log in by",
            "choice",
            default=BY_PICTURE,
            help="A picture is scanned in Telegram: Settings, Devices, Link a device.",
            options=((BY_PICTURE, N_("A picture to scan")), (BY_PHONE, N_("A code by phone"))),
        ),
        Field("phone", "Phone", help="Of the account; only for a code. Like +79990000001."),
    )
    steps = (
        N_("Open my.telegram.org, log in with the account's phone and choose API development."),
        N_("Make an application there: any name will do. Copy its API id and API hash."),
        N_("Put both below; the next step logs in."),
    )
    text_limit = 4096
    caption_limit = CAPTION_LIMIT
    file_limit = 50 << 20
    can_quote = True
    can_edit = True
    can_delete = True
    has_receipts = True
    has_typing = True
    tells_of_reading = True
    stays = True
    hidden = ("session",)
    family = "telegram"
    vouches_for = ("phone",)
    reached_by = ("phone", "username")
    found_by = ("phone", "username")
    asks_to_find = True
    tells = (Incoming, Edited, Receipt, Profile, Skipped)
    server_setting = "telegram_client"
    official_server = "b24app.channels.telegram_personal.client:TelethonClient"

    def connect(self, expected: str = "") -> Connected | Step:
        with self._opened() as client:
            try:
                step = self._log_in(client)
            except Refused as error:
                raise words.refused_login(error) from error
            if step:
                return step
            with _explained():
                return self._connected(client, expected)

    def disconnect(self) -> None:
        """The worker lets go of the connection; the session is kept for a reconnect."""

    def check(self) -> None:
        """Who holds the connection says how it is; others cannot tell."""
        client = _held.get(self.account.channel_id)
        if client:
            with _explained():
                client.me()

    def stay(self) -> None:
        with _explained():
            client = self._made()
            try:
                client.me()
            except BaseException:
                client.close()
                raise
        _held[self.account.channel_id] = client

    def leave(self) -> None:
        client = _held.pop(self.account.channel_id, None)
        if client:
            client.close()

    def collect(self, after: str) -> Iterator[Brought]:
        place = after or str(self.account.settings.get("start", ""))
        with self._client() as client:
            found = client.news(place, WAIT_SECONDS)
        for item in found.items[:-1]:
            yield Brought(self._call(item), place)
        if found.items:
            yield Brought(self._call(found.items[-1]), found.after)
        elif found.after != place:
            yield Brought(None, found.after)

    def verify(self, call: HookCall) -> None:
        """Nobody calls an account: what comes we fetch and sign ourselves."""
        body = json_object(call.body)
        sign, item = body.get("sign"), body.get("item")
        if not isinstance(sign, str) or not isinstance(item, dict):
            raise Denied("News of an account come by its own connection.")
        if not hmac.compare_digest(sign.encode(), self._sign(item).encode()):
            raise Denied("This was not brought by us.")

    def provider_id(self, call: HookCall) -> str:
        return news.number(_item(call))

    def lane(self, call: HookCall) -> str:
        return news.chat(_item(call))

    def parse(self, call: HookCall) -> list[Parsed]:
        if call.received_at is None:
            raise Invalid("When it was brought must be known.")
        return news.told(_item(call), call.received_at)

    def parts(self, outgoing: Outgoing) -> Sequence[Part]:
        """Texts, then files, each by itself; a short text goes with the first file."""
        self.check_files(outgoing)
        text = outgoing.text.strip()
        together = bool(outgoing.files) and len(pieces(text, CAPTION_LIMIT)) <= 1
        bodies: list[tuple[str, Any]] = (
            [] if together else [(one, ()) for one in pieces(text, self.text_limit)]
        )
        bodies += [
            (text if together and not count else "", (file,))
            for count, file in enumerate(outgoing.files)
        ]
        return [
            Part(
                outgoing.chat_id,
                f"{outgoing.uuid}:{count}",
                said,
                files,
                None if count else outgoing.quote_id,
                memo=outgoing.memo,
            )
            for count, (said, files) in enumerate(bodies)
        ]

    def send_part(self, part: Part) -> Sent:
        peer = _peer(part)
        with self._client() as client:
            try:
                number, second = client.send(peer, self._utterance(part))
            except Refused as error:
                if error.name != "RandomIdDuplicate":
                    raise
                return _went_before(client, peer, part)
        return Sent((str(number),), datetime.fromtimestamp(second, UTC))

    def find_part(self, part: Part, newest: str, known: Collection[str]) -> Sent | None:
        """It may be sent again: if it went, Telegram refuses the same random id."""
        return None

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        with self._client() as client:
            try:
                client.edit(Peer(_number(chat_id), 0), _number(message_id), text)
            except Refused as error:
                if error.name != "MessageNotModified":
                    raise

    def delete(self, chat_id: str, message_id: str) -> None:
        with self._client() as client:
            client.delete([_number(message_id)])

    def typing(self, chat_id: str) -> None:
        with self._client() as client:
            client.typing(Peer(_number(chat_id), 0))

    def mark_read(self, chat_id: str, message_id: str) -> None:
        with self._client() as client:
            client.mark_read(Peer(_number(chat_id), 0), _number(message_id))

    def resolve(self, address: Address) -> Found | None:
        with self._client() as client:
            ask = client.by_phone if address.kind == "phone" else client.by_username
            who = ask(address.value)
        if who is None or who.get("bot"):
            return None
        return Found(str(who["id"]), news.person(who), news.memo(who))

    def fetch(self, file: RemoteFile) -> Fetched:
        peer, key, message = (_number(one) for one in file.remote_id.split(":"))
        with self._client() as client:
            return Fetched(client.file(Peer(peer, key), message), file.name, file.mime, file.size)

    def _log_in(self, client: Client) -> Step | None:
        """The next step of logging in, or None: it is done."""
        given = self.account.settings
        if given.get("password"):
            client.give_password(str(given["password"]))
            return None
        if given.get("session") and not given.get("mark"):
            return self._known(client)
        try:
            return self._begun(client)
        except Refused as error:
            if error.name != "SessionPasswordNeeded":
                raise
        return Step(words.PASSWORD, self._state(client, "password"), (PASSWORD,))

    def _known(self, client: Client) -> Step | None:
        """The kept session works, or logging in begins anew."""
        try:
            client.me()
        except Refused as error:
            if error.name not in words.LOGGED_OUT:
                raise
        else:
            return None
        with self._opened("") as fresh:
            return self._begun(fresh)

    def _begun(self, client: Client) -> Step | None:
        return self._by_phone(client) if self._chosen() == BY_PHONE else self._by_picture(client)

    def _by_phone(self, client: Client) -> Step | None:
        phone, mark = str(self.account.settings.get("phone", "")), self._mark()
        if code := str(self.account.settings.get("code", "")).strip():
            client.give_code(phone, code, mark)
            return None
        if not phone:
            raise Invalid(fields={"phone": N_("This is required.")})
        return Step(words.CODE, self._state(client, client.ask_code(phone)), (CODE,))

    def _by_picture(self, client: Client) -> Step | None:
        url = client.ask_picture()
        if not url:
            return None
        picture = segno.make(url, error="m").svg_data_uri(scale=6, border=3, light="#fff")
        return Step(words.PICTURE, self._state(client, BY_PICTURE), (), picture, LOOK_SECONDS)

    def _connected(self, client: Client, expected: str) -> Connected:
        me = client.me()
        if expected and str(me["id"]) != expected:
            name = news.person(me).name
            raise Invalid(fields={"api_id": f"This is the account of somebody else, {name}."})
        username = str(me.get("username", ""))
        return Connected(
            external_id=str(me["id"]),
            name=news.person(me).name,
            link=f"https://t.me/{username}" if username else "",
            settings={
                "session": client.session(),
                "start": client.bookmark(),
                "username": username,
                "own_phone": str(me.get("phone", "")),
            },
        )

    def _state(self, client: Client, mark: str) -> dict[str, str]:
        return {"session": client.session(), "mark": mark}

    def _mark(self) -> str:
        return str(self.account.settings.get("mark", ""))

    def _chosen(self) -> str:
        return str(self.account.settings.get("login_by", BY_PICTURE))

    def _made(self, session: str | None = None) -> Client:
        given = self.account.settings
        number = str(given.get("api_id", ""))
        if not number.isdecimal() or len(number) > 15:
            raise Invalid(fields={"api_id": N_("This is a number.")})
        kept = str(given.get("session", "")) if session is None else session
        return maker(self.server)(Keys(int(number), str(given.get("api_hash", "")), kept))

    @contextmanager
    def _opened(self, session: str | None = None) -> Iterator[Client]:
        with _explained():
            client = self._made(session)
        try:
            yield client
        finally:
            client.close()

    @contextmanager
    def _client(self) -> Iterator[Client]:
        """The connection that is held here.

        Raises:
            ChannelError: another process holds it; ask again.
        """
        client = _held.get(self.account.channel_id)
        if client is None:
            raise ChannelError(
                "This account's connection is not here at the moment.",
                code=base.UNREACHABLE,
                retry_after=1.0,
            )
        with _explained():
            yield client

    def _call(self, item: dict[str, Any]) -> HookCall:
        body = {"item": item, "sign": self._sign(item)}
        return HookCall("MTPROTO", {}, {}, json.dumps(body).encode(), datetime.now(UTC))

    def _sign(self, item: dict[str, Any]) -> str:
        told = news.number(item).encode()
        return hmac.new(self.account.secret.encode(), told, "sha256").hexdigest()

    def _utterance(self, part: Part) -> Utterance:
        mark = sha256(f"{self.account.secret}:{part.chat_id}:{part.uuid}".encode()).digest()[:8]
        reply = int(part.quote_id) if part.quote_id and part.quote_id.isdecimal() else None
        file = part.files[0] if part.files else None
        return Utterance(part.text, int.from_bytes(mark, "big", signed=True), file, reply)


def _went_before(client: Client, peer: Peer, part: Part) -> Sent:
    """The message that is known to have gone: the newest of ours with these words."""
    for item in client.said(peer):
        if item.get("out") and item.get("text", "") == part.text:
            return Sent((str(item["id"]),))
    return Sent(())


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise words.explained(error) from error


def _peer(part: Part) -> Peer:
    return Peer(_number(part.chat_id), _number(part.memo.get("key", "0")))


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ChannelError(
            "This is no message of Telegram.", code=base.REJECTED, permanent=True
        ) from None


def _item(call: HookCall) -> dict[str, Any]:
    item = json_object(call.body).get("item")
    if not isinstance(item, dict):
        raise Invalid("There is no news in this call.")
    return item
