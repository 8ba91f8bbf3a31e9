"""What a client does on the phone: write, edit, press, block; each tells the bot."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from sandbox.messengers.telegram import media
from sandbox.messengers.telegram.errors import bad
from sandbox.messengers.telegram.sending import CAPTION_LIMIT, TEXT_LIMIT
from sandbox.messengers.telegram.world import Chat, Json, Telegram

FILE_KINDS = ("photo", "document", "voice", "video", "animation", "audio", "sticker")
SAMPLE_FACTS: dict[str, Json] = {"voice": {"duration": 3}, "sticker": {"emoji": "👋"}}
DEFAULT_PLACE = {"latitude": 55.751244, "longitude": 37.618423}
Said = tuple[Json, Json | None]


def say(telegram: Telegram, chat: Chat, words: Mapping[str, Any]) -> list[Said]:
    """What the client sends: text, one thing, or an album; each message with its update.

    Args:
        words: `text`, `photo`, …, `album`, `reply_to` as the control API documents them.
    Raises:
        Refused: longer than a client can send, an empty message, a broken file.
    """
    contents = _contents(telegram, chat, words)
    welcome(telegram, chat)
    return [_said(telegram, chat, content, words.get("reply_to")) for content in contents]


def welcome(telegram: Telegram, chat: Chat) -> None:
    """Writing to a blocked bot unblocks it; the bot hears of that first."""
    if chat.blocked:
        block(telegram, chat, blocked=False)
    chat.started = True


def _said(telegram: Telegram, chat: Chat, content: Json, reply_to: Any) -> Said:
    message = telegram.add_message(chat, chat.person.user(), content, int(reply_to or 0))
    for line in chat.lines.values():
        line.read = line.read or line.message["from"]["is_bot"]
    return message, telegram.tell(chat, "message", dict(message))


def _contents(telegram: Telegram, chat: Chat, words: Mapping[str, Any]) -> list[Json]:
    text = str(words.get("text") or "")
    if words.get("album"):
        return _album(telegram, chat, words["album"], text)
    for kind in FILE_KINDS:
        if words.get(kind):
            content = _file(telegram, chat, kind, words[kind])
            return [{**content, **_caption(text)}]
    if words.get("location"):
        return [{"location": _place(words["location"])}]
    if words.get("contact"):
        return [{"contact": _contact(chat, words["contact"])}]
    entities = {"entities": list(words["entities"])} if words.get("entities") else {}
    return [_text(text) | entities]


def _text(text: str) -> Json:
    if not text.strip():
        raise bad("message text is empty")
    if len(text) > TEXT_LIMIT:
        raise bad("message is too long")
    command = re.match(r"/\w+", text)
    if command is None:
        return {"text": text}
    entity = {"type": "bot_command", "offset": 0, "length": command.end()}
    return {"text": text, "entities": [entity]}


def _caption(text: str) -> Json:
    if len(text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return {"caption": text} if text else {}


def _album(telegram: Telegram, chat: Chat, items: Any, text: str) -> list[Json]:
    """Several messages with one media_group_id; the caption stands under the first."""
    group = f"{chat.person.id}{chat.bot.next_message}"
    contents = []
    for item in items:
        kind = next(kind for kind in FILE_KINDS if kind in item)
        content = _file(telegram, chat, kind, item[kind])
        contents.append({"media_group_id": group, **content})
    contents[0].update(_caption(text))
    return contents


def _file(telegram: Telegram, chat: Chat, kind: str, given: Any) -> Json:
    """`given`: True, a ready file; else `{"content": base64, "name", "mime", "duration", …}`."""
    facts: Json = dict(given) if isinstance(given, Mapping) else {}
    if facts.get("content") is None:
        name, content = media.sample(str(facts.get("sample") or kind))
        facts = {**SAMPLE_FACTS.get(kind, {}), **facts}
    else:
        name, content = str(facts.get("name") or kind), _decoded(facts["content"])
    mime = str(facts.get("mime") or "")
    stored = media.store(telegram, chat.bot, kind, str(facts.get("name") or name), content, mime)
    return media.content(kind, stored, facts)


def _decoded(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(str(content), validate=True)
    except binascii.Error:
        raise bad("content must be base64") from None


def _place(given: Any) -> Json:
    return {**DEFAULT_PLACE, **(given if isinstance(given, Mapping) else {})}


def _contact(chat: Chat, given: Any) -> Json:
    """True: the client's own phone number, as the «share contact» button sends it."""
    if isinstance(given, Mapping):
        return dict(given)
    own: Json = {"phone_number": chat.person.phone, "user_id": chat.person.id}
    names = {key: text for key, text in chat.person.names().items() if key != "username"}
    return {**own, **names}


def edit(telegram: Telegram, chat: Chat, message_id: int, text: str) -> Said:
    """The client changes the text or caption of their own message."""
    line = chat.lines.get(message_id)
    if line is None:
        raise bad("message to edit not found")
    message = line.message
    if message["from"]["id"] != chat.person.id:
        raise bad("message can't be edited")
    message.update(_text(text) if "text" in message else _caption(text))
    message["edit_date"] = int(telegram.clock())
    return message, telegram.tell(chat, "edited_message", dict(message))


def block(telegram: Telegram, chat: Chat, *, blocked: bool) -> Json | None:
    """Stop the bot or let it write again; None if nothing changed."""
    if chat.blocked == blocked:
        return None
    chat.blocked = blocked
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    change: Json = {"chat": chat.chat(), "from": chat.person.user(), "date": int(telegram.clock())}
    change["old_chat_member"] = _membership(chat, old)
    change["new_chat_member"] = _membership(chat, new)
    return telegram.tell(chat, "my_chat_member", change)


def _membership(chat: Chat, state: str) -> Json:
    member = {"user": chat.bot.user(), "status": state}
    return {**member, "until_date": 0} if state == "kicked" else member


def press(telegram: Telegram, chat: Chat, message_id: int, data: str) -> Json | None:
    """The client presses an inline button that carries `data`."""
    line = chat.lines.get(message_id)
    if line is None or data not in _button_data(line.message):
        raise bad("there is no such button")
    number = str(len(telegram.queries) + 1)
    query: Json = {
        "id": f"{chat.person.id}{number}",
        "from": chat.person.user(),
        "message": line.message,
        "chat_instance": f"{chat.bot.id}{chat.person.id}",
        "data": data,
    }
    telegram.queries[query["id"]] = {"bot_id": chat.bot.id, "answered": False, "text": ""}
    return telegram.tell(chat, "callback_query", query)


def _button_data(message: Json) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [str(button.get("callback_data", "")) for row in rows for button in row]


def read(chat: Chat) -> None:
    """The client looks at the chat; the Bot API tells bots nothing of it."""
    for line in chat.lines.values():
        line.read = True
