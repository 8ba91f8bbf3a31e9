"""Messages from the bot: text, files, albums, places, contacts.

Source: core.telegram.org/bots/api (10.1); wording of errors: github.com/tdlib/telegram-bot-api.
"""

from sandbox.messengers.telegram import media
from sandbox.messengers.telegram.errors import bad, beyond, forbidden
from sandbox.messengers.telegram.parameters import Parameters
from sandbox.messengers.telegram.table import Call, method
from sandbox.messengers.telegram.world import Chat, Json, StoredFile

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ALBUM_SIZE = range(2, 11)
SENDING = (
    "business_connection_id chat_id message_thread_id direct_messages_topic_id "
    "disable_notification protect_content allow_paid_broadcast message_effect_id "
    "suggested_post_parameters reply_parameters reply_markup "
    # Older than reply_parameters and still taken.
    "reply_to_message_id allow_sending_without_reply"
)
CAPTION = "caption parse_mode caption_entities"


@method("sendMessage", f"{SENDING} text parse_mode entities link_preview_options")
def send_message(call: Call) -> Json:
    text = text_of(call.parameters)
    laid_out = layout_of(call.parameters, "entities", text)
    return _send(call, {"text": text, **laid_out, **buttons_of(call.parameters)})


def layout_of(parameters: Parameters, name: str, text: str) -> Json:
    """Entities as the message shows them; they count in UTF-16 units and stay in the text."""
    given = parameters.document(name)
    if not given:
        return {}
    length = len(text.encode("utf-16-le")) // 2
    for one in given:
        if not 0 <= int(one["offset"]) < int(one["offset"]) + int(one["length"]) <= length:
            raise bad("can't parse entities: beyond the text")
    return {name: [{key: one[key] for key in ("type", "offset", "length")} for one in given]}


def text_of(parameters: Parameters) -> str:
    text = parameters.text("text").strip()
    if not text:
        raise bad("message text is empty")
    if len(text) > TEXT_LIMIT:
        raise bad("message is too long")
    return text


def caption_of(text: str) -> Json:
    if len(text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return {"caption": text} if text else {}


def buttons_of(parameters: Parameters) -> Json:
    markup = parameters.document("reply_markup")
    if markup is None:
        return {}
    if not isinstance(markup, dict):
        raise bad("can't parse reply_markup JSON object")
    return {"reply_markup": markup} if "inline_keyboard" in markup else {}


def chat_of(call: Call) -> Chat:
    """The private chat that `chat_id` names, if the person lets the bot write."""
    text = call.parameters.text("chat_id")
    if not text:
        raise bad("chat_id is empty")
    person = call.telegram.people.get(int(text)) if text.isdecimal() else None
    if person is None:
        raise bad("chat not found")
    chat = call.telegram.chats.get((call.bot.id, person.id))
    if chat is None or not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    return chat


def _send(call: Call, content: Json) -> Json:
    chat = chat_of(call)
    reply_to = _reply_to(call.parameters, chat)
    refusal = call.telegram.limits.take(call.bot.id, chat.person.id, call.telegram.clock())
    if refusal is not None:
        raise refusal
    chat.action = ""
    return call.telegram.add_message(chat, call.bot.user(), content, reply_to)


def _reply_to(parameters: Parameters, chat: Chat) -> int:
    """Which message is answered; 0: none, or it is gone and that was allowed."""
    reply = parameters.document("reply_parameters")
    if reply is None:
        reply = {
            "message_id": parameters.number("reply_to_message_id"),
            "allow_sending_without_reply": parameters.flag("allow_sending_without_reply"),
        }
    if not isinstance(reply, dict):
        raise bad("can't parse reply parameters JSON object")
    wanted = int(reply.get("message_id") or 0)
    gone = wanted not in chat.lines
    return 0 if gone and reply.get("allow_sending_without_reply") else wanted


def _sends_file(name: str, kind: str, documented: str) -> None:
    """One more method of the family sendPhoto, sendDocument, …"""

    @method(name, f"{SENDING} {kind} {documented}")
    def send_file(call: Call) -> Json:
        chat_of(call)
        words = call.parameters.text("caption")
        caption = caption_of(words) | layout_of(call.parameters, "caption_entities", words)
        file = _file(call, kind, call.parameters.text(kind))
        content = media.content(kind, file, dict(call.parameters.values))
        return _send(call, {**content, **caption, **buttons_of(call.parameters)})


_sends_file("sendPhoto", "photo", f"{CAPTION} show_caption_above_media has_spoiler")
_sends_file("sendDocument", "document", f"{CAPTION} thumbnail disable_content_type_detection")
_sends_file("sendVoice", "voice", f"{CAPTION} duration")
_sends_file(
    "sendVideo",
    "video",
    f"{CAPTION} duration width height thumbnail cover start_timestamp show_caption_above_media "
    "has_spoiler supports_streaming",
)
_sends_file(
    "sendAnimation",
    "animation",
    f"{CAPTION} duration width height thumbnail show_caption_above_media has_spoiler",
)
_sends_file("sendAudio", "audio", f"{CAPTION} duration performer title thumbnail")
_sends_file("sendSticker", "sticker", "emoji")


def _file(call: Call, kind: str, reference: str) -> StoredFile:
    """A file uploaded with the call, or one the bot already knows by `file_id`."""
    part = reference.removeprefix("attach://") if reference.startswith("attach://") else kind
    if upload := call.parameters.files.get(part):
        name, mime = upload.filename or kind, upload.mimetype
        return media.store(call.telegram, call.bot, kind, name, upload.read(), mime)
    if not reference:
        raise bad(f"there is no {kind} in the request")
    if reference.startswith(("http://", "https://")):
        # A simulator without the Internet answers as for a page that cannot be read.
        raise bad("failed to get HTTP URL content")
    return known_file(call, reference, "wrong file identifier/HTTP URL specified")


def known_file(call: Call, file_id: str, otherwise: str) -> StoredFile:
    """A file of this very bot: identifiers of other bots are worth nothing."""
    file = call.telegram.files.get(file_id)
    if file is None or file.bot_id != call.bot.id:
        raise bad(otherwise)
    return file


@method("sendMediaGroup", f"{SENDING} media")
def send_media_group(call: Call) -> list[Json]:
    items = call.parameters.document("media")
    if not isinstance(items, list) or not items:
        raise bad("there are no media in the request")
    if len(items) not in ALBUM_SIZE:
        raise beyond("an album has 2-10 items")
    chat = chat_of(call)
    _check_mix([str(item.get("type")) for item in items])
    contents = [_album_item(call, item) for item in items]
    return _send_album(call, chat, contents)


def _check_mix(kinds: list[str]) -> None:
    for kind in kinds:
        if kind not in ("photo", "video", "document", "audio"):
            raise bad("media type must be one of photo, video, document or audio")
        if kind in ("document", "audio") and set(kinds) != {kind}:
            raise bad(f"{kind} can't be mixed with other media types")


def _album_item(call: Call, item: Json) -> Json:
    kind = str(item["type"])
    file = _file(call, kind, str(item.get("media") or ""))
    return {**media.content(kind, file, item), **caption_of(str(item.get("caption") or ""))}


def _send_album(call: Call, chat: Chat, contents: list[Json]) -> list[Json]:
    reply_to = _reply_to(call.parameters, chat)
    now = call.telegram.clock()
    refusal = call.telegram.limits.take(call.bot.id, chat.person.id, now, len(contents))
    if refusal is not None:
        raise refusal
    group = f"{call.bot.id}{chat.bot.next_message}"
    return [
        call.telegram.add_message(
            chat, call.bot.user(), {"media_group_id": group, **content}, reply_to
        )
        for content in contents
    ]


@method(
    "sendLocation",
    f"{SENDING} latitude longitude horizontal_accuracy live_period heading proximity_alert_radius",
)
def send_location(call: Call) -> Json:
    place = {name: call.parameters.decimal(name) for name in ("latitude", "longitude")}
    if abs(place["latitude"]) > 90 or abs(place["longitude"]) > 180:
        raise bad("wrong latitude or longitude specified")
    return _send(call, {"location": place, **buttons_of(call.parameters)})


@method("sendContact", f"{SENDING} phone_number first_name last_name vcard")
def send_contact(call: Call) -> Json:
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: text for name in names if (text := call.parameters.text(name))}
    if "phone_number" not in contact:
        raise bad("phone number is empty")
    if "first_name" not in contact:
        raise bad("first name is empty")
    return _send(call, {"contact": contact, **buttons_of(call.parameters)})
