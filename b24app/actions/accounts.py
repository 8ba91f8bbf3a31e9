"""A channel's row as its adapter wants it."""

from sqlalchemy import select

from b24app import channels, http
from b24app.channels.base import Adapter
from b24app.db import db
from b24app.models import Channel, LineLink, Portal
from b24app.values import Account


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
    return db.session.scalar(
        select(LineLink.line_id)
        .join(Portal, Portal.id == LineLink.portal_id)
        .where(
            LineLink.channel_id == channel.id,
            LineLink.active.is_(True),
            Portal.lines_active.is_(True),
        )
    )
