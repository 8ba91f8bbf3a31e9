"""`/_sandbox/`: what clients do in their mailboxes, for the page and for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.messengers.mail.boxes import INBOX, PASSWORD, SENT, Boxes

LONGEST_SECONDS = 20.0
SHOP = "shop@mail.sandbox"
PEOPLE = {"anna@client.sandbox": "Анна Соколова", "igor@client.sandbox": "Игорь Лесной"}


def control(boxes: Boxes) -> Blueprint:
    pages = Blueprint("mail_control", __name__, url_prefix="/_sandbox")

    @pages.post("/write")
    def write() -> Response:
        """`{"from", "to"?, "subject"?, "text", "html"?, "answers"?}`: a letter of a client."""
        given = request.get_json()
        letter = _letter(given)
        raw = letter.as_bytes()
        boxes.keep(given["from"], SENT, raw, ())
        boxes.deliver(str(given.get("to") or SHOP), raw)
        return jsonify(id=letter["Message-ID"])

    @pages.get("/box/<address>")
    def box(address: str) -> Response:
        """Letters of both folders, oldest first."""
        with boxes.changed:
            found = [
                _shown(letter.raw, folder == SENT)
                for folder in (INBOX, SENT)
                for letter in boxes.box(address).folders[folder]
            ]
        return jsonify(items=sorted(found, key=lambda one: str(one["at"])))

    @pages.get("/people")
    def people() -> Response:
        named = [{"address": address, "name": name} for address, name in PEOPLE.items()]
        return jsonify(items=named, shop=SHOP, password=PASSWORD)

    @pages.get("/news")
    def news() -> Response:
        seconds = min(request.args.get("seconds", 0.0, float), LONGEST_SECONDS)
        return jsonify(version=boxes.wait(request.args.get("seen", -1, int), seconds))

    return pages


def _letter(given: Mapping[str, Any]) -> EmailMessage:
    letter = EmailMessage(policy=policy.SMTP)
    name = PEOPLE.get(given["from"], "")
    letter["From"] = f"{name} <{given['from']}>" if name else given["from"]
    letter["To"] = str(given.get("to") or SHOP)
    letter["Subject"] = str(given.get("subject") or "")
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = make_msgid(domain="client.sandbox")
    if answered := given.get("answers"):
        letter["In-Reply-To"] = letter["References"] = str(answered)
    letter.set_content(str(given.get("text") or ""))
    if html := given.get("html"):
        letter.add_alternative(str(html), subtype="html")
    return letter


def _shown(raw: bytes, ours: bool) -> dict[str, Any]:
    letter = message_from_bytes(raw, policy=policy.default)
    body = letter.get_body(("plain", "html"))
    files = [part.get_filename() for part in letter.iter_attachments()]
    date = letter["Date"]
    return {
        "id": letter["Message-ID"],
        "from": str(letter["From"]),
        "to": str(letter["To"]),
        "subject": str(letter["Subject"] or ""),
        "text": body.get_content().strip() if body else "",
        "files": [name for name in files if name],
        "at": date.datetime.isoformat() if date is not None and date.datetime else "",
        "ours": ours,
        "answers": letter["In-Reply-To"],
    }
