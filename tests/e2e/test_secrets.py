"""Neither the token nor the tunnel's secret is to be read anywhere but in the connector's Secret."""

import base64
import json
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Sandbox, settings

pytestmark = pytest.mark.xdist_group("secrets")

ROUTES = [{"hostname": "secrets.example.com", "service": "http://blog"}]


@pytest.fixture(scope="module")
def known(sandbox: Sandbox) -> list[str]:
    """The token, the tunnel's secret and the password below it, read from the one place that may tell: the Secret."""
    sandbox.up("secrets", settings("secrets", routes=ROUTES))
    (secret,) = [s for s in sandbox.objects("v1", "Secret", "secrets") if "token" in (s.get("data") or {})]
    token = base64.b64decode(secret["data"]["token"]).decode()
    parts = json.loads(base64.b64decode(token))
    assert set(parts) == {"a", "t", "s"}
    password = base64.b64decode(parts["s"]).decode()
    assert len(password) >= 32
    return [token, parts["s"], password, secret["data"]["token"]]


def _assert_unreadable(known: list[str], text: str) -> None:
    assert len(text) > 100, "there is something to look through"
    for secret in known:
        assert secret not in text


def test_the_exported_state_does_not_tell_them(sandbox: Sandbox, known: list[str]) -> None:
    state = sandbox.raw("export", "--stack", "secrets").stdout
    _assert_unreadable(known, state)
    assert "ciphertext" in state
    identities = [resource.get("id", "") for resource in json.loads(state)["deployment"]["resources"]]
    assert "none" in identities, "the id of the random password"


def test_previews_and_diffs_do_not_tell_them(sandbox: Sandbox, known: list[str]) -> None:
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
        done = sandbox.raw(*command, "--stack", "secrets", "--config", str(changed))
        assert done.returncode == 0, done.stderr
        _assert_unreadable(known, f"{done.stdout}\n{done.stderr}\n{'-' * 100}")


def test_objects_of_the_cluster_do_not_tell_them_outside_the_secret(sandbox: Sandbox, known: list[str]) -> None:
    for api, kind in (
        ("v1", "Pod"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("v1", "ConfigMap"),
        ("v1", "Event"),
    ):
        objects = sandbox.objects(api, kind, "secrets")
        _assert_unreadable(known, json.dumps(objects, default=str) + "-" * 100)
    for secret in sandbox.objects("v1", "Secret", "secrets"):
        _assert_unreadable(known, json.dumps(secret["metadata"], default=str) + "-" * 100)


def test_arguments_and_logs_do_not_tell_them(sandbox: Sandbox, known: list[str]) -> None:
    arguments = []
    for process in psutil.process_iter(["cmdline"]):
        arguments += process.info["cmdline"] or []
    _assert_unreadable(known, "\n".join(arguments))
    logs = "".join(path.read_text(errors="replace") for path in (sandbox.home / "logs").glob("*.log"))
    _assert_unreadable(known, logs)


def test_the_emulated_api_shows_them_neither_on_its_page_nor_in_its_log(sandbox: Sandbox, known: list[str]) -> None:
    _assert_unreadable(known, json.dumps(sandbox.state()))


def test_files_of_the_sandbox_that_hold_secrets_are_for_their_owner(sandbox: Sandbox, known: list[str]) -> None:
    assert known
    for name in ("admin", "passphrase", "api-token"):
        assert Path(sandbox.home / name).stat().st_mode & 0o077 == 0
    assert sandbox.home.stat().st_mode & 0o077 == 0
