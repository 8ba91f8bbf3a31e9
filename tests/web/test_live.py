"""Live news: every screen gets each piece of its portal's news once, in order."""

import asyncio
import http.client
import json
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from flask import Flask
from sqlalchemy import delete
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from b24app import bell, clock, db
from b24app.actions import live
from b24app.asgi import create_asgi
from b24app.models import Event, Portal
from b24app.models.event import announce
from b24app.web import guard
from b24app.web.hub import MOST_WAITING, End, Frame, Hub, Listener
from tests import build

WAIT_SECONDS = 10


def portal() -> int:
    with db.transaction():
        return build.portal().id


def tell(portal_id: int, *words: str, kind: str = "note", visitor: str | None = None) -> None:
    with db.transaction():
        for word in words:
            announce(portal_id, kind, {"word": word}, clock.now(), visitor)


def tell_in_thread(app: Flask, portal_id: int, words: list[str]) -> threading.Thread:
    def work() -> None:
        with app.app_context():
            for word in words:
                tell(portal_id, word)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


class Screen:
    """Listens as a browser does: remembers what it saw and resumes from there."""

    def __init__(self, portal_id: int, after: int = 0, visitor: str | None = None) -> None:
        self.portal_id, self.after, self.visitor = portal_id, after, visitor
        self.words: list[str] = []
        self.kinds: list[str] = []
        self.numbers: list[int] = []
        self.left = asyncio.Event()

    def listen(self, hub: Hub, **options: Any) -> asyncio.Task[End]:
        left = self.left = asyncio.Event()

        async def leave() -> None:
            await left.wait()

        listener = Listener(self.portal_id, visitor=self.visitor, **options)
        return asyncio.create_task(hub.serve(listener, self.after, self.write, leave()))

    async def write(self, frame: Frame) -> None:
        told = json.loads(frame.text)
        self.kinds.append(told["kind"])
        if told["kind"] == "reset":
            self.after = told["last"]
        if "id" in told:
            self.after = told["id"]
            self.numbers.append(told["id"])
            self.words.append(told["data"].get("word"))

    async def until(self, claim: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not claim():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def opened(app: Flask) -> AsyncIterator[Hub]:
    hub = Hub(app)
    await hub.open()
    try:
        yield hub
    finally:
        await hub.close()


def on_loop(app: Flask, story: Callable[[Hub], Awaitable[None]]) -> None:
    async def run() -> None:
        async with opened(app) as hub:
            await story(hub)

    asyncio.run(run())


async def heard(hub: Hub, screen: Screen, *, words: int = 0, kind: str = "") -> End:
    """Listen until so many words, or a frame of a kind, came; then leave."""
    listening = screen.listen(hub)
    await screen.until(lambda: (kind in screen.kinds) if kind else len(screen.words) >= words)
    screen.left.set()
    return await listening


def test_screens_hear_news(any_app: Flask) -> None:
    home = portal()

    async def story(hub: Hub) -> None:
        screens = [Screen(home) for _ in range(3)]
        listening = [screen.listen(hub) for screen in screens]
        for screen in screens:
            await screen.until(lambda screen=screen: "ready" in screen.kinds)  # type: ignore[misc]
        await asyncio.to_thread(tell_in_thread(any_app, home, ["a", "b"]).join)
        for screen in screens:
            await screen.until(lambda screen=screen: screen.words == ["a", "b"])  # type: ignore[misc]
            screen.left.set()
        assert await asyncio.gather(*listening) == [End.LEFT] * 3
        assert hub.rooms == {}

    on_loop(any_app, story)


def test_resume_tells_what_was_missed(any_app: Flask) -> None:
    home = portal()
    tell(home, *(str(number) for number in range(2 * live.PAGE + 7)))

    async def story(hub: Hub) -> None:
        screen = Screen(home, after=3)
        await heard(hub, screen, kind="ready")
        assert screen.numbers == list(range(4, 2 * live.PAGE + 8))

    on_loop(any_app, story)


def test_writers_lose_and_double_nothing(any_app: Flask) -> None:
    """Fifty reconnects at random moments, while three writers commit."""
    home, chance = portal(), random.Random(7)
    words = [[f"{writer}-{number}" for number in range(80)] for writer in "abc"]

    async def story(hub: Hub) -> None:
        screen, steady = Screen(home), Screen(home)
        watching = steady.listen(hub)
        writers = [tell_in_thread(any_app, home, mine) for mine in words]
        for _ in range(50):
            listening = screen.listen(hub)
            await asyncio.sleep(chance.uniform(0, 0.02))
            screen.left.set()
            await listening
        for writer in writers:
            await asyncio.to_thread(writer.join)
        await heard(hub, screen, words=240)
        await steady.until(lambda: len(steady.words) == 240)
        steady.left.set()
        await watching
        assert screen.numbers == steady.numbers == list(range(1, 241))
        assert sorted(screen.words) == sorted(word for mine in words for word in mine)

    on_loop(any_app, story)


@pytest.mark.parametrize("after", [0, 5])
def test_forgotten_past_is_a_reset(app: Flask, after: int) -> None:
    home = portal()
    tell(home, *"abcdefghij")
    with db.transaction() as session:
        session.execute(delete(Event).where(Event.number <= after + 1))

    async def story(hub: Hub) -> None:
        screen = Screen(home, after)
        await heard(hub, screen, kind="ready")
        assert screen.kinds == ["reset", "ready"]
        assert screen.after == 10

    on_loop(app, story)


@pytest.mark.parametrize("after", [0, live.MOST + 5])
def test_large_gap_is_a_reset(app: Flask, after: int) -> None:
    """So is a number that this portal has not reached: it is of another life."""
    home = portal()
    tell(home, *(str(number) for number in range(live.MOST + 1)))

    async def story(hub: Hub) -> None:
        screen = Screen(home, after)
        await heard(hub, screen, kind="reset")
        assert screen.numbers == []

    on_loop(app, story)


def test_slow_screen_is_dropped(app: Flask) -> None:
    home = portal()

    async def story(hub: Hub) -> None:
        quick = Screen(home)

        async def forever() -> None:
            await asyncio.Event().wait()

        async def never(frame: Frame) -> None:
            await forever()

        slow = asyncio.create_task(hub.serve(Listener(home), 0, never, forever()))
        listening = quick.listen(hub)
        await quick.until(lambda: "ready" in quick.kinds)
        many = [str(number) for number in range(MOST_WAITING + 1)]
        tell(home, *many)
        assert await asyncio.wait_for(slow, WAIT_SECONDS) is End.SLOW
        await quick.until(lambda: quick.words == many)
        quick.left.set()
        await listening

    on_loop(app, story)


def test_unread_ping_drops_a_screen() -> None:
    listener = Listener(1)
    listener.ping()
    assert listener.reason is None
    listener.ping()
    assert listener.reason is End.SLOW


def test_strangers_hear_nothing(app: Flask) -> None:
    home, other = portal(), portal()

    async def story(hub: Hub) -> None:
        clara = Screen(other)
        listening = clara.listen(hub)
        await clara.until(lambda: "ready" in clara.kinds)
        tell(home, "secret")
        tell(other, "own")
        await clara.until(lambda: bool(clara.words))
        clara.left.set()
        await listening
        assert clara.words == ["own"]

    on_loop(app, story)


def test_poll_finds_what_no_bell_rang_for(app: Flask) -> None:
    home = portal()

    async def story(hub: Hub) -> None:
        screen = Screen(home)
        listening = screen.listen(hub)
        await screen.until(lambda: "ready" in screen.kinds)
        with db.transaction() as session:
            announce(home, "note", {"word": "quiet"}, clock.now())
            session.info.pop("rings")
        await screen.until(lambda: screen.words == ["quiet"])
        screen.left.set()
        await listening

    on_loop(app, story)


@pytest.mark.parametrize("rung", [True, False])
def test_uninstalling_ends_connections(app: Flask, rung: bool) -> None:
    home = portal()

    async def story(hub: Hub) -> None:
        screen = Screen(home)
        listening = screen.listen(hub)
        await screen.until(lambda: "ready" in screen.kinds)
        with db.transaction() as session:
            session.get_one(Portal, home).status = "deleted"
        if rung:
            bell.ring(f"portal:{home}:gone")
        assert await asyncio.wait_for(listening, WAIT_SECONDS) is End.GONE
        assert await asyncio.wait_for(screen.listen(hub), WAIT_SECONDS) is End.GONE

    on_loop(app, story)


def test_connection_ends_with_its_session(app: Flask) -> None:
    home = portal()

    async def story(hub: Hub) -> None:
        over = clock.now() + timedelta(milliseconds=100)
        listening = Screen(home).listen(hub, until=over)
        assert await asyncio.wait_for(listening, WAIT_SECONDS) is End.OVER

    on_loop(app, story)


def test_goodbye_ends_everything(app: Flask) -> None:
    home = portal()

    async def story(hub: Hub) -> None:
        screen = Screen(home)
        listening = screen.listen(hub)
        await screen.until(lambda: "ready" in screen.kinds)
        hub.say_goodbye()
        assert await asyncio.wait_for(listening, WAIT_SECONDS) is End.AWAY
        assert await asyncio.wait_for(screen.listen(hub), WAIT_SECONDS) is End.AWAY

    on_loop(app, story)


def say(portal_id: int, visitor: str | None, **message: Any) -> None:
    told = {
        "id": "1",
        "direction": "out",
        "text": "",
        "at": "2026-11-21T10:00:00Z",
        "deleted": False,
        "client_uuid": None,
        "author": {"id": "7", "name": "Boris"},
        "attachments": [],
        "state": "sent",
        **message,
    }
    with db.transaction():
        announce(portal_id, "message", told, clock.now(), visitor)


def test_visitor_hears_only_of_themselves(app: Flask) -> None:
    home = portal()
    say(home, "5:anna", text="past")
    say(home, "5:clara", text="not hers")

    async def story(hub: Hub) -> None:
        anna = Screen(home, visitor="5:anna")
        listening = anna.listen(hub)
        await anna.until(lambda: "ready" in anna.kinds)
        say(home, None, text="a secret")
        say(home, "6:anna", text="another channel")
        say(home, "5:anna", text="hers")
        await anna.until(lambda: len(anna.numbers) == 2)
        anna.left.set()
        await listening
        assert anna.numbers == [1, 5]

    on_loop(app, story)


def test_visitor_leaves_with_the_channel(app: Flask) -> None:
    home = portal()

    async def story(hub: Hub) -> None:
        anna, boris = Screen(home, visitor="5:anna"), Screen(home, visitor="6:boris")
        parting = anna.listen(hub)
        staying = boris.listen(hub)
        await boris.until(lambda: "ready" in boris.kinds and "ready" in anna.kinds)
        with db.transaction():
            announce(home, "channel", {"id": "5", "state": "disconnected"}, clock.now())
        assert await asyncio.wait_for(parting, WAIT_SECONDS) is End.GONE
        boris.left.set()
        assert await staying is End.LEFT

    on_loop(app, story)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own; gives `host:port`."""
    config = uvicorn.Config(
        create_asgi(app, with_worker=False),
        port=0,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def home(app: Flask) -> int:
    return portal()


@pytest.fixture
def address(app: Flask, home: int) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture
def viewer(home: int) -> guard.Viewer:
    epoch = guard.epoch(home)
    return guard.Viewer(home, 1, True, "left_menu", clock.now(), epoch)


@contextmanager
def socket(address: str, hello: Any, **options: Any) -> Iterator[ClientConnection]:
    with connect(f"ws://{address}/api/v1/live", proxy=None, **options) as client:
        client.send(hello if isinstance(hello, str) else json.dumps(hello))
        yield client


def received(client: ClientConnection) -> Any:
    return json.loads(client.recv(timeout=WAIT_SECONDS))


def close_code(client: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=WAIT_SECONDS)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_socket_resumes_and_goes_on(address: str, home: int, viewer: guard.Viewer) -> None:
    tell(home, "a", "b")
    ticket = guard.mint_ticket(viewer, clock.now())
    with socket(address, {"ticket": ticket, "after": 1}) as client:
        assert received(client) == {"id": 2, "kind": "note", "data": {"word": "b"}}
        assert received(client) == {"kind": "ready", "last": 2}
        tell(home, "c")
        assert received(client)["data"] == {"word": "c"}


def test_ticket_opens_once(address: str, viewer: guard.Viewer) -> None:
    hello = {"ticket": guard.mint_ticket(viewer, clock.now()), "after": 0}
    with socket(address, hello) as client:
        assert received(client)["kind"] == "ready"
    with socket(address, hello) as again:
        assert close_code(again) == End.OVER


@pytest.mark.parametrize("hello", ["", "[]", '{"ticket":"made up"}', '{"ticket":1,"after":"x"}'])
def test_nonsense_opens_nothing(address: str, hello: str) -> None:
    with socket(address, hello) as client:
        assert close_code(client) == End.OVER


def test_other_sites_open_no_socket(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{address}/api/v1/live", proxy=None, origin="https://evil.example")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


def test_socket_of_a_removed_portal_closes(address: str, home: int, viewer: guard.Viewer) -> None:
    with socket(address, {"ticket": guard.mint_ticket(viewer, clock.now())}) as client:
        assert received(client)["kind"] == "ready"
        bell.ring(f"portal:{home}:gone")
        assert close_code(client) == End.GONE


@contextmanager
def stream(address: str, path: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(address, timeout=WAIT_SECONDS)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def blocks(answer: http.client.HTTPResponse, count: int) -> list[dict[str, str]]:
    """The next events of a stream as name → value."""
    found: list[dict[str, str]] = []
    while len(found) < count:
        lines = list(iter(lambda: answer.readline().decode().rstrip("\n"), ""))
        found.append({name: value for name, _, value in (line.partition(": ") for line in lines)})
    return found


def test_stream_resumes_and_goes_on(address: str, home: int, viewer: guard.Viewer) -> None:
    tell(home, "a", "b")
    bearer = {"Authorization": f"Bearer {guard.mint(viewer, clock.now())}", "Last-Event-ID": "1"}
    with stream(address, "/api/v1/stream?after=0", bearer) as answer:
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert answer.headers["Cache-Control"] == "no-store"
        missed, ready = blocks(answer, 2)
        assert missed == {"id": "2", "event": "note", "data": '{"word": "b"}'}
        assert ready == {"id": "2", "event": "ready", "data": '{"last":2}'}
        tell(home, "c")
        assert blocks(answer, 1)[0]["id"] == "3"


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer made-up", "Basic YTpi"])
def test_stream_wants_a_token(address: str, token: str) -> None:
    with stream(address, "/api/v1/stream", {"Authorization": token}) as answer:
        assert answer.status == 401
        assert json.loads(answer.read())["error"]["code"]


def test_thrown_out_session_hears_nothing(address: str, viewer: guard.Viewer) -> None:
    token = guard.mint(replace(viewer, epoch=viewer.epoch - 1), clock.now())
    with stream(address, "/api/v1/stream", {"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 401


def test_polling_tells_the_same(app: Flask, home: int, viewer: guard.Viewer) -> None:
    tell(home, "a", "b")
    bearer = {"Authorization": f"Bearer {guard.mint(viewer, clock.now())}"}
    answer = app.test_client().get("/api/v1/events?after=1", headers=bearer)
    item = {"id": 2, "kind": "note", "data": {"word": "b"}}
    assert answer.get_json() == {"items": [item], "last": 2}
    far = app.test_client().get("/api/v1/events?after=9", headers=bearer)
    assert far.get_json() == {"reset": True, "last": 2}
