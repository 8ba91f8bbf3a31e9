"""Accounts whose connection stays open: one worker holds each, under a lease.

A holder renews its leases; one that dies is followed by another when they end, which goes on
from the bookmark that was kept with the last call.
"""

import logging
import threading
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from b24app import channels, clock
from b24app.actions import accounts, collecting, hooks
from b24app.actions import channels as rows
from b24app.channels.base import NEEDS_ATTENTION, Adapter
from b24app.db import db, reading, transaction
from b24app.errors import ChannelError
from b24app.models import Channel, Standing

LEASE = timedelta(seconds=45)
LOOK_SECONDS = 5.0
PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
log = logging.getLogger(__name__)


class Watch:
    """Holds what it can get; `look` takes, renews and lets go."""

    def __init__(self, app: Flask, name: str) -> None:
        self.app = app
        self.name = name[:80]
        self.held: dict[int, Holding] = {}

    def look(self) -> None:
        """Take accounts that nobody holds, renew what is held, let go of the rest."""
        now = clock.now()
        ours = {number for number in wanted() if take(number, self.name, now)}
        for number in set(self.held) - ours:
            self.held.pop(number).stop()
        for number in ours - set(self.held):
            self.held[number] = Holding(self.app, number)
            self.held[number].start()

    def stop(self) -> None:
        """Let go of everything, so that another may take it at once."""
        for number, holding in self.held.items():
            holding.stop()
            let_go(number, self.name)
        self.held = {}


class Holding:
    """One account in this process: its connection and the thread that listens."""

    def __init__(self, app: Flask, channel_id: int) -> None:
        self.app = app
        self.channel_id = channel_id
        self.over = threading.Event()
        self.thread = threading.Thread(
            target=self._listen, name=f"account-{channel_id}", daemon=True
        )

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Stop listening; what is in hand is finished first."""
        self.over.set()
        self.thread.join(30)

    def _listen(self) -> None:
        pause = PAUSE_SECONDS
        while not self.over.is_set():
            try:
                with self.app.app_context():
                    self._stay()
                pause = PAUSE_SECONDS
            except ChannelError as error:
                self._tell(error)
                pause = max(error.retry_after or 0, min(LONGEST_PAUSE_SECONDS, 2 * pause))
            except Exception:  # the database may be away: stay alive and try again
                log.exception("account %s cannot be listened to", self.channel_id)
            self.over.wait(pause)

    def _stay(self) -> None:
        """Listen until told to stop.

        Raises:
            ChannelError: the connection broke or was refused.
        """
        door = _door(self.channel_id)
        if door is None:
            return
        door.adapter.stay()
        try:
            self._works()
            while not self.over.is_set() and self._same(door):
                with reading():
                    after = collecting.bookmark(self.channel_id)
                collecting.bring(door, after)
        finally:
            door.adapter.leave()

    def _same(self, door: hooks.Door) -> bool:
        """Whether the account is as it was when its connection was opened."""
        now = _door(self.channel_id)
        return now is not None and now.adapter.account == door.adapter.account

    def _works(self) -> None:
        with transaction() as session:
            row = session.get_one(Channel, self.channel_id)
            if row.state == "attention":
                rows.recover(row, clock.now())

    def _tell(self, error: ChannelError) -> None:
        """Administrators see at once what only they can mend."""
        log.warning("account %s: %s", self.channel_id, error.message)
        if error.code not in NEEDS_ATTENTION:
            return
        with self.app.app_context(), transaction() as session:
            rows.alarm(session.get_one(Channel, self.channel_id), error.message, clock.now())


def wanted() -> list[int]:
    """Connected accounts of the kinds that stay."""
    kinds = [kind for kind, found in channels.kinds().items() if found.stays]
    if not kinds:
        return []
    with reading() as session:
        found = session.scalars(select(Channel).where(Channel.kind.in_(kinds)))
        return [row.id for row in found if collecting.wanted(row)]


def take(channel_id: int, me: str, now: datetime) -> bool:
    """Hold an account, or go on holding it; False if it is another's."""
    free = or_(Standing.holder == me, Standing.until < now)
    try:
        with transaction() as session:
            mine = session.execute(
                update(Standing)
                .where(Standing.channel_id == channel_id, free)
                .values(holder=me, until=now + LEASE)
                .execution_options(synchronize_session=False)
            )
            if mine.rowcount:  # type: ignore[attr-defined]
                return True
            known = select(Standing.id).where(Standing.channel_id == channel_id)
            if session.scalar(known):
                return False
            session.add(Standing(channel_id=channel_id, holder=me, until=now + LEASE))
    except IntegrityError:  # another was faster
        return False
    return True


def let_go(channel_id: int, me: str) -> None:
    with transaction() as session:
        session.execute(
            delete(Standing).where(Standing.channel_id == channel_id, Standing.holder == me)
        )


def _door(channel_id: int) -> hooks.Door | None:
    """The account as it is now; None if it is wanted no more."""
    with reading():
        row = db.session.get(Channel, channel_id)
        if row is None or not collecting.wanted(row):
            return None
        adapter: Adapter = accounts.adapter(row)
        return hooks.Door(row.id, row.portal_id, adapter)
