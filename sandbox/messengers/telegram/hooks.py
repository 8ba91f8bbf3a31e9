"""Who the bot is and where its updates go: getMe, setWebhook and their kin.

Source: core.telegram.org/bots/api (10.1); wording of errors: github.com/tdlib/telegram-bot-api.
"""

import re
from urllib.parse import urlsplit

from sandbox.messengers.telegram.errors import bad, beyond
from sandbox.messengers.telegram.parameters import Parameters
from sandbox.messengers.telegram.table import Call, Said, method, words
from sandbox.messengers.telegram.world import Json, Webhook

WEBHOOK_PORTS = (None, 80, 88, 443, 8443)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ACTIONS = words(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document "
    "choose_sticker find_location record_video_note upload_video_note"
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ACTIONS = words(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document "
    "choose_sticker find_location record_video_note upload_video_note"
)
ALL_UPDATES = words(
    "message edited_message callback_query my_chat_member channel_post edited_channel_post "
    "business_connection business_message edited_business_message deleted_business_messages "
    "message_reaction message_reaction_count inline_query chosen_inline_result shipping_query "
    "pre_checkout_query purchased_paid_media poll poll_answer chat_member chat_join_request "
    "chat_boost removed_chat_boost"
)


@method("getMe")
def get_me(call: Call) -> Json:
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return {**call.bot.user(), **abilities}


@method(
    "setWebhook",
    "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token",
)
def set_webhook(call: Call) -> Said:
    url = call.parameters.text("url")
    if not url:
        return delete_webhook(call)
    secret = _secret_token(call.parameters)
    _check_url(url)
    if call.parameters.flag("drop_pending_updates"):
        call.bot.pending.clear()
    before = call.bot.webhook
    call.bot.webhook = Webhook(
        url=url,
        secret_token=secret,
        max_connections=call.parameters.number("max_connections", 40),
        allowed_updates=_allowed_updates(call.parameters, before),
    )
    if (before.url, before.secret_token) == (url, secret):
        return Said(True, "Webhook is already set")
    _deliver_soon(call)
    return Said(True, "Webhook was set")


def _secret_token(parameters: Parameters) -> str:
    secret = parameters.text("secret_token")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    return secret


def _check_url(url: str) -> None:
    """Loopback may be plain http on any port, which the real server allows to nobody."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise bad("invalid webhook URL specified")
    if parts.hostname in LOOPBACK:
        return
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if parts.port not in WEBHOOK_PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _allowed_updates(parameters: Parameters, before: Webhook) -> tuple[str, ...]:
    """Not given: as before; an empty list: the usual kinds."""
    wanted = parameters.document("allowed_updates")
    if wanted is None:
        return before.allowed_updates
    if not isinstance(wanted, list):
        raise bad("can't parse allowed_updates JSON object")
    if unknown := set(wanted) - ALL_UPDATES:
        raise beyond(f"there are no updates {', '.join(sorted(map(str, unknown)))}")
    return tuple(wanted)


def _deliver_soon(call: Call) -> None:
    """A new address hears what waits at once, not after the old one's back-off."""
    for update in call.bot.pending:
        update.due = min(update.due, call.telegram.clock())


@method("deleteWebhook", "drop_pending_updates")
def delete_webhook(call: Call) -> Said:
    if call.parameters.flag("drop_pending_updates"):
        call.bot.pending.clear()
    if not call.bot.webhook.url:
        return Said(True, "Webhook is already deleted")
    call.bot.webhook = Webhook(allowed_updates=call.bot.webhook.allowed_updates)
    return Said(True, "Webhook was deleted")


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    hook = call.bot.webhook
    info: Json = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(call.bot.pending),
    }
    if hook.url:
        info["max_connections"] = hook.max_connections
    if hook.allowed_updates:
        info["allowed_updates"] = list(hook.allowed_updates)
    if hook.last_error_at is not None:
        info["last_error_date"] = hook.last_error_at
        info["last_error_message"] = hook.last_error
    return info
