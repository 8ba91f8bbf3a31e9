"""Letters of ours: how a part of a message becomes one. Pure, but for reading its files."""

import mimetypes
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

from b24app.channels.base import Part
from b24app.channels.email import letters


def message_id(part: Part, settings: Mapping[str, Any], secret: str) -> str:
    """The letter's name: the same in every try, and nobody else's."""
    mark = sha256(f"{secret}:{part.chat_id}:{part.uuid}".encode()).hexdigest()[:32]
    return f"<{mark}.callgear@{domain(settings)}>"


def domain(settings: Mapping[str, Any]) -> str:
    return str(settings.get("address", "")).rpartition("@")[2] or "localhost"


def letter(part: Part, settings: Mapping[str, Any], secret: str, now: datetime) -> bytes:
    """A part as a letter, ready to be sent."""
    found = EmailMessage(policy=SMTP)
    found["From"] = _from(settings)
    found["To"] = part.chat_id
    found["Subject"] = _subject(part, settings)
    found["Date"] = format_datetime(now)
    found["Message-ID"] = message_id(part, settings, secret)
    if answered := _answered(part):
        thread = part.memo.get("references", "").split()
        found["In-Reply-To"] = answered
        found["References"] = " ".join([*(one for one in thread if one != answered), answered])
    found["X-Mailer"] = "CallGear Chats"
    found.set_content(part.text, charset="utf-8", cte="quoted-printable")
    for file in part.files:
        with file.open() as stream:
            _attach(found, stream.read(), file.mime, file.name)
    return found.as_bytes()


def _from(settings: Mapping[str, Any]) -> Address | str:
    address = str(settings.get("address", ""))
    name = str(settings.get("from_name", ""))
    return Address(name, addr_spec=address) if name else address


def _subject(part: Part, settings: Mapping[str, Any]) -> str:
    """An answer keeps the subject of its thread; a first letter has the channel's."""
    known = letters.base_subject(part.memo.get("subject", ""))
    if part.memo.get("answers"):
        return f"Re: {known}" if known else "Re:"
    own = str(settings.get("subject", "")) or str(settings.get("from_name", ""))
    return own or str(settings.get("address", ""))


def _answered(part: Part) -> str:
    """The letter that this one answers: the quoted one, else the chat's newest."""
    if part.quote_id and "@" in part.quote_id:
        return f"<{part.quote_id}>"
    return part.memo.get("answers", "")


def _attach(to: EmailMessage, content: bytes, mime: str, name: str) -> None:
    kind = mime if "/" in mime else mimetypes.guess_type(name)[0] or "application/octet-stream"
    main, _, sub = kind.partition("/")
    to.add_attachment(content, maintype=main, subtype=sub, filename=name)
