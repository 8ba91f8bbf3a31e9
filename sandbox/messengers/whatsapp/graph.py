"""The Graph API over HTTP: who calls, trouble on order, the deed, the answer.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/reference.
"""

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, request

from sandbox.faults import Fault, broken
from sandbox.messengers.phones.world import Account, Json, StoredFile
from sandbox.messengers.whatsapp import sending
from sandbox.messengers.whatsapp.errors import GraphError
from sandbox.outside import Outside, Unreachable

if TYPE_CHECKING:
    from sandbox.messengers.whatsapp.business import WhatsApp

GATEWAY_PAGE = "<html><head><title>504 Gateway Time-out</title></head></html>"
CHALLENGE = "1158201444"
CODES = {
    "503": GraphError(2, status=503),
    "500": GraphError(1, status=500),
    "500_after": GraphError(1, status=500),
    "401_expired": GraphError(190, status=401),
}
PAGE = 3
Deed = Callable[[Account], Json]


def api(business: "WhatsApp") -> Blueprint:
    """`/v<version>/<id>…`, and the files themselves."""
    pages = Blueprint("graph", __name__)
    ways = _Ways(business)

    @pages.post("/<version>/<number>/messages")
    def messages(version: str, number: str) -> Response:
        body = _json()
        return ways.go("messages", number, lambda account: sending.send(business, account, body))

    @pages.post("/<version>/<number>/media")
    def media(version: str, number: str) -> Response:
        return ways.go("media", number, ways.upload)

    @pages.get("/<version>/<waba>/message_templates")
    def message_templates(version: str, waba: str) -> Response:
        return ways.go("templates", waba, lambda account: _page(business.templates))

    @pages.get("/<version>/<waba>/phone_numbers")
    def phone_numbers(version: str, waba: str) -> Response:
        numbers = [{"id": one} for one in business.world.accounts]
        return ways.go("phone_numbers", waba, lambda account: {"data": numbers})

    @pages.post("/<version>/<waba>/subscribed_apps")
    def subscribed_apps(version: str, waba: str) -> Response:
        return ways.go("subscribed_apps", waba, ways.subscribe)

    @pages.route("/<version>/<number>", methods=["GET", "POST"])
    def thing(version: str, number: str) -> Response:
        if number in business.world.files:
            return ways.go("media_url", number, lambda account: ways.about_file(number))
        deed = ways.about_number if request.method == "GET" else ways.configure
        return ways.go("number", number, deed)

    @pages.get("/_files/<number>")
    def file(number: str) -> Response:
        return ways.download(number)

    return pages


class _Ways:
    """What every call has in common, and the deeds that are short."""

    def __init__(self, business: "WhatsApp") -> None:
        self.business = business
        self.world = business.world

    def go(self, name: str, thing: str, deed: Deed) -> Response:
        """Judge, note and carry out one call; faults break it before or after."""
        fault = self.world.faults.before(name)
        if fault is not None and fault.kind != "delay":
            return _trouble(fault)
        try:
            answer = jsonify(self._done(name, thing, deed))
        except GraphError as error:
            answer = _refusal(error)
        late = self.world.faults.after(name)
        return _trouble(late) if late else answer

    def _done(self, name: str, thing: str, deed: Deed) -> Json:
        account = self.account(thing)
        with self.world.change():
            entry = self.world.note(account.id, name, _json() or request.args.to_dict())
            try:
                entry["result"] = deed(account)
            except GraphError as error:
                entry["error"] = error.body()
                raise
        if name == "number" and request.method == "POST":
            self._greet(account)
        found: Json = entry["result"]
        return found

    def account(self, thing: str) -> Account:
        """The account that the token and the id in the address name."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        for account in self.world.accounts.values():
            if account.secrets["token"] != token or account.revoked:
                continue
            if thing in (account.id, account.secrets["business_account_id"], *self.world.files):
                return account
        known = any(one.secrets["token"] == token for one in self.world.accounts.values())
        lost = any(one.revoked for one in self.world.accounts.values())
        if not known or (lost and thing in self.world.accounts):
            raise GraphError(190, status=401)
        details = f"Unsupported request. Object with ID '{thing}' does not exist"
        raise GraphError(100, details)

    def upload(self, account: Account) -> Json:
        file = request.files.get("file")
        if file is None or request.form.get("messaging_product") != "whatsapp":
            raise GraphError(100, "file and messaging_product are required")
        content = file.read()
        sending.check_media(file.mimetype, len(content))
        name = file.filename or "file"
        return {"id": self.world.store(name, file.mimetype, content, account.id).id}

    def about_file(self, number: str) -> Json:
        file = self.world.files[number]
        return {
            "messaging_product": "whatsapp",
            "url": f"{request.host_url}_files/{number}",
            "mime_type": file.mime,
            "sha256": sha256(file.content).hexdigest(),
            "file_size": str(len(file.content)),
            "id": number,
        }

    def download(self, number: str) -> Response:
        fault = self.world.faults.before("download")
        if fault is not None and fault.kind != "delay":
            return _trouble(fault)
        file: StoredFile | None = self.world.files.get(number)
        try:
            self.account(number)
        except GraphError as error:
            return _refusal(error)
        if file is None:
            return Response(status=404)
        return Response(file.content, mimetype=file.mime)

    def about_number(self, account: Account) -> Json:
        proof = request.args.get("appsecret_proof")
        secrets = account.secrets
        right = hmac.new(secrets["app_secret"].encode(), secrets["token"].encode(), sha256)
        if proof is not None and proof != right.hexdigest():
            raise GraphError(100, "Invalid appsecret_proof provided in the API argument")
        hook = {"phone_number": account.hook} if account.hook else {}
        return {
            "id": account.id,
            "display_phone_number": f"+{account.details['phone']}",
            "verified_name": account.name,
            "status": account.details.get("status", "CONNECTED"),
            "quality_rating": "GREEN",
            "webhook_configuration": hook,
        }

    def subscribe(self, account: Account) -> Json:
        """The application hears of all numbers of the business account."""
        for one in self.world.accounts.values():
            one.details["subscribed"] = True
        return {"success": True}

    def configure(self, account: Account) -> Json:
        hook = _json().get("webhook_configuration")
        if not isinstance(hook, dict):
            raise GraphError(100, "webhook_configuration is required")
        account.details["asked"] = hook
        if not hook.get("override_callback_uri"):
            account.hook = ""
        return {"success": True}

    def _greet(self, account: Account) -> None:
        """WhatsApp tries a new address, with the lock free, before it agrees."""
        asked: Mapping[str, Any] = account.details.pop("asked", {})
        url = str(asked.get("override_callback_uri") or "")
        if not url:
            return
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": CHALLENGE,
            "hub.verify_token": str(asked.get("verify_token", "")),
        }
        try:
            content, _ = self.outside.get(f"{url}?{urlencode(query)}")
        except Unreachable as error:
            raise GraphError(2200, str(error)) from None
        if content.decode() != CHALLENGE:
            raise GraphError(2200, "another challenge came back")
        with self.world.change():
            account.hook = url

    @property
    def outside(self) -> Outside:
        return self.business.outside


def _page(items: list[Json]) -> Json:
    """A page of templates, few at once, so that nobody forgets to turn it."""
    wanted = request.args.get("name", "")
    items = [one for one in items if wanted in one["name"]]
    start = int(request.args.get("after") or 0)
    end = start + PAGE
    found: Json = {"data": items[start:end], "paging": {"cursors": {"after": str(end)}}}
    if end < len(items):
        found["paging"]["next"] = "https://graph.facebook.com/next"
    return found


def _json() -> Json:
    found = request.get_json(silent=True)
    return found if isinstance(found, dict) else {}


def _trouble(fault: Fault) -> Response:
    """The ordered failure instead of an answer."""
    if fault.kind.startswith(("timeout", "reset")):
        return Response(status=502, headers=broken(fault))
    if fault.kind.startswith("html_504"):
        return Response(GATEWAY_PAGE, status=504, mimetype="text/html")
    if fault.kind == "302":
        return Response(status=302, headers={"Location": str(fault.options.get("location", "/"))})
    if fault.kind == "429":
        code = int(fault.options.get("code", 130429))
        return _refusal(GraphError(code, retry_after=fault.retry_after))
    return _refusal(CODES[fault.kind])


def _refusal(error: GraphError) -> Response:
    answer = make_response(jsonify(error.body()), error.status)
    answer.headers.update(error.headers)
    return answer
