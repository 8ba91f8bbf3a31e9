"""What a sandbox portal is made with, and the switches for what Bitrix24 leaves open."""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class PortalSettings:
    """One portal and the one application its market offers."""

    domain: str = "localhost:7200"
    secure: bool = False
    member_id: str = "5a0db0c1sandbox0000000000000001"
    oauth_url: str = "http://localhost:7201"
    lang: str = "ru"

    client_id: str = "app.5f1c8e2ad0b7c4.10000001"
    client_secret: str = "sandbox-secret-of-the-demo-application-0000000000"
    app_url: str = "http://127.0.0.1:8000/placement/home"
    installer_url: str = "http://127.0.0.1:8000/placement/install"
    redirect_uri: str = "http://127.0.0.1:8000/oauth/callback"
    app_code: str = "callgear.chats"
    app_title: str = "CallGear Chats"
    scope: str = "crm,placement,contact_center,imopenlines,imconnector,im,user_brief,department"

    seed: bool = True
    rate: float = 2.0
    burst: int = 50
    limits: bool = True
    operating_limit: float = 480.0
    request_seconds: float = 60.0
    costs: dict[str, float] = field(default_factory=dict)
    webhooks: dict[str, int] = field(default_factory=lambda: {"sandboxhook000001": 1})
    spec_dir: str | None = None
    event_timeout: float = 10.0

    @property
    def protocol(self) -> str:
        """http or https."""
        return "https" if self.secure else "http"


@dataclass
class Switches:
    """One reading of each question the documentation leaves open; numbers: openlines.md 12."""

    # Q1: a message sent with message.user_id of an employee comes back as an event.
    send_messages_user_id_echo: bool = True
    # Q1: such a message counts as the operator's answer.
    send_messages_user_id_answers: bool = False
    # Q1: so does one with message.user_id 0, the system's.
    send_messages_system_echo: bool = False
    # Q1: the answer to a message with message.user_id names its session.
    send_messages_user_id_session: bool = True
    # Q2: imopenlines.crm.message.add comes back as an event.
    crm_message_add_event: bool = True
    # Q3: what makes a chat when CHAT_GROUP is off: "chat_and_user", "user".
    chat_key: str = "chat_and_user"
    # Q4: the fourth part of a user code: "user", the client's user of the portal; "external".
    user_code_tail: str = "user"
    # Q5: a message.id sent again is not posted again.
    dedupe_message_id: bool = False
    # Q6: how many MESSAGES one call takes; RESULT leaves the rest out. 0: no limit.
    messages_limit: int = 0
    # Q7: seconds until an unacknowledged message is marked, and whether a late ack clears it.
    not_delivered_after: float = 60.0
    late_ack_clears: bool = True
    # Q8: names with digits or over 25 characters: "accept", "cut", "refuse".
    long_names: str = "accept"
    # Q9: ONOPENLINE*/ONSESSION* for all connectors, not only the application's own.
    openline_events_of_all: bool = False
    # Q10: DATA of the dialog and session events: "list", "object".
    dialog_data: str = "list"
    # Q10: connector.chat_id of those events: "external", "internal".
    dialog_chat_id: str = "external"
    # Q11: QUEUE may be changed by imopenlines.config.update.
    config_update_queue: bool = True
    # Q11: so may AGREEMENT_MESSAGE, AGREEMENT_ID and SEND_NOTIFICATION_EMPTY_QUEUE.
    config_update_agreement: bool = True
    # Q14: events of files carry downloadLink.
    file_download_link: bool = True
    # Q15: only administrators may add lines; greatest number of lines (0: no limit).
    config_add_admin_only: bool = False
    lines_limit: int = 0
    # Q17: our own imconnector.activate with ACTIVE=0 fires ONIMCONNECTORSTATUSDELETE.
    deactivate_event: bool = False
    # Q18: events carry the acting user's access token.
    event_tokens: bool = True
    # Q21: operator.answer makes the owner of a dialog; off: only session.mode.pin does.
    answer_owns: bool = True
    # The portal downloads files of client messages; off: it only keeps their addresses.
    fetch_files: bool = True
    # An operator's message into a closed dialog opens a new session.
    message_reopens_session: bool = True
    # A client's word within FULL_CLOSE_TIME minutes after the end goes on with the same session.
    closing_session_goes_on: bool = False
    # app.md Q1: a used refresh token keeps working.
    refresh_reusable: bool = False
    # app.md Q4: the application token changes with an update.
    update_rotates_token: bool = False
    # app.md Q6: an update of the application drops its event handlers.
    update_drops_events: bool = True
    # app.md Q19: frames carry SERVER_ENDPOINT, APPLICATION_TOKEN and APPLICATION_SCOPE.
    frame_extras: bool = True
    # crm.md 20.1: an empty list in a filter: "nothing", "everything", "error".
    empty_filter: str = "nothing"
    # crm.md 20.3: crm.timeline.comment.add takes AUTHOR_ID.
    comment_author: bool = False
    # crm.md 20.7: a timeline comment moves lastActivityTime.
    comment_touches_item: bool = True
    # CRM mode: 1 classic (leads), 2 simple (no leads).
    crm_mode: int = 1
    # PERFORMANCE 1.2: "documented", or "code": charges from 0.1 s, a ban of 300 s, batch at half.
    operating_profile: str = "documented"
    # Parameters are checked against the official schemas when these are at hand.
    schema: bool = True

    def set(self, values: dict[str, Any]) -> None:
        """Turn switches by name.

        Raises:
            ValueError: no such switch, or a value of another type.
        """
        for name, value in values.items():
            self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        if name not in {known.name for known in fields(self)}:
            raise ValueError(f"no switch is called {name!r}")
        kind = type(getattr(self, name))
        if not isinstance(value, kind) and not (kind is float and isinstance(value, int)):
            raise ValueError(f"{name} must be of type {kind.__name__}")
        setattr(self, name, kind(value))
