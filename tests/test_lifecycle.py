"""The life of the application in a Bitrix24: moved, updated, left, on-premise, with a neighbour."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.world import ADMIN, BORIS, World, beside, mounted, world

BOX = {"domain": "crm.firm.test:8443", "secure": True}
NEIGHBOUR = {"domain": "neighbour.test", "member_id": "5a0db0c1sandbox0000000000000002"}
SECOND_BOT = "100002:SANDBOX-TOKEN-TWO"


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.install()
        made.connect_telegram()
        yield made


def chats(at: World, status: str = "new") -> list[dict[str, Any]]:
    screen = at.open("LEFT_MENU", BORIS)
    items: list[dict[str, Any]] = screen.get("/conversations", status=status)["items"]
    return items


def deals(at: World) -> int:
    """How many deals we have made."""
    added = at.calls("crm.item.add")
    return sum(str(call["params"]["entityTypeId"]) == "2" for call in added)


def test_renamed_portal_goes_on(here: World) -> None:
    here.say("Before")
    here.portal.rename("new-name.test")
    with mounted({"http://new-name.test": here.portal.app}):
        here.say("After")
        comment = here.calls("crm.timeline.comment.update")[-1]["params"]["fields"]["COMMENT"]
        assert "After" in comment
        assert here.open().boot["portal"]["domain"] == "new-name.test"
        assert [one["last_message"]["text"] for one in chats(here)] == ["After"]
        here.say("Another client", user={"id": 43, "first_name": "Oleg"})
        assert deals(here) == 2


def test_update_binds_what_it_dropped(here: World) -> None:
    here.portal.update(ADMIN)
    here.run()
    here.go_through_installer()
    assert {handler.event for handler in here.portal.handlers} >= {
        "ONAPPUNINSTALL",
        "ONCRMDEALDELETE",
    }
    here.say("After the update")
    assert deals(here) == 1


def test_settings_and_channels_outlive_a_removal(here: World) -> None:
    screen = here.open()
    screen.put("/settings/chats", publication(screen, create_primary=["lead"]))
    here.portal.uninstall(ADMIN)
    here.run()
    screen = here.install()
    assert screen.get("/settings/chats")["document"]["create_primary"] == ["lead"]
    here.say("Back again")
    assert [one["entityTypeId"] for one in made(here)] == ["1"]


def test_clean_removal_forgets_the_settings(here: World) -> None:
    screen = here.open()
    screen.put("/settings/chats", publication(screen, create_primary=["lead"]))
    here.portal.uninstall(ADMIN, clean=True)
    here.run()
    screen = here.install()
    kept = screen.get("/settings/chats")
    assert (kept["version"], kept["document"]["create_primary"]) == (0, ["deal"])
    assert screen.get("/channels")["items"] == []


def test_on_premise_portal_with_a_port(any_app: Flask) -> None:
    with world(any_app, **BOX) as box:
        box.install()
        box.connect_telegram()
        box.say("From the box")
        (chat,) = chats(box)
        assert chat["crm"]["deal"]["url"].startswith("https://crm.firm.test:8443/crm/deal/")
        screen = box.open("LEFT_MENU", BORIS)
        assert screen.boot["portal"]["origin"] == "https://crm.firm.test:8443"
        screen.post(f"/conversations/{chat['id']}/accept")
        reply = {"client_uuid": "from-the-box-1", "text": "Here"}
        screen.post(f"/conversations/{chat['id']}/messages", reply)
        box.run()
        assert box.said_on_phone() == ["From the box", "Here"]


def test_neighbours_share_nothing(here: World) -> None:
    with beside(here, **NEIGHBOUR) as there:
        there.install()
        there.connect_telegram(there.open(), SECOND_BOT)
        here.say("For the first")
        assert (len(chats(here)), len(chats(there))) == (1, 0)
        (chat,) = chats(here)
        stranger = there.open("LEFT_MENU", BORIS)
        for path in (f"/conversations/{chat['id']}", f"/conversations/{chat['id']}/messages"):
            assert stranger.ask("GET", path).status_code == 404
        assert deals(there) == 0
        there.portal.uninstall(ADMIN, clean=True)
        there.run()
        here.say("Still here")
        assert chats(here)[0]["last_message"]["text"] == "Still here"


def publication(screen: Any, **changes: Any) -> dict[str, Any]:
    """The published rules with some changes, as the screen sends them."""
    now = screen.get("/settings/chats")
    return {"version": now["version"], "document": {**now["document"], **changes}}


def made(at: World) -> list[dict[str, Any]]:
    return [
        {**call["params"], "entityTypeId": str(call["params"]["entityTypeId"])}
        for call in at.calls("crm.item.add")
    ]
