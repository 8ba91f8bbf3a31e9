"""Hands out the files we hold to whoever has a signed link."""

import io
from typing import Any

from flask import Blueprint, Response, request, send_file
from werkzeug.datastructures import ContentRange

from b24app import clock, media

blueprint = Blueprint("media", __name__)
CACHE_SECONDS = 3600
# A sandboxed PDF stays blank in Chromium; its viewer is apart from our origin anyway.
POLICIES = {"application/pdf": "script-src 'none'"}


@blueprint.get("/media/<token>")
@blueprint.get("/media/<token>/<name>")
def file(token: str, name: str = "") -> Response:
    """The file; shown in place only if its type is harmless, saved otherwise.

    `name` is for the eyes; the signed one counts.
    """
    opened = media.read_signed(token, clock.now())
    size = media.size(opened.key)  # NotFound when it is gone
    inline = opened.mime in media.INLINE
    mime = opened.mime if inline else media.OCTETS
    near = media.path(opened.key)
    looks = {"mimetype": mime, "as_attachment": not inline, "download_name": opened.name}
    answer = (
        send_file(near, conditional=True, **looks)  # type: ignore[arg-type]
        if near
        else _brought(opened.key, size, looks)
    )
    answer.headers["Cache-Control"] = f"private, max-age={CACHE_SECONDS}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = POLICIES.get(opened.mime, "sandbox")
    return answer


def _brought(key: str, size: int, looks: dict[str, Any]) -> Response:
    """A file that lies elsewhere, or the part of it that is asked for."""
    asked = request.range.range_for_length(size) if request.range else None
    start, stop = asked or (0, size)
    empty = request.method == "HEAD" or start == stop
    stream = io.BytesIO() if empty else media.piece(key, start, stop)
    answer = send_file(stream, conditional=False, **looks)
    answer.content_length = stop - start
    answer.accept_ranges = "bytes"
    if asked:
        answer.status_code = 206
        answer.content_range = ContentRange("bytes", start, stop, size)
    return answer
