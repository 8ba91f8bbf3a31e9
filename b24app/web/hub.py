"""The hub of live news: woken by the bell, it reads once a portal and tells all its screens."""

import asyncio
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from b24app import bell, clock, db
from b24app.actions import live, widget
from b24app.actions.live import News

MOST_WAITING = 500  # frames; a slower screen is dropped and resumes from the database
PING_SECONDS = 15
log = logging.getLogger(__name__)
T = TypeVar("T")


class End(IntEnum):
    """Why a connection ends; the values are WebSocket close codes."""

    LEFT = 1000
    AWAY = 1001
    BROKEN = 1011
    OVER = 4401
    SLOW = 4408
    GONE = 4410


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of news as both kinds of sockets carry it; number 0 is never skipped."""

    number: int
    text: str
    sse: bytes


Write = Callable[[Frame], Awaitable[None]]
PING = Frame(0, '{"kind":"ping"}', b": ping\n\n")


def frame(number: int, kind: str, data: str) -> Frame:
    text = f'{{"id":{number},"kind":"{kind}","data":{data}}}'
    return Frame(number, text, f"id: {number}\nevent: {kind}\ndata: {data}\n\n".encode())


def signpost(kind: str, last: int) -> Frame:
    """`ready` (live from here) or `reset` (too much was missed: fetch anew)."""
    text = f'{{"kind":"{kind}","last":{last}}}'
    return Frame(0, text, f'id: {last}\nevent: {kind}\ndata: {{"last":{last}}}\n\n'.encode())


def framed(news: News, visitor: str | None) -> Frame | None:
    """The frame that an employee's screen, or a visitor's, gets of a piece of news."""
    if visitor is None:
        return frame(news.number, news.kind, news.data)
    shown = widget.news(news.kind, json.loads(news.data))
    return shown and frame(news.number, shown[0], json.dumps(shown[1]))


class Listener:
    """A connection: the frames that wait to be written, and why it ended.

    Args:
        until: when the session that opened it is over; None: never.
        visitor: `<channel id>:<visitor id>` of a site visitor, who hears only of themselves.
    """

    __slots__ = (
        "_news", "_pinged", "portal_id", "reason", "slot", "task", "until", "visitor", "waiting",
    )  # fmt: skip
    _slots = itertools.count()

    def __init__(
        self, portal_id: int, until: datetime | None = None, visitor: str | None = None
    ) -> None:
        self.portal_id = portal_id
        self.until = until
        self.visitor = visitor
        self.slot = next(self._slots) % PING_SECONDS  # pings are spread over the seconds
        self.waiting: list[Frame] = []  # an empty deque is ten times as large
        self.reason: End | None = None
        self.task: asyncio.Task[Any] | None = None  # the one that writes
        self._news: asyncio.Future[None] | None = None
        self._pinged = False

    @property
    def channel_id(self) -> str:
        return (self.visitor or "").partition(":")[0]

    def offer(self, given: Frame) -> None:
        if len(self.waiting) >= MOST_WAITING:
            return self.end(End.SLOW)
        self.waiting.append(given)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
        return None

    def ping(self) -> None:
        """A ping that is still not written when the next is due: nobody reads there."""
        if self._pinged:
            return self.end(End.SLOW)
        self._pinged = True
        return self.offer(PING)

    def end(self, reason: End) -> None:
        """Stop writing, even in the middle of a write that blocks."""
        if self.reason is None:
            self.reason = reason
            if self.task is not None:
                self.task.cancel()

    async def next(self) -> Frame:
        if not self.waiting:
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        taken = self.waiting.pop(0)
        if taken is PING:
            self._pinged = False
        return taken


class Room:
    """The connections of one portal, and the one reader that reads news for them."""

    def __init__(self, portal_id: int, hub: "Hub") -> None:
        self.portal_id = portal_id
        self.hub = hub
        self.last = 0
        self.screens: set[Listener] = set()
        self.visitors: dict[str, set[Listener]] = {}
        self.opened = asyncio.create_task(self._open())
        self._reading: asyncio.Task[None] | None = None
        self._rung = False

    def add(self, listener: Listener) -> None:
        self._home(listener).add(listener)

    def remove(self, listener: Listener) -> None:
        self._home(listener).discard(listener)
        if listener.visitor is not None and not self.visitors[listener.visitor]:
            del self.visitors[listener.visitor]

    def listeners(self) -> Iterator[Listener]:
        return itertools.chain(tuple(self.screens), *map(tuple, self.visitors.values()))

    def empty(self) -> bool:
        return not self.screens and not self.visitors

    def end(self, reason: End) -> None:
        for listener in self.listeners():
            listener.end(reason)

    def wake(self) -> None:
        """Look for news; rings that come while reading make one more look."""
        self._rung = True
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())

    def close(self) -> None:
        for task in (self.opened, self._reading):
            if task is not None:
                task.cancel()

    def _home(self, listener: Listener) -> set[Listener]:
        if listener.visitor is None:
            return self.screens
        return self.visitors.setdefault(listener.visitor, set())

    async def _open(self) -> None:
        standing = await self.hub.read(lambda: live.standing([self.portal_id]))
        if self.portal_id not in standing:
            return self.end(End.GONE)
        self.last = standing[self.portal_id]
        return None

    async def _read(self) -> None:
        try:
            await asyncio.shield(self.opened)
            while self._rung:
                self._rung = False
                await self._read_page()
        except SQLAlchemyError as error:
            log.warning("live: cannot read news of portal %s: %s", self.portal_id, error)
        finally:
            self._reading = None  # the poll wakes it again

    async def _read_page(self) -> None:
        after = self.last
        page = await self.hub.read(lambda: live.page(self.portal_id, after))
        for news in page:
            self._tell(news)
        self._rung = self._rung or len(page) == live.PAGE

    def _tell(self, news: News) -> None:
        self.last = news.number
        self._hand(news, None, self.screens)
        if news.visitor in self.visitors:
            self._hand(news, news.visitor, self.visitors[news.visitor])
        if news.kind == "channel" and self.visitors:
            self._channel_changed(json.loads(news.data))

    def _hand(self, news: News, visitor: str | None, listeners: set[Listener]) -> None:
        if listeners and (given := framed(news, visitor)):
            for listener in listeners:
                listener.offer(given)

    def _channel_changed(self, channel: dict[str, Any]) -> None:
        if channel.get("state") != "disconnected" and not channel.get("deleted"):
            return
        for listener in tuple(itertools.chain(*self.visitors.values())):
            if listener.channel_id == channel.get("id"):
                listener.end(End.GONE)


class Hub:
    """All connections of this process. Lives on the event loop; asks the database in threads."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.rooms: dict[int, Room] = {}
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        # A crowd that reconnects (asking) must not hold up news (reading).
        self._readers = ThreadPoolExecutor(2, "live-read")
        self._askers = ThreadPoolExecutor(4, "live-ask")

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ticking = asyncio.create_task(self._tick())
        bell.listen(self._hear)

    def say_goodbye(self) -> None:
        """The process stops: everybody goes and resumes elsewhere."""
        self.closed = True
        bell.forget(self._hear)
        for room in self.rooms.values():
            room.end(End.AWAY)

    async def close(self) -> None:
        self.say_goodbye()
        for room in self.rooms.values():
            room.close()
        for task in (self._ticking, self._polling):
            if task is not None:
                task.cancel()
        for pool in (self._readers, self._askers):
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def ask(self, question: Callable[[], T]) -> T:
        """The answer, found in a thread inside the application."""
        return await self._threaded(self._askers, self._answer, question)

    async def read(self, question: Callable[[], T]) -> T:
        """The same in a transaction that only reads, on a thread kept for that."""
        return await self._threaded(self._readers, self._looked_up, question)

    async def serve(
        self, listener: Listener, after: int, write: Write, left: Coroutine[Any, Any, None]
    ) -> End:
        """Write news to one connection until it ends; says why it did.

        Args:
            write: returns when the socket took the frame.
            left: finishes when the other side is gone.
        """
        listener.task = task = asyncio.current_task()
        leaving = asyncio.create_task(left)
        leaving.add_done_callback(lambda _: listener.end(End.LEFT))
        try:
            await self._send(listener, after, write)
        except asyncio.CancelledError:
            if listener.reason is None or task is None:
                raise  # not Listener.end but the server wants us to stop
            task.uncancel()
        except OSError:
            listener.reason = End.LEFT
        except Exception:
            log.exception("live: a connection broke")
            listener.reason = End.BROKEN
        finally:
            listener.task = None
            self._leave(listener)
            leaving.cancel()
        return listener.reason or End.LEFT

    async def _send(self, listener: Listener, after: int, write: Write) -> None:
        room = await self._join(listener)
        seen = await self._catch_up(room, listener, after, write)
        await write(signpost("ready", seen))
        while True:
            given = await listener.next()
            if not given.number or given.number > seen:
                await write(given)

    async def _join(self, listener: Listener) -> Room:
        """Subscribe first: what happens while the past is told waits in the queue."""
        if self.closed:
            listener.end(End.AWAY)  # takes effect at the next wait
        room = self.rooms.get(listener.portal_id)
        if room is None:
            room = self.rooms[listener.portal_id] = Room(listener.portal_id, self)
        room.add(listener)
        await asyncio.shield(room.opened)
        return room

    async def _catch_up(self, room: Room, listener: Listener, after: int, write: Write) -> int:
        """Tell what was missed up to a number, which is returned; later news come live."""
        portal_id, visitor = room.portal_id, listener.visitor
        if after == room.last:
            return after
        gap = await self._look_up(lambda: live.gap(portal_id, after, visitor))
        if not gap.whole:
            await write(signpost("reset", gap.last))
            return gap.last
        page: list[News] | None = None
        while page is None or len(page) == live.PAGE:
            start = page[-1].number if page else after
            page = await self._look_up(_page(portal_id, start, gap.last, visitor))
            for news in page:
                if not news.fleeting and (given := framed(news, visitor)):
                    await write(given)
        return gap.last

    def _leave(self, listener: Listener) -> None:
        room = self.rooms.get(listener.portal_id)
        if room is None:
            return
        room.remove(listener)
        if room.empty():
            room.close()
            del self.rooms[listener.portal_id]

    def _hear(self, topic: str) -> None:
        """A ring, in any thread: `events:<portal>` or `portal:<portal>:gone`."""
        kind, _, rest = topic.partition(":")
        number = rest.partition(":")[0]
        if kind not in ("events", "portal") or not number.isdecimal():
            return
        if int(number) in self.rooms and self._loop is not None:
            self._loop.call_soon_threadsafe(self._rung, int(number), topic.endswith(":gone"))

    def _rung(self, portal_id: int, gone: bool) -> None:
        room = self.rooms.get(portal_id)
        if room is None:
            return
        room.end(End.GONE) if gone else room.wake()

    async def _tick(self) -> None:
        for second in itertools.count():
            await asyncio.sleep(1)
            self._look_after(second % PING_SECONDS, clock.now())
            if self.rooms and (self._polling is None or self._polling.done()):
                self._polling = asyncio.create_task(self._poll())

    def _look_after(self, slot: int, now: datetime) -> None:
        for room in tuple(self.rooms.values()):
            for listener in room.listeners():
                if listener.until is not None and listener.until <= now:
                    listener.end(End.OVER)
                elif listener.slot == slot:
                    listener.ping()

    async def _poll(self) -> None:
        """The safety net for lost rings: one question for all portals that are listened to."""
        asked = tuple(self.rooms)
        try:
            standing = await self.read(lambda: live.standing(asked))
        except SQLAlchemyError as error:
            return log.warning("live: cannot look for news: %s", error)
        for portal_id in asked:
            room = self.rooms.get(portal_id)
            if room is not None and portal_id not in standing:
                room.end(End.GONE)
            elif room is not None and standing[portal_id] > room.last:
                room.wake()
        return None

    async def _look_up(self, question: Callable[[], T]) -> T:
        return await self._threaded(self._askers, self._looked_up, question)

    async def _threaded(
        self,
        pool: ThreadPoolExecutor,
        run: Callable[[Callable[[], T]], T],
        question: Callable[[], T],
    ) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, run, question)

    def _answer(self, question: Callable[[], T]) -> T:
        with self.app.app_context():
            return question()

    def _looked_up(self, question: Callable[[], T]) -> T:
        with self.app.app_context(), db.reading():
            return question()


def _page(portal_id: int, start: int, upto: int, visitor: str | None) -> Callable[[], list[News]]:
    return lambda: live.page(portal_id, start, upto, visitor)
