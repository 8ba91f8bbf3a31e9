"""The application's life on the portal: install, finish, update, rename, uninstall; its frames."""

import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.portal import events
from sandbox.portal.state import Frame, Installation, LineLink, State

INSTALLER = "INSTALLER"
CONNECTOR_FORM = "SETTING_CONNECTOR"


def install(state: State, user_id: int) -> None:
    """What the Install button does: the application is there, but not finished."""
    with state.lock:
        old = state.installation
        state.installation = Installation(
            present=True,
            version=old.version,
            generation=old.generation + 1,
            scope=state.settings.scope,
            application_token=secrets.token_hex(16),
            options=old.options,
            user_options=old.user_options,
        )


def finish(state: State, user_id: int) -> bool:
    """installFinish: widgets appear, events flow, ONAPPINSTALL goes to handlers bound before."""
    with state.lock:
        if not state.installation.present or not state.is_admin(user_id):
            return False
        if state.installation.finished:
            return False
        state.installation.finished = True
        data = {"VERSION": str(state.installation.version), "ACTIVE": "Y", "INSTALLED": "Y"}
        events.emit(state, "ONAPPINSTALL", {**data, "LANGUAGE_ID": state.settings.lang}, user_id)
        return True


def update(state: State, user_id: int) -> None:
    """A new version: ONAPPUPDATE, then the bindings go and the installer opens again."""
    with state.lock:
        installation = state.installation
        before, installation.version = installation.version, installation.version + 1
        if state.switches.update_rotates_token:
            installation.application_token = secrets.token_hex(16)
        data = {"VERSION": str(installation.version), "PREVIOUS_VERSION": str(before)}
        events.emit(state, "ONAPPUPDATE", {**data, "LANGUAGE_ID": state.settings.lang}, user_id)
        if state.switches.update_drops_events:
            state.handlers.clear()
        installation.finished = False


def uninstall(state: State, user_id: int, *, clean: bool) -> None:
    """ONAPPUNINSTALL, then bindings, placements and connectors go and the tokens die."""
    with state.lock:
        data = {"LANGUAGE_ID": state.settings.lang, "CLEAN": "1" if clean else "0"}
        events.emit(state, "ONAPPUNINSTALL", data, user_id)
        state.installation.present = state.installation.finished = False
        state.handlers.clear()
        state.placements.clear()
        state.frames.clear()
        state.offline.clear()
        _drop_connectors(state)
        if clean:
            state.installation.options = {}
            state.installation.user_options = {}


def _drop_connectors(state: State) -> None:
    own = {code for code, connector in state.connectors.items() if connector.own}
    for code in own:
        del state.connectors[code]
    state.links = {key: link for key, link in state.links.items() if key[0] not in own}


def rename(state: State, domain: str) -> None:
    """Another address for the portal; the old one answers REST with 302."""
    with state.lock:
        state.old_domains.add(state.domain)
        state.old_domains.discard(domain)
        state.domain = domain


def frame_form(
    state: State,
    placement: str,
    options: dict[str, Any] | None,
    user_id: int,
    *,
    handler: str | None = None,
    lang: str | None = None,
) -> Frame:
    """A frame about to be opened: its address and, by `form_fields`, its hidden form."""
    with state.lock:
        installing, given = _installing(state, placement), dict(options or {})
        if placement == CONNECTOR_FORM:
            handler, given = _connector_form(state, given, handler)
        url = handler or (state.settings.installer_url if installing else _url(state, placement))
        frame = Frame(
            sid=secrets.token_hex(16),
            url="",
            placement="DEFAULT" if placement in ("", INSTALLER) else placement,
            options=given,
            user_id=user_id,
            install=installing,
            auth=_frame_auth(state, user_id),
        )
        frame.url = _with_query(url, _query(state, frame.sid, lang or state.settings.lang))
        state.frames[frame.sid] = frame
        return frame


def _installing(state: State, placement: str) -> bool:
    default = placement in ("", "DEFAULT", INSTALLER)
    return default and state.installation.present and not state.installation.finished


def _url(state: State, placement: str) -> str:
    if placement in ("", "DEFAULT", INSTALLER):
        return state.settings.app_url
    for bound in state.placements:
        if bound.code == placement:
            return bound.handler
    raise LookupError(f"nothing is bound to {placement}")


def _connector_form(
    state: State, options: dict[str, Any], handler: str | None
) -> tuple[str, dict[str, Any]]:
    """The page a connector registered for itself, and how it stands on the line."""
    code, line = str(options.get("CONNECTOR", "")).lower(), options.get("LINE", 0)
    connector = state.connectors.get(code)
    if connector is None and handler:
        return handler, options
    if connector is None:
        raise LookupError(f"no connector is called {code!r}")
    link = state.links.get((code, int(line or 0))) or LineLink(code, int(line or 0))
    flags = {
        "CONNECTOR": code,
        "LINE": str(link.line),
        "ACTIVE_STATUS": link.active,
        "CONNECTION_STATUS": link.configured,
        "REGISTER_STATUS": link.configured,
        "ERROR_STATUS": link.error,
        "STATUS": link.status,
    }
    return handler or connector.handler, {**flags, **options}


def _query(state: State, sid: str, lang: str) -> dict[str, str]:
    protocol = "1" if state.settings.secure else "0"
    return {"DOMAIN": state.domain, "PROTOCOL": protocol, "LANG": lang, "APP_SID": sid}


def _with_query(url: str, extra: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *extra.items()])
    return parts._replace(query=query).geturl()


def _frame_auth(state: State, user_id: int) -> dict[str, str]:
    pair = state.oauth.issue(state.settings.member_id, state.settings.client_id, user_id)
    return {
        "AUTH_ID": pair["access_token"],
        "AUTH_EXPIRES": str(pair["expires_in"]),
        "REFRESH_ID": pair["refresh_token"],
    }


def form_fields(state: State, frame: Frame) -> dict[str, str]:
    """The hidden fields that are posted into the frame."""
    installation = state.installation
    fields = {**frame.auth, "member_id": state.settings.member_id, "status": installation.status}
    if state.switches.frame_extras:
        fields["SERVER_ENDPOINT"] = state.oauth.server_endpoint
        fields["APPLICATION_TOKEN"] = installation.application_token
        fields["APPLICATION_SCOPE"] = installation.scope
    fields["PLACEMENT"] = frame.placement
    if frame.options:
        fields["PLACEMENT_OPTIONS"] = json.dumps(frame.options, ensure_ascii=False)
    return fields


def init_data(state: State, sid: str) -> dict[str, Any]:
    """What the parent page answers to getInitData.

    Raises:
        LookupError: no such frame.
    """
    with state.lock:
        frame, installation = state.frames[sid], state.installation
        return {
            "LANG": state.settings.lang,
            "DOMAIN": state.domain,
            "PROTOCOL": "1" if state.settings.secure else "0",
            "PATH": "/rest",
            **frame.auth,
            "MEMBER_ID": state.settings.member_id,
            "IS_ADMIN": state.is_admin(frame.user_id),
            "INSTALL": frame.install,
            "FIRST_RUN": (frame.user_id, installation.version) not in installation.seen,
            "APP_OPTIONS": installation.options,
            "USER_OPTIONS": installation.user_options.get(frame.user_id, {}),
            "PLACEMENT": frame.placement,
            "PLACEMENT_OPTIONS": frame.options,
        }


def first_run_over(state: State, sid: str) -> None:
    """setInstall: this user has seen this version.

    Raises:
        LookupError: no such frame.
    """
    with state.lock:
        frame = state.frames[sid]
        state.installation.seen.add((frame.user_id, state.installation.version))


def refresh_frame(state: State, sid: str) -> dict[str, str]:
    """refreshAuth: a fresh pair for the frame's user.

    Raises:
        LookupError: no such frame.
    """
    with state.lock:
        frame = state.frames[sid]
        frame.auth = _frame_auth(state, frame.user_id)
        return frame.auth
