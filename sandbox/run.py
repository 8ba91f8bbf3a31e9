"""`make run`: the whole outside world and the application beside it, until Ctrl+C.

The portal, its OAuth server, the messengers and the shop run as threads of this process, the
application as a child: so it can be killed and started again while the world goes on.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.faults import BreakingWire
from sandbox.messengers.account import create_accounts
from sandbox.messengers.mail import create_mail
from sandbox.messengers.mail.boxes import PASSWORD
from sandbox.messengers.mail.control import SHOP
from sandbox.messengers.phones import PhonesApp
from sandbox.messengers.phones.world import Account
from sandbox.messengers.telegram import TelegramApp, create_telegram
from sandbox.messengers.viber import create_viber
from sandbox.messengers.whatsapp import create_whatsapp
from sandbox.portal import Portal, PortalSettings, create_portal
from sandbox.shop import create_shop

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "var" / "sandbox"
READY_SECONDS = 60
STOP_SECONDS = 15
LOOK_SECONDS = 0.2


class CannotRun(Exception):
    """Why the sandbox is not running, for the person at the terminal."""


@dataclass(frozen=True)
class Ports:
    """Where everything listens; a browser must see the portal and the application as two sites."""

    portal: int = 7200
    oauth: int = 7201
    telegram: int = 7210
    shop: int = 7220
    app: int = 8000
    whatsapp: int = 7211
    viber: int = 7212
    account: int = 7213
    mail: int = 7230
    smtp: int = 7231
    imap: int = 7232

    @property
    def portal_url(self) -> str:
        return f"http://localhost:{self.portal}"

    @property
    def oauth_url(self) -> str:
        return f"http://localhost:{self.oauth}"

    @property
    def telegram_url(self) -> str:
        return f"http://{HOST}:{self.telegram}"

    @property
    def whatsapp_url(self) -> str:
        return f"http://{HOST}:{self.whatsapp}"

    @property
    def account_url(self) -> str:
        return f"http://{HOST}:{self.account}"

    @property
    def mail_url(self) -> str:
        return f"http://{HOST}:{self.mail}"

    @property
    def viber_url(self) -> str:
        return f"http://{HOST}:{self.viber}"

    @property
    def shop_url(self) -> str:
        return f"http://localhost:{self.shop}"

    @property
    def app_url(self) -> str:
        return f"http://{HOST}:{self.app}"


@dataclass(frozen=True)
class Options:
    ports: Ports
    app: bool
    fresh: bool


def options(arguments: Sequence[str], env: Mapping[str, str]) -> Options:
    """What the command line asks for; ports also come as `SANDBOX_PORTAL_PORT` and the like."""
    parser = argparse.ArgumentParser(prog="make run", description="Start the sandbox.")
    for one in fields(Ports):
        default = env.get(f"SANDBOX_{one.name.upper()}_PORT", str(one.default))
        parser.add_argument(f"--{one.name}-port", type=int, default=default, metavar="N")
    parser.add_argument("--no-app", action="store_true", help="only the world around")
    # The portal and the phones live in memory: an application that remembered them would be lost.
    parser.add_argument("--keep", action="store_true", help="keep the application's data")
    given = parser.parse_args(arguments)
    ports = {one.name: getattr(given, f"{one.name}_port") for one in fields(Ports)}
    return Options(Ports(**ports), app=not given.no_app, fresh=not given.keep)


def check_ports(wanted: Options) -> None:
    """Say whose port is taken before anything is started.

    Raises:
        CannotRun: one of them is.
    """
    for one in fields(Ports):
        port = getattr(wanted.ports, one.name)
        if (wanted.app or one.name != "app") and _taken(port):
            raise CannotRun(
                f"Port {port} ({one.name}) is taken: stop what listens there, or choose another "
                f"with --{one.name}-port N or SANDBOX_{one.name.upper()}_PORT=N."
            )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def portal_settings(ports: Ports) -> PortalSettings:
    """A portal whose market offers the application at its address."""
    return PortalSettings(
        domain=f"localhost:{ports.portal}",
        oauth_url=ports.oauth_url,
        app_url=f"{ports.app_url}/placement/home",
        installer_url=f"{ports.app_url}/placement/install",
        redirect_uri=f"{ports.app_url}/oauth/callback",
    )


def app_environment(ports: Ports, portal: PortalSettings, env: Mapping[str, str]) -> dict[str, str]:
    """Settings of the application; the database and the logs may be chosen by the caller's."""
    return {
        "DATABASE_URL": f"sqlite:///{DATA / 'app.db'}",
        "MEDIA_DIR": str(DATA / "media"),
        **env,
        "HOST": HOST,
        "PORT": str(ports.app),
        "PUBLIC_URL": ports.app_url,
        "BITRIX24_CLIENT_ID": portal.client_id,
        "BITRIX24_CLIENT_SECRET": portal.client_secret,
        "BITRIX24_OAUTH_URLS": ports.oauth_url,
        "TELEGRAM_API_URL": ports.telegram_url,
        "WHATSAPP_API_URL": ports.whatsapp_url,
        "VIBER_API_URL": ports.viber_url,
        "TELEGRAM_CLIENT": "sandbox.messengers.account.client:SandboxClient",
        "SANDBOX_ACCOUNT_URL": ports.account_url,
        "ALLOW_PRIVATE_HOSTS": "1",
        "PYTHONUNBUFFERED": "1",
    }


class _Quiet(WSGIRequestHandler):
    """Keeps connections open and the terminal free of request lines."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)


class World:
    """The fakes on their ports."""

    def __init__(self, ports: Ports) -> None:
        self.portal: Portal = create_portal(portal_settings(ports))
        self.telegram: TelegramApp = create_telegram()
        self.whatsapp: PhonesApp = create_whatsapp()
        self.viber: PhonesApp = create_viber()
        self.account = create_accounts()
        self.mail = create_mail()
        shop = create_shop(app_url=ports.app_url)
        self.servers: list[BaseWSGIServer] = [
            _server(ports.portal, BreakingWire(self.portal.app)),
            _server(ports.oauth, BreakingWire(self.portal.oauth_app)),
            _server(ports.telegram, self.telegram),
            _server(ports.whatsapp, self.whatsapp),
            _server(ports.viber, self.viber),
            _server(ports.account, self.account),
            _server(ports.mail, self.mail),
            _server(ports.shop, shop),
        ]
        self.mail.listen(ports.smtp, ports.imap)

    def start(self) -> None:
        """Answer, send events and deliver updates from now on."""
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.portal.start()
        self.mail.start()
        for courier in self.couriers:
            courier.start()

    def stop(self) -> None:
        """Fall silent, then let go of the ports."""
        for courier in self.couriers:
            courier.stop()
        self.portal.stop()
        self.mail.stop()
        for server in self.servers:
            server.shutdown()
        self.close()

    @property
    def couriers(self) -> list[Any]:
        return [one.courier for one in (self.telegram, self.whatsapp, self.viber)]

    def close(self) -> None:
        """Let go of the ports, whether they were served or not."""
        for server in self.servers:
            server.server_close()
        self.mail.close()


def _server(port: int, app: Any) -> BaseWSGIServer:
    server = make_server(HOST, port, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    return server


def start_app(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The application in a group of its own: Ctrl+C reaches us, and we stop it in order."""
    command = [sys.executable, str(ROOT / "app.py")]
    return subprocess.Popen(command, cwd=ROOT, env=dict(environment), start_new_session=True)


def wait_ready(child: subprocess.Popen[bytes], url: str, stop: threading.Event) -> None:
    """Return once the application answers.

    Raises:
        CannotRun: it ended by itself or took too long.
    """
    deadline = time.monotonic() + READY_SECONDS
    while not stop.is_set() and not _answers(url):
        if child.poll() is not None:
            raise CannotRun(f"The application ended with code {child.returncode}, see above.")
        if time.monotonic() > deadline:
            raise CannotRun(f"The application does not answer at {url} in {READY_SECONDS} s.")
        stop.wait(LOOK_SECONDS)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False


def stop_app(child: subprocess.Popen[bytes]) -> None:
    """Ask it to finish what it carries; insist after a while."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def table(wanted: Options, world: World) -> str:
    """Where everything is, for the person at the terminal."""
    ports, portal = wanted.ports, world.portal.settings
    rows = [
        (
            "Begin here",
            f"{ports.portal_url}/market/detail/{portal.app_code}/",
            "install the application, as the administrator",
        ),
        ("Portal", f"{ports.portal_url}/", "a Bitrix24 of your own"),
        ("Application", f"{ports.app_url}/", "" if wanted.app else "not started (--no-app)"),
        ("Phones", f"{ports.telegram_url}/", "clients who write to the bots"),
        ("Shop", f"{ports.shop_url}/", "a site for the widget"),
    ]
    bots = world.telegram.sandbox.bots.values()
    rows += [("Telegram bot", bot.token, f"@{bot.username}") for bot in bots]
    rows += [("WhatsApp", f"{ports.whatsapp_url}/", "phones; numbers to connect are on the page")]
    rows += [_secrets("  number", one) for one in world.whatsapp.sandbox.accounts.values()]
    rows += [("Telegram user", f"{ports.account_url}/", "an account; API id 4242, any hash")]
    rows += [("Mail", f"{ports.mail_url}/", "clients who write letters")]
    rows += [("  mailbox", f"{SHOP} / {PASSWORD}", f"SMTP {ports.smtp}, IMAP {ports.imap}")]
    rows += [("Viber", f"{ports.viber_url}/", "phones; bots to connect are on the page")]
    rows += [_secrets("  bot", one) for one in world.viber.sandbox.accounts.values()]
    width = max(len(address) for _, address, _ in rows)
    return "\n".join(
        f"  {name:13} {address:{width}}  {note}".rstrip() for name, address, note in rows
    )


def _secrets(label: str, account: Account) -> tuple[str, str, str]:
    """What connects an account, in the order in which the form asks for it."""
    return label, " ".join(account.secrets.values()), account.name


def forget() -> None:
    """Remove what earlier runs of the sandbox left; nothing else of `var/` is touched."""
    shutil.rmtree(DATA, ignore_errors=True)


def run(wanted: Options, env: Mapping[str, str], stop: threading.Event) -> None:
    """Everything, until `stop` is set.

    Raises:
        CannotRun: a port is taken, or the application does not come up or ends.
    """
    check_ports(wanted)
    if wanted.fresh:
        forget()
    DATA.mkdir(parents=True, exist_ok=True)
    world = World(wanted.ports)
    world.start()
    try:
        _beside(world, wanted, env, stop)
    finally:
        world.stop()


def _beside(world: World, wanted: Options, env: Mapping[str, str], stop: threading.Event) -> None:
    """The application's life beside the running world."""
    if not wanted.app:
        _tell(wanted, world)
        stop.wait()
        return
    child = start_app(app_environment(wanted.ports, world.portal.settings, env))
    try:
        wait_ready(child, f"{wanted.ports.app_url}/healthz", stop)
        if not stop.is_set():
            _tell(wanted, world)
        while not stop.wait(LOOK_SECONDS):
            if child.poll() is not None:
                raise CannotRun(f"The application ended with code {child.returncode}.")
    finally:
        stop_app(child)


def _tell(wanted: Options, world: World) -> None:
    print(f"\nThe sandbox is ready, Ctrl+C stops it.\n\n{table(wanted, world)}\n", flush=True)


def main() -> int:
    wanted = options(sys.argv[1:], os.environ)
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    try:
        run(wanted, os.environ, stop)
    except CannotRun as trouble:
        print(trouble, file=sys.stderr)
        return 1
    print("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
