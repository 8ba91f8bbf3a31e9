"""The pages inside frames: boot data, headers, the front end's files."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response

from b24app.db import transaction
from b24app.models import Operator, Portal
from b24app.web import assets, guard, shell
from b24app.web.guard import Entity, LineRef, Viewer
from b24app.web.shell import Scene

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
MANIFEST = {
    "src/entries/workspace.ts": {
        "file": "assets/workspace-1.js",
        "imports": ["_mount.js", "_chat.js"],
        "dynamicImports": ["_sdk.js"],
        "css": ["assets/workspace.css"],
    },
    "_mount.js": {"file": "assets/mount-2.js", "imports": ["_chat.js"], "css": ["assets/kit.css"]},
    "_chat.js": {"file": "assets/chat-3.js", "css": ["assets/kit.css", "assets/chat.css"]},
    "_sdk.js": {"file": "assets/sdk-4.js"},
}


@pytest.fixture
def built(app: Flask, tmp_path: Path) -> Path:
    """A built front end of our own."""
    app.static_folder = str(tmp_path)
    path = tmp_path / "dist" / "manifest.json"
    path.parent.mkdir()
    path.write_text(json.dumps(MANIFEST))
    return path


@pytest.fixture
def viewer(app: Flask) -> Viewer:
    with transaction() as session:
        portal = Portal(
            member_id="boris",
            domain="boris.example",
            client_endpoint="https://boris.example:8443/rest/",
            oauth_url="http://localhost:7201",
            status="active",
            last_event=41,
            created_at=NOW,
        )
        session.add(portal)
        session.flush()
        name = "</script><b>Boris"
        session.add(
            Operator(portal_id=portal.id, user_id=2, name=name, preferences={"theme": "dark"})
        )
        return Viewer(portal.id, 2, False, "deal_tab", NOW, language="ru")


def shown(app: Flask, viewer: Viewer, **changes: Any) -> Response:
    with app.test_request_context("/placement/left_menu"):
        return shell.page(Scene(viewer=viewer, **{"entry": "workspace"} | changes), NOW)


def booted(answer: Response) -> dict[str, Any]:
    html = answer.get_data(as_text=True)
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', html, re.DOTALL)
    assert found
    boot: dict[str, Any] = json.loads(found[1])
    return boot


def test_boot_says_what_the_page_needs(app: Flask, built: Path, viewer: Viewer) -> None:
    boot = booted(shown(app, viewer, conversation="12"))
    token = boot.pop("token")
    assert guard.read(token, NOW) == viewer
    assert boot == {
        "expires_in": 900,
        "placement": "deal_tab",
        "lang": "ru",
        "theme": "dark",
        "version": "0.1.0",
        "portal": {
            "id": str(viewer.portal_id),
            "domain": "boris.example",
            "origin": "https://boris.example:8443",
            "status": "active",
        },
        "user": {
            "id": "2",
            "name": "</script><b>Boris",
            "admin": False,
            "may_configure": False,
            "photo_url": None,
        },
        "entity": None,
        "connector": None,
        "live_after": 41,
        "preferences": {"theme": "dark"},
        "conversation": "12",
        "standalone": False,
    }


def test_boot_names_card_and_line(app: Flask, built: Path, viewer: Viewer) -> None:
    seen = Viewer(
        viewer.portal_id, 9, True, "x", NOW, entity=Entity("deal", 7), line=LineRef("c", 5)
    )
    boot = booted(shown(app, seen, connected=True))
    assert boot["entity"] == {"type": "deal", "id": "7"}
    assert boot["connector"] == {"line": "5", "connector": "c", "active": True}
    assert boot["user"] == {
        "id": "9",
        "name": "",
        "admin": True,
        "may_configure": True,
        "photo_url": None,
    }


def test_page_is_framed_by_its_portal_alone(app: Flask, built: Path, viewer: Viewer) -> None:
    headers = shown(app, viewer).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "'self' https://boris.example:8443"
    assert policy["connect-src"] == "'self' https://boris.example:8443 ws://127.0.0.1:8000"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not {"X-Frame-Options", "Set-Cookie"} & set(headers.keys())


def test_odd_portal_address_adds_no_directive(app: Flask, built: Path, viewer: Viewer) -> None:
    with transaction() as session:
        portal = session.get_one(Portal, viewer.portal_id)
        portal.client_endpoint = "https://x; script-src *"
    policy = shown(app, viewer).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' ;" in policy
    assert "script-src *" not in policy


def test_skeleton_stands_before_the_styles(app: Flask, built: Path, viewer: Viewer) -> None:
    html = shown(app, viewer).get_data(as_text=True)
    assert 'lang="ru" class="dark"' in html
    assert html.index("cg-skeleton cg-workspace") < html.index('<link rel="stylesheet"')
    assert html.index('<link rel="stylesheet"') < html.index('<script type="module"')
    assert "javascript:" not in html
    assert "<script>" not in html


def test_manifest_gives_files_in_order(app: Flask, built: Path) -> None:
    assert assets.entry("workspace") == assets.Assets(
        script="/static/dist/assets/workspace-1.js",
        styles=(
            "/static/dist/assets/kit.css",
            "/static/dist/assets/chat.css",
            "/static/dist/assets/workspace.css",
        ),
        preloads=("/static/dist/assets/chat-3.js", "/static/dist/assets/mount-2.js"),
    )


def test_rebuild_under_a_running_server_is_seen(app: Flask, built: Path) -> None:
    assets.entry("workspace")
    built.write_text(json.dumps({"src/entries/workspace.ts": {"file": "assets/new.js"}}))
    assert assets.entry("workspace").script == "/static/dist/assets/new.js"


@pytest.mark.parametrize("text", [None, "", "{", "{}"])
def test_missing_front_end_says_what_to_do(app: Flask, built: Path, text: str | None) -> None:
    built.unlink() if text is None else built.write_text(text)
    with pytest.raises(assets.NotBuilt, match="make setup") as error:
        assets.entry("workspace")
    assert error.value.status == 503


def test_hashed_files_are_kept_for_ever(app: Flask, built: Path) -> None:
    (built.parent / "assets").mkdir()
    (built.parent / "assets" / "new.js").write_text("1")
    with app.test_client() as http:
        with http.get("/static/dist/assets/new.js") as answer:
            assert "immutable" in answer.headers["Cache-Control"]
        with http.get("/static/dist/manifest.json") as answer:
            assert "immutable" not in answer.headers.get("Cache-Control", "")
