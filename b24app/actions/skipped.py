"""What messengers bring and people do not see: counted, with the reason, never just dropped."""

from collections.abc import Sequence

from prometheus_client import Counter

from b24app.models import Channel
from b24app.values import Skipped

COUNTED = Counter(
    "callgear_skipped_news_total", "News of messengers that nobody is shown", ["kind", "reason"]
)
REASON_LENGTH = 60
MOST_REASONS = 30


def note(channel: Channel, news: Sequence[Skipped]) -> str:
    """Count them; the reasons, to be kept with the call, which can be read and replayed."""
    for one in news:
        count(channel, one.reason)
    return ", ".join(dict.fromkeys(one.reason for one in news))[:500]


def count(channel: Channel, reason: str) -> None:
    """For machines by the process, for administrators by the channel (two at once may be one)."""
    name = reason[:REASON_LENGTH]
    COUNTED.labels(channel.kind, name).inc()
    known = dict(channel.details.get("skipped", {}))
    if name not in known and len(known) >= MOST_REASONS:
        name = "other"
    channel.details = {**channel.details, "skipped": {**known, name: known.get(name, 0) + 1}}
