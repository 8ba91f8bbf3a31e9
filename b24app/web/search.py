"""/api/v1/search: names, phones and every word of the logs, in groups."""

from flask import Response, jsonify
from pydantic import Field

from b24app.actions import search
from b24app.db import reading
from b24app.web import api, guard
from b24app.web.api import Query
from b24app.web.standing import standing

blueprint = api.blueprint("search")


class SearchQuery(Query):
    text: str = Field(max_length=200)


@blueprint.get("/search")
@guard.employee
def find(query: SearchQuery) -> Response:
    asking = guard.viewer()
    with reading():
        others = "others" in standing().rights
        found = search.grouped(asking.portal_id, query.text, asking.user_id, others=others)
        return jsonify(groups=found)
