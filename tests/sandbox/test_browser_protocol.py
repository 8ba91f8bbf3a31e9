"""Frames of the application in a real browser: both dialects of the official SDKs, by hand."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Frame, Page, expect
from werkzeug.serving import make_server

from sandbox.portal import create_portal, openlines
from sandbox.portal.portal import Portal
from sandbox.portal.registry import METHODS, Call
from sandbox.portal.settings import PortalSettings
from sandbox.portal.state import Chat, Placement
from tests.conftest import absent
from tests.ports import free_port

pytestmark = pytest.mark.e2e

# A browser draws no frames for what nobody sees, so hidden widgets are asked by the clock.
POLLING = 50
KEY = "a" * 32
UUID = "6f0c1c2e-0000-4000-8000-000000000001"
APP_HTML = """<!doctype html><title>app</title><h1>Application</h1><script>
window.replies = []
window.answers = (key) => replies.filter((text) => text.startsWith(key + ':'))
addEventListener('message', ({ data, origin }) => {
  window.replyOrigin = origin
  if (typeof data === 'string') replies.push(data)
})
window.say = (message) => {
  const [domain, protocol] = window.name.split('|')
  parent.postMessage(message, (protocol === '1' ? 'https://' : 'http://') + domain)
}
</script>"""


def serve(app: Any, port: int) -> Any:
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_application() -> Flask:
    app = Flask("tiny")
    app.add_url_rule("/<path:path>", "any", lambda path: APP_HTML, methods=["GET", "POST"])
    return app


test_application.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    port, app_port = free_port(), free_port()
    app_url = f"http://127.0.0.1:{app_port}"
    portal = create_portal(
        PortalSettings(
            domain=f"localhost:{port}",
            app_url=f"{app_url}/home",
            installer_url=f"{app_url}/install",
        )
    )
    servers = [serve(portal.app, port), serve(test_application(), app_port)]
    yield portal
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def portal(running: Portal) -> Portal:
    """A portal with the application installed and its widgets bound."""
    running.placements.clear()
    running.install(1)
    running.finish_install(1)
    base = running.settings.app_url.rsplit("/", 1)[0]
    codes = ("LEFT_MENU", "CRM_DEAL_DETAIL_TAB", "IM_TEXTAREA", "PAGE_BACKGROUND_WORKER")
    running.placements.extend(
        Placement(number, code, f"{base}/{code.lower()}", f"Widget {number}")
        for number, code in enumerate(codes, 1)
    )
    return running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that may not complain in its console."""
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(5000)
    tab, trouble = context.new_page(), []
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("console", lambda line: line.type == "error" and trouble.append(line.text))
    yield tab
    context.close()
    assert trouble == []


def address(portal: Portal, path: str) -> str:
    return f"{portal.origin}{path}{'&' if '?' in path else '?'}lang=en"


def app_frame(page: Page | Frame, path: str = "/home") -> Frame:
    """The application's frame on a page, ready to talk."""
    form = page.wait_for_selector(f'form[action*="{path}?"]', state="attached")
    assert form is not None
    holder = page.wait_for_selector(
        f'iframe[name="{form.get_attribute("target")}"]', state="attached"
    )
    frame = holder.content_frame() if holder else None
    assert frame is not None
    frame.wait_for_function("() => Boolean(window.say)", polling=POLLING)
    return frame


def slider_page(page: Page) -> Frame:
    """The portal's page in the slider."""
    holder = page.wait_for_selector(".slider.loaded iframe")
    frame = holder.content_frame() if holder else None
    assert frame is not None
    return frame


def sid(frame: Frame) -> str:
    return str(frame.evaluate("window.name.split('|')[2]"))


def say(frame: Frame, message: Any) -> None:
    frame.evaluate("message => window.say(message)", message)


def sdk(frame: Frame, command: str, params: Any = None, key: str = UUID) -> None:
    """A command as b24jssdk writes it: no params, no segment."""
    middle = "" if params is None else f":{json.dumps(params)}"
    say(frame, f"{command}{middle}:{key}:{sid(frame)}")


def answer(frame: Frame, key: str = UUID) -> Any:
    """What came back under a key: JSON, or None for an empty answer."""
    found = frame.wait_for_function("key => window.answers(key).at(-1)", arg=key, polling=POLLING)
    text = str(found.json_value()).removeprefix(f"{key}:")
    return json.loads(text) if text else None


def silent(frame: Frame, key: str = UUID) -> bool:
    """Nothing came under a key, although a later question was answered."""
    sdk(frame, "getInterface", key="later")
    answer(frame, "later")
    return bool(frame.evaluate("key => window.answers(key).length === 0", key))


def opened(portal: Portal, page: Page, query: str = "") -> Frame:
    page.goto(address(portal, f"/marketplace/app/1/{query}"))
    return app_frame(page)


def test_sdk_reads_init_data(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "getInitData")
    init = answer(frame)
    assert (init["DOMAIN"], init["PROTOCOL"], init["INSTALL"]) == (portal.domain, "0", False)
    assert (init["PLACEMENT"], init["LANG"], init["IS_ADMIN"]) == ("DEFAULT", "en", True)


def test_bx24_reads_init_data(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    say(frame, f"getInitData::{KEY}:{sid(frame)}")
    assert answer(frame, KEY)["MEMBER_ID"] == portal.settings.member_id
    assert frame.evaluate("window.replyOrigin") == portal.origin


def test_json_with_colons_is_understood(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "setTitle", {"title": "Chats: 3 new"})
    assert answer(frame) == {"title": "Chats: 3 new"}
    expect(page.get_by_role("heading", name="Chats: 3 new")).to_be_visible()


def test_foreign_sid_gets_silence(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    say(frame, f"getInitData:{UUID}:{'0' * 32}")
    assert silent(frame)


def test_nonsense_gets_silence(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    for message in ("", "x", {"a": 1}, None, f"noSuchCommand:{UUID}:{sid(frame)}"):
        say(frame, message)
    assert silent(frame)


def test_first_run_ends_with_set_install(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "setInstall", {"install": True})
    assert answer(frame) == {"install": True}
    frame = opened(portal, page)
    sdk(frame, "getInitData")
    assert answer(frame)["FIRST_RUN"] is False


def test_refresh_gives_other_tokens(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "refreshAuth")
    fresh = answer(frame)
    assert portal.oauth.app_info(fresh["AUTH_ID"])["user_id"] == 1
    assert set(fresh) == {"AUTH_ID", "AUTH_EXPIRES", "REFRESH_ID"}


def test_options_are_kept(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "setAppOption", {"name": "a", "value": "1"})
    assert answer(frame)["a"] == "1"
    sdk(frame, "setUserOption", {"name": "theme", "value": "dark"}, key="two")
    assert answer(frame, "two") == {"name": "theme", "value": "dark"}
    assert portal.installation.user_options[1]["theme"] == "dark"


def test_frame_takes_the_height_it_asks_for(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "resizeWindow", {"width": "100%", "height": 1240})
    assert answer(frame) == {"width": "100%", "height": 1240}
    assert frame.frame_element().bounding_box()["height"] == 1240


def test_open_path_answers_when_closed(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    path = "/crm/type/0/details/0/../../../../../company/personal/user/2/"
    sdk(frame, "openPath", {"path": f"{path}?IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER"})
    slider = page.frame_locator(".slider iframe")
    expect(slider.get_by_role("heading", level=1)).to_contain_text("Борис")
    page.get_by_role("button", name="Close").click()
    assert answer(frame) == {"result": "close"}


@pytest.mark.parametrize("path", ["/market/", "https://example.com/", "/rest/../contact_center/"])
def test_open_path_refuses_other_places(portal: Portal, page: Page, path: str) -> None:
    frame = opened(portal, page)
    sdk(frame, "openPath", {"path": path})
    assert answer(frame) == {"result": "error", "errorCode": "PATH_NOT_AVAILABLE"}


def test_application_opens_over_itself(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "openApplication", {"chat": "7", "bx24_width": 600, "bx24_title": "Chat"})
    child = app_frame(slider_page(page))
    sdk(child, "getInitData")
    assert answer(child)["PLACEMENT_OPTIONS"] == {"chat": "7"}
    sdk(child, "closeApplication", key="bye")
    assert answer(frame) is None
    expect(page.locator(".slider")).to_have_count(0)


def test_chosen_user_is_told(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "selectUser", {"mult": False})
    page.get_by_label("Борис").check()
    page.get_by_role("button", name="Choose").click()
    assert answer(frame)["id"] == "2"


def test_cancelled_choice_stays_silent(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "selectUser", {"mult": True})
    page.get_by_role("button", name="Cancel").click()
    assert silent(frame)


def test_crm_is_chosen_in_buckets(portal: Portal, page: Page) -> None:
    frame = opened(portal, page)
    sdk(frame, "selectCRM", {"entityType": ["contact"], "multiple": True, "value": {}})
    page.locator(".dialog-list input").first.check()
    page.get_by_role("button", name="Choose").click()
    assert answer(frame)["contact"]["0"]["id"].startswith("C_")


def deal_tab(portal: Portal, page: Page) -> Frame:
    deal = next(iter(portal.items[2]))
    page.goto(address(portal, f"/crm/deal/details/{deal}/"))
    assert not [known for known in page.frames if "crm_deal" in known.url]
    page.get_by_role("tab", name="Widget 2").click()
    return app_frame(page, "/crm_deal_detail_tab")


def test_tab_knows_its_deal(portal: Portal, page: Page) -> None:
    frame = deal_tab(portal, page)
    sdk(frame, "getInitData")
    init = answer(frame)
    assert init["PLACEMENT"] == "CRM_DEAL_DETAIL_TAB"
    assert init["PLACEMENT_OPTIONS"]["ID"] == str(next(iter(portal.items[2])))
    assert init["PLACEMENT_OPTIONS"]["URI"].startswith("/crm/deal/details/")


def test_tab_may_reload_but_not_rename(portal: Portal, page: Page) -> None:
    frame = deal_tab(portal, page)
    sdk(frame, "getInterface", key="list")
    commands = answer(frame, "list")["command"]
    assert "reloadData" in commands
    assert "setTitle" not in commands
    sdk(frame, "reloadData", {"isRawValue": False}, key="reload")
    assert answer(frame, "reload") is None


def test_bound_event_travels_under_its_key(portal: Portal, page: Page) -> None:
    page.goto(address(portal, "/stream/"))
    frame = app_frame(page, "/page_background_worker")
    event = "BackgroundCallCard::initialized"
    sdk(frame, "placementBindEvent", {"event": event})
    assert silent(frame)
    page.evaluate("event => window.portalFrames.emit(event, {call: 1})", event)
    assert answer(frame) == {"call": 1}


def test_silent_parent_never_answers(portal: Portal, page: Page) -> None:
    frame = opened(portal, page, "?frame_mode=silent")
    sdk(frame, "getInitData")
    frame.evaluate("() => new Promise(requestAnimationFrame)")
    assert frame.evaluate("window.replies.length") == 0


def test_late_parent_answers_after_all(portal: Portal, page: Page) -> None:
    frame = opened(portal, page, "?frame_mode=late")
    frame.evaluate("window.askedAt = performance.now()")
    sdk(frame, "getInitData")
    answer(frame)
    assert frame.evaluate("performance.now() - window.askedAt") > 900


def test_answers_may_come_twice(portal: Portal, page: Page) -> None:
    frame = opened(portal, page, "?frame_mode=twice")
    sdk(frame, "getInitData")
    frame.wait_for_function("key => window.answers(key).length === 2", arg=UUID)


def test_foreign_parent_is_named_in_the_frame(portal: Portal, page: Page) -> None:
    frame = opened(portal, page, "?frame_mode=foreign")
    assert str(frame.evaluate("window.name")).startswith("elsewhere.invalid|0|")


def test_denied_command_stays_silent(portal: Portal, page: Page) -> None:
    frame = opened(portal, page, "?frame_mode=deny:selectUser,setTitle")
    sdk(frame, "setTitle", {"title": "x"})
    assert silent(frame)


@pytest.mark.parametrize(
    ("mode", "shape"), [("options_empty", ""), ("options_list", []), ("options_text", '{"ID":"1"}')]
)
def test_placement_options_take_odd_shapes(
    portal: Portal, page: Page, mode: str, shape: Any
) -> None:
    frame = opened(portal, page, f"?frame_mode={mode}")
    sdk(frame, "getInitData")
    assert answer(frame)["PLACEMENT_OPTIONS"] == shape


def test_installer_ends_on_the_application(portal: Portal, page: Page) -> None:
    portal.uninstall(1)
    page.goto(address(portal, "/market/detail/callgear.chats/"))
    button = page.get_by_role("button", name="Install")
    expect(button).to_be_disabled()
    page.get_by_label("I accept the license agreement").check()
    expect(button).to_be_disabled()
    page.get_by_label("I have read the privacy policy").check()
    button.click()
    installer = app_frame(slider_page(page), "/install")
    sdk(installer, "setInstallFinish", {})
    page.wait_for_url("**/marketplace/app/1/")
    assert portal.installation.finished
    sdk(app_frame(page), "getInitData")


def client_writes(portal: Portal, text: str) -> Chat:
    """A client's message in the Open Line, as a connector brings it."""
    line = next(iter(portal.lines))
    chat = portal.chats.setdefault(
        1761, Chat(1761, "callgear_telegram", line, "c1:42", "c1:42", 585, "Mary", members=[1])
    )
    if openlines.running(portal, chat) is None:
        openlines.open_session(portal, chat, 1)
    openlines.write(portal, chat, 585, text)
    return chat


def test_news_leave_the_draft_alone(portal: Portal, page: Page) -> None:
    chat = client_writes(portal, "first")
    page.goto(address(portal, f"/online/?chat={chat.id}"))
    draft = page.get_by_role("textbox", name="Message")
    draft.fill("half a tho")
    client_writes(portal, "second")
    expect(page.get_by_role("log")).to_contain_text("second")
    expect(draft).to_have_value("half a tho")
    expect(draft).to_be_focused()


def test_reply_is_sent_by_enter(portal: Portal, page: Page) -> None:
    chat = client_writes(portal, "question")
    page.goto(address(portal, f"/online/?chat={chat.id}"))
    draft = page.get_by_role("textbox", name="Message")
    draft.fill("an answer")
    draft.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("an answer")
    expect(draft).to_have_value("")


def test_frame_reads_and_fills_the_composer(portal: Portal, page: Page) -> None:
    chat = client_writes(portal, "question")
    page.goto(address(portal, f"/online/?chat={chat.id}"))
    page.get_by_role("button", name="Widget 3").click()
    frame = app_frame(page, "/im_textarea")
    write = {"method": "im:setImTextareaContent", "params": {"text": "ready: yes"}}
    say(frame, {**write, "callback": UUID, "appSid": sid(frame)})
    answer(frame)
    read = {"method": "im:getImTextareaContent", "params": "", "callback": "read"}
    say(frame, {**read, "appSid": sid(frame)})
    assert answer(frame, "read") == "ready: yes"


def test_card_shows_what_happens_elsewhere(portal: Portal, page: Page) -> None:
    deal = next(iter(portal.items[2]))
    page.goto(address(portal, f"/crm/deal/details/{deal}/"))
    fields = {"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "from [b]afar[/b]"}
    METHODS["crm.timeline.comment.add"].run(Call(portal, "", {"fields": fields}, 2))
    expect(page.locator(".timeline li").first).to_contain_text("from afar")


def test_click_in_a_list_opens_a_slider(portal: Portal, page: Page) -> None:
    page.goto(address(portal, "/crm/contact/"))
    page.locator("td.name a").first.click()
    expect(page.frame_locator(".slider iframe").locator(".timeline")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".slider")).to_have_count(0)


OFFICIAL_SDK = (
    Path(__file__).parents[2] / "frontend/node_modules/@bitrix24/b24jssdk/dist/umd/index.min.js"
)
SDK_STORY = """async () => {
  const b24 = await B24Js.initializeB24Frame()
  window.b24 = b24
  const answer = await b24.actions.v2.call.make({ method: 'profile', params: {} })
  await b24.parent.setTitle('Said by the SDK')
  await b24.options.userSet('theme', 'dark')
  const token = (await b24.auth.refreshAuth()).access_token
  return { lang: b24.getLang(), admin: b24.auth.isAdmin, name: answer.getData().result.NAME, token }
}"""


def test_official_sdk_works_unmodified(portal: Portal, page: Page) -> None:
    if not OFFICIAL_SDK.is_file():
        absent("b24jssdk is not installed: npm ci in frontend/")
    frame = opened(portal, page)
    frame.add_script_tag(path=OFFICIAL_SDK)
    told = frame.evaluate(SDK_STORY)
    assert (told["lang"], told["admin"], told["name"]) == ("en", True, "Анна")
    assert portal.oauth.app_info(told["token"])["user_id"] == 1
    assert portal.installation.user_options[1]["theme"] == "dark"
    expect(page.get_by_role("heading", name="Said by the SDK")).to_be_visible()


def test_official_sdk_opens_and_closes_a_path(portal: Portal, page: Page) -> None:
    if not OFFICIAL_SDK.is_file():
        absent("b24jssdk is not installed: npm ci in frontend/")
    frame = opened(portal, page)
    frame.add_script_tag(path=OFFICIAL_SDK)
    frame.evaluate("""async () => {
      const b24 = await B24Js.initializeB24Frame()
      const address = b24.slider.getUrl('/crm/deal/details/1/')
      b24.slider.openPath(address, 900).then((status) => { window.outcome = status })
    }""")
    expect(page.frame_locator(".slider iframe").locator(".timeline")).to_be_visible()
    page.keyboard.press("Escape")
    frame.wait_for_function("() => window.outcome")
    assert frame.evaluate("window.outcome.isClose") is True
