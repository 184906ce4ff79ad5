"""The picture of a page, as a real browser takes it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandbox.directory import SandboxDirectory
from sandbox.edge.certificate_authority import Authority
from sandbox.tools.browser import screenshot
from tests.support.browser import find

RED = b"<body style='margin:0;background:#f00'>"


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.headers["Host"])  # pyright: ignore[reportAttributeAccessIssue]
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(RED)))
        self.end_headers()
        self.wfile.write(RED)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    monkeypatch.setenv("CULVERT_SANDBOX_HOME", str(tmp_path / "home"))
    home = SandboxDirectory()
    home.create()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.daemon_threads = True  # a browser opens connections ahead, and keeps them
    server.asked = []  # pyright: ignore[reportAttributeAccessIssue]
    server.socket = (
        Authority(home).any_name().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_picture_is_of_the_hostname_as_the_front_serves_it(
    front: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = find()
    for key, value in browser.environment.items():
        monkeypatch.setenv(key, value)
    picture = tmp_path / "page.png"
    screenshot(browser.path, "blog.example.com", f"http://127.0.0.1:{front.server_port}", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "blog.example.com" in front.asked  # pyright: ignore[reportAttributeAccessIssue]


def test_a_browser_that_fails_is_quoted(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(RuntimeError, match=r"chromium made no picture .*no display"):
        screenshot(broken, "blog.example.com", "http://127.0.0.1:1", tmp_path / "page.png")
