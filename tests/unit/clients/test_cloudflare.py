"""The client of Cloudflare's API: error replies, pagination, and requests."""

import httpx
import pytest

from clients.cloudflare import CloudflareApi
from clients.errors import ApiUnreachable, CheckUnavailable, CloudflareApiError

TOKEN = "not-to-be-seen"  # noqa: S105 - of no account
ENVIRON = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_BASE_URL": "http://127.0.0.1:9/client/v4"}


def api(*replies: httpx.Response, retries: int = 0) -> tuple[CloudflareApi, list[httpx.Request]]:
    """A client that gets these replies, and the requests that it sends."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return replies[min(len(requests), len(replies)) - 1]

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return CloudflareApi(ENVIRON, http=http, retries=retries), requests


def ok(result: object) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "result": result})


def error_reply(status: int, code: int = 10000, **headers: str) -> httpx.Response:
    body = {"success": False, "errors": [{"code": code, "message": "no"}], "result": None}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, 10000, "Cloudflare Tunnel: Read"),
        (401, 1001, "Cloudflare Tunnel: Read"),
        (429, 971, "wait 7 seconds"),
        (404, 7003, "accountId"),
        # An error envelope with status 200.
        (200, 7003, "accountId"),
    ],
)
def test_an_api_error_has_code_message_and_remedy_but_no_token(status: int, code: int, remedy: str) -> None:
    client, _ = api(error_reply(status, code, retry_after="7"))
    with pytest.raises(CloudflareApiError, match=f"HTTP {status}, {code} no") as raised:
        client.tunnels("a", "culvert-dev")
    assert raised.value.status == status
    assert remedy in raised.value.remedy
    assert TOKEN not in raised.value.reason + raised.value.remedy


def test_a_reply_that_is_not_json_counts_as_unreachable() -> None:
    for status in (200, 502):
        with pytest.raises(ApiUnreachable, match=f"HTTP {status} and no JSON"):
            api(httpx.Response(status, text="<html>"))[0].connectors("a", "z")


def test_the_error_for_an_unreachable_api_names_it_without_the_token() -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("timed out")

    client = CloudflareApi(ENVIRON, http=httpx.Client(transport=httpx.MockTransport(fail)))
    with pytest.raises(ApiUnreachable, match=r"http://127.0.0.1:9/client/v4 does not answer: ConnectTimeout") as error:
        client.connectors("a", "z")
    assert TOKEN not in str(error.value)


def test_without_a_token_there_is_no_client() -> None:
    with pytest.raises(ApiUnreachable, match="CLOUDFLARE_API_TOKEN is not set"):
        CloudflareApi({})


def test_the_token_is_sent_even_if_the_environment_has_an_api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_USER_SERVICE_KEY"):
        monkeypatch.setenv(name, "older")
    client, requests = api(ok([]))
    client.connectors("a", "z")
    assert requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "older" not in requests[0].headers.values()


def test_all_pages_of_a_list_are_read() -> None:
    client, requests = api(ok([{"id": f"r{number}"} for number in range(1000)]), ok([{"id": "last"}]))
    assert len(client.records("z")) == 1001
    assert [dict(request.url.params) for request in requests] == [
        {"page": "1", "per_page": "1000"},
        {"page": "2", "per_page": "1000"},
    ]


def test_a_page_that_repeats_ends_a_list_with_an_error() -> None:
    client, requests = api(ok([{"id": f"r{number}"} for number in range(1000)]))
    with pytest.raises(ApiUnreachable, match="with an earlier page in place of page 2"):
        client.records("z")
    assert len(requests) == 2


def test_the_login_page_of_a_proxy_is_named() -> None:
    page = httpx.Response(200, text="<html>Sign in</html>", headers={"content-type": "text/html; charset=utf-8"})
    with pytest.raises(ApiUnreachable, match="HTTP 200 and a web page") as error:
        api(page)[0].records("z")
    assert "whether a proxy in between asks for a login" in error.value.remedy


@pytest.mark.parametrize("result", [{"a": 1}, [1], [{}], [{"id": 1}], [{"id": "../../zones"}], "text", [None], 5])
def test_a_list_of_another_shape_is_an_error(result: object) -> None:
    with pytest.raises(ApiUnreachable, match="something else than a list of objects with ids"):
        api(ok(result))[0].records("z")


@pytest.mark.parametrize("body", ["[]", "null", "[" * 100_000, '{"success": NaN}', '{"success": "\\ud800"}', ""])
def test_a_reply_that_is_no_json_object_counts_as_unreachable(body: str) -> None:
    with pytest.raises(ApiUnreachable, match="HTTP 200 and no JSON object"):
        api(httpx.Response(200, text=body))[0].records("z")


@pytest.mark.parametrize("errors", [5, [5], "no", {"code": 1}, None, [{"message": "x" * 10_000}]])
def test_a_refusal_of_any_shape_is_an_error(errors: object) -> None:
    reply = httpx.Response(429, json={"success": False, "errors": errors}, headers={"retry-after": "x" * 1000})
    with pytest.raises(CloudflareApiError, match="HTTP 429") as error:
        api(reply)[0].records("z")
    assert len(str(error.value)) < 700
    assert error.value.remedy == "wait 300 seconds and try again"


def test_a_zone_is_looked_up_without_a_page_size() -> None:
    # The API rejects a page size above 50 for zones.
    client, requests = api(ok([{"id": "z"}]))
    assert client.zone_id("a", "example.org") == "z"
    assert dict(requests[0].url.params) == {"name": "example.org", "account.id": "a"}


def test_the_error_for_an_invisible_zone_names_the_permission() -> None:
    with pytest.raises(CheckUnavailable, match=r"no zone example\.org") as error:
        api(ok([]))[0].zone_id("a", "example.org")
    assert "Zone: Read on example.org" in error.value.remedy


def test_access_applications_that_the_token_may_not_read_are_unknown() -> None:
    assert api(error_reply(403))[0].access_applications("a") is None
    assert api(ok([]))[0].access_applications("a") == []


def test_an_absent_object_is_none_and_its_deletion_succeeds() -> None:
    client, _ = api(error_reply(404))
    assert client.ruleset("z", "r") is None
    assert client.tunnel("a", "t") is None
    client.delete_ruleset("z", "r")
    with pytest.raises(CloudflareApiError, match="DELETE /zones/z/rulesets/r: HTTP 403"):
        api(error_reply(403))[0].delete_ruleset("z", "r")


def test_a_deleted_tunnel_that_is_still_listed_does_not_exist() -> None:
    assert api(ok({"id": "t", "deleted_at": "2026-01-01T00:00:00Z"}))[0].tunnel("a", "t") is None
    assert api(ok({"id": "t", "deleted_at": None}))[0].tunnel("a", "t")


def test_a_call_is_retried_only_if_configured() -> None:
    busy = error_reply(503, retry_after="0.01")
    client, requests = api(busy, ok([]), retries=1)
    assert client.connectors("a", "z") == []
    assert len(requests) == 2
    with pytest.raises(CloudflareApiError, match="HTTP 503"):
        api(busy, ok([]))[0].connectors("a", "z")
