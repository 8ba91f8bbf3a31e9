"""The portal's clock: real time, shifted or stopped by tests and by the control API."""

import time
from datetime import UTC, datetime, timedelta, timezone

MOSCOW = timezone(timedelta(hours=3))


class Clock:
    """Unix seconds; `shift` moves it, `frozen` stops it."""

    def __init__(self, frozen: float | None = None) -> None:
        self.frozen = frozen
        self.shift = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return (time.time() if self.frozen is None else self.frozen) + self.shift

    def advance(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self.shift += seconds

    def iso(self, at: float | None = None) -> str:
        """A moment as Bitrix24 writes it: seconds and the portal's offset."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.astimezone(MOSCOW).isoformat(timespec="seconds")

    def block(self, start: float, duration: float = 0.0) -> dict[str, float | str]:
        """The `time` of an answer; `duration` is what the call would have taken at Bitrix24."""
        finish = self.now() + duration
        return {
            "start": start,
            "finish": finish,
            "duration": finish - start,
            "processing": finish - start,
            "date_start": self.iso(start),
            "date_finish": self.iso(finish),
        }
