"""/api/v1/files: what operators attach."""

from flask import Response, jsonify, request

from b24app import clock, media
from b24app.actions import shown, uploads
from b24app.db import transaction
from b24app.errors import Invalid
from b24app.values import FileKind
from b24app.web import api, guard

blueprint = api.blueprint("files")


LONGEST_SECONDS = 24 * 3600


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
            _kind(stored.mime),
            now,
        )
        row.duration_seconds = _seconds()
        answer = shown.attachment(row, now)
    return jsonify(answer), 201


def _kind(mime: str) -> FileKind:
    """A sound that was recorded on the spot is a voice message."""
    if request.form.get("kind") == "voice" and mime.startswith("audio/"):
        return "voice"
    return media.kind_of(mime)


def _seconds() -> int | None:
    given = request.form.get("seconds", "")
    return min(int(given), LONGEST_SECONDS) if given.isdecimal() and len(given) < 8 else None
