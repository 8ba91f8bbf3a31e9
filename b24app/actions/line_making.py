"""A new Open Line: asked for once, however often its answer is lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

from sqlalchemy import delete, select

from b24app.actions import journal, line_states, portals
from b24app.actions.line_states import Told
from b24app.bitrix import lines as bitrix
from b24app.bitrix.client import URGENT, Client
from b24app.bitrix.payloads import whole
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError, Conflict, Denied, Invalid
from b24app.i18n import N_
from b24app.models import LineOrder

# Bitrix24 ends every request within a minute: what is not in its list then is not coming.
LATEST = timedelta(seconds=65)
FORBIDDEN = frozenset({"config_wrong_user_permission", "access_denied", "insufficient_scope"})
NOT_KNOWN = N_(
    "Bitrix24 has not said yet whether the line was made. "
    "Send again in a minute: it is looked for first, so there will not be two."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """`client_uuid` is made by the screen and names the wish for ever."""

    client_uuid: str
    name: str


def make(portal_id: int, wish: Wish, user_id: int, now: datetime) -> int:
    """The id of the new line; the same wish again is the same line.

    Raises:
        Invalid: the name is empty or taken.
        Denied: Bitrix24 does not let us make lines: rights, or the plan's limit.
        BitrixError: it is not known whether the line was made, or the portal does not answer.
    """
    client = portals.client(portal_id)
    with reading():
        order = _order(portal_id, wish.client_uuid)
        known = (order.line_id, order.asked_at) if order else (None, now)
    if known[0]:
        return known[0]
    told = line_states.look_all(client, ())
    if order is None:
        _write_down(portal_id, wish, told, now)
    elif (found := _found(portal_id, wish, told)) is not None:
        return _made(portal_id, wish, found, user_id, now)
    elif now < known[1] + LATEST:
        raise _not_known()
    return _ask(client, portal_id, wish, user_id, now)


def made(portal_id: int, wish: Wish) -> int | None:
    """The line that this wish became; None: none yet, as far as we know."""
    order = _order(portal_id, wish.client_uuid)
    return order.line_id if order else None


def _ask(client: Client, portal_id: int, wish: Wish, user_id: int, now: datetime) -> int:
    with transaction():
        _get(portal_id, wish).asked_at = now
    try:
        number = whole(client.ask(bitrix.config_add(wish.name, user_id), priority=URGENT))
    except BitrixError as error:
        if error.unknown:
            return _look_again(client, portal_id, wish, user_id, now)
        _give_up(portal_id, wish)
        if error.code.lower() in FORBIDDEN:
            raise Denied(error.message, code="line_refused") from error
        raise
    if not number:
        return _look_again(client, portal_id, wish, user_id, now)
    return _made(portal_id, wish, number, user_id, now)


def _look_again(client: Client, portal_id: int, wish: Wish, user_id: int, now: datetime) -> int:
    """The answer is lost: the portal's list tells whether the line is there."""
    try:
        found = _found(portal_id, wish, line_states.look_all(client, ()))
    except BitrixError as error:
        raise _not_known() from error
    if found is None:
        raise _not_known()
    return _made(portal_id, wish, found, user_id, now)


def _not_known() -> BitrixError:
    return BitrixError(NOT_KNOWN, code="line_unknown", retry_after=LATEST.total_seconds())


def _write_down(portal_id: int, wish: Wish, told: list[Told], now: datetime) -> None:
    """Before Bitrix24 is asked: a crash meanwhile does not make a second line."""
    with transaction() as session:
        waiting = session.scalars(
            select(LineOrder.name).where(
                LineOrder.portal_id == portal_id, LineOrder.line_id.is_(None)
            )
        )
        taken = {_bare(name) for name in (*waiting, *(one.name for one in told))}
        if not wish.name.strip():
            raise Invalid(fields={"name": "A line needs a name."})
        if _bare(wish.name) in taken:
            raise Invalid(fields={"name": "There is a line with this name already."})
        if _order(portal_id, wish.client_uuid):
            raise Conflict("This line is being made already.", code="line_asked")
        row = LineOrder(
            portal_id=portal_id,
            client_uuid=wish.client_uuid,
            name=wish.name,
            known=[one.id for one in told],
            asked_at=now,
        )
        session.add(row)


def _found(portal_id: int, wish: Wish, told: list[Told]) -> int | None:
    """The line of this name that was not there before and is nobody else's wish."""
    with reading() as session:
        claimed = session.scalars(
            select(LineOrder.line_id).where(LineOrder.portal_id == portal_id)
        ).all()
        before = {*_get(portal_id, wish).known, *claimed}
    fitting = (one.id for one in told if _bare(one.name) == _bare(wish.name))
    return next((number for number in fitting if number not in before), None)


def _made(portal_id: int, wish: Wish, line_id: int, user_id: int, now: datetime) -> int:
    with transaction():
        _get(portal_id, wish).line_id = line_id
        details = {"line": line_id, "name": wish.name}
        journal.audit(portal_id, user_id, "line.made", details, now)
    return line_id


def _give_up(portal_id: int, wish: Wish) -> None:
    """Surely not made: the same wish may be sent again at once."""
    with transaction() as session:
        session.execute(
            delete(LineOrder).where(
                LineOrder.portal_id == portal_id, LineOrder.client_uuid == wish.client_uuid
            )
        )


def _order(portal_id: int, client_uuid: str) -> LineOrder | None:
    return db.session.scalar(
        select(LineOrder).where(
            LineOrder.portal_id == portal_id, LineOrder.client_uuid == client_uuid
        )
    )


def _get(portal_id: int, wish: Wish) -> LineOrder:
    order = _order(portal_id, wish.client_uuid)
    if order is None:
        raise Conflict("This line is being made already.", code="line_asked")
    return order


def _bare(name: str) -> str:
    return " ".join(unescape(name).split()).casefold()
