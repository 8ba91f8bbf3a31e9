"""The address that forms of sites post to: kept, then answered; a browser gets a page."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from b24app import clock, i18n, media
from b24app.actions import requests, widget
from b24app.actions.requests import FILE_LIMIT, FILES_MAX, Brought
from b24app.channels import webchat
from b24app.db import reading, transaction
from b24app.errors import AppError, Busy, Denied, Invalid, TooLarge
from b24app.i18n import N_
from b24app.models import Channel
from b24app.rules import forms
from b24app.web import answers, refusals
from b24app.web.i18n import reader
from b24app.web.widget import limiter

BODY_LIMIT = 256 * 1024
FORM_LIMIT = 25 << 20  # all of a form with its files
PARTS_MAX = 2 * forms.FIELDS_MAX  # of a multipart body; how many are fields is judged later
DOOR = "requests"
HELD_BACK = N_("Too many requests came from this address. Try again in a minute.")
FAILED = N_("The request could not be taken. Go back and try again.")
TOO_LARGE = N_("A request is at most 256 kB, and 25 MB with its files.")
MANY_FILES = N_("A request brings at most 10 files.")
blueprint = Blueprint("public_requests", __name__)


@blueprint.post("/public/requests/<key>")
@limiter.limit("60/minute")
def leave(key: str) -> ResponseReturnValue:
    """Keep a request; answered only when it is durable."""
    g.language = reader()
    try:
        with reading():
            sites = _sites(_own_site(key))
        given = _given()
        number = _kept(key, given, _stored(given))
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Busy("Nothing can be kept right now. Call again.") from error
    if given.spam:
        refusals.note(DOOR, Denied("A trap was filled in.", code="spam"))
    if not _by_person():
        return jsonify(id=str(number)), 201
    back = own_page(given.return_url, sites, request.headers.get("Origin"))
    return redirect(back, 303) if back else _page()


@blueprint.errorhandler(AppError)
def refuse(error: AppError) -> ResponseReturnValue:
    refusals.note(DOOR, error)
    if not _by_person():
        return answers.refused(error)
    wrong = list(dict.fromkeys(error.fields.values())) if isinstance(error, Invalid) else []
    return _page(wrong or [error.message], error.status)


@blueprint.errorhandler(HTTPException)
def refuse_plainly(error: HTTPException) -> ResponseReturnValue:
    held_back = error.code == 429
    refused = AppError(
        HELD_BACK if held_back else FAILED,
        code=(error.name or "error").lower().replace(" ", "_"),
    )
    refused.status = error.code or 500
    return refuse(refused)


def own_page(address: str, sites: list[str], origin: str | None) -> str:
    """The address to go back to if it is a page of the channel's sites, else "".

    A channel that stands on any site sends people back to where they came from only.
    """
    if not address.isprintable() or "\\" in address or " " in address:
        return ""  # browsers read these otherwise than we do
    host = webchat.host_of(address)
    if not host or "@" in urlsplit(address).netloc:
        return ""
    if sites:
        return address if webchat.stands_on(sites, host) else ""
    return address if origin and webchat.host_of(origin) == host else ""


def _own_site(key: str) -> Channel:
    channel = widget.channel_of(key)
    widget.check_site(channel, request.headers.get("Origin"))
    return channel


def _sites(channel: Channel) -> list[str]:
    return list((channel.settings or {}).get("sites") or ())


def _given() -> forms.Given:
    given = forms.read(_fields())
    told = request.headers.get("Idempotency-Key", "").strip()
    if told and not given.external_id:
        given = replace(given, external_id=told[: forms.EXTERNAL_ID_MAX])
    page = given.visit.get("page_url") or request.headers.get("Referer", "")
    if page.startswith(("http://", "https://")):
        visit = {**given.visit, "page_url": page[: forms.URL_MAX]}
        given = replace(given, visit=visit)
    return given


def _stored(given: forms.Given) -> list[Brought]:
    """The files of a form, in our store; a robot's are not worth it."""
    found = [one for _, some in request.files.lists() for one in some if one.filename]
    with ExitStack() as streams:
        for one in found:
            streams.callback(one.close)
        if len(found) > FILES_MAX:
            raise Invalid(MANY_FILES)
        return [] if given.spam else _saved(found)


def _saved(found: list[FileStorage]) -> list[Brought]:
    """All of them, or none."""
    kept: list[Brought] = []
    try:
        for one in found:
            kept.append(Brought(one.filename or "", media.save(one.stream, FILE_LIMIT)))  # type: ignore[arg-type]
    except AppError:
        _drop(kept)
        raise
    return kept


def _drop(files: list[Brought]) -> None:
    for one in files:
        media.delete(one.stored.key)


def _kept(key: str, given: forms.Given, files: list[Brought]) -> int:
    used = False
    try:
        try:
            number, used = _keep(key, given, files)
        except IntegrityError:  # the same one was being kept by another call
            number, used = _keep(key, given, files)
    finally:
        if not used:
            _drop(files)
    return number


def _keep(key: str, given: forms.Given, files: list[Brought]) -> tuple[int, bool]:
    """The request's id, and whether the files are its own now."""
    with transaction():
        row = requests.keep(_own_site(key), given, clock.now(), files)
        own = {one.media_key for one in row.attachments}
        return row.id, all(one.stored.key in own for one in files)


def _fields() -> Mapping[str, Any]:
    """What the body says, however it says it."""
    with_files = request.mimetype == "multipart/form-data"
    request.max_content_length = FORM_LIMIT if with_files else BODY_LIMIT
    request.max_form_memory_size = BODY_LIMIT
    request.max_form_parts = PARTS_MAX
    try:
        if not request.is_json:
            return _lists(request.form) | _names_of_files(request.files)
        fields = request.get_json(silent=True)
    except RequestEntityTooLarge:
        raise TooLarge(TOO_LARGE) from None
    if not isinstance(fields, dict):
        raise Invalid("The request does not fit.")
    return fields


def _lists(fields: MultiDict[str, str]) -> dict[str, Any]:
    return dict(fields.lists())


def _names_of_files(files: MultiDict[str, Any]) -> dict[str, Any]:
    """What the fields of files say: their names, to rules and to CRM."""
    return {name: [str(one.filename or "") for one in some] for name, some in files.lists()}


def _by_person() -> bool:
    """A browser that shows the answer, not a script that reads it."""
    if request.is_json:
        return False
    kinds = ["application/json", "text/html"]
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def _page(wrong: list[str] | None = None, status: int = 200) -> tuple[str, int]:
    language = g.get("language") or reader()
    told = {"language": language, "wrong": [i18n.say(one, language) for one in wrong or ()]}
    return render_template("public/request.html", **told), status


@blueprint.after_request
def guarded(answer: Response) -> Response:
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer
