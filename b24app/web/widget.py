"""Public doors of the site widget: its script, the visitor's session, consent and files."""

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from b24app import clock
from b24app.actions import widget
from b24app.actions.widget_texts import texts
from b24app.config import Config
from b24app.db import reading, transaction
from b24app.errors import AppError, Invalid, NotFound
from b24app.models import Channel
from b24app.web import answers, refusals
from b24app.web.i18n import reader

BODY_LIMIT = 16 * 1024
SCRIPT_SECONDS = 300
DOORS = ("/widget/", "/hooks/", "/public/requests/")
SWITCHED_OFF = "/* This chat is switched off. */\n"
NOT_BUILT = "/* The widget is not built: run `npm run build` in frontend/. */\n"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, X-Visitor, Last-Event-ID, Idempotency-Key",
    "Access-Control-Max-Age": "3600",
}
blueprint = Blueprint("widget", __name__)
T = TypeVar("T", bound=BaseModel)


def _address() -> str:
    return request.remote_addr or "unknown"


def _visitor() -> str:
    """An invented token buys a fresh share of its own, but not of its address."""
    return f"{_address()}:{sha256(_token().encode()).hexdigest()[:24]}"


limiter = Limiter(_address, in_memory_fallback_enabled=True, swallow_errors=True)
by_address = limiter.limit("240/minute")
by_visitor = limiter.limit("30/minute", key_func=_visitor)


class SessionBody(BaseModel):
    visitor: str | None = Field(None, max_length=500)


class PageBody(BaseModel):
    url: str = Field("", max_length=2000)
    title: str = Field("", max_length=500)
    referrer: str = Field("", max_length=2000)
    utm: dict[str, str] = Field(default_factory=dict, max_length=20)


class RequestBody(BaseModel):
    uuid: str = Field(pattern="^[0-9A-Za-z-]{8,64}$")
    name: str = Field("", max_length=200)
    phone: str = Field("", max_length=100)
    email: str = Field("", max_length=200)
    text: str = Field("", max_length=4000)
    page: PageBody | None = None

    def fields(self) -> dict[str, str]:
        """As a form of a site would name them."""
        said = {"name": self.name, "phone": self.phone, "email": self.email, "text": self.text}
        page = self.page or PageBody.model_validate({})
        visit = {"page_url": page.url, "page_title": page.title, "referrer": page.referrer}
        return {**page.utm, **said, **visit}


class ConsentBody(BaseModel):
    page_url: str = Field("", max_length=2000)


def init_app(app: Flask) -> None:
    config: Config = app.config["CALLGEAR"]
    app.config["RATELIMIT_STORAGE_URI"] = config.redis_url or "memory://"
    limiter.init_app(app)


@blueprint.before_app_request
def preflight() -> Response | None:
    """Browsers ask first whether another site may call; the call itself is judged then."""
    if request.method != "OPTIONS" or not request.path.startswith(DOORS):
        return None
    return make_response("", 204, PREFLIGHT)


@blueprint.after_app_request
def open_to_sites(answer: Response) -> Response:
    """Let the calling site read the answer, a refusal too; nothing here knows of cookies."""
    origin = request.headers.get("Origin")
    if origin and request.path.startswith(DOORS):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.vary.add("Origin")
    return answer


@blueprint.errorhandler(AppError)
def refuse(error: AppError) -> ResponseReturnValue:
    refusals.note("widget", error)
    return answers.refused(error)


@blueprint.errorhandler(HTTPException)
def refuse_plainly(error: HTTPException) -> ResponseReturnValue:
    code = (error.name or "error").lower().replace(" ", "_")
    return jsonify(error={"code": code, "message": error.description}), error.code or 500


@blueprint.get("/widget/<key>.js")
def script(key: str) -> Response:
    """The built widget behind a line with its key, our address and its look."""
    config: Config = current_app.config["CALLGEAR"]
    try:
        with reading():
            channel = widget.channel_of(key)
            look = widget.look(channel, clock.now())
            speaks = widget.language(channel, request.args.get("lang", ""), reader())
    except NotFound:
        return _javascript(SWITCHED_OFF)  # a page of a site must not break over it
    built = Path(str(current_app.static_folder)) / "dist" / "widget.js"
    if not built.exists():
        return make_response(NOT_BUILT, 503, {"Content-Type": "text/javascript"})
    code = _built(str(built), built.stat().st_mtime_ns)
    known = {"key": key, "api": config.public_url, "config": look, "texts": texts(speaks)}
    told = json.dumps(known, ensure_ascii=False).replace("\u2028", "").replace("\u2029", "")
    return _javascript(f"window.__callgear={told};\n{code}")


@blueprint.post("/widget/<key>/session")
@by_address
def session(key: str) -> Response:
    """Who the visitor is (a new one, if we do not know them), what was said, what is new."""
    body = _body(SessionBody)
    with reading():
        channel = _own_site(key)
        token, visitor = widget.welcome(channel, body.visitor or "")
        told = widget.session(channel, visitor, clock.now())
    return jsonify(visitor=token, **told)


@blueprint.post("/widget/<key>/consent")
@by_address
@by_visitor
def consent(key: str) -> ResponseReturnValue:
    body = _body(ConsentBody)
    with transaction():
        channel = _own_site(key)
        visitor = widget.visitor_of(channel, _token())
        widget.consent(channel, visitor, body.page_url, clock.now())
    return "", 204


@blueprint.post("/widget/<key>/requests")
@by_address
@by_visitor
def leave(key: str) -> tuple[Response, int]:
    """Words left outside working hours become an offline request; answered once it is kept."""
    body = _body(RequestBody)
    with transaction():
        channel = _own_site(key)
        visitor = widget.visitor_of(channel, _token())
        row = widget.leave(channel, visitor, body.uuid, body.fields(), clock.now())
        return jsonify(id=str(row.id)), 201


@blueprint.post("/widget/<key>/files")
@by_address
@by_visitor
def files(key: str) -> ResponseReturnValue:
    """Keep a visitor's file; the visitor is known before a byte of it is read."""
    with reading():
        channel = _own_site(key)
        channel_id, visitor = channel.id, widget.visitor_of(channel, _token())
    given = request.files.get("file")
    if given is None or not given.filename:
        raise Invalid(fields={"file": "Choose a file."})
    stored = widget.store(given.stream)  # type: ignore[arg-type]
    with transaction():
        told = widget.keep_file(channel_id, visitor, given.filename, stored, clock.now())
    return jsonify(told), 201


def _token() -> str:
    return request.headers.get("X-Visitor", "")[:500]


def _own_site(key: str) -> Channel:
    channel = widget.channel_of(key)
    widget.check_site(channel, request.headers.get("Origin"))
    return channel


def _body(shape: type[T]) -> T:
    request.max_content_length = BODY_LIMIT
    try:
        return shape.model_validate_json(request.get_data())
    except ValidationError as error:
        raise Invalid("The request does not fit.") from error


@lru_cache(maxsize=2)
def _built(path: str, changed: int) -> str:
    """The script as built; read again when it changed."""
    return Path(path).read_text()


def _javascript(code: str) -> Response:
    answer = make_response(code, {"Content-Type": "text/javascript; charset=utf-8"})
    answer.cache_control.public, answer.cache_control.max_age = True, SCRIPT_SECONDS
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.vary.add("Accept-Language")
    answer.add_etag()
    answer.make_conditional(request)
    return answer
