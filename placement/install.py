"""The installer page: an administrator opens it until the installation is finished."""

from b24app.actions import bindings
from b24app.db import transaction
from placement.door import Opening, Placement, Sight, administrators


def decide(opening: Opening) -> Sight:
    administrators(opening)
    with transaction():
        bindings.begin(opening.portal_id)
    return Sight("install")


PLACEMENT = Placement("install", ("DEFAULT",), decide, installs=True)
