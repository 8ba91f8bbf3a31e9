"""The page with the clients' phones."""

from pathlib import Path

from flask import Blueprint, Response, render_template, send_from_directory

from sandbox.messengers.phones.world import Messenger

LOOK = Path(__file__).parent.with_name("telegram") / "static"


def page(messenger: Messenger) -> Blueprint:
    """One page for all such messengers; a colour of its own tells them apart."""
    pages = Blueprint("page", __name__)

    @pages.get("/")
    def phones() -> str:
        return render_template("phones.html", brand=messenger.brand)

    @pages.get("/_sandbox/phone.css")
    def look() -> Response:
        return send_from_directory(LOOK, "phone.css")

    return pages
