"""/api/v1/lines/<line>/settings: an Open Line's own settings, for those who configure."""

from typing import Annotated, Any

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import line_settings
from b24app.actions.line_settings import Wish
from b24app.web import api, guard
from b24app.web.api import Body
from b24app.web.lines import LinePath

blueprint = api.blueprint("line_settings")

Values = Annotated[dict[str, Any], Field(max_length=200)]


class LineChange(Body):
    """base: the values that the person was looking at; without it the newest win."""

    document: Values
    base: Values = Field(default_factory=dict)


@blueprint.get("/lines/settings/catalogue")
@guard.employee
def catalogue() -> Response:
    return jsonify(line_settings.catalogue(guard.viewer().language))


@blueprint.get("/lines/<int:line>/settings")
@guard.configurer
def show(path: LinePath) -> Response:
    return jsonify(line_settings.read(guard.viewer().portal_id, path.line))


@blueprint.put("/lines/<int:line>/settings")
@guard.configurer
def change(path: LinePath, body: LineChange) -> Response:
    asking, wish = guard.viewer(), Wish(body.document, body.base)
    kept = line_settings.write(asking.portal_id, path.line, wish, asking.user_id, clock.now())
    return jsonify(kept)
