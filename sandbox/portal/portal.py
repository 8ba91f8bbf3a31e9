"""A portal as tests, the market pages and the control API hold it."""

from typing import Any

from flask import Flask

from sandbox.portal import events, install
from sandbox.portal.state import Frame, State


class Portal(State):
    """The state with its deeds; `app` and `oauth_app` are its WSGI applications."""

    app: Flask
    oauth_app: Flask
    sender: events.EventSender | None = None
    browser_user: int | None = None  # signed in to the portal in the browser; 0: nobody

    def start(self) -> None:
        """Send events in the background (a real run)."""
        self.sender = events.EventSender(self)
        self.sender.start()

    def stop(self) -> None:
        """End the background thread."""
        if self.sender is not None:
            self.sender.stop()
            self.sender = None

    def emit(self, event: str, data: Any, user_id: int | None = None) -> None:
        """Queue an event for the application."""
        events.emit(self, event, data, user_id)

    def deliver_events(self) -> int:
        """Send what is queued and what that brings about; how many (tests)."""
        return events.deliver(self)

    def install(self, user_id: int = 1) -> None:
        """The Install button of the market."""
        install.install(self, user_id)

    def finish_install(self, user_id: int = 1) -> bool:
        """installFinish of the installer page."""
        return install.finish(self, user_id)

    def update(self, user_id: int = 1) -> None:
        """The Update button of the market."""
        install.update(self, user_id)

    def uninstall(self, user_id: int = 1, *, clean: bool = False) -> None:
        """The Delete button of the market."""
        install.uninstall(self, user_id, clean=clean)

    def rename(self, domain: str) -> None:
        """Move the portal to another address."""
        install.rename(self, domain)

    def open_frame(
        self,
        placement: str = "DEFAULT",
        options: dict[str, Any] | None = None,
        user_id: int = 1,
        *,
        handler: str | None = None,
    ) -> Frame:
        """A frame of the application; LookupError when nothing is bound to the placement."""
        return install.frame_form(self, placement, options, user_id, handler=handler)

    def frame_form(
        self, placement: str = "DEFAULT", options: dict[str, Any] | None = None, user_id: int = 1
    ) -> tuple[str, dict[str, str]]:
        """Address and hidden fields of the form that is posted into a new frame."""
        frame = self.open_frame(placement, options, user_id)
        return frame.url, self.form_fields(frame)

    def form_fields(self, frame: Frame) -> dict[str, str]:
        """Hidden fields of an opened frame."""
        return install.form_fields(self, frame)

    def init_data(self, sid: str) -> dict[str, Any]:
        """getInitData of a frame."""
        return install.init_data(self, sid)

    def first_run_over(self, sid: str) -> None:
        """setInstall of a frame."""
        install.first_run_over(self, sid)

    def refresh_frame(self, sid: str) -> dict[str, str]:
        """refreshAuth of a frame."""
        return install.refresh_frame(self, sid)
