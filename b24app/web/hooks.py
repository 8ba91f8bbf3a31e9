"""The address that messengers call: judged, kept, answered 200; understood later."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import RequestEntityTooLarge

from b24app import clock
from b24app.actions import hooks
from b24app.db import reading, transaction
from b24app.errors import AppError, Busy, Denied, TooLarge
from b24app.values import HookCall
from b24app.web import answers, refusals

BODY_LIMIT = 1 << 20
blueprint = Blueprint("hooks", __name__)


@blueprint.route("/hooks/<key>", methods=["GET", "POST"])
def hook(key: str) -> Response:
    """Keep a call; answered 200 only when it is durable, the same one again changes nothing."""
    call = _call()
    try:
        with reading():
            door = hooks.door(key)
        _check_origin(door)
        if (greeting := door.adapter.greeting(call)) is not None:
            return Response(greeting, content_type="text/plain")
        door.adapter.verify(call)
        with transaction():
            hooks.keep(door, call, clock.now())
        told = door.adapter.answer(call)
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Busy("Nothing can be kept right now. Call again.") from error
    return jsonify(told or {"ok": True})


@blueprint.errorhandler(AppError)
def refuse(error: AppError) -> ResponseReturnValue:
    refusals.note("hooks", error)
    return answers.refused(error)


def _call() -> HookCall:
    request.max_content_length = BODY_LIMIT
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLarge(f"A call has at most {BODY_LIMIT >> 20} MB.") from None
    return HookCall(
        method=request.method,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.args.to_dict(),
        body=body,
    )


def _check_origin(door: hooks.Door) -> None:
    """Messengers call from servers, which name no origin; a page must be one we know."""
    origin = request.headers.get("Origin")
    if origin is not None and not door.adapter.allows_origin(origin):
        raise Denied("This site is not in the list of the chat's sites.", code="foreign_site")
