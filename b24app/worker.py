"""Keeps promises: takes jobs in order, runs them, tries again or gives up."""

import logging
import os
import random
import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules

from flask import Flask
from sqlalchemy.exc import IntegrityError

from b24app import actions, bell, clock, db
from b24app.actions import collecting, housekeeping, line_checks, standing
from b24app.errors import AppError, RemoteError
from b24app.models import Job, job
from b24app.rules import retry

Handler = Callable[[Job], None]
LEASE = timedelta(seconds=90)
ECHO = timedelta(seconds=5)  # how long what a killed process had sent may still be on its way
POLL_SECONDS = 1.0
AT_A_TIME = 100  # jobs before the application's context is made anew
log = logging.getLogger(__name__)


def handlers() -> dict[str, Handler]:
    """Job kind → what keeps the promise; every module of actions may bring `JOBS`."""
    found: dict[str, Handler] = {}
    for module in iter_modules(actions.__path__):
        found.update(getattr(import_module(f"b24app.actions.{module.name}"), "JOBS", {}))
    return found


class Worker:
    """Threads that take jobs until told to stop; what they hold is finished first."""

    def __init__(self, app: Flask, threads: int = 4) -> None:
        self.app = app
        self.name = f"{os.uname().nodename[:20]}:{os.getpid()}:{secrets.token_hex(3)}"
        self.handlers = handlers()
        self._count = threads
        self._stop = threading.Event()
        self._wake = threading.Condition()
        self._rung = 0
        self._threads: list[threading.Thread] = []
        self._held: dict[int, str] = {}

    def start(self) -> None:
        self._inherit()
        bell.listen(self._hear)
        with self.app.app_context(), db.transaction():
            housekeeping.promise_next(clock.now())
            line_checks.promise_start(clock.now())
            collecting.promise_start(clock.now())
        names = [f"worker-{number}" for number in range(self._count)]
        self._threads = [
            threading.Thread(target=self._loop, args=(name,), name=name) for name in names
        ]
        self._threads.append(threading.Thread(target=self._keep_leases, name="worker-leases"))
        self._threads.append(threading.Thread(target=self._stand, name="worker-standing"))
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Finish what is in hand; False if something still runs after `timeout` seconds."""
        self._stop.set()
        bell.forget(self._hear)
        with self._wake:
            self._wake.notify_all()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def run_due(self, limit: int = 1000) -> int:
        """Run what is due in this thread until nothing is; how many jobs ran."""
        with self.app.app_context():
            return self._work(f"{self.name}:here", limit)

    def _inherit(self) -> None:
        """What a killed process of this machine held is due soon, without its lease.

        Not at once: a request that it had sent may be carried out a moment later, and who
        looks too early finds nothing and sends it again.
        """
        with self.app.app_context(), db.transaction():
            for holder in job.holders():
                if _killed(holder, self.name):
                    job.abandon(holder, clock.now() + ECHO)

    def _hear(self, topic: str) -> None:
        if topic != "jobs":
            return
        with self._wake:
            self._rung += 1
            self._wake.notify()

    def _loop(self, name: str) -> None:
        me = f"{self.name}:{name}"
        while not self._stop.is_set():
            heard = self._rung
            try:
                with self.app.app_context():
                    busy = self._work(me, AT_A_TIME) > 0
            except Exception:  # the database may be away: stay alive and look again
                log.exception("worker: cannot take jobs")
                busy = False
            if not busy:
                self._sleep(heard)

    def _sleep(self, heard: int) -> None:
        with self._wake:
            self._wake.wait_for(lambda: self._rung != heard or self._stop.is_set(), POLL_SECONDS)

    def _once(self, me: str) -> bool:
        """Take one job and keep it; False if none is due."""
        return self._work(me, 1) == 1

    def _work(self, me: str, most: int) -> int:
        """Take one job after another and keep them; how many there were."""
        done, held = 0, self._next(me)
        while held is not None:
            kept = self._try(held, me)
            done += 1
            held = self._next(me, held if kept else None, more=done < most)
        return done

    def _next(self, me: str, kept: Job | None = None, *, more: bool = True) -> Job | None:
        """Put down a kept promise and take what is due next, in one commit.

        A power cut may forget it: then the job runs once more, which changes nothing.
        """
        more = more and not self._stop.is_set()
        try:
            with db.brief_transaction():
                if kept is not None:
                    job.finish(kept.id, me, kept.taken, clock.now())
                taken = job.claim(me, clock.now(), LEASE) if more else []
                db.db.session.expunge_all()  # a handler reads its job without a transaction
        except IntegrityError:  # another worker was quicker in the same lane
            if kept is not None:
                self._next(me, kept, more=False)
            return self._next(me)
        finally:
            db.db.session.remove()
        return taken[0] if taken else None

    def _try(self, held: Job, me: str) -> bool:
        """Run a job; False if it failed, which is noted."""
        number = held.id
        self._held[number] = me
        try:
            self._run(held)
        except Exception as error:
            db.db.session.rollback()
            self._failed(number, me, error)
            return False
        else:
            return True
        finally:
            self._held.pop(number, None)
            db.db.session.remove()

    def _run(self, held: Job) -> None:
        handler = self.handlers.get(held.kind)
        if handler is None:
            raise AppError(f"Nobody keeps promises of the kind {held.kind!r}.")
        handler(held)
        db.db.session.rollback()  # a handler commits what it means to keep

    def _failed(self, number: int, me: str, error: Exception) -> None:
        with db.transaction() as session:
            held = session.get_one(Job, number, populate_existing=True)
            wait = retry.next_try(error, held.attempts, jitter=random.random())
            words = f"{type(error).__name__}: {error}"
            if wait is None:
                job.give_up(number, me, clock.now(), words)
            else:
                job.put_off(number, me, clock.now() + wait, words)
        if not isinstance(error, RemoteError):
            log.error("job %s failed: %s", number, words, exc_info=error)

    def _stand(self) -> None:
        """Hold the connections of accounts that stay open, as long as we run."""
        watch = standing.Watch(self.app, self.name)
        while not self._stop.wait(standing.LOOK_SECONDS):
            try:
                with self.app.app_context():
                    watch.look()
            except Exception:
                log.exception("worker: cannot look after open connections")
        with self.app.app_context():
            watch.stop()

    def _keep_leases(self) -> None:
        """Long jobs stay ours: their leases are extended while they run."""
        while not self._stop.wait(LEASE.total_seconds() / 3):
            try:
                with self.app.app_context(), db.transaction():
                    for number, me in tuple(self._held.items()):
                        job.extend(number, me, clock.now() + LEASE)
            except Exception:
                log.exception("worker: cannot extend leases")


def _killed(holder: str, me: str) -> bool:
    """Whether a holder is surely gone: a process of this machine that is no more, or was us."""
    host, pid, *_ = [*holder.split(":"), "", ""]
    if host != me.split(":")[0] or not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        return not holder.startswith(me)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
