"""CRM cards as an employee may see them."""

from b24app.actions import portals
from b24app.bitrix.client import URGENT
from b24app.errors import BitrixError

TYPES = {"lead": 1, "deal": 2, "contact": 3, "company": 4}
REFUSALS = frozenset({"ACCESS_DENIED", "NOT_FOUND", "INVALID_CREDENTIALS"})


def may_read(portal_id: int, user_id: int, entity: str, number: int) -> bool:
    """Whether Bitrix24 shows the card to this employee, asked with their own token.

    Raises:
        BitrixError: Bitrix24 could not be asked.
    """
    client = portals.client(portal_id)
    params = {"entityTypeId": TYPES[entity], "id": number}
    try:
        answer = client.call("crm.item.get", params, user_id=user_id, priority=URGENT)
    except BitrixError as error:
        if error.code in REFUSALS:
            return False
        raise
    item = answer.result.get("item") if isinstance(answer.result, dict) else None
    return isinstance(item, dict) and str(item.get("id")) == str(number)
