"""`python -m ops migrate --from-account`: a live tunnel, read from the emulated API."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.support.emulator import ACCOUNT, ALL_PERMISSIONS, OTHER_ZONE, TUNNELS, ZONE, Emulator, secret
from tests.unit.ops.conftest import Completed, Ops

CONFIG = {
    "originRequest": {"connectTimeout": 10, "http2Origin": True},
    "ingress": [
        {"hostname": "a.example.com", "service": "https://10.0.0.1", "originRequest": {"tlsTimeout": 5}},
        {"hostname": "b.example.org", "service": "https://10.0.0.2", "originRequest": {"http2Origin": False}},
        {"service": "http_status:404"},
    ],
}
FromAccount = Callable[..., Completed]


@pytest.fixture
def migrate(ops: Ops, cloudflare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> FromAccount:
    """Runs the command for a tunnel of the account, with the token of the emulator or with another."""

    def run(*arguments: str, token: str | None = None, account: str = ACCOUNT) -> Completed:
        for name, value in cloudflare_environ.items():
            monkeypatch.setenv(name, value)
        if token is not None:
            monkeypatch.setenv("CLOUDFLARE_API_TOKEN", token)
        return ops("migrate", "--from-account", account, *arguments)

    return run


@pytest.fixture
def tunnel(emulator: Emulator) -> str:
    """The id of a tunnel with rules."""
    found = emulator.tunnel("home")
    emulator.done("PUT", f"{TUNNELS}/{found}/configurations", {"config": CONFIG})
    return found


def settings(done: Completed) -> dict[str, Any]:
    config = yaml.safe_load(done.stdout)["config"]
    return {key.removeprefix("culvert:"): value for key, value in config.items()}


@pytest.mark.parametrize("by_name", [False, True])
def test_a_live_tunnel_is_read_by_its_id_or_its_name_with_the_zones_of_its_hostnames(
    migrate: FromAccount, tunnel: str, by_name: bool
) -> None:
    done = migrate("--tunnel", "home" if by_name else tunnel, "--strict")
    assert done.status == 0, done.stderr
    assert settings(done) == {
        "accountId": ACCOUNT,
        "zones": {"example.com": ZONE, "example.org": OTHER_ZONE},
        "routes": [
            {"hostname": "a.example.com", "service": "https://10.0.0.1", "origin": {"tlsTimeout": 5}},
            {"hostname": "b.example.org", "service": "https://10.0.0.2", "origin": {"http2Origin": False}},
        ],
        "originDefaults": {"connectTimeout": 10, "http2Origin": True},
    }
    remark, remedy, count = done.stderr.splitlines()[1:]
    assert remark == "- tunnel home: its connectors and its token stay as they are"
    assert f"keep this one with tunnel: {{adopt: {tunnel}}}" in remedy
    assert count == "2 of 2 routes converted."


def test_zones_that_the_token_may_not_read_are_taken_from_the_public_suffix_list(
    migrate: FromAccount, emulator: Emulator, tunnel: str
) -> None:
    done = migrate("--tunnel", tunnel, token=emulator.create_token(["Cloudflare Tunnel: Read"]))
    assert settings(done)["zones"] == {"example.com": None, "example.org": None}
    assert "zones: the account's zones could not be read: the API refused GET /zones: HTTP 403" in done.stderr
    assert "by the public suffix list: example.com, example.org" in done.stderr


def test_rules_that_are_not_at_cloudflare_are_said_to_be_in_a_file(migrate: FromAccount, emulator: Emulator) -> None:
    body = {"name": "local", "config_src": "local", "tunnel_secret": secret()}
    local = emulator.done("POST", TUNNELS, body)["id"]
    done = migrate("--tunnel", local)
    assert done.status == 1
    assert "the rules of the tunnel local are not at Cloudflare: it is configured by a config.yml" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--from-account needs the tunnel: name it with --tunnel, by its id or its name"),
        (["--tunnel", "other"], f"the account {ACCOUNT} has no tunnel other, or it is deleted"),
        (["--tunnel", "6ff42ae2-765d-4adf-8112-31c55c1551ef"], "has no tunnel 6ff42ae2-765d-4adf-8112-31c55c1551ef"),
    ],
)
def test_a_tunnel_that_is_not_there_is_one_error(migrate: FromAccount, arguments: list[str], message: str) -> None:
    done = migrate(*arguments)
    assert done.status == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_deleted_tunnel_is_not_there(migrate: FromAccount, emulator: Emulator, tunnel: str) -> None:
    emulator.done("DELETE", f"{TUNNELS}/{tunnel}")
    assert "has no tunnel" in migrate("--tunnel", tunnel).stderr


def test_a_tunnel_without_rules_has_no_routes(migrate: FromAccount, emulator: Emulator) -> None:
    done = migrate("--tunnel", emulator.tunnel("empty"))
    assert done.status == 1
    assert done.stderr.splitlines()[-1] == "there are no routes to migrate"


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_token_that_is_missing_or_invalid_is_named(migrate: FromAccount, tunnel: str, token: str) -> None:
    done = migrate("--tunnel", tunnel, token=token)
    assert done.status == 1
    assert "CLOUDFLARE_API_TOKEN" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_permission_that_the_token_lacks_is_named(migrate: FromAccount, emulator: Emulator, tunnel: str) -> None:
    token = emulator.create_token([each for each in ALL_PERMISSIONS if not each.startswith("Cloudflare Tunnel")])
    assert "'Cloudflare Tunnel: Read'" in migrate("--tunnel", tunnel, token=token).stderr


def test_an_account_is_named_by_its_id(migrate: FromAccount) -> None:
    done = migrate("--tunnel", "home", account="../zones")
    assert "--from-account ../zones is not the id of an account" in done.stderr
