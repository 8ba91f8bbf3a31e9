"""What every view of the workplace asks first: who is it, and may they do this with this chat?"""

from b24app.actions import conversations, transfers, workplace
from b24app.actions.conversations import ENTITY_COLUMNS
from b24app.actions.workplace import Standing
from b24app.models import Conversation
from b24app.web import guard


def standing() -> Standing:
    """How the employee who asks stands now; within a transaction."""
    asking = guard.viewer()
    return workplace.standing(asking.portal_id, asking.user_id, asking.is_admin)


def chat(number: int, one: Standing | None = None) -> Conversation:
    """A chat of the portal that the one who asks may see.

    Raises: NotFound, Denied.
    """
    asking = guard.viewer()
    row = conversations.find(asking.portal_id, number)
    if not _of_card(row) and not transfers.offered(row, asking.user_id):
        (one or standing()).demand_chat(row)
    return row


def _of_card(row: Conversation) -> bool:
    """Whoever reads a card of CRM in its frame may see its chats, colleagues' too."""
    entity = guard.viewer().entity
    return entity is not None and getattr(row, ENTITY_COLUMNS[entity.type].key) == entity.id
