"""What a visitor gets: the visit itself, against a server of this machine, and the judgement on it."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from ops.verify.checks import public_response
from ops.verify.http_probe import Visit, Visitor
from ops.verify.public_urls import Address, addresses
from ops.verify.result import Status, Unread
from settings import Settings

URL = "https://a.example.com/"
EDGE = {"server": "cloudflare", "cf-ray": "1"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _address(service: str = "http://blog", protected: bool | None = None) -> Address:
    return Address(URL, service, True, protected)


def _visit(status: int = 200, body: str = "", **headers: str) -> Visit:
    return Visit(
        URL, ("192.0.2.1",), status=status, headers={**EDGE, **headers}, body=body, expires=NOW + timedelta(60)
    )


LOGIN = {"location": "https://team.cloudflareaccess.com/cdn-cgi/access/login/a.example.com"}


@pytest.mark.parametrize(
    ("address", "visit", "status", "says"),
    [
        (_address(), _visit(), Status.PASSED, "HTTP 200"),
        (_address(), _visit(302, location="/login"), Status.PASSED, "HTTP 302"),
        (_address(), _visit(404), Status.PASSED, "nothing at this path"),
        (_address(), _visit(530, "error code: 1033"), Status.FAILED, "no connector"),
        (_address(), _visit(530, "<h1>Origin DNS error <small>Error 1016</small>"), Status.FAILED, "not there"),
        (_address(), _visit(530), Status.FAILED, ""),
        (_address(), _visit(502), Status.FAILED, "does not reach"),
        (_address(), _visit(503), Status.FAILED, "no rules"),
        (_address(), _visit(500), Status.FAILED, "the service itself"),
        (_address(), _visit(403, **{"cf-mitigated": "challenge"}), Status.PASSED, "challenges"),
        (_address(), _visit(403, "error code: 1020"), Status.PASSED, "a custom rule of the zone blocks"),
        (_address(), _visit(429, "error code: 1015"), Status.PASSED, "a rate limit of the zone"),
        (_address(), Visit(URL, ("x",), status=200, headers={"server": "nginx"}), Status.FAILED, "not proxied"),
        (_address("http_status:503"), _visit(503), Status.PASSED, "as declared"),
        (_address("http_status:410"), _visit(200), Status.FAILED, "another than the one declared"),
        (_address("tcp://db:5432"), _visit(400), Status.SKIPPED, "tcp"),
        (_address(protected=True), _visit(302, **LOGIN), Status.PASSED, "login"),
        (_address(protected=True), _visit(403), Status.PASSED, "Access"),
        (_address(protected=True), _visit(200), Status.FAILED, "bypass"),
        (_address(protected=False), _visit(200), Status.PASSED, "HTTP 200"),
    ],
)
def test_the_answer_is_as_expected(address: Address, visit: Visit, status: Status, says: str) -> None:
    found = public_response.judge(address, visit, NOW)[-1]
    assert found.check == "answer"
    assert found.status is status
    assert says in (found.cause or found.seen)


@pytest.mark.parametrize(
    ("visit", "checks"),
    [
        (Visit(URL, trouble="name"), {"resolves": Status.FAILED}),
        (Visit(URL, ("x",), "certificate", "expired"), {"resolves": Status.PASSED, "certificate": Status.FAILED}),
        (Visit(URL, ("x",), "connection", "timeout"), {"resolves": Status.PASSED, "answer": Status.FAILED}),
    ],
)
def test_what_keeps_a_visitor_out_is_one_failure(visit: Visit, checks: dict[str, Status]) -> None:
    assert {each.check: each.status for each in public_response.judge(_address(), visit, NOW)} == checks


@pytest.mark.parametrize(("days", "status"), [(60, Status.PASSED), (3, Status.FAILED)])
def test_a_certificate_about_to_end_is_told(days: int, status: Status) -> None:
    visit = Visit(URL, ("x",), status=200, headers=EDGE, expires=NOW + timedelta(days))
    assert [each.status for each in public_response.judge(_address(), visit, NOW) if each.check == "certificate"] == [
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
        (found,) = addresses(settings, [application])
        assert found.protected is covered
    assert addresses(settings, None)[0].protected is None


def test_a_hostname_whose_record_is_somebody_elses_is_not_visited() -> None:
    route = {"hostname": "a.example.com", "service": "http://blog"}
    (found,) = addresses(_settings({**route, "dns": "none"}, {**route, "hostname": "b.example.com"}), None)
    assert found.url == "https://b.example.com/"


def test_a_login_is_expected_where_the_stack_file_says_so_and_only_there() -> None:
    access = {"allow": {"emails": ["ann@example.com"]}}
    route = {"hostname": "a.example.com", "service": "http://blog"}
    guarded, hook = {**route, "access": access}, {**route, "path": "/hook", "public": True}
    settings = Settings.parse(
        {"accountId": "0" * 32, "zones": {"example.com": None}, "accessTeam": "acme", "routes": [guarded, hook]}
    )
    for applications in (None, [], [{"domain": "a.example.com"}]):
        assert [each.protected for each in addresses(settings, applications)] == [True, False]


def test_a_wildcard_is_tried_by_a_name_below_it() -> None:
    (found,) = addresses(_settings({"hostname": "*.example.com", "service": "http://blog"}), None)
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
def test_a_visit_through_a_front_reads_status_host_and_certificate() -> None:
    visit = Visitor().visit(URL)
    assert (visit.trouble, visit.status) == ("", 530)
    assert visit.body == "error code: 1033 for a.example.com"
    assert visit.expires is not None


@pytest.mark.usefixtures("front")
def test_a_certificate_for_another_name_is_refused() -> None:
    visit = Visitor().visit("https://b.example.com/")
    assert visit.trouble == "certificate"
    assert "b.example.com" in visit.detail


@pytest.mark.usefixtures("front")
def test_an_authority_that_nobody_named_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CULVERT_VERIFY_CA")
    assert Visitor().visit(URL).trouble == "certificate"


@pytest.mark.parametrize("front", ["here", "host:", ":80", "host:http"])
def test_a_front_that_is_no_address_is_refused(front: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULVERT_VERIFY_FRONT", front)
    with pytest.raises(Unread, match="CULVERT_VERIFY_FRONT is"):
        Visitor()
