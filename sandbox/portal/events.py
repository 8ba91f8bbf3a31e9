"""Events of the portal: who is told, with what, and the sender that never retries."""

import threading
from typing import Any

from sandbox.outside import Unreachable
from sandbox.portal.phpform import flatten
from sandbox.portal.state import Delivery, Handler, State

LIFECYCLE = ("ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "ONAPPPAYMENT", "ONAPPTEST")
WITH_REFRESH = ("ONAPPINSTALL", "ONAPPUPDATE", "ONAPPTEST", "ONOFFLINEEVENT")
WITHOUT_TOKENS = ("ONAPPUNINSTALL", "ONAPPPAYMENT", "ONAPPMETHODCONFIRM")


def emit(state: State, event: str, data: Any, user_id: int | None = None) -> None:
    """Queue an event for every handler bound to it; nobody is told before INSTALLED."""
    with state.lock:
        if not state.installation.present:
            return
        if event not in LIFECYCLE and not state.installation.finished:
            return
        for handler in [known for known in state.handlers if known.event == event]:
            _queue(state, handler, data, user_id)
        state.wake.set()


def _queue(state: State, handler: Handler, data: Any, user_id: int | None) -> None:
    if handler.offline:
        _keep_offline(state, handler.event, data)
        return
    actor = handler.auth_type or user_id
    delivery = Delivery(
        id=state.next_id("delivery"),
        event=handler.event,
        url=handler.url,
        payload={"event": handler.event, "event_handler_id": str(handler.id), "data": data},
        user_id=actor,
        auth=auth_block(state, handler.event, actor),
    )
    state.outbox.append(delivery)


def _keep_offline(state: State, event: str, data: Any) -> None:
    """One row per object and event: the latest state, not a history."""
    state.offline = [
        row for row in state.offline if (row["EVENT_NAME"], row["EVENT_DATA"]) != (event, data)
    ]
    number = str(state.next_id("offline"))
    row = {"ID": number, "TIMESTAMP_X": state.clock.iso(), "EVENT_NAME": event, "EVENT_DATA": data}
    state.offline.append({**row, "EVENT_ADDITIONAL": [], "MESSAGE_ID": number, "process_id": ""})


def auth_block(state: State, event: str, user_id: int | None) -> dict[str, Any]:
    """The `auth` of an event: tokens of the acting user where there is one."""
    installation = state.installation
    block = {
        "domain": state.domain,
        "client_endpoint": state.client_endpoint,
        "server_endpoint": state.oauth.server_endpoint,
        "member_id": state.settings.member_id,
        "application_token": installation.application_token,
    }
    if event in WITHOUT_TOKENS or not user_id or not _may_carry_token(state, event):
        return block
    pair = state.oauth.issue(
        state.settings.member_id,
        state.settings.client_id,
        user_id,
        refreshing=event in WITH_REFRESH,
    )
    return {**pair, **block, "expires": str(pair["expires"]), "expires_in": str(pair["expires_in"])}


def _may_carry_token(state: State, event: str) -> bool:
    return state.switches.event_tokens or event in LIFECYCLE


def deliver(state: State) -> int:
    """Send what is queued, in order, once each; how many. An error loses the event, as it does
    in Bitrix24."""
    sent = 0
    while (delivery := _next(state)) is not None:
        _send(state, delivery)
        sent += 1
    return sent


def _next(state: State) -> Delivery | None:
    with state.lock:
        if not state.outbox:
            state.wake.clear()
            return None
        delivery = state.outbox.popleft()
        state.deliveries.append(delivery)
        return delivery


def _send(state: State, delivery: Delivery) -> None:
    fault = state.faults.before(f"event:{delivery.event}")
    if fault is not None and fault.kind != "delay":
        delivery.error = f"lost by a fault ({fault.kind})"
        return
    body = {**delivery.payload, "ts": str(int(state.now())), "auth": delivery.auth}
    try:
        answer = state.outside.post(
            delivery.url, form=list(flatten(body)), timeout=state.settings.event_timeout
        )
        delivery.status = answer[0]
    except Unreachable as error:
        delivery.error = str(error)


class EventSender:
    """The background thread of a real run."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="portal-events", daemon=True)

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more; returns when the thread is over."""
        self._stop.set()
        self.state.wake.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.state.wake.wait(timeout=1)
            if not self._stop.is_set():
                deliver(self.state)
