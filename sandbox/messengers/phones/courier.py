"""Calls on their way to the application: in order within a chat, again until 2xx."""

import threading
from dataclasses import dataclass

from sandbox.messengers.phones.world import Telling, World
from sandbox.outside import Outside, Unreachable

CARRIERS = 3
LONGEST_WAIT_SECONDS = 60
LIFE_SECONDS = 24 * 3600
IDLE_SECONDS = 0.5
TIMEOUT_SECONDS = 10
FAULT_NAME = "webhook"  # what faults call a delivery


@dataclass(frozen=True)
class Try:
    """One try to bring a call; `status` None: nobody answered."""

    account: str
    status: int | None


class Courier:
    """Carries what the application is to hear; `start` does it from background threads."""

    def __init__(self, world: World, outside: Outside) -> None:
        self.world = world
        self.outside = outside
        self._stop = threading.Event()

    def start(self) -> None:
        for _ in range(CARRIERS):
            threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        seen = -1
        while not self._stop.is_set():
            if telling := self._claim():
                self._carry(telling)
            else:
                seen = self.world.wait(seen, IDLE_SECONDS)

    def deliver(self) -> list[Try]:
        """Try every waiting call once, now, in this thread, whatever its back-off."""
        with self.world.changed:
            waiting = list(self.world.tellings)
        stuck: set[tuple[str, str]] = set()
        tries = []
        for telling in waiting:
            lane = (telling.account.id, telling.lane)
            if lane not in stuck:
                tries.append(self._carry(telling))
                if not _taken(tries[-1].status):
                    stuck.add(lane)
        return tries

    def _claim(self) -> Telling | None:
        """The next call that may go: the first of its chat, due, and not on its way."""
        with self.world.changed:
            now, seen = self.world.clock(), set()
            for telling in self.world.tellings:
                lane = (telling.account.id, telling.lane)
                if lane not in seen and not telling.in_flight and telling.due <= now:
                    telling.in_flight = True
                    return telling
                seen.add(lane)
        return None

    def _carry(self, telling: Telling) -> Try:
        """One try; the lock is free while the application thinks, as it may call back."""
        status = self._post(telling)
        with self.world.change():
            now = self.world.clock()
            telling.in_flight = False
            telling.tries += 1
            telling.due = now + min(LONGEST_WAIT_SECONDS, 2 ** (telling.tries - 1))
            over = _taken(status) or now - telling.born > LIFE_SECONDS
            if over and telling in self.world.tellings:
                self.world.tellings.remove(telling)
        return Try(telling.account.id, status)

    def _post(self, telling: Telling) -> int | None:
        fault = self.world.faults.before(FAULT_NAME)
        if fault is not None and fault.kind != "delay":
            return None
        try:
            status, _ = self.outside.post(
                telling.account.hook,
                body=telling.body,
                headers={"Content-Type": "application/json", **telling.headers},
                timeout=TIMEOUT_SECONDS,
            )
        except Unreachable:
            return None
        return None if self.world.faults.after(FAULT_NAME) else status


def _taken(status: int | None) -> bool:
    return status is not None and 200 <= status < 300
