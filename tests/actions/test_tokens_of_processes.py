"""Two worker processes meet an expired token at the same moment."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from b24app.actions import proofs
from sandbox.portal.portal import Portal as Sandbox
from tests import opened
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from b24app import config
from b24app.application import create_app
from b24app.actions import portals

app = create_app(config.read())

def ask(number):
    with app.app_context():
        return portals.client(int(sys.argv[1])).call("profile").result["ID"]

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(8) as pool:
    print(",".join(pool.map(ask, range(8))))
"""


@pytest.fixture
def ports() -> tuple[int, int]:
    """Two free ports: the portal's and its OAuth server's."""
    return free_port(), free_port()


@pytest.fixture
def settings(settings: dict[str, str], ports: tuple[int, int]) -> dict[str, str]:
    oauth = {"BITRIX24_OAUTH_URLS": f"http://localhost:{ports[1]}"}
    return settings | {"BITRIX24_BURST": "250"} | oauth


@pytest.fixture
def home(any_app: Flask, ports: tuple[int, int]) -> Iterator[Sandbox]:
    proofs.forget()
    addresses = {"domain": f"localhost:{ports[0]}", "oauth_url": f"http://localhost:{ports[1]}"}
    with opened.portal(limits=False, **addresses) as made:
        yield made


@contextmanager
def served(home: Sandbox, ports: tuple[int, int]) -> Iterator[None]:
    """The portal on real sockets, for other processes."""
    doors = zip(ports, (home.app, home.oauth_app), strict=True)
    servers = [make_server("localhost", port, app, threaded=True) for port, app in doors]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    for server in servers:
        server.shutdown()
        server.server_close()


def told_together(portal_id: int, env: dict[str, str]) -> list[str]:
    """What two processes print after they were let go at the same moment."""
    command = [sys.executable, "-c", WORKER, str(portal_id)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, env=env, cwd=ROOT, **pipes) for _ in range(2)]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return [worker.communicate(timeout=60)[0].strip() for worker in workers]


def test_two_processes_renew_once(
    settings: dict[str, str], database_url: str, home: Sandbox, ports: tuple[int, int]
) -> None:
    anna = opened.installed(home)
    home.oauth.expire()
    env = settings | {"DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)}
    with served(home, ports):
        told = told_together(anna.portal_id, env)
    assert told == [",".join("1" * 8)] * 2
    assert [call["status"] for call in home.oauth.calls if call["name"] == "token"] == [200]
