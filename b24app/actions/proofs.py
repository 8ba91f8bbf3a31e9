"""Who a token belongs to: the OAuth server says so, and it is remembered for minutes."""

import hmac
import logging
import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from flask import current_app

from b24app.actions.apart import refuse_open_transaction
from b24app.actions.clients import oauth
from b24app.bitrix import errors
from b24app.bitrix.oauth import AppInfo
from b24app.bitrix.wire import endpoint
from b24app.config import Config
from b24app.errors import BitrixError, Busy, Denied

PROOF_LIFE = timedelta(minutes=5)
PROOFS_KEPT = 2000
UNCONFIRMED = "Bitrix24 does not confirm this opening. Open the application again."
log = logging.getLogger(__name__)


class _Proofs:
    """What the OAuth server said of tokens, remembered for minutes by their hashes."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[AppInfo, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, token: str, now: datetime) -> AppInfo | None:
        with self._lock:
            info, until = self._known.get(_hash(token), (None, now))
        return info if until > now else None

    def put(self, token: str, info: AppInfo, now: datetime) -> None:
        with self._lock:
            self._known[_hash(token)] = (info, now + PROOF_LIFE)
            while len(self._known) > PROOFS_KEPT:
                self._known.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._known.clear()


_proofs = _Proofs()
forget = _proofs.forget


def prove(token: str, server: str, now: datetime) -> AppInfo:
    """Whose token it is, as our OAuth server says; `server` only chooses among ours.

    Raises:
        Denied: it is nobody's, or another application's.
        Busy: the OAuth server does not answer.
    """
    if found := _proofs.get(token, now):
        return found
    refuse_open_transaction()
    try:
        info = oauth().app_info(token, server)
    except BitrixError as error:
        raise _unproven(error) from error
    config: Config = current_app.config["CALLGEAR"]
    place = endpoint(info.client_endpoint, config.allow_private_hosts)
    ours = hmac.compare_digest(info.client_id.encode(), config.client_id.encode())
    if not ours or not place:
        log.warning("refused a token of another application or of an address we do not call")
        raise Denied(UNCONFIRMED)
    info = replace(info, client_endpoint=place)
    _proofs.put(token, info, now)
    return info


def _unproven(error: BitrixError) -> Denied | Busy:
    known = errors.meaning(error.code)
    if known.permanent or known.token or known.portal or known.renew:
        log.warning("the OAuth server refused a token: %s", error.code)
        return Denied(UNCONFIRMED)
    return Busy("Bitrix24's authorisation server does not answer. Try again in a minute.")


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
