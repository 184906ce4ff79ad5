"""The whole `__main__.py` with the stack files of this repository."""

import json
import runpy

import pulumi
import pytest
import yaml

from components.exposure import Exposure
from tests.support.mock_recorder import PASSWORD, TUNNEL_ID, Deploy, Recorded
from tests.support.paths import PROJECT
from tests.support.setting_diff import BASE


def run(deploy: Deploy, stack: str, preview: bool = False, **more: object) -> Recorded:
    settings = yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text())["config"]
    settings |= {f"culvert:{key}": value for key, value in more.items()}
    # The engine passes every value as text, and no absent key.
    given = {key: value for key, value in settings.items() if value is not None}
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    program = str(PROJECT / "__main__.py")
    return deploy(lambda: runpy.run_path(program, run_name="__main__"), stack, config, preview=preview)


@pytest.fixture
def dev(deploy: Deploy) -> Recorded:
    return run(deploy, "dev")


def test_dev_has_exactly_these_resources(dev: Recorded) -> None:
    assert dev.names == {
        "Namespace culvert-dev-namespace",
        "NetworkPolicy culvert-dev-policy",
        "RandomPassword culvert-dev-secret",
        "ZeroTrustTunnelCloudflared culvert-dev-tunnel",
        "ZeroTrustTunnelCloudflaredConfig culvert-dev-rules",
        "Secret culvert-dev-token",
        "Deployment culvert-dev-cloudflared",
        "PodDisruptionBudget culvert-dev-budget",
        "Service culvert-dev-metrics",
        "DnsRecord culvert-dev-blog-dev.example.com",
        "ConfigMap culvert-dev-site-page",
        "Deployment culvert-dev-site",
        "Service culvert-dev-site-service",
    }
    assert len(dev.components) == 7


def test_the_stack_has_all_outputs(dev: Recorded) -> None:
    assert dev.outputs["pulumi:pulumi:Stack"] == {
        "publicHostname": "blog-dev.example.com",
        "urls": ["https://blog-dev.example.com"],
        "tunnelId": TUNNEL_ID,
        "tunnelName": "culvert-dev",
        "tunnelTarget": f"{TUNNEL_ID}.cfargotunnel.com",
        "records": {"blog-dev.example.com": "culvert-dev-blog-dev.example.com-id"},
        "configVersion": 7,
        "namespace": "blog-dev",
        "connector": "culvert-dev-cloudflared",
    }


def test_debug_messages_of_the_sdk_reach_the_engine(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "debug", lambda message, **_: messages.append(message))
    run(deploy, "dev")
    assert any("DnsRecord" in message for message in messages)


def test_no_secret_is_shown_anywhere(dev: Recorded) -> None:
    tunnel = dev.one("ZeroTrustTunnelCloudflared").inputs["tunnelSecret"]
    token = dev.one("Secret").inputs["stringData"]["token"]
    for secret in (PASSWORD, tunnel, token):
        assert len(secret) > 40
        assert secret not in dev.shown


def test_everything_in_the_cluster_depends_on_its_namespace(dev: Recorded) -> None:
    inside = [resource for resource in dev.resources if "namespace" in resource.inputs.get("metadata", {})]
    assert len(inside) == 8
    assert all("Namespace culvert-dev-namespace" in resource.dependencies for resource in inside)


def test_the_deployment_is_created_after_the_network_policy_and_the_rules(dev: Recorded) -> None:
    connector = next(found for found in dev.every("Deployment") if found.name == "culvert-dev-cloudflared")
    assert connector.dependencies >= {
        "NetworkPolicy culvert-dev-policy",
        "ZeroTrustTunnelCloudflaredConfig culvert-dev-rules",
        "Secret culvert-dev-token",
    }


def test_new_backends_open_before_the_rules_and_old_ones_close_after_connectors_have_these(dev: Recorded) -> None:
    policy, tunnel = dev.one("NetworkPolicy"), dev.one("ZeroTrustTunnelCloudflared")
    rules = dev.one("ZeroTrustTunnelCloudflaredConfig")
    assert (str(policy) in tunnel.dependencies, str(tunnel) in rules.dependencies) == (True, True)
    # The engine deletes what it replaces at the end of a run, so after this hook.
    assert (policy.replace_on_changes, policy.delete_before_replace) == ({"spec"}, False)
    assert rules.after_update == {"culvert-dev-await-rules"}
    # A hook for its deletion would make `pulumi destroy` without `--run-program` fail.
    assert not policy.before_delete


def test_the_deployment_is_replaced_with_its_tunnel(dev: Recorded) -> None:
    replaced = {str(found): found.replace_with for found in dev.resources if found.replace_with}
    assert replaced == {"Deployment culvert-dev-cloudflared": {"ZeroTrustTunnelCloudflared culvert-dev-tunnel"}}


def test_a_failed_rollout_of_the_connector_alone_is_explained(dev: Recorded) -> None:
    hooks = {deployment.name: deployment.on_error for deployment in dev.every("Deployment")}
    assert hooks == {"culvert-dev-cloudflared": {"culvert-dev-explain-rollout"}, "culvert-dev-site": frozenset()}


@pytest.mark.parametrize("preview", [False, True])
def test_a_preview_has_no_hooks_that_it_does_not_call(deploy: Deploy, preview: bool) -> None:
    recorded = run(deploy, "dev", preview)
    tunnel, rules = recorded.one("ZeroTrustTunnelCloudflared"), recorded.one("ZeroTrustTunnelCloudflaredConfig")
    connector, _ = recorded.every("Deployment")
    found = (tunnel.before_update, tunnel.on_error, rules.after_update, connector.on_error)
    assert [bool(hooks) for hooks in found] == [not preview] * 4


def test_private_networks_are_part_of_the_stack_and_output_their_virtual_network(deploy: Deploy) -> None:
    routes = [{"network": "10.43.0.0/16", "comment": "services"}]
    wanted = {"virtualNetwork": {"name": "homelab"}, "routes": routes}
    recorded = run(deploy, "dev", privateNetworks=wanted)
    route = recorded.one("ZeroTrustTunnelCloudflaredRoute")
    assert (route.inputs["tunnelId"], route.inputs["comment"]) == (TUNNEL_ID, "culvert/dev: services")
    assert "Deployment culvert-dev-cloudflared" in route.dependencies
    assert "ZeroTrustTunnelCloudflared culvert-dev-tunnel" in route.replace_with
    assert recorded.outputs["pulumi:pulumi:Stack"]["virtualNetworkId"] == "culvert-dev-network-id"
    assert {"to": [{"ipBlock": {"cidr": "10.43.0.0/16"}}]} in recorded.one("NetworkPolicy").inputs["spec"]["egress"]


def test_private_networks_alone_need_no_public_hostname(deploy: Deploy) -> None:
    wanted = {"routes": [{"network": "10.43.0.0/16"}]}
    recorded = run(deploy, "dev", privateNetworks=wanted, routes=[], zones={}, sampleSite=False)
    assert not recorded.every("DnsRecord")
    rules = recorded.one("ZeroTrustTunnelCloudflaredConfig").inputs["config"]["ingresses"]
    assert rules == [{"service": "http_status:404"}]
    outputs = recorded.outputs["pulumi:pulumi:Stack"]
    assert "publicHostname" not in outputs
    assert (outputs["urls"], outputs["records"]) == ([], {})


def test_what_an_exposure_does_not_have_is_none_and_not_an_output_of_none(deploy: Deploy) -> None:
    made: list[Exposure] = []
    settings = {**BASE, "zones": {}, "routes": [], "privateNetworks": {"routes": [{"network": "10.43.0.0/16"}]}}
    deploy(lambda: made.append(Exposure("culvert-dev", settings)))
    (exposure,) = made
    assert (exposure.public_hostname, exposure.waf_rules, exposure.services, exposure.service_tokens) == (None,) * 4


def test_records_are_created_after_the_connector_is_available(dev: Recorded) -> None:
    assert "Deployment culvert-dev-cloudflared" in dev.one("DnsRecord").dependencies


def test_the_network_policy_selects_the_connector_and_allows_the_routes_backends(dev: Recorded) -> None:
    policy = dev.one("NetworkPolicy").inputs["spec"]
    connector = next(found for found in dev.every("Deployment") if found.name == "culvert-dev-cloudflared")
    assert policy["podSelector"] == connector.inputs["spec"]["selector"]
    assert policy["egress"][-1] == {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "blog-dev"}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "blog"}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": 8080}],
    }


def test_records_have_project_and_stack_as_their_comment(dev: Recorded) -> None:
    assert dev.one("DnsRecord").inputs["comment"] == "culvert/dev"


def test_prod_and_dev_share_no_name(deploy: Deploy, dev: Recorded) -> None:
    def physical(recorded: Recorded) -> set[str]:
        named = [
            found.inputs.get("name") or found.inputs.get("metadata", {}).get("name") for found in recorded.resources
        ]
        return {name for name in named if name}

    prod = run(deploy, "prod")
    assert physical(dev) >= {"culvert-dev", "culvert-dev-cloudflared", "culvert-dev-metrics", "blog-dev.example.com"}
    assert physical(prod) >= {"culvert-prod", "culvert-prod-cloudflared", "culvert-prod-metrics"}
    assert not physical(dev) & physical(prod)
    assert not dev.names & prod.names


def test_prod_has_its_own_settings(deploy: Deploy) -> None:
    prod = run(deploy, "prod")
    deployment = prod.one("Deployment").inputs["spec"]
    assert deployment["replicas"] == 3
    assert deployment["template"]["spec"]["terminationGracePeriodSeconds"] == 75
    assert prod.one("NetworkPolicy").inputs["spec"]["ingress"]
    assert prod.one("Namespace").inputs["metadata"]["labels"]["team"] == "web"
    assert {args["filter"]["name"] for token, args in prod.invokes if token.endswith(":getZone")} == {"example.org"}
    assert {record.inputs["name"] for record in prod.every("DnsRecord")} == {
        "blog.example.com",
        "api.example.com",
        "*.example.org",
    }


def test_the_namespace_is_named_after_the_stack_by_default(deploy: Deploy) -> None:
    recorded = run(deploy, "dev", namespace=None)
    assert recorded.one("Namespace").inputs["metadata"]["name"] == "culvert-dev"
    rules = recorded.one("ZeroTrustTunnelCloudflaredConfig").inputs["config"]["ingresses"]
    assert rules[0]["service"] == "http://blog.culvert-dev.svc.cluster.local:80"


def test_an_existing_namespace_is_not_created(deploy: Deploy) -> None:
    recorded = run(deploy, "dev", namespace={"name": "shared", "create": False})
    assert recorded.every("Namespace") == []
    assert recorded.one("Secret").inputs["metadata"]["namespace"] == "shared"


def test_the_network_policy_has_the_preset_of_the_settings(deploy: Deploy) -> None:
    recorded = run(deploy, "dev", networkPolicy={"preset": "guide"})
    blocks = [
        peer.get("ipBlock") for rule in recorded.one("NetworkPolicy").inputs["spec"]["egress"] for peer in rule["to"]
    ]
    assert [block["cidr"] for block in blocks if block and "except" in block] == ["0.0.0.0/0", "2000::/3"]


def test_the_sample_site_has_the_image_of_the_settings(deploy: Deploy) -> None:
    image = "registry.example.com/site:1.0"
    recorded = run(deploy, "dev", sampleSite={"image": image})
    images = [
        found.inputs["spec"]["template"]["spec"]["containers"][0]["image"] for found in recorded.every("Deployment")
    ]
    assert image in images


def test_every_part_of_the_connectors_settings_reaches_its_pod(deploy: Deploy) -> None:
    recorded = run(
        deploy,
        "dev",
        sampleSite=False,
        connector={
            "image": {"tag": "2026.8.2", "digest": ""},
            "protocol": "http2",
            "logLevel": "warn",
            "resources": {"limits": {"memory": "1Gi"}},
            "extraEnv": [{"name": "TUNNEL_RETRIES", "value": "6"}],
            "extraVolumes": [{"name": "ca", "mountPath": "/etc/ca", "configMap": {"name": "ca"}}],
            "scheduling": {"nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "edge", "operator": "Exists"}]},
        },
    )
    pod = recorded.one("Deployment").inputs["spec"]["template"]["spec"]
    container = pod["containers"][0]
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    assert container["image"] == "cloudflare/cloudflared:2026.8.2"
    assert variables["TUNNEL_TRANSPORT_PROTOCOL"] == "http2"
    assert variables["TUNNEL_LOGLEVEL"] == "warn"
    assert variables["TUNNEL_RETRIES"] == "6"
    assert container["resources"] == {"limits": {"memory": "1Gi"}}
    assert {"name": "ca", "configMap": {"name": "ca"}} in pod["volumes"]
    assert {"name": "ca", "mountPath": "/etc/ca", "readOnly": True} in container["volumeMounts"]
    assert pod["nodeSelector"] == {"disk": "fast"}
    assert pod["tolerations"] == [{"key": "edge", "operator": "Exists"}]
