"""How an employee stands in the workplace: role, rights and status; what that lets them do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24app.actions import journal, kept, people
from b24app.actions.shown import moment
from b24app.db import db
from b24app.errors import Denied, Invalid
from b24app.i18n import N_
from b24app.models import Conversation, Operator
from b24app.models.event import announce
from b24app.rules import workplace as rules
from b24app.rules.workplace import Status, Workplace

KIND = "workplace"
NO_RIGHT = N_("You have no right to do this. Ask an administrator of the workplace.")
OTHERS = N_("This chat is in a colleague's work.")
NO_STATUS = N_("This status cannot be chosen.")


@dataclass(frozen=True, slots=True)
class Standing:
    """An employee with all that decides what they may do."""

    operator: Operator
    role: str
    rights: frozenset[str]
    status: Status
    document: Workplace

    def demand(self, switch: str) -> None:
        """Raises: Denied: the status does not allow it."""
        if switch not in self.status.may:
            raise Denied(rules.REFUSALS[switch], code=f"status_{switch}")

    def demand_right(self, right: str) -> None:
        """Raises: Denied: neither the role nor the settings give this right."""
        if right not in self.rights:
            raise Denied(NO_RIGHT, code=f"no_right_{right}")

    def demand_chat(self, row: Conversation) -> None:
        """Raises: Denied: a colleague has the chat and this employee sees only their own."""
        foreign = row.status == "active" and row.responsible_id not in (None, self.user_id)
        if foreign and "others" not in self.rights:
            raise Denied(OTHERS, code="others_chat")

    @property
    def user_id(self) -> int:
        return self.operator.user_id


def document(portal_id: int) -> Workplace:
    """The settings that count now."""
    row = kept.latest(portal_id, KIND)
    return rules.read(row.document if row else {})


def standing(portal_id: int, user_id: int, is_admin: bool) -> Standing:
    """How an employee stands now. is_admin: Bitrix24 says that they administer the portal."""
    found = document(portal_id)
    row = people.seen(portal_id, user_id)
    role = rules.role_of(row.role, is_admin or row.may_configure)
    return Standing(row, role, rules.rights(role, found.granted), found.status(row.status), found)


def choose(one: Standing, key: str, now: datetime) -> None:
    """The employee takes another status; colleagues and their other screens hear of it.

    Raises: Invalid: there is no such status, or nobody may choose it.
    """
    row, wanted = one.operator, one.document.status(key)
    if wanted.key != key or not wanted.selectable:
        raise Invalid(fields={"status": NO_STATUS})
    if row.status != key:
        row.status, row.status_at, row.seen_at = key, now, now
        journal.audit(row.portal_id, row.user_id, "status", {"status": key}, now)
        tell(row, now)


def tell(row: Operator, now: datetime) -> None:
    """Screens of colleagues learn how an employee stands now."""
    data = {"id": str(row.user_id), "status": row.status, "since": moment(row.status_at)}
    announce(row.portal_id, "status", data, now)


def appoint(portal_id: int, user_id: int, role: str, by: int, now: datetime) -> None:
    """Make somebody a manager, or a plain operator again.

    Raises: Invalid: they do not work here.
    """
    row = people.known(portal_id, user_id)
    if row is None or not row.active:
        raise Invalid(fields={"user": "Nobody with this number works in this Bitrix24."})
    if row.role != role:
        row.role = role
        told = {"user_id": str(user_id), "role": role}
        journal.audit(portal_id, by, "role", told, now)
        announce(portal_id, "role", {"id": str(user_id), "role": role}, now)


def shown(one: Standing) -> dict[str, Any]:
    """What the screen of this employee needs to know of the workplace."""
    db.session.flush()
    told = rules.dump(one.document)
    return {
        "role": one.role,
        "rights": {right: right in one.rights for right in rules.RIGHTS},
        "confirm_accept": one.document.confirm_accept,
        "status": {"id": one.status.key, "since": moment(one.operator.status_at)},
        "statuses": told["statuses"],
    }
