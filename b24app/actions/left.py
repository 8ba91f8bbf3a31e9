"""What a channel brings that is no utterance but an offline request, by the channel's wish."""

from datetime import datetime
from hashlib import sha256

from b24app.actions import requests
from b24app.models import Channel, OfflineRequest
from b24app.rules import forms, texts
from b24app.values import Incoming

FIELD_MAX = 1000


def keep(channel: Channel, news: Incoming, now: datetime) -> OfflineRequest:
    """Keep it as a request, in the running transaction; the same one again changes nothing."""
    return requests.keep(channel, _given(channel, news), now, remote=news.files)


def _given(channel: Channel, news: Incoming) -> forms.Given:
    fields = dict(news.as_request or {})
    person = texts.tidy(news.person)
    return forms.Given(
        name=person.name,
        phone=person.phone,
        email=person.email,
        text=fields.pop("text", news.text),
        form_name=fields.get("Subject", "")[: forms.NAME_MAX],
        form={name: value[:FIELD_MAX] for name, value in fields.items()},
        external_id=sha256(f"{news.chat_id}:{news.message_id}".encode()).hexdigest(),
        kind=channel.kind,
    )
