"""Foreign records and tunnels: never overwritten, and adopted by id, with a preview of the changes."""

import base64
import json
from typing import Any

from tests.e2e.conftest import ACCOUNT, ZONE, Sandbox, settings

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
RULES = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"


def changes_of(report: dict[str, Any], type: str) -> list[tuple[str, list[str]]]:
    return [(change["op"], change["properties"]) for change in report["changes"] if change["type"] == type]


def test_a_foreign_record_is_an_error_before_any_write_until_it_is_adopted(sandbox: Sandbox) -> None:
    configured = settings("theirs")
    file = sandbox.stack_file("theirs", configured)
    sandbox.run("env", "--config", str(file))
    foreign = {"name": "theirs.example.com", "type": "CNAME", "content": "old.example.net", "comment": "by hand"}
    record = sandbox.api("POST", f"/zones/{ZONE}/dns_records", foreign)
    sandbox.calls()
    for operation in ("preview", "up"):
        (error,) = sandbox.run(operation, "--config", str(file), fails=True)["errors"]
        # The user's own file, of which the engine reads a copy.
        assert "culvert:routes[0].hostname (Pulumi.theirs.yaml:" in error["message"]
        assert "CNAME old.example.net (created 20" in error["message"]
        assert f'adopt: "{record["id"]}"' in error["message"]
        assert "Traceback" not in error["message"]
    assert {call["method"] for call in sandbox.calls()} == {"GET"}
    assert "culvert-theirs" not in sandbox.tunnels()

    route = {**configured["routes"][0], "adopt": record["id"]}
    adopted = sandbox.up("theirs", {**configured, "routes": [route]})
    (imported, updated) = changes_of(adopted, RECORD)
    assert imported == ("import", [])
    assert updated[0] == "update"
    assert {"comment", "content", "proxied"} <= set(updated[1])
    ours = sandbox.records()["theirs.example.com"]
    assert (ours["id"], ours["content"]) == (record["id"], adopted["outputs"]["tunnelTarget"])
    assert (ours["comment"], ours["proxied"]) == ("culvert/theirs", True)
    assert adopted["outputs"]["records"] == {"theirs.example.com": record["id"]}

    for unchanged in ({**configured, "routes": [route]}, configured, {**configured, "routes": [route]}):
        again = sandbox.up("theirs", unchanged)
        assert again["changes"] == []
        assert again["calls"] == {"reads": 1, "writes": 0}
    sandbox.destroy("theirs")
    assert "theirs.example.com" not in sandbox.records()


def test_a_tunnel_is_adopted_in_place_with_its_rules_and_a_new_secret(sandbox: Sandbox) -> None:
    configured = settings("inherit")
    file = sandbox.stack_file("inherit", configured)
    sandbox.run("env", "--config", str(file))
    tunnels = f"/accounts/{ACCOUNT}/cfd_tunnel"
    secret = base64.b64encode(b"s" * 32).decode()
    by_hand = {"name": "homelab", "config_src": "cloudflare", "tunnel_secret": secret}
    tunnel = sandbox.api("POST", tunnels, by_hand)["id"]
    old_rules = {"config": {"ingress": [{"service": "http_status:503"}]}}
    sandbox.api("PUT", f"{tunnels}/{tunnel}/configurations", old_rules)
    by_file = sandbox.api("POST", tunnels, {**by_hand, "name": "by-file", "config_src": "local"})["id"]
    sandbox.calls()

    file = sandbox.stack_file("inherit", {**configured, "tunnel": {"adopt": by_file}})
    (error,) = sandbox.run("preview", "--config", str(file), fails=True)["errors"]
    assert "is the tunnel by-file, whose rules are in a file beside its connector" in error["message"]

    adopting = {**configured, "tunnel": {"adopt": tunnel}}
    preview = sandbox.run("preview", "--config", str(sandbox.stack_file("inherit", adopting)))
    assert changes_of(preview, TUNNEL) == [("import", []), ("update", ["name", "tunnelSecret"])]
    assert [op for op, _ in changes_of(preview, RULES)] == ["import", "update"]
    assert {call["method"] for call in sandbox.calls()} == {"GET"}

    adopted = sandbox.up("inherit", adopting)
    # In the reverse order, Cloudflare's provider 5.22 sends rules without a service.
    assert [call["method"] for call in sandbox.calls() if tunnel in call["path"] and call["method"] != "GET"] == [
        "PUT",
        "PATCH",
    ]
    assert adopted["outputs"]["tunnelId"] == tunnel
    assert adopted["outputs"]["configVersion"] == 2
    assert {"homelab", "culvert-inherit"} & set(sandbox.tunnels()) == {"culvert-inherit"}
    token = json.loads(base64.b64decode(sandbox.api("GET", f"{tunnels}/{tunnel}/token")))
    assert token["s"] != secret
    for unchanged in (configured, adopting):
        again = sandbox.up("inherit", unchanged)
        assert again["changes"] == []
        assert again["calls"] == {"reads": 1, "writes": 0}
    sandbox.destroy("inherit")
    assert "culvert-inherit" not in sandbox.tunnels()
