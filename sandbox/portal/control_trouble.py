"""Trouble, time and questions by the control API: faults, clock, limits, switches, reset."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import request

from sandbox.portal import seed
from sandbox.portal.limits import Bucket, Operating
from sandbox.portal.phpform import as_map
from sandbox.portal.portal import Portal
from sandbox.portal.registry import number
from sandbox.portal.rest import Rest
from sandbox.portal.settings import Switches


class Trouble:
    """Deeds of fate."""

    def __init__(self, portal: Portal, rest: Rest) -> None:
        self.portal = portal
        self.rest = rest

    def routes(self) -> dict[str, Callable[..., Any]]:
        """Addresses and what answers them."""
        return {
            "/reset": self.reset,
            "/faults": self.add_fault,
            "/oauth/faults": self.add_oauth_fault,
            "/oauth/expire": self.expire,
            "/clock": self.clock,
            "/switches": self.switches,
            "/limits": self.limits,
        }

    def reset(self, given: dict[str, Any]) -> dict[str, Any]:
        """A new portal: nothing installed, the seed as at the start."""
        reset(self.portal, self.rest)
        return {"ok": True}

    def add_fault(self, given: dict[str, Any]) -> dict[str, Any]:
        """Order trouble for REST calls."""
        self.portal.faults.add(given)
        return {"items": self.portal.faults.items()}

    def add_oauth_fault(self, given: dict[str, Any]) -> dict[str, Any]:
        """Order trouble for the OAuth server."""
        self.portal.oauth.faults.add(given)
        return {"items": self.portal.oauth.faults.items()}

    def clear_faults(self) -> dict[str, Any]:
        """Forget all orders."""
        self.portal.faults.clear()
        self.portal.oauth.faults.clear()
        return {"items": []}

    def expire(self, given: dict[str, Any]) -> dict[str, Any]:
        """Let access tokens run out: of one user, or all of the portal's."""
        user = number(given.get("user_id")) or None
        member = self.portal.settings.member_id
        return {"expired": self.portal.oauth.expire(user_id=user, member_id=member)}

    def switches(self, given: dict[str, Any]) -> dict[str, Any]:
        """Turn switches."""
        self.portal.switches.set(given)
        self.portal.oauth.refresh_reusable = self.portal.switches.refresh_reusable
        return asdict(self.portal.switches)

    def limits(self, given: dict[str, Any]) -> dict[str, Any]:
        """Change rate, burst, operating limit and costs of methods."""
        bucket, operating = self.rest.bucket, self.rest.operating
        bucket.enabled = bool(given.get("enabled", bucket.enabled))
        bucket.rate = float(given.get("rate", bucket.rate))
        bucket.burst = int(given.get("burst", bucket.burst))
        operating.limit = float(given.get("operating_limit", operating.limit))
        costs = as_map(given.get("costs"))
        self.portal.costs |= {name: float(seconds) for name, seconds in costs.items()}
        if given.get("fill"):
            bucket.fill(f"server:{request.remote_addr or ''}")
        return {"rate": bucket.rate, "burst": bucket.burst, "operating_limit": operating.limit}

    def clock(self, given: dict[str, Any]) -> dict[str, Any]:
        """Let time pass: {"advance": seconds}."""
        self.portal.clock.advance(float(given.get("advance", 0)))
        return {"now": self.portal.now(), "iso": self.portal.clock.iso()}


def reset(portal: Portal, rest: Rest) -> None:
    """Make the portal new."""
    with portal.lock:
        portal.clear()
        portal.faults.clear()
        portal.oauth.faults.clear()
        portal.oauth.forget(portal.settings.member_id)
        portal.switches = Switches()
        portal.clock.shift = 0
        portal.browser_user = None
        rest.bucket, rest.operating = Bucket(portal), Operating(portal)
        if portal.settings.seed:
            seed.sow(portal)
