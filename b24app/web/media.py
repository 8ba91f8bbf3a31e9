"""Hands out the files we hold to whoever has a signed link."""

from flask import Blueprint, Response, send_file

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
    media.open(opened.key).close()  # NotFound when it is gone
    inline = opened.mime in media.INLINE
    answer = send_file(
        media.path(opened.key),
        mimetype=opened.mime if inline else media.OCTETS,
        as_attachment=not inline,
        download_name=opened.name,
        conditional=True,
    )
    answer.headers["Cache-Control"] = f"private, max-age={CACHE_SECONDS}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = POLICIES.get(opened.mime, "sandbox")
    return answer
