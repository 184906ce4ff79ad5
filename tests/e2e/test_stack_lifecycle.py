"""The changes of an update: the engine's steps, and the API calls."""

import json
from typing import Any

import yaml

from sandbox import tools
from tests.e2e.conftest import ZONE, ZONES, Sandbox, settings
from tests.support.paths import PROJECT

TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
RULES = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def _steps(report: dict) -> list[tuple[str, str]]:
    return sorted((change["op"], change["type"]) for change in report["changes"])


def test_a_preview_changes_nothing_and_a_second_up_neither(sandbox: Sandbox) -> None:
    file = sandbox.stack_file("life", settings("life"))
    preview = sandbox.run("preview", "--config", str(file))
    # One call of every run shows that the token works. The hostname is new: one more looks up its records.
    assert preview["calls"] == {"reads": 2, "writes": 0}
    assert preview["summary"]["create"] > 0

    first = sandbox.run("up", "--config", str(file))
    assert first["summary"] == preview["summary"]
    assert {change["type"] for change in first["changes"]} >= {RULES, RECORD, DEPLOYMENT}
    assert first["outputs"]["publicHostname"] == "life.example.com"
    assert first["outputs"]["urls"] == ["https://life.example.com"]
    assert first["outputs"]["tunnelName"] == "culvert-life"
    assert first["outputs"]["tunnelTarget"] == f"{first['outputs']['tunnelId']}.cfargotunnel.com"
    assert first["outputs"]["configVersion"] == 1
    assert first["outputs"]["namespace"] == "life"
    assert sandbox.run("outputs", "--stack", "life") == first["outputs"]

    # Each plugin is asked for before the first resource, and by the version of the resources that use it.
    checkpoint = json.loads((sandbox.home / "state/.pulumi/stacks/culvert/life.json").read_text())["checkpoint"]
    types = [resource["type"] for resource in checkpoint["latest"]["resources"]]
    before = types[: types.index("culvert:index:Exposure")]
    for provider in ("cloudflare", "kubernetes", "random"):
        assert before.count(f"pulumi:providers:{provider}") == types.count(f"pulumi:providers:{provider}") == 1

    second = sandbox.run("up", "--config", str(file))
    assert second["changes"] == []
    assert second["summary"] == {
        "create": 0,
        "import": 0,
        "update": 0,
        "replace": 0,
        "delete": 0,
        "same": first["summary"]["create"],
    }
    assert second["calls"] == {"reads": 1, "writes": 0}

    refreshed = sandbox.run("refresh", "--config", str(file))
    assert refreshed["changes"] == []
    assert refreshed["calls"]["writes"] == 0


def test_a_changed_service_changes_the_rules_and_no_pod(sandbox: Sandbox) -> None:
    sandbox.up("rule", settings("rule"))
    pods = {pod["metadata"]["uid"] for pod in sandbox.objects("v1", "Pod", "rule")}
    changed = sandbox.up(
        "rule", settings("rule", routes=[{"hostname": "rule.example.com", "service": "http://journal"}])
    )
    assert _steps(changed) == [("update", RULES)]
    assert changed["changes"][0]["properties"] == ["config.ingresses[0].service"]
    # A read more, or several where cloudflared runs: the run ends once connectors report the new rules.
    assert changed["calls"]["writes"] == 1
    reads = changed["calls"]["reads"]
    assert reads >= 2 if tools.find_cloudflared() else reads == 2
    assert changed["outputs"]["configVersion"] == 2
    assert {pod["metadata"]["uid"] for pod in sandbox.objects("v1", "Pod", "rule")} == pods


def test_a_renamed_hostname_deletes_one_record_and_creates_one(sandbox: Sandbox) -> None:
    two = [{"hostname": f"{name}.example.com", "service": "http://blog"} for name in ("rename", "stays")]
    sandbox.up("rename", settings("rename", routes=two))
    two[0]["hostname"] = "renamed.example.com"
    report = sandbox.up("rename", settings("rename", routes=two))
    assert _steps(report) == [("create", RECORD), ("delete", RECORD), ("update", RULES)]
    assert report["calls"] == {"reads": 2, "writes": 3}


def test_more_replicas_change_the_deployment_alone(sandbox: Sandbox) -> None:
    sandbox.up("scale", settings("scale"))
    report = sandbox.up("scale", settings("scale", connector={"replicas": 3}))
    assert _steps(report) == [("update", DEPLOYMENT)]
    assert report["calls"] == {"reads": 1, "writes": 0}
    running = [pod for pod in sandbox.objects("v1", "Pod", "scale") if pod["status"]["phase"] == "Running"]
    assert len(running) == 3


def test_n_hostnames_take_n_plus_two_writes_and_one_list_of_their_zone(
    sandbox: Sandbox,
) -> None:
    zones = {"many.example": ZONES["many.example"]}
    routes = [{"hostname": f"n{number}.many.example", "service": "http://blog"} for number in range(25)]
    first = sandbox.up("many", settings("many", zones=zones, routes=routes))
    # The zone is empty: its first page of records is the last.
    assert first["calls"] == {"reads": 2, "writes": 27}
    assert sandbox.up("many", settings("many", zones=zones, routes=routes))["calls"] == {"reads": 1, "writes": 0}
    more = [{"hostname": f"m{number}.many.example", "service": "http://blog"} for number in range(2)]
    # Its 25 records fill one page, and the next one is empty.
    again = sandbox.up("many", settings("many", zones=zones, routes=[*routes, *more]))
    assert again["calls"] == {"reads": 3, "writes": 3}


def test_a_wildcard_hostname_has_one_record_for_all_its_paths(sandbox: Sandbox) -> None:
    routes = [
        {"hostname": "*.named.example", "path": {"prefix": f"/{name}"}, "service": f"http://{name}"}
        for name in ("one", "two", "three")
    ]
    report = sandbox.up("wild", settings("wild", zones={"named.example": None}, routes=routes))
    assert [change["name"] for change in report["changes"] if change["type"] == RECORD] != []
    assert len([change for change in report["changes"] if change["type"] == RECORD]) == 1
    # The reads look up the zone by its name.
    assert report["calls"]["writes"] == 3
    assert report["calls"]["reads"] > 0


def test_two_environments_share_an_account_and_a_cluster(sandbox: Sandbox) -> None:
    sandbox.up("left", settings("left"))
    right = sandbox.up("right", settings("right"))
    before = sandbox.records()
    sandbox.destroy("left")
    assert "culvert-right" in sandbox.tunnels()
    assert "culvert-left" not in sandbox.tunnels()
    after = sandbox.records()
    assert "left.example.com" in before
    assert "left.example.com" not in after
    assert {**after["right.example.com"], "target": None} == {**before["right.example.com"], "target": None}
    assert after["right.example.com"]["comment"] == "culvert/right"
    again = sandbox.up("right", settings("right"))
    assert again["changes"] == []
    assert again["outputs"] == right["outputs"]


def test_a_destroyed_stack_leaves_neither_record_nor_namespace(sandbox: Sandbox) -> None:
    first = sandbox.up("gone", settings("gone", sampleSite=True))
    report = sandbox.destroy("gone")
    assert report["summary"]["delete"] == first["summary"]["create"]
    assert "gone.example.com" not in sandbox.records()
    namespaces = sandbox.cluster().resources.get(api_version="v1", kind="Namespace").get()
    assert "gone" not in [item.metadata.name for item in namespaces.items]


def _without_health(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The records without the health of their tunnel, which changes while cloudflared opens its connections."""
    return {name: {**record, "target": None} for name, record in records.items()}


def test_the_stack_files_of_this_repository_deploy(sandbox: Sandbox) -> None:
    for stack in ("dev", "prod"):
        first = sandbox.run("up", "--stack", stack)
        assert first["summary"]["create"] > 0
        assert sandbox.run("up", "--stack", stack)["changes"] == []
    records = _without_health(sandbox.records())
    # prod's tunnel is protected: the error names the setting that allows the deletion.
    (error,) = sandbox.run("destroy", "--stack", "prod", fails=True)["errors"]
    assert "protected" in error["message"]
    assert "culvert:tunnel: {protect: false}" in error["message"]
    assert _without_health(sandbox.records()) == records
    config = yaml.safe_load((PROJECT / "Pulumi.prod.yaml").read_text())["config"]
    settings = {key.removeprefix("culvert:"): value for key, value in config.items()} | {"tunnel": {"protect": False}}
    assert sandbox.up("prod", settings)["changes"] == []  # only the engine stores the protection
    for stack in ("dev", "prod"):
        sandbox.run("destroy", "--stack", stack)


def test_an_existing_namespace_is_used_and_not_deleted(sandbox: Sandbox) -> None:
    configured = settings("uses-existing", namespace={"name": "existing", "create": False})
    sandbox.up("uses-existing", configured)
    assert sandbox.objects("apps/v1", "Deployment", "existing")
    sandbox.destroy("uses-existing")
    assert sandbox.objects("apps/v1", "Deployment", "existing") == []
    namespaces = sandbox.cluster().resources.get(api_version="v1", kind="Namespace").get()
    assert "existing" in [item.metadata.name for item in namespaces.items]


def test_a_record_is_in_the_most_specific_zone_of_its_hostname(sandbox: Sandbox) -> None:
    zones = {name: ZONES[name] for name in ("example.com", "lab.example.com")}
    routes = [
        {"hostname": "zoned.example.com", "service": "http://blog"},
        {"hostname": "zoned.lab.example.com", "service": "http://blog"},
    ]
    sandbox.up("zoned", settings("zoned", zones=zones, routes=routes))
    records = sandbox.records()
    assert records["zoned.example.com"]["zone"] == ZONE
    assert records["zoned.lab.example.com"]["zone"] == zones["lab.example.com"]
