"""/api/v1/contacts/<id>/profile and merges: a client as operators keep them."""

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import contact_merges, contacts, profiles
from b24app.actions.profiles import Editor
from b24app.db import db, reading, transaction
from b24app.models import Contact
from b24app.rules.profiles import Given
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number

blueprint = api.blueprint("profiles")


class Profile(Body):
    name: str = Field("", max_length=400)
    phones: list[str] = Field(default_factory=list, max_length=20)
    emails: list[str] = Field(default_factory=list, max_length=20)
    manager_id: Number | None = None
    note: str = Field("", max_length=20_000)


class Duplicate(Body):
    contact_id: Number


@blueprint.get("/contacts/<int:number>/profile")
@guard.employee
def show(path: ById) -> Response:
    with reading():
        row = contacts.find(guard.viewer().portal_id, path.number)
        return jsonify(profiles.shown_profile(row))


@blueprint.put("/contacts/<int:number>/profile")
@guard.employee
def edit(path: ById, body: Profile) -> Response:
    manager = int(body.manager_id) if body.manager_id else None
    given = Given(body.name, body.phones, body.emails, manager, body.note)
    editor = _editor()
    with transaction():
        row = contacts.find(editor.portal_id, path.number)
        return jsonify(profiles.edit(editor, row, given, clock.now()))


@blueprint.post("/contacts/<int:number>/merge")
@guard.employee
def merge(path: ById, body: Duplicate) -> Response:
    """The other client becomes part of this one."""
    editor = _editor()
    with transaction():
        contact_merges.merge(editor, path.number, int(body.contact_id), clock.now())
        return jsonify(profiles.shown_profile(contacts.find(editor.portal_id, path.number)))


@blueprint.post("/merges/<int:number>/undo")
@guard.employee
def undo(path: ById) -> Response:
    editor = _editor()
    with transaction():
        row = contact_merges.undo(editor, path.number, clock.now())
        return jsonify(profiles.shown_profile(db.session.get_one(Contact, row.kept_id)))


def _editor() -> Editor:
    asking = guard.viewer()
    return Editor(asking.portal_id, asking.user_id)
