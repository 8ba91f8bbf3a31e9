"""A small shop of lamps: a customer's site that carries the widget by one script line."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.shop.goods import ADS, LAMPS
from sandbox.shop.texts import LANGUAGES, TEXTS

APP_URL = "http://127.0.0.1:8000"
WIDGET_PATH = "/widget/{key}.js"
REQUESTS_PATH = "/public/requests/{key}"
ASIDE_PATHS = ("/settings", "/_sandbox")


def no_widget() -> str:
    """A shop begins without a widget."""
    return ""


@dataclass
class Shop:
    """What can be changed while the shop is open."""

    app_url: str
    widget_src: str = ""
    letters: list[dict[str, str]] = field(default_factory=list)

    @property
    def app_origin(self) -> str:
        """Whom the shop's content policy lets in."""
        parts = urlsplit(self.widget_src or self.app_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def requests_url(self) -> str:
        """Where the form of the shop posts to; empty without a widget, whose key it needs."""
        found = re.search(r"/widget/([\w-]+)\.js", self.widget_src)
        return f"{self.app_origin}{REQUESTS_PATH.format(key=found[1])}" if found else ""

    def put_widget(self, given: Mapping[str, Any]) -> None:
        """`src`: address of the script; `key`: the channel's key; a whole `<script>` line will do.

        Raises:
            ValueError: neither an address nor a key.
        """
        text = str(given.get("src") or given.get("key") or "").strip()
        if found := re.search(r"""src=["']([^"']+)""", text):
            text = found[1]
        if text and "/" not in text:
            text = self.app_url + WIDGET_PATH.format(key=text)
        if text and (urlsplit(text).scheme not in ("http", "https") or re.search(r"[\s;,]", text)):
            raise ValueError(f"{text!r} is neither a script's address nor a channel's key")
        self.widget_src = text


class ShopApp(Flask):
    """The shop as a WSGI application, with its state at hand."""

    sandbox: Shop


def create_shop(
    widget_src_getter: Callable[[], str] = no_widget, *, app_url: str = APP_URL
) -> ShopApp:
    """The shop; `widget_src_getter` is asked once, afterwards the settings page decides."""
    app = ShopApp(__name__)
    app.sandbox = Shop(app_url, widget_src_getter())
    app.context_processor(lambda: _everywhere(app.sandbox))
    app.after_request(lambda answer: _guarded(answer, app.sandbox))
    _pages(app, app.sandbox)
    _control(app, app.sandbox)
    return app


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def _everywhere(shop: Shop) -> dict[str, Any]:
    """What every template may use."""
    lang = _language()
    aside = request.path.startswith(ASIDE_PATHS)
    return {
        "lang": lang,
        "t": TEXTS[lang].__getitem__,
        "widget_src": "" if aside else shop.widget_src,
        "link": lambda name, **more: url_for(name, **{**_kept(lang), **more}),
    }


def _kept(lang: str) -> dict[str, Any]:
    """The language stays in links once it is not the first one."""
    return {} if lang == LANGUAGES[0] else {"lang": lang}


def _tags() -> dict[str, str]:
    """The advertising marks of the page's own address."""
    return {name: value for name, value in request.args.items() if name.startswith("utm_")}


def _guarded(answer: Response, shop: Shop) -> Response:
    """A policy as a careful site has it: the widget gets the application and nothing special."""
    origin = shop.app_origin
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' {origin}",
        "connect-src": origin,
        "style-src": "'self'",
        "img-src": f"'self' data: {origin}",
        "media-src": origin,
        "form-action": f"'self' {origin}",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    answer.headers["Content-Security-Policy"] = "; ".join(
        f"{name} {sources}" for name, sources in policy.items()
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _pages(app: ShopApp, shop: Shop) -> None:
    @app.get("/")
    def home() -> str:
        return render_template("home.html", lamps=LAMPS, ads=ADS)

    @app.get("/lamps/<slug>")
    def lamp(slug: str) -> str:
        if slug not in LAMPS:
            abort(404)
        return render_template("lamp.html", slug=slug, lamp=LAMPS[slug], lamps=LAMPS)

    @app.route("/contacts", methods=["GET", "POST"])
    def contacts() -> str:
        """A plain form, kept by the shop itself: no widget, no script."""
        if request.method == "POST":
            shop.letters.append(request.form.to_dict())
        return render_template("contacts.html", sent=request.method == "POST")

    @app.get("/hostile")
    def hostile() -> str:
        """A page whose styles reach for everything: the widget has to stand it."""
        return render_template("hostile.html")

    @app.get("/request")
    def leave() -> str:
        """A plain form that posts to the application itself: no script of ours."""
        back = url_for("leave", _external=True, **{**_kept(_language()), "sent": "1"})
        page = request.url.split("?")[0]
        more = {"return_url": back, "page_url": page, "referrer": request.referrer or "", **_tags()}
        sent = request.args.get("sent") == "1"
        return render_template("request.html", address=shop.requests_url, more=more, sent=sent)

    @app.route("/settings", methods=["GET", "POST"])
    def settings() -> str | AnyResponse | tuple[str, int]:
        if request.method == "GET":
            return render_template("settings.html", src=shop.widget_src, error="")
        try:
            shop.put_widget(request.form)
        except ValueError:
            return render_template("settings.html", src=request.form.get("src"), error="wrong"), 400
        return redirect(url_for("home", **_kept(_language())), 303)


def _control(app: ShopApp, shop: Shop) -> None:
    @app.post("/_sandbox/widget")
    def widget() -> Response | tuple[Response, int]:
        try:
            shop.put_widget(request.get_json())
        except ValueError as error:
            return jsonify(error=str(error)), 400
        return jsonify(src=shop.widget_src)

    @app.get("/_sandbox/state")
    def state() -> Response:
        return jsonify(src=shop.widget_src, letters=shop.letters)

    @app.post("/_sandbox/reset")
    def reset() -> Response:
        shop.widget_src = ""
        shop.letters.clear()
        return jsonify(ok=True)
