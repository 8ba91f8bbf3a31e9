"""The OAuth server: renewal, codes, the trusted app.info, refusals."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.portals import Client, control, portal, session


@pytest.fixture
def home():
    return portal()


def keys(home, **more):
    settings = home.settings
    return {"client_id": settings.client_id, "client_secret": settings.client_secret, **more}


def token(home, verb="get", **params):
    http = home.oauth_app.test_client()
    if verb == "post":
        return http.post("/oauth/token/", data=params)
    return http.get("/oauth/token/", query_string=params)


def renewal(home, refresh, **more):
    return keys(home, grant_type="refresh_token", refresh_token=refresh, **more)


def refusal(answer):
    return answer.status_code, answer.get_json()["error"]


@pytest.mark.parametrize("verb", ["get", "post"])
def test_renewal_gives_a_new_pair(home, verb):
    pair = Client(home).pair
    fresh = token(home, verb, **renewal(home, pair["refresh_token"])).get_json()
    assert fresh["refresh_token"] != pair["refresh_token"]
    assert fresh["client_endpoint"] == "http://localhost:7200/rest/"
    assert (fresh["member_id"], fresh["user_id"]) == (home.settings.member_id, 1)


def test_refresh_token_works_once(home):
    refresh = Client(home).pair["refresh_token"]
    token(home, **renewal(home, refresh))
    assert refusal(token(home, **renewal(home, refresh))) == (400, "invalid_grant")


def test_renamed_portal_is_learnt_by_renewal(home):
    refresh = Client(home).pair["refresh_token"]
    home.rename("renamed.example.com")
    fresh = token(home, **renewal(home, refresh)).get_json()
    assert fresh["client_endpoint"] == "http://renamed.example.com/rest/"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"client_id": "app.wrong"}, (200, "wrong_client")),
        ({"client_secret": "wrong"}, (400, "invalid_client")),
        ({"refresh_token": "wrong"}, (400, "invalid_grant")),
        ({"refresh_token": ""}, (400, "invalid_request")),
        ({"grant_type": "password"}, (400, "invalid_request")),
    ],
)
def test_refusals_of_renewal(home, change, expected):
    params = renewal(home, Client(home).pair["refresh_token"]) | change
    assert refusal(token(home, **params)) == expected


def test_old_refresh_token_dies(home):
    refresh = Client(home).pair["refresh_token"]
    home.clock.advance(181 * 24 * 3600)
    assert refusal(token(home, **renewal(home, refresh))) == (400, "invalid_grant")


def test_removed_application_is_told(home):
    pair = Client(home).pair
    home.uninstall()
    http = home.oauth_app.test_client()
    answer = http.get("/rest/app.info", query_string={"auth": pair["access_token"]})
    assert refusal(answer) == (401, "NOT_INSTALLED")
    assert refusal(token(home, **renewal(home, pair["refresh_token"])))[1] == "NOT_INSTALLED"


def test_code_lives_thirty_seconds(home):
    codes = [home.oauth.code(home.settings.member_id, home.settings.client_id, 2) for _ in "ab"]
    grant = keys(home, grant_type="authorization_code")
    assert token(home, **grant, code=codes[0]).get_json()["user_id"] == 2
    assert refusal(token(home, **grant, code=codes[0])) == (400, "invalid_grant")
    home.clock.advance(31)
    assert refusal(token(home, **grant, code=codes[1])) == (400, "invalid_grant")


def test_authorize_returns_with_a_code(home):
    query = {"client_id": home.settings.client_id, "state": "abc"}
    answer = home.app.test_client().get("/oauth/authorize/", query_string=query)
    assert answer.headers["Location"].startswith(f"{home.settings.redirect_uri}?code=")
    assert "state=abc" in answer.headers["Location"]


def test_app_info_names_the_user(home):
    http = home.oauth_app.test_client()
    access = Client(home, 3).pair["access_token"]
    result = http.get("/rest/app.info", query_string={"auth": access}).get_json()["result"]
    assert (result["user_id"], result["client_id"]) == (3, home.settings.client_id)
    assert result["install"]["member_id"] == home.settings.member_id


@pytest.mark.parametrize(
    ("auth", "expected"), [("", (401, "NO_AUTH_FOUND")), ("wrong", (400, "invalid_client"))]
)
def test_app_info_refuses_strangers(home, auth, expected):
    answer = home.oauth_app.test_client().get("/rest/app.info", query_string={"auth": auth})
    assert refusal(answer) == expected


def test_app_info_tells_an_expired_token(home):
    pair = Client(home).pair
    home.clock.advance(3601)
    http = home.oauth_app.test_client()
    answer = http.get("/rest/app.info", query_string={"auth": pair["access_token"]})
    assert refusal(answer) == (401, "expired_token")


def test_racing_renewals_have_one_winner(home):
    refresh = Client(home).pair["refresh_token"]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: token(home, **renewal(home, refresh)), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19


def test_renewed_pair_is_lost_on_order(home):
    refresh = Client(home).pair["refresh_token"]
    control(home, "oauth/faults", match="token", kind="timeout_after")
    with pytest.raises(requests.ReadTimeout):
        session(home).get(f"{home.oauth.url}/oauth/token/", params=renewal(home, refresh))
    assert refusal(token(home, **renewal(home, refresh))) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"kind": "500"}, 500), ({"kind": "html_504"}, 504), ({"kind": "error", "status": 401}, 401)],
)
def test_server_fails_on_order(home, fault, status):
    control(home, "oauth/faults", **fault)
    refresh = Client(home).pair["refresh_token"]
    assert token(home, **renewal(home, refresh)).status_code == status
    assert token(home, **renewal(home, refresh)).status_code == 200


def authorize(home, **more):
    query = {"client_id": home.settings.client_id, "state": "abc", **more}
    return home.app.test_client().get("/oauth/authorize/", query_string=query)


def test_browser_says_who_authorizes(home):
    control(home, "browser", user_id=3)
    code = authorize(home).headers["Location"].split("code=")[1].split("&")[0]
    grant = keys(home, grant_type="authorization_code", code=code)
    assert token(home, **grant).get_json()["user_id"] == 3


def test_nobody_signed_in_gets_no_code(home):
    control(home, "browser", user_id=0)
    assert authorize(home).status_code == 401


def test_dismissed_employee_gets_no_code(home):
    control(home, "users", ID=2, ACTIVE=False)
    control(home, "browser", user_id=2)
    assert authorize(home).status_code == 401


def test_foreign_address_to_return_to_is_refused(home):
    assert authorize(home, redirect_uri="https://evil.example/").status_code == 400
    assert authorize(home, redirect_uri=home.settings.redirect_uri).status_code == 302


def test_uninstalled_application_gets_no_code(home):
    home.uninstall(1)
    assert authorize(home).status_code == 404
