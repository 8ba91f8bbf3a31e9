"""/api/v1/settings: read by employees, changed by those named for it, every change a version."""

from typing import Annotated, Any

from flask import Response, jsonify
from pydantic import BaseModel, Field

from b24app import clock
from b24app.actions import drafts, previews, settings, versions
from b24app.actions.previews import Wish
from b24app.actions.settings import Edition
from b24app.db import reading, transaction
from b24app.i18n import say
from b24app.web import api, guard
from b24app.web.api import Body, Query

blueprint = api.blueprint("settings")

Name = Annotated[str, Field(max_length=200)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Which = Annotated[str, Field(pattern=r"^(draft|\d{1,9})$")]


class KindPath(BaseModel):
    kind: str = Field(max_length=24)


class VersionPath(KindPath):
    version: int = Field(ge=1, le=2**31 - 1)


class Document(Body):
    document: dict[str, Any]


class Publication(Document):
    """version: the one that the document was made from; a program may leave it out."""

    version: Version | None = None
    note: str = Field("", max_length=500)


class Rollback(Body):
    version: Version


class Preview(Body):
    template: str = Field(max_length=4000)
    entity: str = Field("", max_length=24)
    field: str = Field("", max_length=100)
    example: dict[Name, Any] = Field(default_factory=dict, max_length=300)


class PageQuery(Query):
    cursor: str | None = Field(None, pattern=r"^\d{1,9}$")


class CompareQuery(Query):
    from_: Which = Field(alias="from")
    to: Which


@blueprint.get("/settings/parameters")
@guard.employee
def parameters() -> Response:
    return jsonify(groups=previews.parameter_groups(guard.viewer().language))


@blueprint.get("/settings/<string:kind>")
@guard.employee
def show(path: KindPath) -> Response:
    with reading():
        return jsonify(settings.shown(guard.viewer().portal_id, path.kind))


@blueprint.put("/settings/<string:kind>")
@guard.configurer
def publish(path: KindPath, body: Publication) -> Response:
    asking = guard.viewer()
    with transaction():
        base = body.version
        if base is None:
            base = settings.newest_version(asking.portal_id, path.kind)
        edition = Edition(body.document, base, body.note)
        kept = settings.publish(asking.portal_id, path.kind, edition, asking.user_id, clock.now())
    return jsonify(kept)


@blueprint.put("/settings/<string:kind>/draft")
@guard.configurer
def keep_draft(path: KindPath, body: Document) -> Response:
    asking = guard.viewer()
    with transaction():
        kept = drafts.keep(asking.portal_id, path.kind, body.document, asking.user_id, clock.now())
    return jsonify(draft=kept)


@blueprint.delete("/settings/<string:kind>/draft")
@guard.configurer
def discard_draft(path: KindPath) -> Response:
    asking = guard.viewer()
    with transaction():
        drafts.discard(asking.portal_id, path.kind, asking.user_id, clock.now())
    return jsonify(draft=None)


@blueprint.post("/settings/<string:kind>/check")
@guard.employee
def check(path: KindPath, body: Document) -> Response:
    asking = guard.viewer()
    with reading():
        wrong = settings.check(asking.portal_id, path.kind, body.document)
    return jsonify(fields={name: say(told, asking.language) for name, told in wrong.items()})


@blueprint.get("/settings/<string:kind>/versions")
@guard.employee
def history(path: KindPath, query: PageQuery) -> Response:
    before = int(query.cursor) if query.cursor else None
    with reading():
        return jsonify(versions.listed(guard.viewer().portal_id, path.kind, before))


@blueprint.get("/settings/<string:kind>/versions/<int:version>")
@guard.employee
def version(path: VersionPath) -> Response:
    with reading():
        return jsonify(versions.one(guard.viewer().portal_id, path.kind, path.version))


@blueprint.get("/settings/<string:kind>/compare")
@guard.employee
def compare(path: KindPath, query: CompareQuery) -> Response:
    with reading():
        found = versions.compared(guard.viewer().portal_id, path.kind, query.from_, query.to)
    return jsonify(items=found)


@blueprint.post("/settings/<string:kind>/rollback")
@guard.configurer
def rollback(path: KindPath, body: Rollback) -> Response:
    asking = guard.viewer()
    with transaction():
        kept = settings.rollback(
            asking.portal_id, path.kind, body.version, asking.user_id, clock.now()
        )
    return jsonify(kept)


@blueprint.post("/settings/<string:kind>/preview")
@guard.employee
def preview(path: KindPath, body: Preview) -> Response:
    asking, wish = guard.viewer(), Wish(body.template, body.entity, body.field, body.example)
    with reading():
        return jsonify(previews.preview(asking.portal_id, wish, asking.language))
