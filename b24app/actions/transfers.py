"""A chat goes to a colleague: offered, taken, declined, taken back, or given without asking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update

from b24app.actions import colleagues, journal, people, promises, shown, workplace
from b24app.actions.shown import moment
from b24app.actions.workplace import Standing
from b24app.db import db
from b24app.errors import Conflict, Denied, Invalid, NotFound
from b24app.i18n import N_
from b24app.models import Conversation, Operator, Transfer
from b24app.models.event import announce
from b24app.rules import texts

OVER = N_("This transfer is over already.")
NOBODY = N_("Choose an employee or a group.")
SELF = N_("The chat is this employee's already.")
UNFIT = N_("This employee does not take transferred chats in their current status.")
NOT_OPEN = N_("Only a chat in work can be transferred.")
NOT_YOURS = N_("This transfer is for somebody else.")
FORCED_GROUP = N_("A chat is given without asking to one employee, not to a group.")


@dataclass(frozen=True, slots=True)
class Wish:
    """To whom: an employee or a department; forced: without asking them."""

    to_id: int | None = None
    group_id: str = ""
    comment: str = ""
    forced: bool = False


def offer(row: Conversation, one: Standing, wish: Wish, now: datetime) -> Transfer:
    """Offer the chat, or give it at once.

    Raises:
        Denied: the sender's status or rights do not allow it.
        Invalid: there is no such employee or group, or they do not take chats now.
        Conflict: the chat is not in work.
    """
    one.demand("transfer")
    if wish.forced:
        one.demand_right("force")
    made = _made(row, one, wish, now)
    _lock(row)
    _void_older(row, now)
    db.session.add(made)
    if wish.forced:
        made.end("forced", one.user_id, now)
        _hand(row, made, made.to_id or 0, now)
    db.session.flush()  # screens are told its id
    deed = "transferred" if wish.forced else "transfer_offered"
    _note(row, made, deed, one.operator.name, now)
    _tell(made, now)
    return made


def accept(made: Transfer, one: Standing, now: datetime) -> Conversation:
    """The chat is theirs now.

    Raises:
        Denied: it was offered to others, or their status does not allow it.
        Conflict: it is over: somebody of the group was faster, or the chat went elsewhere.
    """
    _demand_receiver(made, one)
    one.demand("accept_transfer")
    _end(made, "accepted", one, now)
    _hand(made.conversation, made, one.user_id, now)
    _note(made.conversation, made, "transfer_accepted", one.operator.name, now)
    return made.conversation


def decline(made: Transfer, one: Standing, now: datetime) -> None:
    """The chat stays with who offered it; they are told."""
    _demand_receiver(made, one)
    _end(made, "declined", one, now)
    _note(made.conversation, made, "transfer_declined", one.operator.name, now)


def cancel(made: Transfer, one: Standing, now: datetime) -> None:
    """Who offered it, or somebody who sees over others, takes the offer back."""
    if made.from_id != one.user_id:
        one.demand_right("others")
    _end(made, "cancelled", one, now)
    _note(made.conversation, made, "transfer_cancelled", one.operator.name, now)


def find(portal_id: int, number: int) -> Transfer:
    found = db.session.scalar(
        select(Transfer).where(Transfer.portal_id == portal_id, Transfer.id == number)
    )
    if found is None:
        raise NotFound("There is no such transfer.")
    return found


def pending(portal_id: int, user_id: int) -> list[dict[str, Any]]:
    """Offers that wait for this employee, and theirs that wait for others."""
    groups = colleagues.groups_of(portal_id, user_id)
    rows = db.session.scalars(
        select(Transfer)
        .join(Conversation)
        .where(
            Transfer.portal_id == portal_id,
            Transfer.state == "pending",
            _stands(),
            or_(
                Transfer.to_id == user_id,
                Transfer.from_id == user_id,
                Transfer.group_id.in_(groups) if groups else Transfer.id < 0,
            ),
        )
        .order_by(Transfer.id)
    ).all()
    return shown_many(portal_id, rows)


def offered(row: Conversation, user_id: int) -> bool:
    """Whether the chat is being offered to this employee: they may look before they answer."""
    made = db.session.scalar(
        select(Transfer).where(Transfer.conversation_id == row.id, Transfer.state == "pending")
    )
    return made is not None and _is_receiver(made, user_id)


def shown_many(portal_id: int, rows: Sequence[Transfer]) -> list[dict[str, Any]]:
    numbers = [number for row in rows for number in (row.from_id, row.to_id, row.ended_by)]
    known = shown.operators(portal_id, numbers)
    members = {one["id"]: one["people"] for one in colleagues.groups(portal_id)}
    return [_shown(row, known, members) for row in rows]


def _made(row: Conversation, one: Standing, wish: Wish, now: datetime) -> Transfer:
    made = Transfer(
        portal_id=row.portal_id,
        conversation=row,
        from_id=one.user_id,
        holder_id=row.responsible_id,
        comment=texts.clean(wish.comment).strip()[:1000],
        state="pending",
        group_id="",
        group_name="",
        created_at=now,
    )
    if wish.group_id:
        made.group_id, made.group_name = wish.group_id, _group(row.portal_id, wish)
    else:
        made.to_id = _receiver(row, wish).user_id
    return made


def _group(portal_id: int, wish: Wish) -> str:
    """The name of the group."""
    if wish.forced:
        raise Invalid(fields={"group": FORCED_GROUP})
    for group in colleagues.groups(portal_id):
        if group["id"] == wish.group_id:
            return str(group["name"])[:200]
    raise Invalid(fields={"group": NOBODY})


def _receiver(row: Conversation, wish: Wish) -> Operator:
    found = people.known(row.portal_id, wish.to_id) if wish.to_id else None
    if found is None or not found.active:
        raise Invalid(fields={"to": NOBODY})
    if row.responsible_id == found.user_id and row.status == "active":
        raise Invalid(fields={"to": SELF})
    status = workplace.document(row.portal_id).status(found.status)
    if not wish.forced and "accept_transfer" not in status.may:
        raise Invalid(fields={"to": UNFIT})
    return found


def _lock(row: Conversation) -> None:
    """Deeds with one chat go one after another; only a chat in work goes on."""
    locked = db.session.execute(
        update(Conversation)
        .where(Conversation.id == row.id, Conversation.status == "active")
        .values(version=Conversation.version + 1)
        .execution_options(synchronize_session=False)
    )
    if locked.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(NOT_OPEN, code="not_active")
    db.session.refresh(row)


def _void_older(row: Conversation, now: datetime) -> None:
    """A new offer takes the place of one that still waits."""
    for older in db.session.scalars(
        select(Transfer).where(Transfer.conversation_id == row.id, Transfer.state == "pending")
    ).all():
        older.end("void", None, now)
        db.session.flush()  # the index lets one wait at a time
        _tell(older, now)


def _end(made: Transfer, state: str, one: Standing, now: datetime) -> None:
    """Of two answers at once one counts; an offer of a chat that went elsewhere is over."""
    row = made.conversation
    if row.status != "active":
        raise Conflict(OVER, code="transfer_over")
    _lock(row)
    if row.responsible_id != made.holder_id:
        raise Conflict(OVER, code="transfer_over")
    ended = db.session.execute(
        update(Transfer)
        .where(Transfer.id == made.id, Transfer.state == "pending")
        .values(state=state, ended_by=one.user_id, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(OVER, code="transfer_over")
    db.session.refresh(made)
    _tell(made, now)


def _stands() -> Any:
    """The chat is still where it was when it was offered."""
    same = or_(
        Conversation.responsible_id == Transfer.holder_id,
        and_(Conversation.responsible_id.is_(None), Transfer.holder_id.is_(None)),
    )
    return and_(Conversation.status == "active", same)


def _demand_receiver(made: Transfer, one: Standing) -> None:
    if not _is_receiver(made, one.user_id):
        raise Denied(NOT_YOURS, code="not_yours")


def _is_receiver(made: Transfer, user_id: int) -> bool:
    if made.to_id is not None:
        return made.to_id == user_id
    return made.group_id in colleagues.groups_of(made.portal_id, user_id)


def _hand(row: Conversation, made: Transfer, user_id: int, now: datetime) -> None:
    row.hand(user_id, now)
    promises.line_deed(row, "transfer", made.from_id, now, to=user_id)
    promises.crm(row, now)


def _note(row: Conversation, made: Transfer, code: str, by: str, now: datetime) -> None:
    """A line of the chat's history, the audit, and the chat as it stands now."""
    known = shown.operators(row.portal_id, [made.to_id])
    to = known[made.to_id].name if made.to_id in known else made.group_name
    params = {"name": by, "to": to, "comment": made.comment}
    journal.note(row, code, params, now)
    told = {"conversation_id": row.id, "transfer_id": made.id}
    journal.audit(row.portal_id, made.ended_by or made.from_id, code, told, now)
    shown.tell_conversation(row, now)


def _tell(made: Transfer, now: datetime) -> None:
    announce(made.portal_id, "transfer", shown_many(made.portal_id, [made])[0], now)


def _shown(
    row: Transfer, known: dict[int, Operator], members: dict[str, list[str]]
) -> dict[str, Any]:
    conversation = row.conversation
    group = {"id": row.group_id, "name": row.group_name} if row.group_id else None
    to = shown.person(row.to_id, known)
    return {
        "id": str(row.id),
        "conversation_id": str(row.conversation_id),
        "state": row.state,
        "from": shown.person(row.from_id, known),
        "to": to,
        "group": group,
        "receivers": [to["id"]] if to else members.get(row.group_id, []),
        "comment": row.comment,
        "client": shown.client(conversation),
        "ended_by": shown.person(row.ended_by, known),
        "created_at": moment(row.created_at),
    }
