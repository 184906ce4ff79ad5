"""The token and the tunnel's secret are nowhere but in the connector's Secret."""

import base64
import json
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Sandbox, settings

pytestmark = pytest.mark.xdist_group("secrets")

ROUTES = [{"hostname": "secrets.example.com", "service": "http://blog"}]


@pytest.fixture(scope="module")
def secrets(sandbox: Sandbox) -> list[str]:
    """The token, the tunnel's secret and the password in it, read from the Secret: the one place that may have them."""
    sandbox.up("secrets", settings("secrets", routes=ROUTES))
    (secret,) = [item for item in sandbox.objects("v1", "Secret", "secrets") if "token" in (item.get("data") or {})]
    token = base64.b64decode(secret["data"]["token"]).decode()
    parts = json.loads(base64.b64decode(token))
    assert set(parts) == {"a", "t", "s"}
    password = base64.b64decode(parts["s"]).decode()
    assert len(password) >= 32
    return [token, parts["s"], password, secret["data"]["token"]]


def _assert_absent(secrets: list[str], text: str) -> None:
    assert len(text) > 100, "the text is too short to show anything"
    for secret in secrets:
        assert secret not in text


def test_the_exported_state_contains_no_secret(sandbox: Sandbox, secrets: list[str]) -> None:
    state = sandbox.raw("export", "--stack", "secrets").stdout
    _assert_absent(secrets, state)
    assert "ciphertext" in state
    identities = [resource.get("id", "") for resource in json.loads(state)["deployment"]["resources"]]
    assert "none" in identities, "the random password's id is another than none"


def test_previews_and_diffs_contain_no_secret(sandbox: Sandbox, secrets: list[str]) -> None:
    changed = sandbox.stack_file("secrets", settings("secrets", routes=ROUTES, connector={"replicas": 3}))
    for command in (
        ["preview", "--json"],
        ["preview"],
        ["refresh"],
        ["up", "--json"],
        ["outputs"],
        ["status", "--json"],
        ["calls"],
    ):
        completed = sandbox.raw(*command, "--stack", "secrets", "--config", str(changed))
        assert completed.returncode == 0, completed.stderr
        _assert_absent(secrets, f"{completed.stdout}\n{completed.stderr}\n{'-' * 100}")


def test_no_cluster_object_but_the_secret_contains_them(sandbox: Sandbox, secrets: list[str]) -> None:
    for api, kind in (
        ("v1", "Pod"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("v1", "ConfigMap"),
        ("v1", "Event"),
    ):
        objects = sandbox.objects(api, kind, "secrets")
        _assert_absent(secrets, json.dumps(objects, default=str) + "-" * 100)
    for secret in sandbox.objects("v1", "Secret", "secrets"):
        _assert_absent(secrets, json.dumps(secret["metadata"], default=str) + "-" * 100)


def test_process_arguments_and_logs_contain_no_secret(sandbox: Sandbox, secrets: list[str]) -> None:
    arguments = []
    for process in psutil.process_iter(["cmdline"]):
        arguments += process.info["cmdline"] or []
    _assert_absent(secrets, "\n".join(arguments))
    logs = "".join(path.read_text(errors="replace") for path in (sandbox.home / "logs").glob("*.log"))
    _assert_absent(secrets, logs)


def test_the_emulated_apis_dashboard_and_log_contain_no_secret(sandbox: Sandbox, secrets: list[str]) -> None:
    _assert_absent(secrets, json.dumps(sandbox.state()))


def test_only_the_owner_can_read_the_sandboxs_files_with_secrets(sandbox: Sandbox, secrets: list[str]) -> None:
    assert secrets
    for name in ("admin", "passphrase", "api-token"):
        assert Path(sandbox.home / name).stat().st_mode & 0o077 == 0
    assert sandbox.home.stat().st_mode & 0o077 == 0
