"""The application's life by the control API: the market's buttons and opened frames."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sandbox.portal.phpform import as_map
from sandbox.portal.portal import Portal
from sandbox.portal.registry import number


class Application:
    """Deeds around the application; those that call it must not hold the portal's lock."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def routes(self) -> dict[str, Callable[..., Any]]:
        """Addresses and what answers them."""
        return {
            "/install": self.install,
            "/install/finish": self.finish_install,
            "/update": self.update,
            "/uninstall": self.uninstall,
            "/open": self.open,
            "/rename": self.rename,
            "/deliver": self.deliver,
        }

    def install(self, given: dict[str, Any]) -> dict[str, Any]:
        """The Install button; `finish` also does what installFinish does."""
        user = number(given.get("user_id"), 1)
        self.portal.install(user)
        if given.get("finish"):
            self.portal.finish_install(user)
        return asdict(self.portal.installation) | {"seen": []}

    def finish_install(self, given: dict[str, Any]) -> dict[str, Any]:
        """installFinish, as the installer page asks the portal for it."""
        return {"ok": self.portal.finish_install(number(given.get("user_id"), 1))}

    def update(self, given: dict[str, Any]) -> dict[str, Any]:
        """The Update button."""
        self.portal.update(number(given.get("user_id"), 1))
        return {"version": self.portal.installation.version}

    def uninstall(self, given: dict[str, Any]) -> dict[str, Any]:
        """The Delete button."""
        self.portal.uninstall(number(given.get("user_id"), 1), clean=bool(given.get("clean")))
        return {"ok": True}

    def open(self, given: dict[str, Any]) -> dict[str, Any]:
        """Open a frame of the application without a browser."""
        frame = self.portal.open_frame(
            str(given.get("placement") or "DEFAULT"),
            as_map(given.get("options")),
            number(given.get("user_id"), 1),
            handler=given.get("handler"),
        )
        status, html = self.portal.outside.post(frame.url, form=self.portal.form_fields(frame))
        return {"status": status, "html": html, "app_sid": frame.sid, "url": frame.url}

    def rename(self, given: dict[str, Any]) -> dict[str, Any]:
        """Another address for the portal."""
        self.portal.rename(str(given["domain"]))
        return {"domain": self.portal.domain}

    def deliver(self, given: dict[str, Any]) -> dict[str, Any]:
        """Send waiting events now."""
        return {"sent": self.portal.deliver_events()}
