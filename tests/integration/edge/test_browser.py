"""Screenshots of a page, taken by a real browser."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandbox.directory import SandboxDirectory
from sandbox.edge.certificate_authority import CertificateAuthority
from sandbox.tools.browser import screenshot
from tests.support.browser import find

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RED = b"<body style='margin:0;background:#f00'>"


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])  # pyright: ignore[reportAttributeAccessIssue]
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(RED)))
        self.end_headers()
        self.wfile.write(RED)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def frontend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    monkeypatch.setenv("CULVERT_SANDBOX_HOME", str(tmp_path / "home"))
    home = SandboxDirectory()
    home.create()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.daemon_threads = True  # a browser opens connections ahead of requests, and keeps them open
    server.hosts = []  # pyright: ignore[reportAttributeAccessIssue]
    server.socket = (
        CertificateAuthority(home)
        .sni_context()
        .wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_screenshot_shows_the_hostname_as_the_front_end_serves_it(
    frontend: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = find()
    for key, value in browser.environment.items():
        monkeypatch.setenv(key, value)
    picture = tmp_path / "page.png"
    screenshot(browser.path, "blog.example.com", f"http://127.0.0.1:{frontend.server_port}", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "blog.example.com" in frontend.hosts  # pyright: ignore[reportAttributeAccessIssue]


def test_a_failure_quotes_the_browser(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(RuntimeError, match=r"chromium took no screenshot .*no display"):
        screenshot(broken, "blog.example.com", "http://127.0.0.1:1", tmp_path / "page.png")
