"""docs/sandbox-api.md against the SDK's endpoints: each is emulated, or listed there and answered with 501."""

import fnmatch
import re

import httpx
import pytest

from tests.support.emulator import ACCOUNT, ZONE, Emulator
from tests.support.paths import PROJECT
from tests.support.sdk_endpoints import endpoints

PAGE = (PROJECT / "docs/sandbox-api.md").read_text().partition("\n## Not emulated")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `(\S+) (\S+)` \| .+ \|$", PAGE, re.MULTILINE)
ID = "0" * 32


def is_listed(endpoint: tuple[str, str], row: tuple[str, str]) -> bool:
    (method, path), (listed_method, pattern) = endpoint, row
    pattern = pattern.replace("{account_or_zone}/{id}", "*")
    return listed_method in (method, "*") and fnmatch.fnmatchcase(path, pattern)


def filled(path: str) -> str:
    path = path.replace("{account_id}", ACCOUNT).replace("{zone_id}", ZONE)
    return re.sub(r"\{\w+\}", ID, path)


@pytest.fixture
def refused(emulator: Emulator) -> dict[tuple[str, str], httpx.Response]:
    """The endpoints that answer 501 to a call, whatever it names, each with the response."""
    replies = {}
    for method, path in endpoints():
        reply = emulator.call(method, filled(path), {} if method in ("POST", "PUT", "PATCH") else None)
        if reply.status_code == 501:
            replies[method, path] = reply
    return replies


def test_the_page_lists_exactly_what_is_not_emulated(refused: dict[tuple[str, str], httpx.Response]) -> None:
    known = endpoints()
    assert len(known) > 200
    unlisted = [endpoint for endpoint in refused if not any(is_listed(endpoint, row) for row in ROWS)]
    emulated = [row for row in ROWS if any(is_listed(endpoint, row) for endpoint in known - refused.keys())]
    unused = [row for row in ROWS if not any(is_listed(endpoint, row) for endpoint in refused)]
    assert (unlisted, emulated, unused) == ([], [], [])
    for (method, path), reply in refused.items():
        (error,) = reply.json()["errors"]
        assert error["message"].startswith(f"culvert sandbox: {method} /client/v4{filled(path)} is not emulated")
        assert reply.headers["x-should-retry"] == "false"
