"""Telegram accounts of people, in small: what the application's client asks, and a page."""

from flask import Flask, render_template

from sandbox.messengers.account.doors import api, control
from sandbox.messengers.account.world import Accounts


class AccountApp(Flask):
    """The simulator as a WSGI application, with its state at hand."""

    sandbox: Accounts


def create_accounts() -> AccountApp:
    app = AccountApp(__name__)
    app.sandbox = Accounts()
    app.register_blueprint(api(app.sandbox))
    app.register_blueprint(control(app.sandbox))
    app.add_url_rule("/", "page", lambda: render_template("account.html"))
    return app
