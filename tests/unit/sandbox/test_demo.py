"""The demo's visit of the sample site."""

from typing import Any

import httpx
import pytest
from rich.console import Console

from components.sample_site_page import PAGE
from sandbox import demo
from sandbox.tools import browser

FRONTEND = "http://127.0.0.1:8088"


def visit(monkeypatch: pytest.MonkeyPatch, response: httpx.Response, cloudflared: str | None) -> tuple[int, str, list]:
    """The exit status of a visit, what it prints, and the hosts it asks for."""
    hosts: list[str] = []

    def get(_url: str, *, headers: dict[str, str], **_options: Any) -> httpx.Response:
        hosts.append(headers["Host"])
        return response

    monkeypatch.setattr(httpx, "get", get)
    monkeypatch.setattr(browser, "installed", lambda: None)
    console = Console(width=200, highlight=False)
    with console.capture() as capture:
        status = demo._visit(console, {"frontend": FRONTEND, "cloudflared": {"path": cloudflared}}, "blog.example.com")
    return status, capture.get(), hosts


def test_a_visit_shows_an_address_that_opens_and_the_pages_title(monkeypatch: pytest.MonkeyPatch) -> None:
    status, printed, hosts = visit(monkeypatch, httpx.Response(200, text=PAGE), "/bin/cloudflared")
    assert (status, hosts) == (0, ["blog.example.com.localhost:8088"])
    assert "curl http://blog.example.com.localhost:8088/" in printed
    assert "200 OK\n<title>It works</title>\n" in printed
    assert "<style>" not in printed


def test_a_visit_that_fails_fails_the_demo_and_shows_the_response(monkeypatch: pytest.MonkeyPatch) -> None:
    status, printed, _ = visit(monkeypatch, httpx.Response(502, text="error 502"), "/bin/cloudflared")
    assert status == 1
    assert "502 Bad Gateway\nerror 502\n" in printed


def test_without_a_connector_the_visit_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    status, printed, hosts = visit(monkeypatch, httpx.Response(200), None)
    assert (status, hosts) == (0, [])
    assert "Skipped, because the connector's pods are simulated." in printed
