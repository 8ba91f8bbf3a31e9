"""Real HTTP servers of a portal and of its OAuth server, on loopback ports."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server

from sandbox.portal import OAuthServer, Portal, PortalSettings, create_portal
from sandbox.portal.clock import Clock


@contextmanager
def served(**settings: Any) -> Iterator[Portal]:
    """A portal with the application installed, reachable by its domain."""
    clock = Clock()
    oauth = OAuthServer("http://127.0.0.1:0", clock)
    portal = create_portal(PortalSettings(**settings), oauth=oauth, clock=clock)
    with _running(portal.app) as port, _running(portal.oauth_app) as oauth_port:
        portal.domain = f"127.0.0.1:{port}"
        oauth.url = f"http://127.0.0.1:{oauth_port}"
        portal.install()
        portal.finish_install()
        yield portal


@contextmanager
def _running(app: Any) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
