"""Telegram bots, by the Bot API.

Source: core.telegram.org/bots/api.
"""

import hmac
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any
from urllib.parse import quote

import requests

from b24app import http
from b24app.channels import base
from b24app.channels.base import Adapter, Field, Part
from b24app.channels.telegram import parts, updates
from b24app.channels.telegram.api import Refused, Request, call, lost
from b24app.errors import ChannelError, Denied, Invalid, TooLarge
from b24app.i18n import N_
from b24app.values import (
    Blocked,
    Connected,
    Edited,
    Fetched,
    HookCall,
    Incoming,
    Outgoing,
    Parsed,
    Profile,
    RemoteFile,
    Sent,
    Skipped,
)

TOKEN = re.compile(r"\d{3,20}:[\w-]{5,200}", re.ASCII)
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105
ALLOWED_UPDATES = ("message", "edited_message", "my_chat_member")
FETCH_LIMIT = 20 << 20
LOOKED_AT = 30  # messages of all chats that may have come while one was sent
MOST_PENDING = 500
# Pictures that Telegram cannot show go as documents.
NO_PICTURE = ("photo_invalid_dimensions", "image_process_failed", "photo_save_file_invalid")


class Telegram(Adapter):
    kind = "telegram"
    title = "Telegram"
    fields = (
        Field(
            "token",
            "Bot token",
            "secret",
            required=True,
            help="@BotFather gives it: /newbot for a new bot, /token for one that exists.",
        ),
    )
    steps = (
        N_("Open @BotFather in Telegram and send it /newbot."),
        N_("Give the bot a name that clients will see, and a nickname that ends in “bot”."),
        N_("Copy the token that @BotFather answers with, and put it below."),
    )
    text_limit = parts.TEXT_LIMIT
    caption_limit = parts.CAPTION_LIMIT
    file_limit = 50 << 20
    can_quote = True
    can_edit = True
    can_delete = True
    has_typing = True
    family = "telegram"
    reached_by = ("phone", "username")
    tells = (Incoming, Edited, Profile, Blocked, Skipped)
    server_setting = "telegram_api_url"
    official_server = "https://api.telegram.org"

    def connect(self, expected: str = "") -> Connected:
        found = bot(self._me())
        if expected and found.external_id != expected:
            raise Invalid(fields={"token": f"This token is of another bot, {found.name}."})
        self._call(
            "setWebhook",
            url=self.account.hook_url,
            secret_token=self.account.secret,
            allowed_updates=ALLOWED_UPDATES,
        )
        return found

    def disconnect(self) -> None:
        self._call("deleteWebhook")

    def check(self) -> None:
        trouble(self._call("getWebhookInfo"), self.account.hook_url)

    def verify(self, call: HookCall) -> None:
        given = call.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self.account.secret.encode()):
            raise Denied("The secret token is not the one we gave to Telegram.")

    def provider_id(self, call: HookCall) -> str:
        return updates.number(call.body)

    def lane(self, call: HookCall) -> str:
        return updates.chat(call.body)

    def parse(self, call: HookCall) -> list[Parsed]:
        return updates.parsed(call.body)

    def parts(self, outgoing: Outgoing) -> Sequence[Part]:
        self.check_files(outgoing)
        return parts.parts(outgoing)

    def send_part(self, part: Part) -> Sent:
        try:
            return sent(self._send(parts.request(part)))
        except Refused as error:
            if not part.files or not any(word in error.words.lower() for word in NO_PICTURE):
                raise
        return sent(self._send(parts.request(part, as_documents=True)))

    def find_part(self, part: Part, newest: str, known: Collection[str]) -> Sent | None:
        """Ids follow one another through all private chats of a bot: look at the next ones.

        Messages that clients wrote meanwhile and that have not come to us took ids too.
        """
        if not newest.isdecimal():
            return super().find_part(part, newest, known)
        others = (one for one in count(int(newest) + 1) if str(one) not in known)
        return self._found(part, islice(others, LOOKED_AT)) or self._found(
            part, islice(others, self._pending())
        )

    def _found(self, part: Part, candidates: Iterable[int]) -> Sent | None:
        """The messages of a part among these; an album's follow one another."""
        found: list[str] = []
        for candidate in candidates:
            if self._is_ours(part.chat_id, candidate):
                found.append(str(candidate))
            if len(found) == max(1, len(part.files)):
                break
        return Sent(tuple(found)) if found else None

    def _pending(self) -> int:
        """How many updates wait to be brought to us."""
        info = self._call("getWebhookInfo")
        waiting = info.get("pending_update_count") if isinstance(info, dict) else 0
        return min(waiting, MOST_PENDING) if isinstance(waiting, int) else 0

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        try:
            self._edit("editMessageText", chat_id, message_id, text=text)
        except Refused as error:
            if "there is no text" not in error.words.lower():
                raise
            self._edit("editMessageCaption", chat_id, message_id, caption=text)

    def delete(self, chat_id: str, message_id: str) -> None:
        try:
            self._call("deleteMessage", chat_id=chat_id, message_id=number(message_id))
        except Refused as error:
            if "message to delete not found" not in error.words.lower():
                raise

    def typing(self, chat_id: str) -> None:
        self._call("sendChatAction", chat_id=chat_id, action="typing")

    def fetch(self, file: RemoteFile) -> Fetched:
        if (file.size or 0) > FETCH_LIMIT:
            raise too_large()
        found = self._call("getFile", file_id=file.remote_id)
        path = found.get("file_path") if isinstance(found, dict) else None
        if not path:
            raise ChannelError(
                "Telegram does not give this file.", code=base.REJECTED, permanent=True
            )
        return replace(self._download(str(path)), name=file.name, mime=file.mime)

    def _me(self) -> Any:
        """What Telegram says of the bot that the token belongs to."""
        if not TOKEN.fullmatch(self._token):
            raise unknown_token()
        try:
            return self._call("getMe")
        except ChannelError as error:
            if error.code == base.UNAUTHORIZED:
                raise unknown_token() from None
            raise

    def _is_ours(self, chat_id: str, message_id: int) -> bool:
        """Whether the bot sent this; asking to leave its missing buttons away changes nothing."""
        try:
            self._call("editMessageReplyMarkup", chat_id=chat_id, message_id=message_id)
        except Refused as error:
            if error.code != base.REJECTED:
                raise
            return "message is not modified" in error.words.lower()
        return False  # it had buttons, and ours never have

    def _edit(self, method: str, chat_id: str, message_id: str, **words: str) -> None:
        try:
            self._call(method, chat_id=chat_id, message_id=number(message_id), **words)
        except Refused as error:
            if "message is not modified" not in error.words.lower():
                raise

    def _download(self, path: str) -> Fetched:
        url = f"{self.server}/file/bot{self._token}/{quote(path)}"
        try:
            return http.download(url, FETCH_LIMIT, self.session)
        except TooLarge:
            raise too_large() from None
        except requests.RequestException:
            raise ChannelError(
                "Telegram did not give the file."
            ) from None  # the address has the token

    def _call(self, method: str, **params: Any) -> Any:
        return self._send(Request(method, params))

    def _send(self, request: Request) -> Any:
        return call(self.session, self.server, quote(self._token, safe=":"), request)

    @property
    def _token(self) -> str:
        return str(self.account.settings.get("token", ""))


def bot(me: Any) -> Connected:
    """The account that an answer to getMe describes."""
    if not isinstance(me, dict) or not isinstance(me.get("id"), int):
        raise lost(False)
    username, name = (base.plain(str(me.get(key, "")), 200) for key in ("username", "first_name"))
    return Connected(
        external_id=str(me["id"]),
        name=name or username,
        link=f"https://t.me/{username}" if username else "",
        settings={"username": username},
    )


def sent(result: Any) -> Sent:
    """The ids in the answer to a send: one message, or those of an album."""
    messages = result if isinstance(result, list) else [result]
    try:
        ids = tuple(str(int(message["message_id"])) for message in messages)
        at = datetime.fromtimestamp(messages[0]["date"], UTC)
    except (LookupError, TypeError, ValueError, OSError, OverflowError):
        raise lost(False) from None
    return Sent(ids, at)


def trouble(info: Any, hook_url: str) -> None:
    """Raise what the state of the webhook tells; an old error with nothing waiting is over."""
    if not isinstance(info, dict):
        raise lost(False)
    if info.get("url") != hook_url:
        raise ChannelError(
            "Telegram gives this bot's messages to another address. Reconnect the bot.",
            code=base.MOVED,
            permanent=True,
        )
    if info.get("pending_update_count") and (words := info.get("last_error_message")):
        raise ChannelError(f"Telegram cannot bring us messages: {base.plain(str(words), 300)}.")


def number(message_id: str) -> int:
    if not message_id.isdecimal():
        raise ChannelError("This is no message of Telegram.", code=base.REJECTED, permanent=True)
    return int(message_id)


def unknown_token() -> Invalid:
    return Invalid(
        fields={"token": "Telegram does not know this token. Copy it once more from @BotFather."}
    )


def too_large() -> ChannelError:
    return ChannelError(
        f"Telegram gives bots no files above {FETCH_LIMIT >> 20} MB. Ask the client to send it by "
        "e-mail or as a link.",
        code=base.TOO_LARGE,
        permanent=True,
    )
