"""/api/v1/contacts: clients, and what each has written and left."""

from flask import Response, jsonify
from pydantic import Field

from b24app.actions import contacts
from b24app.db import reading
from b24app.web import api, guard
from b24app.web.api import ById, Number, Query

blueprint = api.blueprint("contacts")


class ListQuery(Query):
    """search: a part of a name, nickname, phone or e-mail."""

    search: str = Field("", max_length=200)
    cursor: Number | None = None
    limit: int = Field(contacts.PAGE, ge=1, le=contacts.PAGE_MAX)


@blueprint.get("/contacts")
@guard.employee
def index(query: ListQuery) -> Response:
    before = int(query.cursor) if query.cursor else None
    with reading():
        portal_id = guard.viewer().portal_id
        return jsonify(contacts.listed(portal_id, query.search, before, query.limit))


@blueprint.get("/contacts/<int:number>")
@guard.employee
def show(path: ById) -> Response:
    with reading():
        return jsonify(contacts.card(contacts.find(guard.viewer().portal_id, path.number)))
