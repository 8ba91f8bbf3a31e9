"""The REST bot API over HTTP: who calls, trouble on order, the deed, the answer.

Source: developers.viber.com/docs/api/rest-bot-api.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, request

from sandbox.faults import Fault, broken
from sandbox.messengers.phones.world import Account, Chat, Json, Message, StoredFile
from sandbox.outside import Unreachable

if TYPE_CHECKING:
    from sandbox.messengers.viber.bots import Viber

GATEWAY_PAGE = "<html><head><title>504 Gateway Time-out</title></head></html>"
CALL_LIMIT = 30_000
TEXT_LIMIT, CAPTION_LIMIT, SENDER_LIMIT = 7000, 768, 28
MB = 1 << 20
SIZES = {"picture": MB, "video": 26 * MB, "file": 50 * MB}
PICTURES = (".jpg", ".jpeg", ".png", ".gif")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
STATUSES = {
    1: "invalidUrl",
    2: "invalidAuthToken",
    3: "badData",
    4: "missingData",
    6: "notSubscribed",
    12: "tooManyRequests",
}


class RestError(Exception):
    """An answer with a status that is not 0; the HTTP status is 200 all the same."""

    def __init__(self, status: int, words: str = "") -> None:
        super().__init__(words)
        self.body = {"status": status, "status_message": words or STATUSES[status]}


def api(viber: "Viber") -> Blueprint:
    """`/pa/<method>`, and the files that clients sent."""
    pages = Blueprint("rest", __name__)
    ways = _Ways(viber)

    @pages.post("/pa/<method>")
    def call(method: str) -> Response:
        deed = getattr(ways, f"do_{method}", None)
        if deed is None:
            abort(404)
        viber.address = request.host_url.rstrip("/")  # type: ignore[attr-defined]
        return ways.go(method, deed)

    @pages.get("/_files/<number>")
    def file(number: str) -> Response:
        fault = viber.world.faults.before("download")
        if fault is not None and fault.kind != "delay":
            return _trouble(fault)
        stored = viber.world.files.get(number)
        return Response(stored.content, mimetype=stored.mime) if stored else Response(status=404)

    return pages


class _Ways:
    """What every call has in common, and the deeds."""

    def __init__(self, viber: "Viber") -> None:
        self.viber = viber
        self.world = viber.world

    def go(self, method: str, deed: Callable[[Account, Json], Json]) -> Response:
        """Judge, note and carry out one call; faults break it before or after."""
        fault = self.world.faults.before(method)
        if fault is not None and fault.kind != "delay":
            return _trouble(fault)
        try:
            account = self._account()
            words = _words()
            entry = self.world.note(account.id, method, words)
            entry["result"] = {"status": 0, "status_message": "ok", **deed(account, words)}
            answer = jsonify(entry["result"])
        except RestError as error:
            answer = jsonify(error.body)
        late = self.world.faults.after(method)
        return _trouble(late) if late else answer

    def _account(self) -> Account:
        token = request.headers.get("X-Viber-Auth-Token", "")
        for account in self.world.accounts.values():
            if account.secrets["token"] == token and not account.revoked:
                return account
        raise RestError(2)

    def do_set_webhook(self, account: Account, words: Json) -> Json:
        """Viber tries a new address at once, and takes it if it answers 200."""
        url = str(words.get("url", ""))
        if url:
            self._greet(account, url)
        with self.world.change():
            account.hook = url
            account.details["events"] = tuple(words.get("event_types") or ())
        return {"event_types": list(account.details["events"])}

    def _greet(self, account: Account, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise RestError(1)
        body, headers = self.viber.call(account, "webhook", self.viber.token())
        try:
            status, _ = self.viber.outside.post(url, body=body, headers=headers)
        except Unreachable:
            raise RestError(1, "Result: timeout") from None
        if status != 200:
            raise RestError(1, f"Result: {status}")

    def do_get_account_info(self, account: Account, words: Json) -> Json:
        return {
            "id": account.id,
            "name": account.name,
            "uri": account.details["uri"],
            "webhook": account.hook,
            "event_types": list(account.details["events"]),
            "subscribers_count": len(self.world.chats),
        }

    def do_send_message(self, account: Account, words: Json) -> Json:
        """Check, fetch the file, and put the message into the client's phone."""
        if not account.hook:
            raise RestError(3, "webhookNotSet")
        if not 0 < len(str((words.get("sender") or {}).get("name", ""))) <= SENDER_LIMIT:
            raise RestError(4, "sender.name is missing or too long")
        chat = self._chat(account, str(words.get("receiver", "")))
        kind, text = str(words.get("type")), str(words.get("text") or "")
        _check(kind, text, words)
        file = self._fetched(kind, words) if kind in SIZES else None
        if self.world.limits.take(account.id, chat.person.id, self.world.clock()):
            raise RestError(12)
        token = self.viber.token()
        with self.world.change():
            message = Message(token, False, self.world.clock(), kind, text, file)
            self.viber.arrived(chat, self.world.add(chat, message))
        return {"message_token": int(token), "chat_hostname": "SN-CHAT-01_", "billing_status": 1}

    def _chat(self, account: Account, receiver: str) -> Chat:
        """Only who wrote to the bot and did not leave it hears of it."""
        chat = self.world.chats.get((account.id, receiver))
        if chat is None or chat.blocked or not chat.client_at:
            raise RestError(6)
        return chat

    def _fetched(self, kind: str, words: Json) -> StoredFile:
        """Viber fetches files by their address."""
        url = str(words.get("media", ""))
        if kind == "picture" and not urlsplit(url).path.lower().endswith(PICTURES):
            raise RestError(3, "media: a picture's address ends with .jpg, .png or .gif")
        try:
            content, mime = self.viber.outside.get(url)
        except Unreachable as error:
            raise RestError(3, f"media: {error}") from None
        if len(content) > SIZES[kind]:
            raise RestError(3, f"media: a {kind} is too large")
        name = str(words.get("file_name") or urlsplit(url).path.rpartition("/")[2])
        return self.world.store(name, mime, content)


def _check(kind: str, text: str, words: Json) -> None:
    """What can be sent, as documented."""
    if kind not in ("text", *SIZES):
        raise RestError(3, f"sandbox: type {kind} is not simulated")
    if kind == "text" and not 0 < len(text) <= TEXT_LIMIT:
        raise RestError(3, "text is empty or too long")
    if kind == "picture" and len(text) > CAPTION_LIMIT:
        raise RestError(3, "text is too long")
    if kind in ("video", "file") and not isinstance(words.get("size"), int):
        raise RestError(4, "size is missing")
    if kind == "file" and not 0 < len(str(words.get("file_name", ""))) <= 256:
        raise RestError(4, "file_name is missing")


def _words() -> Json:
    if len(request.get_data()) > CALL_LIMIT:
        raise RestError(3, "the request is larger than 30 kB")
    found: Any = request.get_json(silent=True)
    if not isinstance(found, dict):
        raise RestError(3)
    return found


def _trouble(fault: Fault) -> Response:
    """The ordered failure instead of an answer."""
    if fault.kind.startswith(("timeout", "reset")):
        return Response(status=502, headers=broken(fault))
    if fault.kind == "429":
        return jsonify(RestError(12).body)
    if fault.kind == "401_expired":
        return jsonify(RestError(2).body)
    if fault.kind == "error":
        options = fault.options
        return jsonify(RestError(int(options["status"]), str(options.get("words", "error"))).body)
    if fault.kind == "302":
        return Response(status=302, headers={"Location": str(fault.options.get("location", "/"))})
    return Response(GATEWAY_PAGE, status=int(fault.kind[:3]) if fault.kind[0] == "5" else 504)
