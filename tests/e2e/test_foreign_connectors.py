"""A tunnel with foreign connectors is not deleted until the program drops their connections."""

from tests.e2e.conftest import Sandbox, settings


def test_foreign_connectors_are_dropped_when_the_program_runs(sandbox: Sandbox) -> None:
    tunnel = sandbox.up("held", settings("held"))["outputs"]["tunnelId"]
    file = str(sandbox.home.parent / "Pulumi.held.yaml")
    _connect(sandbox, tunnel)
    errors = sandbox.run("destroy", "--config", file, fails=True)["errors"]
    assert any("1022" in error["message"] and "--run-program" in error["accepted"] for error in errors)
    assert "culvert-held" in sandbox.tunnels()
    sandbox.calls()
    sandbox.run("destroy", "--config", file, "--run-program")
    assert "culvert-held" not in sandbox.tunnels()
    writes = [(call["method"], call["path"].rpartition(tunnel)[2], call["status"]) for call in sandbox.calls()]
    assert [call for call in writes if call[0] == "DELETE"] == [
        ("DELETE", "", 400),
        ("DELETE", "/connections", 200),
        ("DELETE", "", 200),
    ]


def _connect(sandbox: Sandbox, tunnel: str) -> None:
    """Declares two connectors without a process, which stay connected when the stack's own are gone."""
    sandbox.admin("PUT", "/connections", {"tunnel": tunnel, "connectors": [4, 2]})
