"""Numbers of the WhatsApp Business Platform, by the Cloud API.

Source: developers.facebook.com/documentation/business-messaging/whatsapp.
"""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests

from b24app import http
from b24app.channels import base
from b24app.channels.base import Adapter, Field, Part
from b24app.channels.whatsapp import parts, templates, webhooks
from b24app.channels.whatsapp.api import Refused, Request, call, lost
from b24app.errors import ChannelError, Denied, Invalid, TooLarge
from b24app.i18n import N_
from b24app.values import (
    Address,
    Connected,
    Fetched,
    Filled,
    Found,
    HookCall,
    Incoming,
    OutFile,
    Outgoing,
    Parsed,
    Person,
    Reacted,
    Receipt,
    RemoteFile,
    Sent,
    Skipped,
    Template,
)

SIGNATURE = "x-hub-signature-256"
FETCH_LIMIT = 100 << 20
MOST_PAGES = 20
PAGE = "100"
# Files lie elsewhere than the API; the token goes to nobody but Meta.
FILE_HOSTS = ("lookaside.fbsbx.com", ".fbcdn.net", ".whatsapp.net", ".facebook.com", ".fbsbx.com")
NUMBER_FIELDS = "id,display_phone_number,verified_name,status,quality_rating,webhook_configuration"
# States of a number in which it works (`status` of a phone number).
WORKING = ("CONNECTED", "FLAGGED", "UNKNOWN", "")


class WhatsApp(Adapter):
    kind = "whatsapp"
    title = "WhatsApp"
    fields = (
        Field(
            "phone_number_id",
            "Phone number ID",
            required=True,
            help="WhatsApp → API Setup, under the chosen number. It is not the number itself.",
        ),
        Field(
            "business_account_id",
            "WhatsApp Business Account ID",
            required=True,
            help="WhatsApp → API Setup, beside the phone number ID.",
        ),
        Field(
            "token",
            "Access token",
            "secret",
            required=True,
            help="A permanent one, made for a system user: a temporary one ends after a day.",
        ),
        Field(
            "app_secret",
            "App secret",
            "secret",
            required=True,
            help="App settings → Basic → App secret. By it we know that a call is from Meta.",
        ),
    )
    steps = (
        N_("Open developers.facebook.com, make an app of the kind “Business” and add WhatsApp."),
        N_("In WhatsApp → API Setup add your number, then copy its ID and the account's ID."),
        N_(
            "In Business settings → System users make a user, give it this app and the WhatsApp "
            "account, and generate a token that never expires with whatsapp_business_messaging "
            "and whatsapp_business_management."
        ),
        N_("Copy the app secret from App settings → Basic."),
        N_("Press “Connect”: the address for messages is set by itself."),
        N_("Switch the app to “Live”, else only test messages come in."),
    )
    text_limit = parts.TEXT_LIMIT
    caption_limit = parts.CAPTION_LIMIT
    file_limit = 100 << 20
    can_quote = True
    has_receipts = True
    renames = True
    tells_of_reading = True
    vouches_for = ("phone",)
    reached_by = ("phone",)
    found_by = ("phone",)
    window = timedelta(hours=24)
    has_templates = True
    # Nobody can be asked about a lost answer: a status brings the part's own name back.
    echo = timedelta(minutes=2)
    tells = (Incoming, Receipt, Reacted, Skipped)
    server_setting = "whatsapp_api_url"
    official_server = "https://graph.facebook.com"

    def connect(self, expected: str = "") -> Connected:
        found = number(self._checked())
        if expected and found.external_id != expected:
            raise Invalid(fields={"phone_number_id": f"This is another number, {found.name}."})
        self._check_account()
        return found

    def listen(self) -> None:
        self._call("POST", f"{self._account}/subscribed_apps")
        self._point_to(self.account.hook_url, verify_token=self.account.secret)

    def disconnect(self) -> None:
        self._point_to("")

    def check(self) -> None:
        trouble(self._about(), self.account.hook_url)

    def greeting(self, call: HookCall) -> str | None:
        if call.method != "GET":
            return None
        given = call.query.get("hub.verify_token", "")
        if not hmac.compare_digest(given.encode(), self.account.secret.encode()):
            raise Denied("The verify token is not the one we gave to WhatsApp.")
        return call.query.get("hub.challenge", "")[:200]

    def verify(self, call: HookCall) -> None:
        secret = str(self.account.settings.get("app_secret", ""))
        right = hmac.new(secret.encode(), call.body, sha256).hexdigest()
        given = call.headers.get(SIGNATURE, "").removeprefix("sha256=")
        if not secret or not hmac.compare_digest(given.encode(), right.encode()):
            raise Denied("The signature is not made with this app's secret.")

    def provider_id(self, call: HookCall) -> str:
        """Calls have no numbers; a repeated one is the same to the letter."""
        base.json_object(call.body)
        return sha256(call.body).hexdigest()

    def lane(self, call: HookCall) -> str:
        return webhooks.chat(call.body)

    def parse(self, call: HookCall) -> list[Parsed]:
        return webhooks.parsed(call.body, self._number)

    def parts(self, outgoing: Outgoing) -> Sequence[Part]:
        self.check_files(outgoing)
        return parts.parts(outgoing)

    def send_part(self, part: Part) -> Sent:
        media = self._upload(part.files[0]) if part.files else ""
        filled = self._called(part.template) if part.template else None
        body = parts.body(replace(part, template=filled), media)
        answer = self._send(Request("POST", f"{self._number}/messages", {}, body))
        return replace(sent(answer), chat_id=named(answer))

    def edit(self, chat_id: str, message_id: str, text: str) -> None:
        """WhatsApp does not let a business change what it sent."""

    def delete(self, chat_id: str, message_id: str) -> None:
        """WhatsApp does not let a business take back what it sent."""

    def typing(self, chat_id: str) -> None:
        """Only together with reading a message."""

    def mark_read(self, chat_id: str, message_id: str) -> None:
        self._call(
            "POST",
            f"{self._number}/messages",
            messaging_product="whatsapp",
            status="read",
            message_id=message_id,
        )

    def resolve(self, address: Address) -> Found | None:
        """A chat is named by the phone's digits; whether it has WhatsApp, a template will show."""
        digits = address.value.removeprefix("+")
        return Found(digits, Person(digits, phone=f"+{digits}")) if digits.isdecimal() else None

    def templates(self) -> Sequence[Template]:
        found: list[Template] = []
        query = {"fields": templates.FIELDS, "limit": PAGE}
        for _ in range(MOST_PAGES):
            page = self._call("GET", f"{self._account}/message_templates", query)
            found += templates.read(page.get("data"))
            after = after_of(page)
            if not after:
                break
            query = {**query, "after": after}
        return found

    def fetch(self, file: RemoteFile) -> Fetched:
        found = self._call("GET", file.remote_id, {"phone_number_id": self._number})
        if int_of(found.get("file_size")) > FETCH_LIMIT:
            raise too_large()
        url, mime = str(found.get("url", "")), str(found.get("mime_type", ""))
        self._check_host(url)
        fetched = self._download(url)
        return replace(fetched, name=file.name, mime=file.mime or mime.split(";")[0])

    def _about(self) -> dict[str, Any]:
        return self._call("GET", self._number, {"fields": NUMBER_FIELDS})

    def _checked(self) -> dict[str, Any]:
        """What WhatsApp says of the number; every setting that is wrong is named."""
        query = {"fields": NUMBER_FIELDS, "appsecret_proof": self._proof()}
        try:
            return self._call("GET", self._number, query)
        except Refused as error:
            raise Invalid(fields=blamed(error)) from None

    def _check_account(self) -> None:
        """The number must be one of this business account: else its messages never come."""
        query = {"fields": "id", "limit": PAGE}
        try:
            listed = self._call("GET", f"{self._account}/phone_numbers", query).get("data")
        except Refused as error:
            if error.code == base.RATE_LIMITED:
                raise
            raise strange_account() from None
        numbers = listed if isinstance(listed, list) else []
        if self._number not in [str(one.get("id")) for one in numbers if isinstance(one, dict)]:
            raise strange_account()

    def _point_to(self, url: str, **more: str) -> None:
        """Where WhatsApp brings this number's messages; an empty address: nowhere of ours."""
        hook = {"override_callback_uri": url, **more}
        self._call("POST", self._number, webhook_configuration=hook)

    def _proof(self) -> str:
        """What shows Meta that token and secret are of one app."""
        secret = str(self.account.settings.get("app_secret", ""))
        return hmac.new(secret.encode(), self._token.encode(), sha256).hexdigest()

    def _upload(self, file: OutFile) -> str:
        """The id of an uploaded file. Uploading twice reaches nobody, so it is never unsure."""
        body = {"messaging_product": "whatsapp", "type": file.mime}
        found = self._before(Request("POST", f"{self._number}/media", {}, body, file)).get("id")
        if not isinstance(found, str | int) or not str(found):
            raise ChannelError("WhatsApp did not take the file.", code=base.UNREACHABLE)
        return str(found)

    def _called(self, filled: Filled) -> Filled:
        """A template whose variables are called by their names, as WhatsApp wants those."""
        if filled.variables or not (filled.values or filled.header_value):
            return filled
        query = {"fields": templates.FIELDS, "name": filled.name, "limit": PAGE}
        page = self._before(Request("GET", f"{self._account}/message_templates", query))
        for one in templates.read(page.get("data")):
            if (one.name, one.language) == (filled.name, filled.language):
                title = one.header_variable
                return replace(filled, variables=one.variables, header_variable=title)
        return filled

    def _before(self, request: Request) -> dict[str, Any]:
        """A call that comes before a message: lost or not, nobody got anything yet."""
        try:
            return self._send(request)
        except Refused:
            raise
        except ChannelError as error:
            raise ChannelError(error.message, code=base.UNREACHABLE) from None

    def _check_host(self, url: str) -> None:
        """The token goes with the download: only to Meta, or where the API itself is."""
        host, ours = urlsplit(url), urlsplit(self.server)
        name = (host.hostname or "").lower()
        meta = host.scheme == "https" and (
            name in FILE_HOSTS or name.endswith(tuple(one for one in FILE_HOSTS if one[0] == "."))
        )
        if not meta and (host.scheme, host.netloc) != (ours.scheme, ours.netloc):
            raise ChannelError(
                "WhatsApp gives this file at an address that is not Meta's.",
                code=base.REJECTED,
                permanent=True,
            )

    def _download(self, url: str) -> Fetched:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            return http.download(url, FETCH_LIMIT, self.session, headers)
        except TooLarge:
            raise too_large() from None
        except requests.RequestException:
            raise ChannelError("WhatsApp did not give the file.") from None

    def _call(
        self, verb: Any, path: str, query: dict[str, str] | None = None, **body: Any
    ) -> dict[str, Any]:
        return self._send(Request(verb, path, query or {}, body))

    def _send(self, request: Request) -> dict[str, Any]:
        return call(self.session, self.server, self._token, request)

    @property
    def _number(self) -> str:
        return id_of(self.account.settings.get("phone_number_id"))

    @property
    def _account(self) -> str:
        return id_of(self.account.settings.get("business_account_id"))

    @property
    def _token(self) -> str:
        return str(self.account.settings.get("token", ""))


def id_of(value: Any) -> str:
    """An id as it may stand in an address; it is only digits."""
    return "".join(one for one in str(value or "") if one.isascii() and one.isalnum())


def number(about: dict[str, Any]) -> Connected:
    """The account that an answer about a phone number describes."""
    found = about.get("id")
    if not isinstance(found, str | int) or not str(found):
        raise lost(False)
    phone = base.plain(str(about.get("display_phone_number", "")), 40)
    digits = "".join(one for one in phone if one.isdecimal())
    name = base.plain(str(about.get("verified_name", "")), 100)
    return Connected(
        external_id=str(found),
        name=" ".join(part for part in (name, phone) if part),
        link=f"https://wa.me/{digits}" if digits else "",
    )


def sent(answer: dict[str, Any]) -> Sent:
    """The id in the answer to a send."""
    try:
        found = answer["messages"][0]["id"]
    except (LookupError, TypeError):
        raise lost(False) from None
    if not isinstance(found, str) or not 0 < len(found) <= webhooks.ID_MAX:
        raise lost(False)
    return Sent((found,))


def named(answer: dict[str, Any]) -> str:
    """What WhatsApp calls the client's chat: of some countries not the phone as it is dialled."""
    try:
        found = answer["contacts"][0]["wa_id"]
    except (LookupError, TypeError):
        return ""
    return found if isinstance(found, str) and found.isdecimal() and len(found) < 40 else ""


def trouble(about: dict[str, Any], hook_url: str) -> None:
    """Raise what the state of a number tells."""
    state = str(about.get("status") or "")
    if state not in WORKING:
        raise ChannelError(
            f"WhatsApp says of this number: {state.lower()}. See WhatsApp Manager.",
            code=base.UNAUTHORIZED,
            permanent=True,
        )
    hook = about.get("webhook_configuration")
    if not isinstance(hook, dict) or hook.get("phone_number") != hook_url:
        raise ChannelError(
            "WhatsApp gives this number's messages to another address. Reconnect the number.",
            code=base.MOVED,
            permanent=True,
        )


def blamed(error: Refused) -> dict[str, str]:
    """The field that a refusal to tell of the number is about."""
    if "appsecret_proof" in error.words:
        return {"app_secret": N_("This secret and the access token are not of one app.")}
    if error.code == base.UNAUTHORIZED:
        return {"token": error.message}
    if error.code == base.RATE_LIMITED:
        raise error
    return {"phone_number_id": N_("WhatsApp does not show this number to this access token.")}


def strange_account() -> Invalid:
    return Invalid(
        fields={"business_account_id": "The number is not one of this business account."}
    )


def after_of(page: dict[str, Any]) -> str:
    """The cursor of the next page, if there is one."""
    paging = page.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    return str(cursors.get("after") or "") if isinstance(cursors, dict) else ""


def int_of(value: Any) -> int:
    return int(value) if str(value).isdecimal() and len(str(value)) < 16 else 0


def too_large() -> ChannelError:
    return ChannelError(
        f"WhatsApp gives no files above {FETCH_LIMIT >> 20} MB.",
        code=base.TOO_LARGE,
        permanent=True,
    )
