"""/api/v1/files: what operators attach."""

from flask import Response, jsonify, request

from b24app import clock, media
from b24app.actions import shown, uploads
from b24app.db import transaction
from b24app.errors import Invalid
from b24app.web import api, guard

blueprint = api.blueprint("files")


@blueprint.post("/files")
@guard.employee
def upload() -> tuple[Response, int]:
    given = request.files.get("file")
    if given is None or not given.filename:
        raise Invalid(fields={"file": "Choose a file."})
    stored = uploads.receive(given.stream)  # type: ignore[arg-type]
    asking, now = guard.viewer(), clock.now()
    with transaction():
        row = uploads.keep_upload(
            asking.portal_id,
            f"operator:{asking.user_id}",
            given.filename,
            stored,
            media.kind_of(stored.mime),
            now,
        )
        answer = shown.attachment(row, now)
    return jsonify(answer), 201
