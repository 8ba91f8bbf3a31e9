"""Settings: every change a version, nobody's work overwritten, a way back."""

from typing import Any

import pytest
from flask import Flask

from b24app.actions import drafts, settings, versions
from b24app.actions.settings import Edition
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound, TooLarge
from b24app.models import Audit, Portal, SettingsDocument
from tests import build
from tests.build import BORIS, NOW


@pytest.fixture
def home(any_app: Flask) -> Portal:
    row = build.portal()
    build.operator(row)
    return row


def publish(home: Portal, base: int, kind: str = "chats", **document: Any) -> dict[str, Any]:
    return settings.publish(home.id, kind, Edition(document, base, "Why not"), BORIS, NOW)


def deeds() -> list[str]:
    return [row.deed for row in build.rows(Audit)]


def test_nobody_has_changed_anything_yet(home: Portal) -> None:
    told = settings.shown(home.id, "chats")
    assert (told["version"], told["draft"], told["user"]) == (0, None, None)
    assert told["document"]["create_primary"] == ["deal"]


def test_published_rules_count_at_once(home: Portal) -> None:
    told = publish(home, 0, create_primary=["lead"])
    found = settings.rules(home.id, "chats")
    assert (found.version, found.document.create_primary) == (1, ("lead",))
    assert told["user"] == {"id": str(BORIS), "name": f"Boris {BORIS}"}


def test_chat_keeps_the_rules_it_began_with(home: Portal) -> None:
    publish(home, 0, create_primary=["lead"])
    publish(home, 1, create_primary=["deal"])
    begun = settings.rules_of(home.id, "chats", 1)
    assert (begun.version, begun.document.create_primary) == (1, ("lead",))
    assert settings.rules_of(home.id, "chats", None).version == 0


def test_rules_of_requests_are_apart(home: Portal) -> None:
    publish(home, 0, create_primary=["lead"])
    assert settings.rules(home.id, "requests").version == 0


def test_second_of_two_is_told(home: Portal) -> None:
    publish(home, 0)
    with pytest.raises(Conflict) as stale:
        publish(home, 0, transcript="off")
    assert stale.value.code == "stale"


def test_race_for_a_version_has_one_winner(home: Portal) -> None:
    publish(home, 0)
    row = SettingsDocument(portal_id=home.id, kind="chats", version=2, document={}, created_at=NOW)
    settings_seen = Edition({}, 1)
    db.session.add(row)
    db.session.flush()
    with pytest.raises(Conflict):
        settings._keep(home.id, "chats", settings_seen, BORIS, NOW)


def test_nonsense_is_refused_by_path(home: Portal) -> None:
    with pytest.raises(Invalid) as refused:
        publish(home, 0, create_primary=[], colour="red")
    assert set(refused.value.fields) == {"create_primary", "colour"}
    assert settings.shown(home.id, "chats")["version"] == 0


def test_check_tells_without_keeping(home: Portal) -> None:
    assert set(settings.check(home.id, "chats", {"transcript": "never"})) == {"transcript"}
    assert settings.check(home.id, "chats", {}) == {}


def test_publishing_is_told_and_remembered(home: Portal) -> None:
    publish(home, 0)
    (event,) = build.news()
    assert (event.kind, event.data) == ("settings", {"kind": "chats", "version": 1})
    (audit,) = build.rows(Audit)
    assert (audit.deed, audit.user_id, audit.details) == ("settings.chats", BORIS, {"version": 1})


def test_open_lines_switch_the_integration_on(home: Portal) -> None:
    home.integration_active = False
    publish(home, 0, "open_lines", active=False)
    assert not home.integration_active
    publish(home, 1, "open_lines", active=True)
    assert home.integration_active
    assert deeds()[-1] == "integration"


def test_chats_do_not_switch_the_integration_on(home: Portal) -> None:
    home.integration_active = False
    publish(home, 0, active=True)
    assert not home.integration_active


@pytest.mark.parametrize(
    "wrong", [{"active": "yes"}, {"active": True, "colour": "red"}, {"active": None}]
)
def test_open_lines_take_one_switch(home: Portal, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        publish(home, 0, "open_lines", **wrong)


def test_lines_count_when_a_channel_is_linked(home: Portal) -> None:
    assert not settings.lines_active(home.id)
    build.line_link(build.channel(home))
    assert settings.lines_active(home.id)
    publish(home, 0, "open_lines", active=False)
    assert not settings.lines_active(home.id)


def test_draft_is_kept_as_it_is(home: Portal) -> None:
    drafts.keep(home.id, "chats", {"nonsense": [1]}, BORIS, NOW)
    draft = settings.shown(home.id, "chats")["draft"]
    assert (draft["document"], draft["user"]["id"]) == ({"nonsense": [1]}, str(BORIS))


def test_published_draft_is_gone(home: Portal) -> None:
    drafts.keep(home.id, "chats", {"transcript": "off"}, BORIS, NOW)
    drafts.keep(home.id, "requests", {}, BORIS, NOW)
    publish(home, 0, transcript="off")
    assert drafts.shown(home.id, "chats") is None
    assert drafts.shown(home.id, "requests") is not None


def test_typing_is_not_audited_letter_by_letter(home: Portal) -> None:
    for note in "abc":
        drafts.keep(home.id, "chats", {"titles": {"deal": note}}, BORIS, NOW)
    drafts.discard(home.id, "chats", BORIS, NOW)
    drafts.discard(home.id, "chats", BORIS, NOW)
    assert deeds() == ["settings.chats.draft", "settings.chats.draft_discarded"]


@pytest.mark.parametrize(
    "unfit",
    [{"a": "\x00"}, {"a\x00": 1}, {"a": ["\\\x00"]}, {"a": float("nan")}, {"a": "\ud800"}],
)
def test_what_no_database_keeps_is_refused(home: Portal, unfit: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        drafts.keep(home.id, "chats", unfit, BORIS, NOW)


def test_backslashes_are_text(home: Portal) -> None:
    kept = drafts.keep(home.id, "chats", {"a": "\\u0000"}, BORIS, NOW)
    assert kept is not None
    assert kept["document"] == {"a": "\\u0000"}


def test_long_draft_is_refused(home: Portal) -> None:
    with pytest.raises(TooLarge):
        drafts.keep(home.id, "chats", {"a": "x" * 200_000}, BORIS, NOW)


def test_versions_say_who_and_how_much(home: Portal) -> None:
    publish(home, 0, transcript="off")
    publish(home, 1, transcript="at_close", write_to_closed=True)
    items = versions.listed(home.id, "chats")["items"]
    assert [(one["version"], one["changes"]) for one in items] == [(2, 2), (1, 1)]
    assert items[0]["note"] == "Why not"


def test_long_history_has_pages(home: Portal) -> None:
    for base in range(versions.PAGE + 2):
        publish(home, base, deadline_minutes=base + 1)
    first = versions.listed(home.id, "chats")
    assert (len(first["items"]), first["next"]) == (versions.PAGE, "3")
    second = versions.listed(home.id, "chats", int(first["next"]))
    assert ([one["version"] for one in second["items"]], second["next"]) == ([2, 1], None)
    assert [one["changes"] for one in first["items"]] == [1] * versions.PAGE


def test_versions_are_compared(home: Portal) -> None:
    publish(home, 0, transcript="off")
    found = versions.compared(home.id, "chats", "0", "1")
    assert found == [{"path": "transcript", "before": "online", "after": "off"}]


def test_draft_is_compared(home: Portal) -> None:
    drafts.keep(home.id, "chats", {"transcript": "off"}, BORIS, NOW)
    assert len(versions.compared(home.id, "chats", "0", "draft")) == 1


def test_unfinished_draft_is_compared(home: Portal) -> None:
    unfinished = {"responsibles": [{"id": "r1", "when": {"join": "and"}, "user_id": None}]}
    drafts.keep(home.id, "chats", unfinished, BORIS, NOW)
    (found,) = versions.compared(home.id, "chats", "0", "draft")
    assert found["path"] == "responsibles.r1"


def test_nonsense_of_a_draft_is_no_crash(home: Portal) -> None:
    drafts.keep(home.id, "chats", {"fields": [{"id": []}]}, BORIS, NOW)
    with pytest.raises(Invalid):
        versions.compared(home.id, "chats", "0", "draft")


def test_rollback_is_a_new_version(home: Portal) -> None:
    publish(home, 0, transcript="off")
    publish(home, 1, transcript="at_close")
    told = settings.rollback(home.id, "chats", 1, BORIS, NOW)
    assert (told["version"], told["document"]["transcript"]) == (3, "off")
    assert build.rows(Audit)[-1].details == {"version": 3, "rolled_back_to": 1}


def test_rollback_to_the_beginning(home: Portal) -> None:
    publish(home, 0, transcript="off")
    assert settings.rollback(home.id, "chats", 0, BORIS, NOW)["document"]["transcript"] == "online"


def test_unknown_versions_and_kinds_are_not_found(home: Portal) -> None:
    publish(home, 0)
    for deed in (
        lambda: settings.shown(home.id, "castle"),
        lambda: versions.one(home.id, "chats", 2),
        lambda: versions.compared(home.id, "chats", "1", "draft"),
        lambda: settings.rollback(home.id, "chats", 7, BORIS, NOW),
        lambda: drafts.keep(home.id, "castle", {}, BORIS, NOW),
    ):
        with pytest.raises(NotFound):
            deed()


def test_neighbours_versions_are_not_found(home: Portal) -> None:
    publish(home, 0)
    with pytest.raises(NotFound):
        versions.one(build.portal().id, "chats", 1)


def test_part_is_switched_in_a_version(home: Portal) -> None:
    publish(home, 0, transcript="off")
    settings.switch(home.id, "chats", False, BORIS, NOW)
    settings.switch(home.id, "chats", False, BORIS, NOW)
    told = settings.shown(home.id, "chats")
    assert (told["version"], told["document"]["active"]) == (2, False)
    assert told["document"]["transcript"] == "off"
    assert settings.parts([home.id]) == {
        home.id: {"chats": False, "requests": True, "open_lines": True}
    }
