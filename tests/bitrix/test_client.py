"""Calls to a portal: renewed, followed, paced, logged, and honest about lost answers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses
from responses import matchers
from urllib3.exceptions import MaxRetryError, NewConnectionError

from b24app.bitrix.client import Access, Client, LogEntry, Use
from b24app.errors import BitrixError
from b24app.values import Call

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOME, AWAY = "https://acme.example/rest/", "https://renamed.example/rest/"


class Tokens:
    """Anna administers; Boris is the next administrator."""

    def __init__(self) -> None:
        self.anna = Access("anna-1", 1, HOME)
        self.others: list[Access] = []
        self.says = HOME
        self.told: list[str] = []

    def access(self, user_id: int | None) -> Access:
        return self.others[0] if self.others and "dead" in self.told else self.anna

    def renew(self, failed: Access) -> Access:
        self.told.append("renew")
        return Access(failed.token[:-1] + "2", failed.user_id, self.says)

    def moved(self, access: Access, endpoint: str) -> None:
        self.told.append(f"moved {endpoint}")

    def refused(self, access: Access, error: BitrixError) -> None:
        self.told += ["dead", error.code]


class Budget:
    def __init__(self) -> None:
        self.reserved: list[list[str]] = []
        self.uses: list[Use] = []
        self.closed: list[tuple[str | None, datetime]] = []

    def reserve(self, methods: Sequence[str], priority: int) -> None:
        self.reserved.append(list(methods))

    def learn(self, uses: Sequence[Use]) -> None:
        self.uses += uses

    def blocked(self, method: str | None, until: datetime) -> None:
        self.closed.append((method, until))


class Log:
    def __init__(self) -> None:
        self.entries: list[LogEntry] = []

    def write(self, entry: LogEntry) -> None:
        self.entries.append(entry)


class Bench:
    """A client with all that it leans on."""

    def __init__(self) -> None:
        self.tokens, self.budget, self.log = Tokens(), Budget(), Log()
        self.client = Client(
            self.tokens, self.budget, self.log, requests.Session(), now=lambda: NOW
        )

    def refused(self, method: str = "profile") -> BitrixError:
        with pytest.raises(BitrixError) as refused:
            self.client.call(method)
        return refused.value


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def bench() -> Bench:
    return Bench()


def answer(wire: responses.RequestsMock, body: Any, status: int = 200, url: str = HOME) -> None:
    wire.post(f"{url}profile", json=body, status=status)


def refusal(wire: responses.RequestsMock, code: str, status: int, **more: Any) -> None:
    answer(wire, {"error": code, "error_description": "words", **more}, status)


def test_answer_is_read(wire: responses.RequestsMock, bench: Bench) -> None:
    answer(wire, {"result": [1], "total": 3, "next": 50, "time": {"duration": 0.2, "operating": 7}})
    told = bench.client.call("profile", {"a": True, "b": None})
    assert (told.result, told.total, told.next) == ([1], 3, 50)
    assert bench.budget.reserved == [["profile"]]
    assert bench.budget.uses == [Use("profile", 0.2, 7.0, None)]


def test_token_and_parameters_go_in_the_body(wire: responses.RequestsMock, bench: Bench) -> None:
    wire.post(
        f"{HOME}crm.item.get",
        json={"result": {}},
        match=[matchers.json_params_matcher({"id": 7, "f": {"on": True}, "auth": "anna-1"})],
    )
    bench.client.call("crm.item.get", {"id": 7, "f": {"on": True, "off": None}})
    assert "anna-1" not in str(wire.calls[0].request.url)


def test_expired_token_is_renewed_once(wire: responses.RequestsMock, bench: Bench) -> None:
    refusal(wire, "expired_token", 401)
    answer(wire, {"result": "ok"})
    assert bench.client.call("profile").result == "ok"
    assert bench.tokens.told == ["renew"]
    assert b"anna-2" in (wire.calls[1].request.body or b"")


def test_token_expired_twice_is_an_error(wire: responses.RequestsMock, bench: Bench) -> None:
    refusal(wire, "EXPIRED_TOKEN", 401)
    assert bench.refused().code == "expired_token"
    assert len(wire.calls) == 2


def test_dead_token_gives_way_to_another_admin(wire: responses.RequestsMock, bench: Bench) -> None:
    bench.tokens.others = [Access("boris-1", 2, HOME)]
    refusal(wire, "authorization_error", 401)
    answer(wire, {"result": "ok"})
    assert bench.client.call("profile").result == "ok"
    assert bench.tokens.told == ["dead", "authorization_error"]


def test_named_employee_is_never_replaced(wire: responses.RequestsMock, bench: Bench) -> None:
    bench.tokens.others = [Access("boris-1", 2, HOME)]
    refusal(wire, "authorization_error", 401)
    with pytest.raises(BitrixError, match="authorization_error") as refused:
        bench.client.call("profile", user_id=1)
    assert (refused.value.permanent, refused.value.retry_after) == (True, None)
    assert len(wire.calls) == 1


def test_background_waits_for_an_admin(wire: responses.RequestsMock, bench: Bench) -> None:
    refusal(wire, "authorization_error", 401)
    error = bench.refused()
    assert (error.permanent, error.retry_after) == (False, 300)


@pytest.mark.parametrize("code", ["PAYMENT_REQUIRED", "APPLICATION_NOT_FOUND", "OVERLOAD_LIMIT"])
def test_stopped_portal_is_remembered(
    wire: responses.RequestsMock, bench: Bench, code: str
) -> None:
    refusal(wire, code, 401)
    error = bench.refused()
    assert (error.code, error.permanent, error.unknown) == (code, False, False)
    assert bench.tokens.told == ["dead", code]


def test_full_bucket_closes_the_door(wire: responses.RequestsMock, bench: Bench) -> None:
    refusal(wire, "QUERY_LIMIT_EXCEEDED", 503)
    error = bench.refused()
    assert (error.retry_after, error.unknown) == (2.0, False)
    assert bench.budget.closed == [(None, NOW + timedelta(seconds=2))]


def test_spent_method_waits_for_its_reset(wire: responses.RequestsMock, bench: Bench) -> None:
    reset = int(NOW.timestamp()) + 120
    refusal(wire, "OPERATION_TIME_LIMIT", 429, time={"operating_reset_at": reset})
    assert bench.refused().retry_after == 120
    assert bench.budget.closed == [("profile", NOW + timedelta(seconds=120))]


@pytest.mark.parametrize(
    ("status", "body", "unknown"),
    [
        (500, '{"error":"INTERNAL_SERVER_ERROR"}', True),
        (500, '{"error":"ERROR_UNEXPECTED_ANSWER"}', True),
        (502, "{}", True),
        (504, "<html>504</html>", True),
        (200, '{"result": tr', True),
        (200, "{}", True),
        (200, "[]", True),
        (403, "<html>blocked</html>", False),
        (400, '{"error":"ERROR_ARGUMENT"}', False),
        (400, '{"error":"","error_description":"Not found"}', False),
        (500, '{"error":"PORTAL_DELETED"}', False),
        (400, '{"error":{"code":"X_Y","message":"no"}}', False),
    ],
)
def test_lost_answers_are_unknown(
    wire: responses.RequestsMock, bench: Bench, status: int, body: str, unknown: bool
) -> None:
    wire.post(f"{HOME}profile", body=body, status=status)
    assert bench.refused().unknown is unknown


@pytest.mark.parametrize(
    ("failure", "unknown"),
    [
        (requests.ReadTimeout(), True),
        (requests.ConnectionError("reset by peer"), True),
        (requests.exceptions.ChunkedEncodingError(), True),
        (requests.ConnectTimeout(), False),
        (
            requests.ConnectionError(
                MaxRetryError(None, "", NewConnectionError(None, "refused"))  # type: ignore[arg-type]
            ),
            False,
        ),
        (requests.exceptions.InvalidURL("private"), False),
        (requests.exceptions.SSLError("certificate verify failed"), False),
        (requests.exceptions.SSLError("decryption failed"), True),
    ],
)
def test_broken_connections_tell_what_they_can(
    wire: responses.RequestsMock, bench: Bench, failure: Exception, unknown: bool
) -> None:
    wire.post(f"{HOME}profile", body=failure)
    error = bench.refused()
    assert (error.unknown, error.permanent) == (unknown, False)
    assert bench.log.entries[0].status == 0


def test_lost_answer_is_charged_the_time_waited(wire: responses.RequestsMock, bench: Bench) -> None:
    wire.post(f"{HOME}profile", body=requests.ReadTimeout())
    bench.refused()
    assert [use.method for use in bench.budget.uses] == ["profile"]


def test_renamed_portal_is_followed(wire: responses.RequestsMock, bench: Bench) -> None:
    bench.tokens.says = AWAY
    wire.post(f"{HOME}profile", status=302, headers={"Location": f"{AWAY}profile"})
    answer(wire, {"result": "ok"}, url=AWAY)
    assert bench.client.call("profile", {"a": 1}).result == "ok"
    assert bench.tokens.told == ["renew", f"moved {AWAY}"]
    assert wire.calls[1].request.method == "POST"


@pytest.mark.parametrize("place", ["https://evil.example/rest/profile", "/rest/profile", ""])
def test_unconfirmed_address_is_not_followed(
    wire: responses.RequestsMock, bench: Bench, place: str
) -> None:
    bench.tokens.says = AWAY
    wire.post(f"{HOME}profile", status=302, headers={"Location": place})
    assert bench.refused().code == "redirected"
    assert bench.tokens.told == ["renew"]


def test_endless_redirects_end(wire: responses.RequestsMock, bench: Bench) -> None:
    wire.post(f"{HOME}profile", status=301, headers={"Location": f"{HOME}profile"})
    assert bench.refused().code == "redirected"


def test_batch_tells_each_command(wire: responses.RequestsMock, bench: Bench) -> None:
    told = {
        "result": {"a": {"item": {"id": 5}}},
        "result_error": {"b": {"error": "ACCESS_DENIED", "error_description": "no"}},
        "result_time": {"a": {"duration": 1.5, "operating": 3}},
        "result_total": [],
        "result_next": [],
    }
    wire.post(f"{HOME}batch", json={"result": told})
    done = bench.client.batch([Call("crm.item.add", key="a"), Call("crm.item.get", key="b")])
    assert done.result("a") == {"item": {"id": 5}}
    assert done.errors["b"].permanent
    assert bench.budget.reserved == [["batch", "crm.item.add", "crm.item.get"]]
    assert bench.budget.uses == [Use("crm.item.add", 1.5, 3.0, None)]
    with pytest.raises(BitrixError, match="ACCESS_DENIED"):
        done.result("b")


def test_empty_batch_maps_are_lists(wire: responses.RequestsMock, bench: Bench) -> None:
    empty = {"result": [], "result_error": [], "result_time": [], "result_total": []}
    wire.post(f"{HOME}batch", json={"result": empty})
    done = bench.client.batch([Call("crm.item.get", key="a")], halt=True)
    assert (done.results, done.errors, done.result("a")) == ({}, {}, None)


def test_batch_is_sent_as_strings(wire: responses.RequestsMock, bench: Bench) -> None:
    sent = {"halt": 1, "cmd": {"a": "m.get?id=7&on=Y"}, "auth": "anna-1"}
    wire.post(f"{HOME}batch", json={"result": {}}, match=[matchers.json_params_matcher(sent)])
    bench.client.batch([Call("m.get", {"id": 7, "on": True}, "a")], halt=True)


def test_spent_command_closes_its_method(wire: responses.RequestsMock, bench: Bench) -> None:
    told = {
        "result_error": {"a": {"error": "OPERATION_TIME_LIMIT"}},
        "result_time": {"a": {"operating_reset_at": int(NOW.timestamp()) + 30}},
    }
    wire.post(f"{HOME}batch", json={"result": told})
    done = bench.client.batch([Call("m.get", key="a")])
    assert done.errors["a"].retry_after == 30
    assert bench.budget.closed == [("m.get", NOW + timedelta(seconds=30))]


def test_command_of_unknown_outcome_says_so(wire: responses.RequestsMock, bench: Bench) -> None:
    told = {"result_error": {"a": {"error": "INTERNAL_SERVER_ERROR"}}}
    wire.post(f"{HOME}batch", json={"result": told})
    assert bench.client.batch([Call("m.add", key="a")]).errors["a"].unknown


def test_too_many_commands_are_our_mistake(bench: Bench) -> None:
    with pytest.raises(ValueError, match="50"):
        bench.client.batch([Call("m")] * 51)


def test_log_holds_the_call_without_secrets(wire: responses.RequestsMock, bench: Bench) -> None:
    answer(wire, {"result": {"access_token": "stolen", "url": "https://x/?a=1&token=stolen"}})
    bench.client.call("profile", {"text": "hello", "auth": "given", "deep": [{"Token": "x9"}]})
    entry = bench.log.entries[0]
    assert (entry.method, entry.status, entry.error) == ("profile", 200, "")
    assert "hello" in entry.request
    for secret in ("anna-1", "given", "x9", "stolen"):
        assert secret not in entry.request + entry.response


def test_every_request_is_traced(wire: responses.RequestsMock, bench: Bench) -> None:
    answer(wire, {"result": 1})
    bench.client.call("profile")
    sent = wire.calls[0].request
    assert sent.headers["X-Request-ID"] == bench.log.entries[0].request_id
    assert f"bx24_request_id={bench.log.entries[0].request_id}" in str(sent.url)
    assert bench.client.requested == [bench.log.entries[0].request_id]
