"""The emulator's dashboard in headless Chromium."""

import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from sandbox.cloudflare import frontend
from sandbox.cloudflare.store import Store
from sandbox.tools.browser import FLAGS
from tests.support import browser
from tests.support.emulator import (
    ACCOUNT,
    RECORDS,
    RULESETS,
    TUNNELS,
    Emulator,
    EmulatorThread,
    emulator_process,
    secret,
)

RULES = [
    {"hostname": "blog.example.com", "path": "^/v1(/|$)", "service": "http://blog.blog.svc.cluster.local:80"},
    {"service": "http_status:404"},
]


pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For this module alone: until the browser is closed, its event loop keeps others from running in this process."""
    found = browser.find()
    # For a busy machine; a correct page passes at once.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found.path, args=list(FLAGS), env={**os.environ, **found.environment}
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def emulator_thread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorThread]:
    thread = EmulatorThread(tmp_path_factory.mktemp("emulator"))
    yield thread
    thread.stop()


@pytest.fixture
def emulator(emulator_thread: EmulatorThread, tmp_path: Path) -> Iterator[Emulator]:
    with emulator_thread.emulator(tmp_path / "cloudflare.sqlite3") as emulator:
        yield emulator


@pytest.fixture
def page(chromium: Browser, emulator: Emulator) -> Iterator[Page]:
    """The dashboard; errors in the console and requests to other hosts fail the test."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    opened, errors, fetched = context.new_page(), [], set()

    def add_error(message: ConsoleMessage) -> None:
        errors.append(message.text)

    def add_request(request: Request) -> None:
        if not request.url.startswith("data:"):
            fetched.add(request.url)

    opened.on("console", add_error)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", add_request)
    opened.goto(f"{emulator.http.base_url}/")
    yield opened
    context.close()
    assert errors == []
    assert fetched <= {f"{emulator.http.base_url}/", f"{emulator.http.base_url}/state.json"}


def record(emulator: Emulator, name: str, tunnel: str) -> None:
    body = {"name": name, "type": "CNAME", "content": f"{tunnel}.cfargotunnel.com", "proxied": True, "ttl": 1}
    emulator.done("POST", RECORDS, {**body, "comment": "culvert/dev"})


def test_a_tunnel_has_status_rules_version_and_connections(page: Page, emulator: Emulator) -> None:
    tunnel = emulator.tunnel("culvert-dev")
    for _ in range(3):
        emulator.done("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": {"ingress": RULES}})
    emulator.connect(tunnel, [4])
    card = page.locator("[data-tunnel=culvert-dev]")
    expect(card.locator(".pill")).to_have_text("healthy")
    expect(card).to_contain_text("configuration version 3")
    expect(card).to_contain_text("4 connections to lo01")
    rows = card.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("blog.example.com")
    expect(rows.nth(0)).to_contain_text("^/v1(/|$)")
    expect(rows.nth(1)).to_contain_text("http_status:404")


def test_the_page_updates_without_a_reload(page: Page, emulator: Emulator) -> None:
    expect(page.locator("#tunnels")).to_contain_text("No tunnels yet.")
    page.evaluate("window.notReloaded = true")
    tunnel = emulator.tunnel("culvert-dev")
    expect(page.locator("[data-tunnel=culvert-dev] .pill")).to_have_text("inactive")
    emulator.connect(tunnel, [4])
    expect(page.locator("[data-tunnel=culvert-dev] .pill")).to_have_text("healthy")
    emulator.connect(tunnel, [])
    expect(page.locator("[data-tunnel=culvert-dev] .pill")).to_have_text("down")
    assert page.evaluate("window.notReloaded") is True


@pytest.mark.parametrize(
    ("connectors", "deleted", "hint"),
    [
        ([[4]], False, None),
        ([], False, "visitors get error 1033"),
        ([[4], []], False, "this tunnel has lost all its connections"),
        ([], True, "points at a deleted tunnel: visitors get error 1016"),
    ],
)
def test_a_record_warns_when_its_tunnel_cannot_serve_visitors(
    page: Page, emulator: Emulator, connectors: list[list[int]], deleted: bool, hint: str | None
) -> None:
    tunnel = emulator.tunnel("culvert-dev")
    record(emulator, "blog", tunnel)
    for connected in connectors:
        emulator.connect(tunnel, connected)
    if deleted:
        emulator.done("DELETE", f"{TUNNELS}/{tunnel}")
    row = page.locator("[data-record='blog.example.com']")
    expect(row).to_contain_text("tunnel culvert-dev")
    expect(row).to_contain_text("culvert/dev")
    if hint is None:
        expect(row.locator(".hint")).to_have_count(0)
    else:
        expect(row.locator(".hint")).to_contain_text(hint)


def test_a_record_warns_of_an_unknown_tunnel(page: Page, emulator: Emulator) -> None:
    record(emulator, "blog", "00000000-0000-4000-8000-000000000000")
    expect(page.locator("[data-record='blog.example.com'] .hint")).to_contain_text("an unknown tunnel")


def test_recent_calls_are_coloured_by_status(page: Page, emulator: Emulator) -> None:
    emulator.tunnel("culvert-dev")
    emulator.call("POST", TUNNELS, {"name": "culvert-dev"})
    emulator.owner("PUT", "/faults", {"rules": [{"next": 1, "status": 503}]})
    emulator.call("GET", "/zones")
    lines = page.locator("#calls li")
    expect(lines).to_have_count(3)
    expect(lines.locator(".status")).to_have_text(["503", "409", "200"])
    for line, colour in enumerate(("bad", "warn", "good")):
        expect(lines.nth(line).locator(".status")).to_have_class(re.compile(rf"\b{colour}\b"))
    expect(lines.nth(0)).to_contain_text("/zones")
    expect(lines.nth(1)).to_have_attribute("title", f"/client/v4{TUNNELS}")


def test_identifiers_in_calls_are_shown_as_names(page: Page, emulator: Emulator) -> None:
    emulator.call("GET", f"{TUNNELS}/{emulator.tunnel('culvert-dev')}/token")
    emulator.call("GET", RECORDS)
    expect(page.locator("#calls .path").nth(1)).to_have_text("/accounts/Home/cfd_tunnel/culvert-dev/token")
    expect(page.locator("#calls .path").nth(0)).to_have_text("/zones/example.com/dns_records")


def test_hostnames_are_links_that_the_edge_understands(page: Page, emulator: Emulator, tmp_path: Path) -> None:
    tunnel = emulator.tunnel("culvert-dev")
    ssh = {"hostname": "ssh.example.com", "service": "ssh://a:22"}
    wildcard = {"hostname": "*.example.com", "service": "http://a"}
    config = {"ingress": [RULES[0], ssh, wildcard, RULES[1]]}
    emulator.done("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": config})
    record(emulator, "blog", tunnel)
    record(emulator, "*", tunnel)
    expect(page.locator("[data-record='blog.example.com']")).to_be_visible()
    expect(page.locator("main a")).to_have_count(0)  # no edge runs
    frontend.set_port(Store(tmp_path / "cloudflare.sqlite3"), 8088)
    links = page.locator("main a")
    expect(links).to_have_text(["blog.example.com"] * 2)  # the rule's and the record's
    for index in range(2):
        expect(links.nth(index)).to_have_attribute("href", "http://blog.example.com.localhost:8088/")


def test_a_link_opens_in_the_browser(chromium: Browser) -> None:
    hosts: list[str] = []

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as front:
        threading.Thread(target=front.serve_forever, daemon=True).start()
        context = chromium.new_context()
        host = f"blog.example.com.localhost:{front.server_port}"
        response = context.new_page().goto(f"http://{host}/")
        context.close()
        front.shutdown()
    assert response
    assert response.status == 200
    assert hosts[0] == host


def test_a_switch_shows_writes_only(page: Page, emulator: Emulator) -> None:
    tunnel = emulator.tunnel("culvert-dev")
    for _ in range(61):  # more reads than the list shows
        emulator.call("GET", "/zones")
    expect(page.locator("#calls li")).to_have_count(60)
    expect(page.locator("#calls li .accent")).to_have_count(0)
    page.get_by_label("writes only").check()
    expect(page.locator("#calls li")).to_have_count(1)
    expect(page.locator("#calls li .accent")).to_have_text("POST")
    emulator.call("GET", "/zones")
    emulator.done("DELETE", f"{TUNNELS}/{tunnel}")
    expect(page.locator("#calls li .accent")).to_have_text(["DELETE", "POST"])
    page.get_by_label("writes only").uncheck()
    expect(page.locator("#calls li")).to_have_count(60)


def test_data_from_clients_is_never_markup(page: Page, emulator: Emulator) -> None:
    hostile = "<img src=x onerror=window.injected=1><script>window.injected=1</script>"
    tunnel = emulator.tunnel(hostile)
    rule = {"hostname": hostile, "path": "<b>", "service": "http://a"}
    config = {"ingress": [rule, {"service": "http_status:404"}]}
    emulator.done("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": config})
    emulator.done("POST", RECORDS, {"name": "a", "type": "TXT", "content": hostile, "comment": hostile})
    emulator.call("GET", "/<img src=x onerror=window.injected=1>")
    expect(page.locator("#tunnels h3")).to_have_text(hostile)
    expect(page.locator("#tunnels tbody")).to_contain_text(hostile)
    expect(page.locator("[data-record='a.example.com']")).to_contain_text(hostile)
    expect(page.locator("#calls li").first).to_contain_text("onerror")
    assert page.locator("main img, main script, main b").count() == 0
    assert page.evaluate("window.injected") is None


def test_the_filter_applies_to_tunnels_and_records(page: Page, emulator: Emulator) -> None:
    tunnels = {name: emulator.tunnel(name) for name in ("culvert-dev", "culvert-prod")}
    record(emulator, "blog", tunnels["culvert-dev"])
    record(emulator, "www", tunnels["culvert-prod"])
    expect(page.locator("[data-record]")).to_have_count(2)
    page.locator("#filter").fill("PROD")
    expect(page.locator("[data-tunnel]")).to_have_count(1)
    expect(page.locator("[data-record]")).to_have_count(1)
    expect(page.locator("[data-record]")).to_contain_text("www.example.com")
    page.locator("#filter").fill("")
    expect(page.locator("[data-tunnel]")).to_have_count(2)


def test_deleted_tunnels_are_collapsed_and_stay_open_once_opened(page: Page, emulator: Emulator) -> None:
    emulator.done("DELETE", f"{TUNNELS}/{emulator.tunnel('old')}")
    expect(page.locator("[data-tunnel=old]")).to_be_hidden()
    page.get_by_text("1 deleted tunnel").click()
    expect(page.locator("[data-tunnel=old]")).to_be_visible()
    emulator.tunnel("new")
    expect(page.locator("[data-tunnel=new]")).to_be_visible()
    expect(page.locator("[data-tunnel=old]")).to_be_visible()


def test_other_objects_are_listed(page: Page, emulator: Emulator) -> None:
    expect(page.locator("#others")).to_be_hidden()
    emulator.done("POST", RULESETS, {"name": "guard", "kind": "zone", "phase": "http_ratelimit"})
    emulator.done("POST", f"/accounts/{ACCOUNT}/access/service_tokens", {"name": "ci"})
    expect(page.locator("#others tbody tr")).to_have_text(
        [re.compile("rulesets.*guard"), re.compile("service tokens.*ci")]
    )


def test_the_page_has_a_light_and_a_dark_scheme(chromium: Browser, emulator: Emulator) -> None:
    brightness: dict[str, int] = {}
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)  # pyright: ignore[reportArgumentType]
        opened = context.new_page()
        opened.goto(f"{emulator.http.base_url}/")
        colour: Any = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness[scheme] = sum(int(part) for part in re.findall(r"\d+", colour)[:3])
        context.close()
    assert brightness["light"] > 600
    assert brightness["dark"] < 200


def test_a_narrow_window_does_not_scroll_sideways(page: Page, emulator: Emulator) -> None:
    tunnel = emulator.tunnel("a-tunnel-with-quite-a-long-name-" + "x" * 60)
    emulator.done("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": {"ingress": RULES}})
    record(emulator, "a-host-with-quite-a-long-name", tunnel)
    emulator.done("POST", RULESETS, {"name": "guard", "kind": "zone", "phase": "http_ratelimit"})
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.locator("[data-record]")).to_have_count(1)
    expect(page.locator("#others tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tables = "[...document.querySelectorAll('.scroll')].map((each) => each.scrollWidth - each.clientWidth)"
    assert page.evaluate(tables) == [0, 0, 0]
    first_row = page.locator("[data-tunnel] tbody tr").first
    labels = "(row) => [...row.children].map((cell) => getComputedStyle(cell, '::before').content)"
    assert first_row.evaluate(labels) == ['"Rule"', '"Hostname"', '"Path"', '"Service"']


def test_the_page_shows_when_the_emulator_is_gone(chromium: Browser, tmp_path: Path) -> None:
    context = chromium.new_context()
    opened = context.new_page()
    with emulator_process(tmp_path / "cloudflare.sqlite3") as emulator:
        opened.goto(f"{emulator.http.base_url}/")
        expect(opened.locator("#live")).to_have_text("live")
    expect(opened.locator("#live")).to_have_text("the emulator does not respond")
    context.close()


def test_no_secret_reaches_the_page(page: Page, emulator: Emulator) -> None:
    given = secret()
    made = emulator.done("POST", TUNNELS, {"name": "culvert-dev", "tunnel_secret": given})
    expect(page.locator("[data-tunnel=culvert-dev]")).to_be_visible()
    content = page.content()
    assert not [hidden for hidden in (given, made["token"], emulator.token) if hidden in content]
