"""Public URLs, the probe of one (against a local server), and the checks of its response."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from clients.errors import CheckUnavailable
from ops.verify.checks import public_response
from ops.verify.http_probe import HttpProbe, Response
from ops.verify.public_urls import PublicUrl, public_urls
from ops.verify.result import Status
from settings import Settings

URL = "https://a.example.com/"
EDGE = {"server": "cloudflare", "cf-ray": "1"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _url(service: str = "http://blog", requires_login: bool | None = None) -> PublicUrl:
    return PublicUrl(URL, service, True, requires_login)


def _response(status: int = 200, body: str = "", **headers: str) -> Response:
    return Response(
        URL,
        ("192.0.2.1",),
        status=status,
        headers={**EDGE, **headers},
        body=body,
        certificate_expires=NOW + timedelta(60),
    )


LOGIN = {"location": "https://team.cloudflareaccess.com/cdn-cgi/access/login/a.example.com"}


@pytest.mark.parametrize(
    ("url", "response", "status", "text"),
    [
        (_url(), _response(), Status.PASSED, "HTTP 200"),
        (_url(), _response(302, location="/login"), Status.PASSED, "HTTP 302"),
        (_url(), _response(404), Status.PASSED, "nothing at this path"),
        (_url(), _response(530, "error code: 1033"), Status.FAILED, "no connector"),
        (_url(), _response(530, "<h1>Origin DNS error <small>Error 1016</small>"), Status.FAILED, "does not exist"),
        (_url(), _response(530), Status.FAILED, ""),
        (_url(), _response(502), Status.FAILED, "cannot reach"),
        (_url(), _response(503), Status.FAILED, "no rules"),
        (_url(), _response(500), Status.FAILED, "the service itself"),
        (_url(), _response(403, **{"cf-mitigated": "challenge"}), Status.PASSED, "challenges"),
        (_url(), _response(403, "error code: 1020"), Status.PASSED, "a custom rule of the zone blocks"),
        (_url(), _response(429, "error code: 1015"), Status.PASSED, "a rate limit of the zone"),
        (_url(), Response(URL, ("x",), status=200, headers={"server": "nginx"}), Status.FAILED, "not proxied"),
        (_url("http_status:503"), _response(503), Status.PASSED, "as declared"),
        (_url("http_status:410"), _response(200), Status.FAILED, "differs from the declared one"),
        (_url("tcp://db:5432"), _response(400), Status.SKIPPED, "tcp"),
        (_url(requires_login=True), _response(302, **LOGIN), Status.PASSED, "login"),
        (_url(requires_login=True), _response(403), Status.PASSED, "Access"),
        (_url(requires_login=True), _response(200), Status.FAILED, "bypass"),
        (_url(requires_login=False), _response(200), Status.PASSED, "HTTP 200"),
    ],
)
def test_the_answer_is_as_expected(url: PublicUrl, response: Response, status: Status, text: str) -> None:
    found = public_response.judge(url, response, NOW)[-1]
    assert found.check == "answer"
    assert found.status is status
    assert text in (found.cause or found.observed)


@pytest.mark.parametrize(
    ("response", "checks"),
    [
        (Response(URL, failure="name"), {"resolves": Status.FAILED}),
        (Response(URL, ("x",), "certificate", "expired"), {"resolves": Status.PASSED, "certificate": Status.FAILED}),
        (Response(URL, ("x",), "connection", "timeout"), {"resolves": Status.PASSED, "answer": Status.FAILED}),
    ],
)
def test_a_missing_response_is_one_failure(response: Response, checks: dict[str, Status]) -> None:
    assert {each.check: each.status for each in public_response.judge(_url(), response, NOW)} == checks


@pytest.mark.parametrize(("days", "status"), [(60, Status.PASSED), (3, Status.FAILED)])
def test_a_certificate_about_to_expire_fails(days: int, status: Status) -> None:
    response = Response(URL, ("x",), status=200, headers=EDGE, certificate_expires=NOW + timedelta(days))
    assert [each.status for each in public_response.judge(_url(), response, NOW) if each.check == "certificate"] == [
        status
    ]


def _settings(*routes: dict[str, Any]) -> Settings:
    return Settings.parse({"accountId": "0" * 32, "zones": {"example.com": None}, "routes": list(routes)})


@pytest.mark.parametrize(
    ("domain", "covered"),
    [
        ("a.example.com", True),
        ("A.example.com/", True),
        ("*.example.com", True),
        ("a.example.com/v1", True),
        ("a.example.com/v10", False),
        ("b.example.com", False),
        ("example.com", False),
    ],
)
def test_an_access_application_covers_its_domain_and_path(domain: str, covered: bool) -> None:
    settings = _settings({"hostname": "a.example.com", "service": "http://blog", "path": "/v1"})
    for application in ({"domain": domain}, {"self_hosted_domains": [domain]}, {"destinations": [{"uri": domain}]}):
        (found,) = public_urls(settings, [application])
        assert found.requires_login is covered
    assert public_urls(settings, None)[0].requires_login is None


def test_a_hostname_with_dns_none_is_not_probed() -> None:
    route = {"hostname": "a.example.com", "service": "http://blog"}
    (found,) = public_urls(_settings({**route, "dns": "none"}, {**route, "hostname": "b.example.com"}), None)
    assert found.url == "https://b.example.com/"


def test_a_login_is_expected_where_the_stack_file_says_so_and_only_there() -> None:
    access = {"allow": {"emails": ["ann@example.com"]}}
    route = {"hostname": "a.example.com", "service": "http://blog"}
    guarded, hook = {**route, "access": access}, {**route, "path": "/hook", "public": True}
    settings = Settings.parse(
        {"accountId": "0" * 32, "zones": {"example.com": None}, "accessTeam": "acme", "routes": [guarded, hook]}
    )
    for applications in (None, [], [{"domain": "a.example.com"}]):
        assert [each.requires_login for each in public_urls(settings, applications)] == [True, False]


def test_a_wildcard_is_probed_by_a_name_below_it() -> None:
    (found,) = public_urls(_settings({"hostname": "*.example.com", "service": "http://blog"}), None)
    assert found.url == "https://culvert-verify.example.com/"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(530)
        self.send_header("Server", "cloudflare")
        self.end_headers()
        self.wfile.write(f"error code: 1033 for {self.headers['Host']}".encode())

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server with a certificate for a.example.com alone; gives the file of its authority."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.example.com").configure_cert(tls)
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("CULVERT_VERIFY_FRONT", f"127.0.0.1:{server.server_port}")
    monkeypatch.setenv("CULVERT_VERIFY_CA", str(file))
    yield file
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("front")
def test_a_response_through_a_front_has_status_host_and_certificate() -> None:
    response = HttpProbe().get(URL)
    assert (response.failure, response.status) == ("", 530)
    assert response.body == "error code: 1033 for a.example.com"
    assert response.certificate_expires is not None


@pytest.mark.usefixtures("front")
def test_a_certificate_for_another_name_is_refused() -> None:
    response = HttpProbe().get("https://b.example.com/")
    assert response.failure == "certificate"
    assert "b.example.com" in response.detail


@pytest.mark.usefixtures("front")
def test_an_unknown_certificate_authority_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CULVERT_VERIFY_CA")
    assert HttpProbe().get(URL).failure == "certificate"


@pytest.mark.parametrize("front", ["here", "host:", ":80", "host:http"])
def test_a_front_that_is_not_host_and_port_is_refused(front: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULVERT_VERIFY_FRONT", front)
    with pytest.raises(CheckUnavailable, match="CULVERT_VERIFY_FRONT is"):
        HttpProbe()
