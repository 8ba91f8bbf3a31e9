"""/api/v1/events: live news for who can neither hold a socket nor a stream."""

import json
from typing import Any

from flask import Response, jsonify
from pydantic import Field

from b24app.actions import live
from b24app.db import reading
from b24app.web import api, guard
from b24app.web.api import Query

blueprint = api.blueprint("events")


class EventsQuery(Query):
    after: int = Field(ge=0, lt=2**63)


@blueprint.get("/events")
@guard.employee
def index(query: EventsQuery) -> Response:
    """News after a number, a page at a time; `reset` if too much was missed."""
    portal_id = guard.viewer().portal_id
    with reading():
        return jsonify(told(portal_id, query.after))


def told(portal_id: int, after: int) -> dict[str, Any]:
    gap = live.gap(portal_id, after)
    if not gap.whole:
        return {"reset": True, "last": gap.last}
    page = live.page(portal_id, after, gap.last)
    items = [{"id": one.number, "kind": one.kind, "data": json.loads(one.data)} for one in page]
    return {"items": items, "last": page[-1].number if page else after}
