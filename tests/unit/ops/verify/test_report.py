"""Exit status, JSON and table; and the results without an API and a cluster."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from ops.expected_stack import load
from ops.verify.faults import FAULTS
from ops.verify.report import as_json, as_table
from ops.verify.result import Check, Status, exit_status
from ops.verify.runner import Runner
from tests.unit.ops.verify.test_cluster_checks import DECLARED

CHECK = Check("api", "records")
GOOD = CHECK.passed("a.example.com", "there")
BAD = CHECK.finds("b.example.com", "gone", FAULTS["record missing"], impact="nothing")
UNKNOWN, SKIPPED = CHECK.unknown("c", "no answer", "try again"), CHECK.skipped("d", "nothing to ask")


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([GOOD], 0),
        ([GOOD, SKIPPED], 0),
        ([GOOD, UNKNOWN], 2),
        ([GOOD, UNKNOWN, BAD], 1),
        ([SKIPPED], 2),
        ([], 2),
    ],
)
def test_the_exit_status_distinguishes_passed_failed_and_unknown(results: list, status: int) -> None:
    assert exit_status(results) == status
    assert as_json("dev", results)["status"] == status


def test_the_json_has_every_field_of_each_result() -> None:
    report = as_json("dev", [GOOD, BAD])
    assert report["summary"] == {"passed": 1, "failed": 1, "unknown": 0, "skipped": 0}
    assert report["checks"][1] == {
        "layer": "api",
        "check": "records",
        "subject": "b.example.com",
        "status": "failed",
        "observed": "gone",
        "impact": "nothing",
        "cause": FAULTS["record missing"].cause,
        "remedy": "create it again",
        "commands": ("pulumi up --refresh --stack {stack}",),
        "fault": "record missing",
        "follows_from": "",
    }


def test_the_table_has_impact_cause_and_remedy_of_a_failure() -> None:
    console = Console(width=200)
    with console.capture() as shown:
        console.print(as_table([GOOD, BAD, UNKNOWN, SKIPPED]))
    for text in ("impact: nothing", "likely cause: the record was deleted", "remedy: create it", "remedy: try again"):
        assert text in shown.get()


def test_without_api_and_cluster_no_check_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    results = Runner(DECLARED).run()
    assert {each.status for each in results} == {Status.UNKNOWN}
    assert exit_status(results) == 2
    assert all(each.observed for each in results)


def test_a_stack_without_a_file_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match=r"Pulumi\.nowhere\.yaml"):
        load("nowhere", None)


def test_a_report_is_a_screen_of_text_that_does_not_act_on_the_terminal() -> None:
    check = Check("api", "records")
    failed = [
        check.finds(f"h{number}\x1b[2J", f"a{number}\n" * 5000, FAULTS["record missing"]) for number in range(1000)
    ]
    console = Console(width=120, file=io.StringIO())
    with console.capture() as capture:
        console.print(as_table([*failed, check.passed("x", "y")]), soft_wrap=True)
    lines = capture.get().splitlines()
    assert len(lines) <= 40
    assert any("more: --json lists all" in line for line in lines)
    assert "\x1b[2J" not in capture.get()


def test_what_several_checks_have_in_common_is_shown_once() -> None:
    unknown = [Check("api", name).unknown("culvert-dev", "no token", "set it") for name in ("tunnel", "rules")]
    missing = [CHECK.finds(host, "gone", FAULTS["record missing"]) for host in ("a.example.com", "b.example.com")]
    console = Console(width=200)
    with console.capture() as shown:
        console.print(as_table([*missing, *unknown]))
    assert "✗ records: a.example.com, b.example.com\n" in shown.get()
    assert "? tunnel, rules: culvert-dev\n" in shown.get()
    assert shown.get().count("remedy:") == 2
