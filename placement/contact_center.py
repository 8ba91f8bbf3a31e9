"""The tile in the Contact Center: where channels are connected."""

from placement.door import Opening, Placement, Sight, installed


def decide(opening: Opening) -> Sight:
    installed(opening)
    return Sight("settings")


PLACEMENT = Placement("contact_center", ("CONTACT_CENTER",), decide, bound=("CONTACT_CENTER",))
