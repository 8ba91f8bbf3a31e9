"""An inquiry as CRM shall see it, and what was decided about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from b24app.rules.documents import Stages
from b24app.rules.target import Candidate, Reason, Target

Kind = Literal["primary", "repeat", "known", "filtered", "none"]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A chat or an offline request.

    Args:
        id: ours, of the conversation or the request.
        origin: external id of what is made for it: "chat:77", "form:5".
        parameters: of the catalogue; see rules/parameters.py.
        im: (valueType, value) pairs: TELEGRAM, VIBER, OTHER …
        client_key: stable name of the client in the channel.
        pinned: the card an operator chose.
        fallback_responsible: whose the new card is if the settings name nobody.
        deadline: ISO date-time of a request's activity.
        files: (name, base64) of a form.
        recent: cards we made from another inquiry with this phone or e-mail.
        zone: the portal's time zone, for dates in mapped fields.
    """

    kind: Literal["chat", "request"]
    id: int
    origin: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    phone: str = ""
    email: str = ""
    im: tuple[tuple[str, str], ...] = ()
    client_key: str = ""
    pinned: Target | None = None
    fallback_responsible: int | None = None
    source_description: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    deadline: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    recent: tuple[Target, ...] = ()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done and why.

    kind: primary, repeat, known (has its card), filtered (kept out of CRM) or none.
    create: of contact, lead, deal, activity; in this order. targets: the first is the main
    one. copies: cards that show the comment too. responsible_id, stages: of what is created
    only. steps: rows tried by "filter", "responsible", "pipelines", as JSON.
    fields: mapped values by entity and code. problems: mapped values that were left out.
    """

    kind: Kind
    create: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    copies: tuple[Target, ...] = ()
    contact_id: int | None = None
    company_id: int | None = None
    responsible_id: int | None = None
    stages: Stages = field(default_factory=Stages)
    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[Reason, ...] = ()
    steps: Mapping[str, Any] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
