"""Templates of channels: asked of the messenger by a job, kept, filled in and sent."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app import channels, clock
from b24app.actions import accounts
from b24app.actions.shown import moment
from b24app.db import db, reading, transaction
from b24app.errors import ChannelError, Invalid
from b24app.i18n import N_
from b24app.models import Channel, Job, MessageTemplate
from b24app.models.event import announce
from b24app.models.job import URGENT, promise
from b24app.rules import message_templates as rules
from b24app.values import Filled, Template

FRESH = timedelta(hours=1)
UNKNOWN = N_("There is no such template any more.")


def listed(channel: Channel, now: datetime, *, again: bool = False) -> dict[str, Any]:
    """The templates of a channel, approved ones first; asks the messenger when they are old."""
    rows = db.session.scalars(
        select(MessageTemplate)
        .where(MessageTemplate.channel_id == channel.id)
        .order_by(MessageTemplate.status != "approved", MessageTemplate.name, MessageTemplate.id)
    ).all()
    told = channel.details.get("templates_at")
    at = datetime.fromisoformat(told) if told else None
    asking = _has_them(channel) and (again or at is None or now - at > FRESH)
    if asking:
        ask(channel, now)
    items = [{"id": str(row.id), **row.told} for row in rows]
    return {"items": items, "next": None, "asked_at": moment(at), "asking": asking}


def ask(channel: Channel, now: datetime) -> None:
    promise(
        "templates",
        f"templates:{channel.id}",
        now,
        portal_id=channel.portal_id,
        lane=f"channel:{channel.id}:templates",
        priority=URGENT + 10,
        payload={"channel_id": channel.id},
    )


def fetch(job: Job) -> None:
    """Ask a messenger for the templates of an account, outside any transaction."""
    number = job.payload["channel_id"]
    with reading() as session:
        channel = session.get(Channel, number)
        if channel is None or not channel.connected or not _has_them(channel):
            return
        adapter = accounts.adapter(channel)
    try:
        told = adapter.templates()
    except ChannelError as error:
        if not error.permanent:
            raise
        told = None
    with transaction() as session:
        channel = session.get_one(Channel, number)
        if told is not None:
            _keep(channel, told, clock.now())
        announce(channel.portal_id, "templates", {"channel_id": str(number)}, clock.now())


def sendable(channel: Channel, filled: Filled, kinds: Sequence[str]) -> str:
    """The words of a filled template.

    Raises: Invalid, saying what is missing.
    """
    row = db.session.scalar(
        select(MessageTemplate).where(
            MessageTemplate.channel_id == channel.id,
            MessageTemplate.name == filled.name,
            MessageTemplate.language == filled.language,
        )
    )
    if row is None:
        raise Invalid(fields={"template": UNKNOWN})
    template = _template(row)
    if wrong := rules.wrong(template, filled, kinds):
        raise Invalid(fields=wrong)
    return rules.words(template, filled)


def _keep(channel: Channel, told: Sequence[Template], now: datetime) -> None:
    """What is told replaces what was; the messenger may have taken some away."""
    rows = db.session.scalars(
        select(MessageTemplate).where(MessageTemplate.channel_id == channel.id)
    )
    known = {(row.name, row.language): row for row in rows}
    for one in told:
        row = known.pop((one.name, one.language), None) or MessageTemplate(
            portal_id=channel.portal_id,
            channel_id=channel.id,
            name=one.name,
            language=one.language,
        )
        row.status, row.told, row.fetched_at = one.status, asdict(one), now
        db.session.add(row)
    for row in known.values():
        db.session.delete(row)
    channel.details = {**channel.details, "templates_at": now.isoformat()}


def _template(row: MessageTemplate) -> Template:
    told = dict(row.told)
    lists = {name: tuple(told.get(name) or ()) for name in ("variables", "buttons")}
    return Template(**{**told, **lists})


def _has_them(channel: Channel) -> bool:
    kind = channels.kinds().get(channel.kind)
    return kind is not None and kind.has_templates


JOBS = {"templates": fetch}
