"""`--policy`: the policy rules validate a rehearsal and name the remedy."""

from tests.e2e.conftest import Sandbox, settings


def test_the_report_of_a_validated_stack_lists_violations(sandbox: Sandbox) -> None:
    report = sandbox.run("preview", "--policy", "--stack", "dev")
    assert report["summary"]["create"] > 0
    assert "violations" in report


def test_a_single_connector_in_prod_is_rejected_with_the_remedy(sandbox: Sandbox) -> None:
    routes = [{"hostname": "alone.example.com", "service": "http_status:200"}]
    alone = sandbox.stack_file("alone", settings("alone", routes=routes, connector={"replicas": 1}))
    errors = sandbox.run("preview", "--policy", "--stack", "prod", "--config", str(alone), fails=True)["errors"]
    (error,) = [error for error in errors if error["key"] == "connector-is-redundant"]
    assert "docs/policy-pack.md" in error["source"]
    assert error["accepted"]
    assert "violations" not in sandbox.run("preview", "--stack", "prod", "--config", str(alone))
