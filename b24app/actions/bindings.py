"""What we register on a portal: checked, mended, and shown step by step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import delete, select

from b24app import clock, i18n
from b24app.actions import directory, lifecycle, portals
from b24app.actions.openlines import CONNECTOR
from b24app.bitrix import connector
from b24app.bitrix.client import Client
from b24app.bitrix.connector import Registration
from b24app.config import Config
from b24app.db import db, reading, transaction
from b24app.errors import AppError, BitrixError, Conflict, Denied, NotFound
from b24app.i18n import N_, say
from b24app.models import Binding, Channel, Job, LineLink, Portal
from b24app.rules import bindings as rules
from b24app.rules.bindings import Plan, Wanted
from b24app.values import Call

NAME = N_("CallGear Chats")
MISSING = N_("Permissions are missing: {names}. Some parts will not work.")
SILENT = "Bitrix24 did not say what became of it."
ICON = "static/img/connector.svg"
COLOR = "#0075ff"
BATCH = 50
SCOPES = (
    *("crm", "placement", "contact_center", "imopenlines", "imconnector", "im", "user_brief"),
    "department",
)
WIDER = {"user_brief": ("user_basic", "user")}  # these include it
STEP = "step"  # the kind of rows that say how a step went
# The portal's plan, version or our permissions do not have it; everything else works without.
LACKING = frozenset({"insufficient_scope", "ERROR_METHOD_NOT_FOUND", "ERROR_PLACEMENT_NOT_FOUND"})


@dataclass(frozen=True, slots=True)
class Place:
    """A placement to register: its file's name, its codes, what people read."""

    name: str
    codes: tuple[str, ...]
    title: str


_places: dict[str, Place] = {}


def want_placement(name: str, codes: Sequence[str], title: str) -> None:
    """Called by each placement when the application starts."""
    _places[name] = Place(name, tuple(codes), title)


def ensure(
    portal_id: int, client: Client, now: datetime, steps: Iterable[str] = ()
) -> list[AppError]:
    """Bring what the portal has to what we want; doing it again changes nothing.

    A step that fails says so in its row and does not keep the others from running.

    Returns: what made steps fail.
    """
    failures = [run(portal_id, step, client, now) for step in tuple(steps) or tuple(DEEDS)]
    return [failure for failure in failures if failure]


def run(portal_id: int, step: str, client: Client, now: datetime) -> AppError | None:
    """One step; how it went is kept and shown, and returned if it failed.

    Raises:
        NotFound: there is no such step.
    """
    if step not in DEEDS:
        raise NotFound(f"There is no step {step!r}.")
    failure: AppError | None = None
    try:
        words = DEEDS[step](portal_id, client, now)
    except (BitrixError, Denied) as error:
        failure, words = error, error.message
    with transaction():
        _note(_row(portal_id, STEP, step), "failed" if failure else "bound", words, now)
    return failure


def begin(portal_id: int) -> None:
    """The installer was opened (again): every step is to be run."""
    db.session.execute(delete(Binding).where(Binding.portal_id == portal_id, Binding.kind == STEP))


def steps(portal_id: int, language: str) -> list[dict[str, Any]]:
    """The steps as the installer page shows them."""
    rows = db.session.scalars(
        select(Binding).where(Binding.portal_id == portal_id, Binding.kind == STEP)
    )
    known = {row.code: row for row in rows}
    return [_step(name, known.get(name), language) for name in DEEDS]


def demand_all_run(portal_id: int) -> None:
    """An installation that registered nothing would end in a page that does nothing.

    Raises:
        Conflict: a step was not run yet.
    """
    known = set(
        db.session.scalars(
            select(Binding.code).where(Binding.portal_id == portal_id, Binding.kind == STEP)
        )
    )
    if not known.issuperset(DEEDS):
        raise Conflict("Some steps of the installation have not run yet.", code="steps_left")


def refresh(job: Job) -> None:
    """A promise to look at everything again."""
    portal_id = job.payload["portal_id"]
    db.session.rollback()  # the job's row was read, and Bitrix24 is asked next
    for failure in ensure(portal_id, portals.client(portal_id), clock.now()):
        if isinstance(failure, BitrixError) and not failure.permanent:
            raise failure  # the worker knows when to try again


# -- Steps: each does what can be done and says what could not; raises if nothing could ----


def _access(portal_id: int, client: Client, now: datetime) -> str:
    """Whether we may do what the installation needs."""
    told = client.batch([Call("profile", {}, "who"), Call("scope", {}, "scope")])
    if told.result("who").get("ADMIN") is not True:
        raise Denied("An administrator of this Bitrix24 must install the application.")
    granted = {str(name) for name in told.result("scope")}
    with transaction() as session:
        portal = session.get_one(Portal, portal_id)
        portal.scope = ",".join(sorted(granted))[:500]
        language = i18n.language(portal.lang)
    missing = [name for name in SCOPES if not granted & {name, *WIDER.get(name, ())}]
    return say(MISSING, language, names=", ".join(missing)) if missing else ""


def _placements(portal_id: int, client: Client, now: datetime) -> str:
    found = rules.found_placements(client.call("placement.get").result)
    wanted = [
        Wanted("placement", code, _address(f"/placement/{place.name}"), _titles(place.title))
        for place in _places.values()
        for code in place.codes
    ]
    return _mend(portal_id, client, "placement", rules.plan(wanted, found), wanted, now)


def _events(portal_id: int, client: Client, now: datetime) -> str:
    found = rules.found_events(client.call("event.get").result)
    handler = _address("/bitrix/events")
    wanted = [Wanted("event", name, handler) for name in sorted(lifecycle.handlers())]
    return _mend(portal_id, client, "event", rules.plan(wanted, found), wanted, now)


def _connector(portal_id: int, client: Client, now: datetime) -> str:
    """Registering again is how a connector's address and looks are brought up to date."""
    handler = _address("/placement/connector_settings")
    icon = Path(current_app.root_path) / ICON
    with reading() as session:
        name = say(NAME, i18n.language(session.get_one(Portal, portal_id).lang))
    looks = Registration(CONNECTOR, name, icon.read_text().strip(), handler, COLOR)
    call = connector.register(looks)
    try:
        connector.read_done(client.call(call.method, call.params).result)
        error = ""
    except BitrixError as trouble:
        if trouble.code not in LACKING:
            raise
        error = trouble.message
    with transaction():
        _keep(portal_id, "connector", {CONNECTOR: error}, {CONNECTOR: handler}, now)
    return error or _relink(portal_id, client)


def _relink(portal_id: int, client: Client) -> str:
    """Lines that served our channels before we were installed anew serve them again."""
    calls = _links(portal_id)
    errors: dict[str, str] = {}
    for start in range(0, len(calls), BATCH):
        errors |= _carried_out(client, calls[start : start + BATCH])
    return "; ".join(f"{key}: {error}" for key, error in errors.items() if error)


def _links(portal_id: int) -> list[Call]:
    with reading() as session:
        rows = session.execute(
            select(LineLink.line_id, Channel.name, Channel.link)
            .join(Channel, Channel.id == LineLink.channel_id)
            .where(LineLink.portal_id == portal_id, LineLink.active.is_(True))
            .order_by(LineLink.line_id, LineLink.id)
        ).all()
    calls: list[Call] = []
    for line, channels in groupby(rows, key=lambda row: row.line_id):
        served = list(channels)
        names = ", ".join(channel.name for channel in served)
        calls += (
            connector.activate(CONNECTOR, line, True, f"line{line}_on"),
            connector.connector_data_set(
                CONNECTOR, line, f"line{line}", names, served[0].link, f"line{line}_data"
            ),
        )
    return calls


def _people(portal_id: int, client: Client, now: datetime) -> str:
    found = directory.refresh(portal_id, client, now)
    if "users" in found.errors:
        raise found.errors["users"]
    with transaction():
        directory.ask_later(portal_id, now)
    return ""


DEEDS: dict[str, Callable[[int, Client, datetime], str]] = {
    "access": _access,
    "placements": _placements,
    "events": _events,
    "connector": _connector,
    "people": _people,
}
TITLES = {
    "access": N_("Checking permissions"),
    "placements": N_("Adding pages and tabs"),
    "events": N_("Subscribing to events"),
    "connector": N_("Connecting Open Channels"),
    "people": N_("Reading the list of employees"),
}
JOBS = {"bindings": refresh}


def _mend(
    portal_id: int,
    client: Client,
    kind: str,
    plan: Plan,
    wanted: Sequence[Wanted],
    now: datetime,
) -> str:
    """Carry out a plan and keep what became of each registration."""
    errors = dict.fromkeys((one.code for one in plan.kept), "")
    for calls in (plan.unbind, plan.bind):
        for start in range(0, len(calls), BATCH):
            errors |= _carried_out(client, calls[start : start + BATCH])
    bound = {one.code: errors.get(one.code, SILENT) for one in wanted}
    with transaction():
        _keep(portal_id, kind, bound, {one.code: one.handler for one in wanted}, now)
    words = "; ".join(f"{code}: {error}" for code, error in bound.items() if error)
    if bound and all(bound.values()):
        raise BitrixError(words)
    return words


def _carried_out(client: Client, calls: Sequence[Call]) -> dict[str, str]:
    """What went wrong with each call, by its key; "" for nothing."""
    answer = client.batch(calls)
    errors = dict.fromkeys(answer.results, "")
    for key, error in answer.errors.items():
        there = rules.already_bound(error.code, error.message)
        errors[key] = "" if there else error.message
    return errors


def _keep(
    portal_id: int,
    kind: str,
    errors: Mapping[str, str],
    handlers: Mapping[str, str],
    now: datetime,
) -> None:
    """Rows of a kind as they are now; rows of what is wanted no more go."""
    db.session.execute(
        delete(Binding).where(
            Binding.portal_id == portal_id, Binding.kind == kind, Binding.code.not_in(errors)
        )
    )
    for code, error in errors.items():
        row = _row(portal_id, kind, code)
        row.handler = handlers[code]
        _note(row, "failed" if error else "bound", error, now)


def _row(portal_id: int, kind: str, code: str) -> Binding:
    """The row of a registration or a step, made if it is not there."""
    row = db.session.scalar(
        select(Binding).where(
            Binding.portal_id == portal_id, Binding.kind == kind, Binding.code == code
        )
    )
    if row is None:
        row = Binding(portal_id=portal_id, kind=kind, code=code, handler="")
        db.session.add(row)
    return row


def _note(row: Binding, state: str, error: str, now: datetime) -> None:
    row.state, row.error, row.checked_at = state, error[:500], now


def _step(name: str, row: Binding | None, language: str) -> dict[str, Any]:
    state = {"bound": "done"}.get(row.state, row.state) if row else "wanted"
    error = row.error if row else ""
    return {
        "id": name,
        "title": say(TITLES[name], language),
        "state": state,
        "error": error or None,
    }


def _titles(title: str) -> dict[str, str]:
    return {language: say(title, language) for language in i18n.LANGUAGES}


def _address(path: str) -> str:
    """The one spelling of an address: portals compare handlers letter by letter."""
    config: Config = current_app.config["CALLGEAR"]
    return config.public_url + path
