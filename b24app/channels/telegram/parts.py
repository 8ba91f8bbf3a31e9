"""How a message of ours becomes calls of the Bot API. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from b24app.channels.base import Part
from b24app.channels.pieces import pieces, units
from b24app.channels.telegram.api import Request
from b24app.values import OutFile, Outgoing

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
PHOTO_LIMIT = 10 << 20
ALBUM = 10
# How Telegram takes a file, by its kind and type; all else goes as a document.
METHODS = {
    ("image", "image/jpeg"): "Photo",
    ("image", "image/png"): "Photo",
    ("image", "image/webp"): "Photo",
    ("image", "image/bmp"): "Photo",
    ("image", "image/gif"): "Animation",
    ("video", "video/mp4"): "Video",
    ("voice", "audio/ogg"): "Voice",
    ("voice", "audio/mpeg"): "Voice",
    ("voice", "audio/mp4"): "Voice",
    ("audio", "audio/mpeg"): "Audio",
    ("audio", "audio/mp4"): "Audio",
    ("sticker", "image/webp"): "Sticker",
}
DOCUMENT = "Document"
CAPTION = "caption_entities"
# How Telegram calls what we lay out in one way.
LAYOUT = {"b": "bold", "i": "italic", "u": "underline", "s": "strikethrough", "code": "code"}
# Files of one family may go as one album.
FAMILIES = {"Photo": "seen", "Video": "seen", "Audio": "heard", DOCUMENT: "kept"}


def parts(outgoing: Outgoing) -> Sequence[Part]:
    """Texts, then files; a short text goes with the first file. Only the first part quotes."""
    batches = [tuple(batch) for batch in _batches(outgoing.files)]
    together = bool(batches) and _captions(outgoing.text, batches[0])
    texts = [] if together else pieces(outgoing.text, TEXT_LIMIT)
    bodies: list[tuple[str, tuple[OutFile, ...]]] = [(text, ()) for text in texts]
    bodies += [("", batch) for batch in batches]
    if together:
        bodies[0] = (outgoing.text.strip(), batches[0])
    return [
        Part(
            outgoing.chat_id,
            f"{outgoing.uuid}:{number}",
            text,
            files,
            None if number else outgoing.quote_id,
            spans=outgoing.spans if text == outgoing.text else (),
        )
        for number, (text, files) in enumerate(bodies)
    ]


def request(part: Part, *, as_documents: bool = False) -> Request:
    """The call that sends a part."""
    params: dict[str, Any] = {"chat_id": part.chat_id}
    if part.quote_id and part.quote_id.isdecimal():
        params["reply_parameters"] = {
            "message_id": int(part.quote_id),
            "allow_sending_without_reply": True,
        }
    if not part.files:
        return Request("sendMessage", {**params, "text": part.text, **_laid_out("entities", part)})
    if len(part.files) > 1:
        return _album(part, params, as_documents)
    method = DOCUMENT if as_documents else method_of(part.files[0])
    caption = {"caption": part.text, **_laid_out(CAPTION, part)} if part.text else {}
    return Request(f"send{method}", {**params, **caption}, {method.lower(): part.files[0]})


def _laid_out(name: str, part: Part) -> dict[str, Any]:
    """Entities of the text, counted as Telegram counts; nothing when there are none."""
    entities = [
        {
            "type": LAYOUT[one.kind],
            "offset": units(part.text[: one.start]),
            "length": units(part.text[one.start : one.end]),
        }
        for one in part.spans
    ]
    return {name: entities} if entities else {}


def method_of(file: OutFile) -> str:
    found = METHODS.get((file.kind, file.mime), DOCUMENT)
    return DOCUMENT if found == "Photo" and file.size > PHOTO_LIMIT else found


def _album(part: Part, params: dict[str, Any], as_documents: bool) -> Request:
    media: list[dict[str, Any]] = [
        {
            "type": (DOCUMENT if as_documents else method_of(file)).lower(),
            "media": f"attach://file{number}",
        }
        for number, file in enumerate(part.files)
    ]
    if part.text:
        media[0] |= {"caption": part.text, **_laid_out(CAPTION, part)}
    files = {f"file{number}": file for number, file in enumerate(part.files)}
    return Request("sendMediaGroup", {**params, "media": media}, files)


def _batches(files: Iterable[OutFile]) -> Iterable[Sequence[OutFile]]:
    """Neighbours of one family together, ten at most; others alone."""
    for family, group in groupby(files, lambda file: FAMILIES.get(method_of(file))):
        batch = list(group)
        size = ALBUM if family else 1
        yield from (batch[start : start + size] for start in range(0, len(batch), size))


def _captions(text: str, batch: Sequence[OutFile]) -> bool:
    fits = 0 < units(text.strip()) <= CAPTION_LIMIT
    return fits and method_of(batch[0]) != "Sticker"
