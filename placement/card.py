"""What the tabs of CRM cards share: the viewer must be able to read the card themselves."""

from functools import partial

from b24app.actions import cards
from b24app.i18n import N_
from b24app.web.guard import Entity
from placement.door import Opening, Placement, Sight, Stub, chat_asked_for, installed


def tab(entity: str, code: str) -> Placement:
    return Placement(f"{entity}_tab", (code,), partial(decide, entity), bound=(code,))


def decide(entity: str, opening: Opening) -> Sight:
    installed(opening)
    number = opening.number("ID")
    if not number:
        raise Stub(
            N_("Save the card first"),
            N_("Chats appear here as soon as the card is saved."),
        )
    if not cards.may_read(opening.portal_id, opening.user_id, entity, number):
        raise Stub(
            N_("You cannot see this card"),
            N_("It was deleted, or your rights in CRM do not let you open it."),
            403,
        )
    chat = chat_asked_for(opening)
    return Sight("deal", entity=Entity(entity, number), conversation=chat)
