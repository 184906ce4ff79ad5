"""Exit status, JSON, table, and what happens where nobody answers."""

from pathlib import Path

import httpx
import pytest
from rich.console import Console

from clients.cloudflare import Cloudflare
from ops.verify.expected_stack import declared
from ops.verify.report import as_json, shown
from ops.verify.result import Check, Status, Unread, exit_status
from ops.verify.runner import Survey
from tests.unit.ops.verify.test_cluster_checks import DECLARED

CHECK = Check("api", "records")
GOOD = CHECK.passed("a.example.com", "there")
BAD = CHECK.failed("b.example.com", "gone", visitor="nothing", cause="somebody", remedy="pulumi up")
UNKNOWN, SKIPPED = CHECK.unknown("c", "no answer", "try again"), CHECK.skipped("d", "nothing to ask")


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([GOOD], 0),
        ([GOOD, SKIPPED], 0),
        ([GOOD, UNKNOWN], 2),
        ([GOOD, UNKNOWN, BAD], 1),
        ([SKIPPED], 2),
        ([], 2),
    ],
)
def test_the_exit_status_tells_good_from_bad_from_unasked(findings: list, status: int) -> None:
    assert exit_status(findings) == status
    assert as_json("dev", findings)["status"] == status


def test_the_json_has_every_finding_whole() -> None:
    report = as_json("dev", [GOOD, BAD])
    assert report["summary"] == {"passed": 1, "failed": 1, "unknown": 0, "skipped": 0}
    assert report["checks"][1] == {
        "place": "api",
        "check": "records",
        "about": "b.example.com",
        "status": "failed",
        "seen": "gone",
        "visitor": "nothing",
        "cause": "somebody",
        "remedy": "pulumi up",
    }


def test_the_table_says_of_a_failure_what_to_do() -> None:
    console = Console(width=200)
    with console.capture() as text:
        console.print(shown([GOOD, BAD, UNKNOWN, SKIPPED]))
    for said in ("a visitor sees: nothing", "likely cause: somebody", "what to do: pulumi up", "what to do: try again"):
        assert said in text.get()


def test_without_api_and_cluster_nothing_is_called_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    findings = Survey(DECLARED).run()
    assert {each.status for each in findings} == {Status.UNKNOWN}
    assert exit_status(findings) == 2
    assert all(each.seen for each in findings)


def _cloudflare(monkeypatch: pytest.MonkeyPatch, status: int, body: object, **headers: str) -> Cloudflare:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "not-to-be-seen")
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:9/client/v4")
    answer = httpx.MockTransport(lambda _request: httpx.Response(status, json=body, headers=headers))
    return Cloudflare(httpx.Client(transport=answer))


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, 10000, "Cloudflare Tunnel: Read"),
        (401, 1001, "Cloudflare Tunnel: Read"),
        (429, 971, "wait 7 seconds"),
        (404, 7003, "accountId"),
    ],
)
def test_a_refusal_says_what_to_do_about_it_and_no_token(
    status: int, code: int, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"success": False, "errors": [{"code": code, "message": "no"}], "result": None}
    with pytest.raises(Unread, match=str(code)) as refused:
        _cloudflare(monkeypatch, status, body, **{"retry-after": "7"}).tunnels("a", "culvert-dev")
    assert remedy in refused.value.remedy
    assert "not-to-be-seen" not in refused.value.why + refused.value.remedy


def test_a_list_longer_than_a_page_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x")
    pages = {"1": [{"name": "r"}] * 1000, "2": [{"name": "last"}]}
    answer = httpx.MockTransport(
        lambda asked: httpx.Response(200, json={"success": True, "result": pages[asked.url.params["page"]]})
    )
    assert len(Cloudflare(httpx.Client(transport=answer)).records("z")) == 1001


def test_a_zone_is_looked_up_in_pages_that_the_api_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x")

    def zones(asked: httpx.Request) -> httpx.Response:
        if int(asked.url.params.get("per_page", 20)) > 50:
            errors = [{"code": 1004, "message": "per_page must be a number between 1 and 50"}]
            return httpx.Response(400, json={"success": False, "errors": errors, "result": None})
        assert (asked.url.params["name"], asked.url.params["account.id"]) == ("example.org", "a")
        return httpx.Response(200, json={"success": True, "result": [{"id": "z"}]})

    assert Cloudflare(httpx.Client(transport=httpx.MockTransport(zones))).zone_id("a", "example.org") == "z"


def test_access_that_the_token_may_not_read_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _cloudflare(monkeypatch, 403, {"success": False}).access_applications("a") is None
    assert _cloudflare(monkeypatch, 200, {"success": True, "result": []}).access_applications("a") == []


def test_a_stack_without_a_file_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match=r"Pulumi\.nowhere\.yaml"):
        declared("nowhere", None)
