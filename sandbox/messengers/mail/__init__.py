"""A mail server in small: SMTP in, IMAP out, and a page with the clients' mailboxes."""

import socketserver
import threading

from flask import Flask, render_template

from sandbox.messengers.mail.boxes import Boxes
from sandbox.messengers.mail.control import control
from sandbox.messengers.mail.imap import ImapServer
from sandbox.messengers.mail.smtp import SmtpServer


class MailApp(Flask):
    """The page as a WSGI application, with the mailboxes and both servers at hand."""

    sandbox: Boxes
    servers: tuple[socketserver.ThreadingTCPServer, ...] = ()

    def listen(self, smtp_port: int, imap_port: int) -> None:
        """Take both ports."""
        self.servers = (SmtpServer(smtp_port, self.sandbox), ImapServer(imap_port, self.sandbox))

    def start(self) -> None:
        """Answer from now on."""
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        for server in self.servers:
            server.shutdown()

    def close(self) -> None:
        """Let go of the ports."""
        for server in self.servers:
            server.server_close()


def create_mail() -> MailApp:
    app = MailApp(__name__)
    app.sandbox = Boxes()
    app.register_blueprint(control(app.sandbox))
    app.add_url_rule("/", "page", lambda: render_template("mail.html"))
    return app
