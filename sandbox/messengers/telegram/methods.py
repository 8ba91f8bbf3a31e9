"""What else a bot may ask: edits, deletion, typing, files, buttons; imports the rest of the table.

Source: core.telegram.org/bots/api (10.1); wording of errors: github.com/tdlib/telegram-bot-api.
"""

from sandbox.messengers.telegram import hooks, sending
from sandbox.messengers.telegram.errors import bad
from sandbox.messengers.telegram.sending import buttons_of, caption_of, chat_of, known_file, text_of
from sandbox.messengers.telegram.table import METHODS, Call, method, words
from sandbox.messengers.telegram.world import ACTION_SECONDS, Json, Line

__all__ = ["METHODS", "hooks", "sending"]
DOWNLOAD_LIMIT = 20 * 1024 * 1024
DELETE_SECONDS = 48 * 3600
ACTIONS = words(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document "
    "choose_sticker find_location record_video_note upload_video_note"
)
EDITING = "business_connection_id chat_id message_id inline_message_id reply_markup"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)


@method("editMessageText", f"{EDITING} parse_mode text entities link_preview_options rich_message")
def edit_message_text(call: Call) -> Json:
    return _edit(call, {"text": text_of(call.parameters)})


@method(
    "editMessageCaption",
    f"{EDITING} parse_mode caption caption_entities show_caption_above_media",
)
def edit_message_caption(call: Call) -> Json:
    return _edit(call, caption_of(call.parameters.text("caption")) or {"caption": ""})


@method("editMessageReplyMarkup", EDITING)
def edit_message_reply_markup(call: Call) -> Json:
    return _edit(call, {})


def _edit(call: Call, content: Json) -> Json:
    """New words, or only new buttons: those that are not given are taken away."""
    message = _line(call, "message to edit not found").message
    if message["from"]["id"] != call.bot.id:
        raise bad("message can't be edited")
    for field in content:
        if (field == "text") != ("text" in message):
            raise bad(f"there is no {field} in the message to edit")
    after = {**content, "reply_markup": None, **buttons_of(call.parameters)}
    if all((message.get(field) or None) == (value or None) for field, value in after.items()):
        raise bad(NOT_MODIFIED)
    message.update(after, edit_date=int(call.telegram.clock()))
    for field in [field for field in after if not message[field]]:
        del message[field]
    return message


def _line(call: Call, otherwise: str) -> Line:
    line = chat_of(call).lines.get(call.parameters.number("message_id"))
    if line is None:
        raise bad(otherwise)
    return line


@method("deleteMessage", "chat_id message_id")
def delete_message(call: Call) -> bool:
    line = _line(call, "message to delete not found")
    if call.telegram.clock() - line.message["date"] > DELETE_SECONDS:
        raise bad("message can't be deleted for everyone")
    del chat_of(call).lines[line.message["message_id"]]
    return True


@method("sendChatAction", "business_connection_id chat_id message_thread_id action")
def send_chat_action(call: Call) -> bool:
    chat, action = chat_of(call), call.parameters.text("action")
    if action not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat.action = action
    chat.action_until = call.telegram.clock() + ACTION_SECONDS
    return True


@method("getFile", "file_id")
def get_file(call: Call) -> Json:
    if not call.parameters.text("file_id"):
        raise bad("file_id not specified")
    otherwise = "wrong file_id or the file is temporarily unavailable"
    file = known_file(call, call.parameters.text("file_id"), otherwise)
    if len(file.content) > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
        "file_path": file.path,
    }


@method("getUserProfilePhotos", "user_id offset limit")
def get_user_profile_photos(call: Call) -> Json:
    """People of the simulator have no portraits: the usual case for a hidden one."""
    if call.parameters.number("user_id") not in call.telegram.people:
        raise bad("user not found")
    return {"total_count": 0, "photos": []}


@method("answerCallbackQuery", "callback_query_id text show_alert url cache_time")
def answer_callback_query(call: Call) -> bool:
    query = call.telegram.queries.get(call.parameters.text("callback_query_id"))
    if query is None or query["bot_id"] != call.bot.id or query["answered"]:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    query.update(answered=True, text=call.parameters.text("text"))
    return True
