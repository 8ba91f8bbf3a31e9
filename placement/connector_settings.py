"""The connector's form in the Contact Center, opened for one Open Line.

It is registered with the connector, not by placement.bind.
"""

from b24app.bitrix.payloads import connector
from b24app.errors import Invalid
from b24app.web.guard import LineRef
from placement.door import Opening, Placement, Sight, administrators, installed


def decide(opening: Opening) -> Sight:
    installed(opening)
    administrators(opening)
    code, line_id = connector(opening.option("CONNECTOR")), opening.number("LINE")
    if not code or not line_id:
        raise Invalid("The form was opened for no Open Line.", code="no_line")
    active = opening.options.get("ACTIVE_STATUS") in (True, "true", "1", 1, "Y")
    return Sight("connector", line=LineRef(code, line_id), connected=active)


PLACEMENT = Placement("connector_settings", ("SETTING_CONNECTOR",), decide)
