"""/api/v1/outreach: an operator writes to a client first."""

from typing import Any

from flask import Response, jsonify
from pydantic import Field
from sqlalchemy.exc import IntegrityError

from b24app import clock
from b24app.actions import channels, outreach, outreach_cards, people, pins, shown
from b24app.actions.outreach import Seeker
from b24app.db import reading, transaction
from b24app.rules.target import Target
from b24app.web import api, guard
from b24app.web.api import Body, Number
from b24app.web.standing import standing

blueprint = api.blueprint("outreach")


class Wanted(Body):
    kind: str = Field(max_length=24)
    address: str = Field(max_length=200)


class Start(Body):
    channel_id: Number
    address: str = Field(max_length=200)


@blueprint.post("/outreach/search")
@guard.employee
def search(body: Wanted) -> Response:
    """What each channel of a kind knows of an address; asked again, it changes nothing."""
    try:
        found = outreach.search(_seeker(), body.kind, body.address, clock.now())
    except IntegrityError:  # a colleague asks the same this moment
        found = outreach.search(_seeker(), body.kind, body.address, clock.now())
    return jsonify(found)


@blueprint.post("/outreach/start")
@guard.employee
def start(body: Start) -> Response:
    try:
        return jsonify(_started(body))
    except IntegrityError:  # somebody began a chat with the same client this moment
        return jsonify(_started(body))


@blueprint.get("/outreach/addresses")
@guard.employee
def addresses() -> Response:
    """Phones and e-mails of the clients of the card in whose tab the frame is."""
    asking, card = guard.viewer(), _card()
    found = outreach_cards.addresses(asking.portal_id, asking.user_id, card) if card else []
    return jsonify(items=found, next=None)


def _started(body: Start) -> Any:
    seeker = _seeker()
    with transaction():
        standing().demand("write")
        channel = channels.found(seeker.portal_id, int(body.channel_id))
        address = outreach.read_address(channel.kind, body.address)
        operator = people.operator(seeker.portal_id, seeker.user_id)
        row = outreach.start(seeker, operator, channel, address, clock.now())
        return shown.conversation(row)


def _seeker() -> Seeker:
    asking = guard.viewer()
    with reading():
        sees_others = "others" in standing().rights
    return Seeker(asking.portal_id, asking.user_id, sees_others, asking.language, _card())


def _card() -> Target | None:
    own = guard.viewer().entity
    return Target(pins.TYPES[own.type], own.id) if own else None
