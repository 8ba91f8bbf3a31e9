"""The running product: the sandbox's world in this process, the application as its child."""

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path

from sandbox.run import Ports, World, app_environment, start_app, stop_app, wait_ready
from tests.ports import free_ports


class Product:
    """What `make run` starts, on ports of its own and with an empty database."""

    def __init__(self, folder: Path) -> None:
        self.ports = Ports(*free_ports(len(fields(Ports))))
        self.world = World(self.ports)
        self.database = folder / "app.db"
        own = {"DATABASE_URL": f"sqlite:///{self.database}", "MEDIA_DIR": f"{folder}/media"}
        settings = self.world.portal.settings
        self.environment = app_environment(self.ports, settings, {**os.environ, **own})
        self.child: subprocess.Popen[bytes] | None = None

    def start_app(self) -> None:
        """The application, once it answers."""
        self.child = start_app(self.environment)
        wait_ready(self.child, f"{self.ports.app_url}/healthz", threading.Event())

    def kill_app(self) -> None:
        """As a power cut does it."""
        if self.child:
            self.child.kill()
            self.child.wait()

    def kept_messages(self) -> int:
        """How many messages lie in the application's database."""
        with closing(sqlite3.connect(self.database)) as database:
            return int(database.execute("SELECT count(*) FROM message").fetchone()[0])

    def hurry_planned(self) -> None:
        """What waits for its time is due now; workers look every second."""
        with closing(sqlite3.connect(self.database, timeout=30)) as database, database:
            database.execute(
                "UPDATE job SET due_at = created_at WHERE kind = 'scheduled' AND state = 'queued'"
            )

    def stop(self) -> None:
        if self.child:
            stop_app(self.child)
        self.world.stop()


@contextmanager
def running(folder: Path) -> Iterator[Product]:
    product = Product(folder)
    product.world.start()
    try:
        product.start_app()
        yield product
    finally:
        product.stop()
