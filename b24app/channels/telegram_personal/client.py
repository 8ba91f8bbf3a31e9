"""The boundary to Telethon: what we use of it, in plain values.

News come by differences from a bookmark (pts, qts, date), never from the stream itself,
which only rings: so nothing is missed over restarts, and nothing comes twice.
Source: core.telegram.org/api/updates, docs.telethon.dev.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from typing import Any, BinaryIO, Protocol

from b24app.values import OutFile

CALL_SECONDS = 60.0
UPLOAD_SECONDS = 300.0
PHOTO_LIMIT = 10 << 20
PICTURES = ("image/jpeg", "image/png", "image/webp")


class Refused(Exception):
    """Telegram said no; `name` is its error as Telethon calls it, without `Error`.

    seconds: how long it asks to wait. lost: nobody knows whether it was carried out.
    """

    def __init__(self, name: str, seconds: int = 0, *, lost: bool = False) -> None:
        super().__init__(name)
        self.name, self.seconds, self.lost = name, seconds, lost


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody in a private chat; `key` is the access hash that this account has for them."""

    id: int
    key: int


@dataclass(frozen=True, slots=True)
class News:
    """What came, oldest first, and the bookmark behind it."""

    items: Sequence[dict[str, Any]]
    after: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """What to send; `random_id` makes a second sending of the same a refusal."""

    text: str
    random_id: int
    file: OutFile | None = None
    reply_to: int | None = None


class Client(Protocol):
    """One account over one connection; every call blocks and raises Refused."""

    def close(self) -> None: ...
    def session(self) -> str: ...
    def ask_code(self, phone: str) -> str: ...
    def give_code(self, phone: str, code: str, mark: str) -> None: ...
    def give_password(self, password: str) -> None: ...
    def ask_picture(self) -> str: ...  # "" once it was scanned
    def me(self) -> dict[str, Any]: ...
    def bookmark(self) -> str: ...
    def news(self, after: str, seconds: float) -> News: ...
    def send(self, peer: Peer, said: Utterance) -> tuple[int, int]: ...  # its id, when
    def said(self, peer: Peer) -> Sequence[dict[str, Any]]: ...  # newest first
    def edit(self, peer: Peer, number: int, text: str) -> None: ...
    def delete(self, numbers: Sequence[int]) -> None: ...
    def typing(self, peer: Peer) -> None: ...
    def mark_read(self, peer: Peer, number: int) -> None: ...
    def by_phone(self, phone: str) -> dict[str, Any] | None: ...
    def by_username(self, name: str) -> dict[str, Any] | None: ...
    def file(self, peer: Peer, number: int) -> BinaryIO: ...


@dataclass(frozen=True, slots=True)
class Keys:
    """What Telegram gives whoever makes programs, and the kept session; "" for a new one."""

    api_id: int
    api_hash: str
    session: str = field(default="", repr=False)


Make = Callable[[Keys], Client]


def maker(path: str) -> Make:
    """The class that `module:name` names: Telethon's, or a fake of tests and sandbox."""
    module, _, name = path.partition(":")
    made: Make = getattr(import_module(module), name)
    return made


class TelethonClient:
    """Telethon on an event loop of its own; see Client."""

    def __init__(self, keys: Keys) -> None:
        from telethon import TelegramClient, events
        from telethon.sessions import StringSession

        self.keys = keys
        self.loop = asyncio.new_event_loop()
        self.rung = threading.Event()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

        async def made() -> Any:
            client = TelegramClient(
                StringSession(keys.session or None),
                keys.api_id,
                keys.api_hash,
                flood_sleep_threshold=0,
                device_model="CallGear Chats",
                receive_updates=True,
            )
            client.add_event_handler(self._ring, events.Raw())
            await client.connect()
            return client

        try:
            self.client = self._run(made())
        except BaseException:
            self._stop()
            raise

    def close(self) -> None:
        with suppress(Refused):
            self._run(_awaited(self.client.disconnect()))
        self._stop()

    def session(self) -> str:
        return str(self.client.session.save())

    def ask_code(self, phone: str) -> str:
        return str(self._run(self.client.send_code_request(phone)).phone_code_hash)

    def give_code(self, phone: str, code: str, mark: str) -> None:
        self._run(self.client.sign_in(phone=phone, code=code, phone_code_hash=mark))

    def give_password(self, password: str) -> None:
        self._run(self.client.sign_in(password=password))

    def ask_picture(self) -> str:
        return str(self._run(self._picture()))

    def me(self) -> dict[str, Any]:
        found = self._run(self.client.get_me())
        if found is None:
            raise Refused("AuthKeyUnregistered")
        return user(found)

    def bookmark(self) -> str:
        from telethon.tl.functions.updates import GetStateRequest

        return _mark(self._run(self.client(GetStateRequest())))

    def news(self, after: str, seconds: float) -> News:
        """What came since; waits a while if there is nothing."""
        self.rung.clear()
        found: News = self._run(self._difference(after))
        if found.items or not self.rung.wait(seconds):
            return found
        self.rung.clear()
        again: News = self._run(self._difference(found.after))
        return again

    def send(self, peer: Peer, said: Utterance) -> tuple[int, int]:
        found: tuple[int, int] = self._run(self._sent(peer, said), UPLOAD_SECONDS)
        return found

    def said(self, peer: Peer) -> Sequence[dict[str, Any]]:
        from telethon.tl.functions.messages import GetHistoryRequest

        asked = GetHistoryRequest(self._input(peer), 0, None, 0, 30, 0, 0, 0)
        return [message(one, {}) for one in self._run(self.client(asked)).messages]

    def edit(self, peer: Peer, number: int, text: str) -> None:
        self._run(self.client.edit_message(self._input(peer), number, text, parse_mode=None))

    def delete(self, numbers: Sequence[int]) -> None:
        self._run(self.client.delete_messages(None, list(numbers), revoke=True))

    def typing(self, peer: Peer) -> None:
        from telethon.tl.functions.messages import SetTypingRequest
        from telethon.tl.types import SendMessageTypingAction

        self._run(self.client(SetTypingRequest(self._input(peer), SendMessageTypingAction())))

    def mark_read(self, peer: Peer, number: int) -> None:
        from telethon.tl.functions.messages import ReadHistoryRequest

        self._run(self.client(ReadHistoryRequest(self._input(peer), number)))

    def by_phone(self, phone: str) -> dict[str, Any] | None:
        from telethon.tl.functions.contacts import ResolvePhoneRequest

        return self._found(ResolvePhoneRequest(phone), "PhoneNotOccupied")

    def by_username(self, name: str) -> dict[str, Any] | None:
        from telethon.tl.functions.contacts import ResolveUsernameRequest

        return self._found(ResolveUsernameRequest(name), "UsernameNotOccupied")

    def file(self, peer: Peer, number: int) -> BinaryIO:
        async def brought() -> BinaryIO:
            found = await self.client.get_messages(self._input(peer), ids=number)
            stream = BytesIO()
            if found is None or await self.client.download_media(found, stream) is None:
                raise Refused("MediaEmpty")
            stream.seek(0)
            return stream

        stream: BinaryIO = self._run(brought(), UPLOAD_SECONDS)
        return stream

    async def _ring(self, update: Any) -> None:
        self.rung.set()

    async def _picture(self) -> str:
        """The address in the picture to scan; "" once that was done."""
        from telethon.tl.functions.auth import ExportLoginTokenRequest, ImportLoginTokenRequest
        from telethon.tl.types.auth import LoginToken, LoginTokenMigrateTo

        asked = ExportLoginTokenRequest(self.keys.api_id, self.keys.api_hash, [])
        found = await self.client(asked)
        if isinstance(found, LoginTokenMigrateTo):
            await self.client._switch_dc(found.dc_id)
            found = await self.client(ImportLoginTokenRequest(found.token))
        if isinstance(found, LoginToken):
            from base64 import urlsafe_b64encode

            return f"tg://login?token={urlsafe_b64encode(found.token).decode().rstrip('=')}"
        return ""

    async def _difference(self, after: str) -> News:
        from telethon.tl.functions.updates import GetDifferenceRequest, GetStateRequest
        from telethon.tl.types import updates

        mark = json.loads(after)
        date = datetime.fromtimestamp(mark["date"], UTC)
        found = await self.client(GetDifferenceRequest(mark["pts"], date, mark["qts"]))
        if isinstance(found, updates.DifferenceEmpty):
            return News((), after)
        if isinstance(found, updates.DifferenceTooLong):
            lost = {"kind": "gap", "pts": found.pts}
            return News([lost], _mark(await self.client(GetStateRequest())))
        state = getattr(found, "state", None) or found.intermediate_state
        return News(items(found), _mark(state))

    async def _sent(self, peer: Peer, said: Utterance) -> tuple[int, int]:
        from telethon.tl.functions.messages import SendMediaRequest, SendMessageRequest
        from telethon.tl.types import InputReplyToMessage

        reply = InputReplyToMessage(said.reply_to) if said.reply_to else None
        more = {"random_id": said.random_id, "reply_to": reply}
        if said.file is None:
            asked: Any = SendMessageRequest(self._input(peer), said.text, **more)
        else:
            media = await self._uploaded(said.file)
            asked = SendMediaRequest(self._input(peer), media, said.text, **more)
        return _number(await self.client(asked), said.random_id)

    async def _uploaded(self, file: OutFile) -> Any:
        from telethon.tl import types

        with file.open() as stream:
            kept = await self.client.upload_file(stream, file_size=file.size, file_name=file.name)
        if file.mime in PICTURES and file.size <= PHOTO_LIMIT and file.kind == "image":
            return types.InputMediaUploadedPhoto(kept)
        voice = types.DocumentAttributeAudio(0, voice=True)
        told = [voice] if file.kind == "voice" and file.mime == "audio/ogg" else []
        named = types.DocumentAttributeFilename(file.name)
        return types.InputMediaUploadedDocument(kept, file.mime, [named, *told])

    def _found(self, asked: Any, nobody: str) -> dict[str, Any] | None:
        try:
            found = self._run(self.client(asked))
        except Refused as error:
            if error.name in (nobody, "UsernameInvalid"):
                return None
            raise
        people = [one for one in found.users if not getattr(one, "bot", False)]
        return user(people[0]) if people else None

    def _run(self, deed: Coroutine[Any, Any, Any], seconds: float = CALL_SECONDS) -> Any:
        """The outcome of a deed on the loop; everything it raises as Refused."""
        from telethon import errors

        going = asyncio.run_coroutine_threadsafe(deed, self.loop)
        try:
            return going.result(seconds)
        except errors.RPCError as error:
            name = type(error).__name__.removesuffix("Error")
            raise Refused(name, int(getattr(error, "seconds", 0) or 0)) from error
        except (TimeoutError, OSError, ConnectionError) as error:
            going.cancel()
            raise Refused("NoAnswer", lost=True) from error

    def _input(self, peer: Peer) -> Any:
        """Somebody as Telegram wants them named; who wrote lately is known without a key."""
        from telethon.tl.types import InputPeerUser

        if peer.key:
            return InputPeerUser(peer.id, peer.key)
        try:
            return self.client.session.get_input_entity(peer.id)
        except ValueError:
            raise Refused("PeerIdInvalid") from None

    def _stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


async def _awaited(thing: Any) -> None:
    if thing is not None:
        await thing


def _mark(state: Any) -> str:
    date = int(state.date.timestamp()) if state.date else 0
    return json.dumps({"pts": state.pts, "qts": state.qts, "date": date})


def _number(answer: Any, random_id: int) -> tuple[int, int]:
    """The id and the time of what was sent, out of the updates that answer it."""
    if hasattr(answer, "id"):  # UpdateShortSentMessage
        return answer.id, int(answer.date.timestamp())
    for update in answer.updates:
        if getattr(update, "random_id", None) == random_id:
            return update.id, int(answer.date.timestamp())
    raise Refused("NoAnswer", lost=True)


def items(found: Any) -> list[dict[str, Any]]:
    """A difference as plain values: messages first, then what happened to others."""
    people = {one.id: one for one in found.users}
    told = [message(one, people) for one in found.new_messages]
    return told + [_happened(one, people) for one in found.other_updates]


def user(found: Any) -> dict[str, Any]:
    """A person as plain values; `key` is what one needs to write to them."""
    return {
        "id": found.id,
        "key": found.access_hash or 0,
        "first_name": found.first_name or "",
        "last_name": found.last_name or "",
        "username": found.username or "",
        "phone": f"+{found.phone}" if found.phone else "",
        "language": getattr(found, "lang_code", None) or "",
        "bot": bool(getattr(found, "bot", False)),
        "self": bool(getattr(found, "is_self", False)),
    }


def message(found: Any, people: dict[int, Any]) -> dict[str, Any]:
    """A message as plain values; `peer` is 0 outside private chats."""
    peer = getattr(getattr(found, "peer_id", None), "user_id", 0)
    reply = getattr(found, "reply_to", None)
    return {
        "kind": "message",
        "id": found.id,
        "peer": peer,
        "out": bool(getattr(found, "out", False)),
        "date": int(found.date.timestamp()) if getattr(found, "date", None) else 0,
        "edited": int(found.edit_date.timestamp()) if getattr(found, "edit_date", None) else 0,
        "text": getattr(found, "message", None) or "",
        "reply_to": getattr(reply, "reply_to_msg_id", None),
        "album": str(getattr(found, "grouped_id", None) or ""),
        "service": hasattr(found, "action") and found.action is not None,
        **_media(getattr(found, "media", None)),
        "user": user(people[peer]) if peer in people else None,
    }


def _happened(update: Any, people: dict[int, Any]) -> dict[str, Any]:
    name = type(update).__name__
    if name in ("UpdateEditMessage", "UpdateNewMessage"):
        kind = "edit" if name == "UpdateEditMessage" else "message"
        return {**message(update.message, people), "kind": kind}
    if name == "UpdateReadHistoryOutbox":
        peer = getattr(update.peer, "user_id", 0)
        return {"kind": "read", "peer": peer, "id": update.max_id}
    if name == "UpdateDeleteMessages":
        return {"kind": "deleted", "ids": list(update.messages), "pts": update.pts}
    return {"kind": "other", "name": name, "pts": getattr(update, "pts", 0)}


def _media(media: Any) -> dict[str, Any]:
    """A file, or what a place or a contact says."""
    if media is None:
        return {}
    name = type(media).__name__
    if name == "MessageMediaPhoto" and getattr(media, "photo", None):
        return {"file": {"kind": "image", "name": "", "mime": "image/jpeg", "size": None}}
    if name == "MessageMediaDocument" and getattr(media, "document", None):
        return {"file": _document(media.document)}
    if name in ("MessageMediaGeo", "MessageMediaGeoLive", "MessageMediaVenue"):
        title = getattr(media, "title", "")
        return {"place": [media.geo.lat, media.geo.long, title]}
    if name == "MessageMediaContact":
        told = f"{media.first_name} {media.last_name}".strip()
        own = {"user_id": media.user_id, "phone": media.phone_number}
        return {"contact": {"name": told, **own}}
    return {} if name == "MessageMediaWebPage" else {"unknown": name.removeprefix("MessageMedia")}


def _document(found: Any) -> dict[str, Any]:
    told = {type(one).__name__: one for one in found.attributes}
    named, heard = told.get("DocumentAttributeFilename"), told.get("DocumentAttributeAudio")
    seen = told.get("DocumentAttributeVideo")
    kind = "document"
    if "DocumentAttributeSticker" in told:
        kind = "sticker"
    elif heard is not None:
        kind = "voice" if heard.voice else "audio"
    elif seen is not None:
        kind = "video"
    duration = getattr(heard or seen, "duration", None)
    return {
        "kind": kind,
        "name": named.file_name if named else "",
        "mime": found.mime_type,
        "size": found.size,
        "duration": int(duration) if duration else None,
    }
