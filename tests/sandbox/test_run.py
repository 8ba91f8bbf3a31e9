"""The launcher: ports and settings of everything, and clear words when it cannot start."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
import requests

from sandbox import run
from sandbox.run import CannotRun, Options, Ports
from tests.ports import free_ports


@pytest.fixture
def ports() -> Ports:
    return Ports(*free_ports(len(fields(Ports))))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind((run.HOST, 0))
        probe.listen()
        yield probe.getsockname()[1]


def test_ports_come_from_options_and_environment() -> None:
    wanted = run.options(["--shop-port", "17220"], {"SANDBOX_PORTAL_PORT": "17200"})
    assert (wanted.ports.shop, wanted.ports.portal, wanted.ports.app) == (17220, 17200, 8000)


def test_taken_port_is_named(taken: int) -> None:
    with pytest.raises(CannotRun, match=rf"Port {taken} \(telegram\) is taken.*--telegram-port"):
        run.check_ports(Options(Ports(telegram=taken), app=False, fresh=False))


def test_application_port_matters_only_with_it(ports: Ports, taken: int) -> None:
    away = replace(ports, app=taken)
    run.check_ports(Options(away, app=False, fresh=False))


def test_application_is_told_of_the_sandbox(ports: Ports) -> None:
    portal = run.portal_settings(ports)
    env = run.app_environment(ports, portal, {"BITRIX24_CLIENT_ID": "real", "LOG_LEVEL": "debug"})
    assert env["BITRIX24_CLIENT_ID"] == portal.client_id
    assert env["TELEGRAM_API_URL"] == ports.telegram_url
    assert env["LOG_LEVEL"] == "debug"


def test_portal_and_application_are_two_sites(ports: Ports) -> None:
    assert ports.portal_url.startswith("http://localhost:")
    assert ports.app_url.startswith("http://127.0.0.1:")


def test_world_answers_and_leaves(ports: Ports) -> None:
    world = run.World(ports)
    world.start()
    try:
        urls = (ports.portal_url, ports.telegram_url, ports.shop_url)
        assert [requests.get(url, timeout=10).status_code for url in urls] == [200] * 3
    finally:
        world.stop()
    run.check_ports(Options(ports, app=True, fresh=False))


def test_table_names_addresses_and_tokens(ports: Ports) -> None:
    world = run.World(ports)
    told = run.table(Options(ports, app=True, fresh=False), world)
    world.close()
    assert f"{ports.portal_url}/market/detail/callgear.chats/" in told
    assert "100001:SANDBOX-TOKEN-ONE" in told


def test_application_that_ends_is_told_of() -> None:
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    child.wait()
    with pytest.raises(CannotRun, match="ended with code 3"):
        run.wait_ready(child, "http://127.0.0.1:1/", threading.Event())


def test_stopping_waits_for_the_application() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    run.stop_app(child)
    assert child.returncode is not None
