"""How a message of ours becomes calls of the Cloud API. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages.
"""

from collections.abc import Sequence
from typing import Any

from b24app.channels.base import Part
from b24app.channels.pieces import pieces, units
from b24app.values import Filled, OutFile, Outgoing

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
DOCUMENT = "document"
MB = 1 << 20
# How WhatsApp takes a file, by its type: the kind and the most bytes; all else is a document.
TAKEN: dict[str, tuple[str, int]] = {
    "image/jpeg": ("image", 5 * MB),
    "image/png": ("image", 5 * MB),
    "video/mp4": ("video", 16 * MB),
    "video/3gpp": ("video", 16 * MB),
    "audio/aac": ("audio", 16 * MB),
    "audio/amr": ("audio", 16 * MB),
    "audio/mpeg": ("audio", 16 * MB),
    "audio/mp4": ("audio", 16 * MB),
    "audio/ogg": ("audio", 16 * MB),
}
STICKER_LIMIT = 500 << 10
CAPTIONED = ("image", "video", DOCUMENT)
BSUID = "."  # in a business-scoped user id, never in a phone: `RU.13491208655302741918`


def parts(outgoing: Outgoing) -> Sequence[Part]:
    """Texts, then files one by one; a short text goes with the first file. A template is one."""
    if outgoing.template:
        return [_part(outgoing, 0, outgoing.text, outgoing.files)]
    files = outgoing.files
    together = bool(files) and _captions(outgoing.text, files[0])
    texts = [] if together else pieces(outgoing.text, TEXT_LIMIT)
    bodies: list[tuple[str, tuple[OutFile, ...]]] = [(text, ()) for text in texts]
    bodies += [("", (file,)) for file in files]
    if together:
        bodies[0] = (outgoing.text.strip(), (files[0],))
    return [_part(outgoing, number, *body) for number, body in enumerate(bodies)]


def _part(outgoing: Outgoing, number: int, text: str, files: tuple[OutFile, ...]) -> Part:
    quote = None if number else outgoing.quote_id
    name = f"{outgoing.uuid}:{number}"
    return Part(outgoing.chat_id, name, text, files, quote, outgoing.template)


def body(part: Part, media_id: str = "") -> dict[str, Any]:
    """The JSON that sends a part whose file, if any, is uploaded as `media_id`."""
    whose = "recipient" if BSUID in part.chat_id else "to"
    found: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        whose: part.chat_id,
        "biz_opaque_callback_data": part.uuid,
    }
    if part.quote_id:
        found["context"] = {"message_id": part.quote_id}
    return {**found, **_content(part, media_id)}


def kind_of(file: OutFile) -> str:
    """image, video, audio, sticker or document, as WhatsApp would take it."""
    if file.kind == "sticker" and file.mime == "image/webp" and file.size <= STICKER_LIMIT:
        return "sticker"
    kind, most = TAKEN.get(file.mime, (DOCUMENT, 0))
    return kind if file.size <= most and file.kind != DOCUMENT else DOCUMENT


def _content(part: Part, media_id: str) -> dict[str, Any]:
    if part.template:
        return {"type": "template", "template": _template(part.template, part.files, media_id)}
    if not part.files:
        return {"type": "text", "text": {"body": part.text, "preview_url": True}}
    kind = kind_of(part.files[0])
    return {"type": kind, kind: _medium(kind, part.files[0], media_id, part.text)}


def _medium(kind: str, file: OutFile, media_id: str, caption: str = "") -> dict[str, Any]:
    found = {"id": media_id}
    if kind == DOCUMENT:
        found["filename"] = file.name
    if caption and kind in CAPTIONED:
        found["caption"] = caption
    return found


def _template(filled: Filled, files: Sequence[OutFile], media_id: str) -> dict[str, Any]:
    """A template with its values; the header takes a file or a text."""
    components: list[dict[str, Any]] = []
    if files:
        kind = kind_of(files[0])
        medium = {"type": kind, kind: _medium(kind, files[0], media_id)}
        components.append({"type": "header", "parameters": [medium]})
    elif filled.header_value:
        words = _value(filled.header_variable, filled.header_value)
        components.append({"type": "header", "parameters": [words]})
    if filled.values:
        names = (*filled.variables, *[""] * len(filled.values))
        values = [_value(*one) for one in zip(names, filled.values, strict=False)]
        components.append({"type": "body", "parameters": values})
    found: dict[str, Any] = {"name": filled.name, "language": {"code": filled.language}}
    return {**found, "components": components} if components else found


def _value(name: str, value: str) -> dict[str, str]:
    """A value of a variable; only those with real names are named."""
    found = {"type": "text", "text": value}
    return {**found, "parameter_name": name} if name and not name.isdecimal() else found


def _captions(text: str, file: OutFile) -> bool:
    return 0 < units(text.strip()) <= CAPTION_LIMIT and kind_of(file) in CAPTIONED
