"""Each delivery of the token with a raised epoch: one API call, a new Secret and pods, the old Secret deleted last."""

import base64
import json
import re
import time
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNT, Sandbox, settings
from tests.support.sealed_secrets import certificate

DELIVERIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "secret": ({}, ["Secret"]),
    "sealed": ({"certificate": certificate()}, ["SealedSecret"]),
    "existing": ({"secret": {"name": "tunnel-token"}}, []),
    "external": ({"store": {"name": "vault"}}, ["Secret", "PushSecret", "ExternalSecret"]),
}
"""Delivery → its other settings, and the kinds it creates, in order."""
STEP = re.compile(r"^ \S+ +\S+:(\w+) \S+ (created replacement|updated|deleted original)\b", re.MULTILINE)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_raised_epoch_changes_the_token_in_place_and_in_order(sandbox: Sandbox, delivery: str) -> None:
    more, kinds = DELIVERIES[delivery]
    stack, token = f"epoch-{delivery}", {"delivery": delivery, **more}
    tunnel = sandbox.up(stack, settings(stack, token=token))["outputs"]["tunnelId"]
    first = mounted_token(sandbox, stack, other_than="")
    pods = {pod["metadata"]["uid"] for pod in sandbox.objects("v1", "Pod", stack)}
    sandbox.calls()

    file = sandbox.stack_file(stack, settings(stack, token={**token, "epoch": 1}))
    completed = sandbox.raw("up", "--config", str(file))
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert STEP.findall(completed.stdout) == [
        ("RandomPassword", "created replacement"),
        ("ZeroTrustTunnelCloudflared", "updated"),
        *((kind, "created replacement") for kind in kinds),
        ("Deployment", "updated"),
        *((kind, "deleted original") for kind in reversed(kinds)),
        ("RandomPassword", "deleted original"),
    ]
    (call,) = [call for call in sandbox.calls() if call["method"] != "GET"]
    assert (call["method"], call["path"].removeprefix("/client/v4")) == (
        "PATCH",
        f"/accounts/{ACCOUNT}/cfd_tunnel/{tunnel}",
    )
    second = mounted_token(sandbox, stack, other_than=first)
    assert {parts(first)["t"], parts(second)["t"]} == {tunnel}
    assert parts(first)["s"] != parts(second)["s"]
    assert pods.isdisjoint(pod["metadata"]["uid"] for pod in sandbox.objects("v1", "Pod", stack))
    wait_until_only(sandbox, stack, second)
    printed = completed.stdout + completed.stderr + sandbox.raw("export", "--stack", stack).stdout
    for secret in (first, second, parts(first)["s"], parts(second)["s"]):
        assert secret not in printed


def parts(token: str) -> dict[str, str]:
    return json.loads(base64.b64decode(token))


def mounted_token(sandbox: Sandbox, stack: str, other_than: str) -> str:
    """The token in the Secret that the pods mount; an operator may write it a moment after the update."""
    (deployment,) = sandbox.objects("apps/v1", "Deployment", stack)
    pod = deployment["spec"]["template"]["spec"]
    (name,) = (volume["secret"]["secretName"] for volume in pod["volumes"] if volume["name"] == "culvert-token")
    env = {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}
    deadline = time.monotonic() + 60
    while (token := secret_values(sandbox, stack).get((name, PurePosixPath(env["TUNNEL_TOKEN_FILE"]).name), "")) in (
        "",
        other_than,
    ):
        assert time.monotonic() < deadline, f"there is no new token in {name} after a minute"
        time.sleep(0.1)
    return token


def wait_until_only(sandbox: Sandbox, stack: str, token: str) -> None:
    """Waits until no Secret has another token: the cluster's garbage collector takes a moment."""
    deadline = time.monotonic() + 60
    while set(secret_values(sandbox, stack).values()) != {token}:
        assert time.monotonic() < deadline, "an old Secret still exists after a minute"
        time.sleep(0.1)


def secret_values(sandbox: Sandbox, stack: str) -> dict[tuple[str, str], str]:
    """The values of a namespace's Secrets, by name and key."""
    return {
        (secret["metadata"]["name"], key): base64.b64decode(value).decode()
        for secret in sandbox.objects("v1", "Secret", stack)
        for key, value in (secret.get("data") or {}).items()
    }
