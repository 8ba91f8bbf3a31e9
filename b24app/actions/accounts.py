"""A channel's row as its adapter wants it."""

from sqlalchemy import bindparam, select

from b24app import channels, http
from b24app.channels.base import Adapter
from b24app.db import db
from b24app.models import Channel, LineLink
from b24app.values import Account

# Links are written where they change; asking for one writes nothing else before its time.
LINE_OF = (
    select(LineLink.line_id)
    .where(LineLink.channel_id == bindparam("channel"), LineLink.active.is_(True))
    .execution_options(autoflush=False)
)


def adapter(channel: Channel, public_url: str = "") -> Adapter:
    """The code that speaks this channel's language, with its decrypted settings."""
    return channels.adapter(channel.kind, account(channel, public_url), http.session())


def account(channel: Channel, public_url: str = "") -> Account:
    return Account(
        channel_id=channel.id,
        settings=channel.settings or {},
        hook_url=f"{public_url}/hooks/{channel.hook_key}",
        secret=channel.secret,
    )


def line_of(channel: Channel) -> int | None:
    """The Open Line that this channel talks through, or None."""
    if not channel.portal.lines_active:
        return None
    return db.session.scalar(LINE_OF, {"channel": channel.id})
