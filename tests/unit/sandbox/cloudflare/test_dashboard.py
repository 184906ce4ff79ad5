"""The dashboard's HTTP side: who may read it, what it sends again, and what it lets the browser load."""

import re

from tests.support.emulator import Emulator


def test_the_dashboard_is_served_under_loopback_names_only(emulator: Emulator) -> None:
    for path in ("/", "/state.json"):
        assert emulator.http.get(path, headers={"Host": "rebound.example.net"}).status_code == 403
        assert emulator.http.get(path).status_code == 200


def test_a_client_that_has_the_latest_state_gets_304(emulator: Emulator) -> None:
    first = emulator.http.get("/state.json")
    again = emulator.http.get("/state.json", headers={"If-None-Match": first.headers["etag"]})
    emulator.tunnel()
    changed = emulator.http.get("/state.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


def test_the_page_loads_nothing_from_other_hosts(emulator: Emulator) -> None:
    reply = emulator.http.get("/")
    assert reply.headers["content-security-policy"].startswith("default-src 'none'; connect-src 'self'")
    assert not re.search(r"""(src|href)=["'](?!data:)|url\((?!data:)|@import""", reply.text)
