"""The page in the left menu: the operator's whole workplace."""

from placement.door import Opening, Placement, Sight, chat_asked_for, installed


def decide(opening: Opening) -> Sight:
    installed(opening)
    return Sight("workspace", conversation=chat_asked_for(opening))


PLACEMENT = Placement("left_menu", ("LEFT_MENU",), decide, bound=("LEFT_MENU",))
