"""The connector: its Deployment, budget and Service, and the handling of its token."""

import json
from typing import Any

import pulumi
import pulumi_random as random
import pytest

from components import Connector, pod_labels
from components.connector.args import ConnectorArgs
from tests.support.mock_recorder import Deploy, Recorded

TOKEN = "eyJhIjoiYWNjb3VudCJ9-the-token"  # noqa: S105
LABELS = {"app.kubernetes.io/name": "cloudflared", "app.kubernetes.io/instance": "culvert-dev"}
ARGS: ConnectorArgs = {
    "namespace": "blog",
    "token": TOKEN,
    "replicas": 2,
    "image": "cloudflare/cloudflared:2026.10.0@sha256:" + "0" * 64,
    "grace_period_seconds": 30,
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
}


def deployed(deploy: Deploy, **more: Any) -> Recorded:
    def program() -> None:
        pulumi.export("deployment", Connector("culvert-dev", {**ARGS, **more}).deployment)  # pyright: ignore[reportArgumentType]

    return deploy(program)


def pod(recorded: Recorded) -> dict[str, Any]:
    return recorded.one("Deployment").inputs["spec"]["template"]["spec"]


def container(recorded: Recorded) -> dict[str, Any]:
    (found,) = pod(recorded)["containers"]
    return found


def env(recorded: Recorded) -> dict[str, Any]:
    return {variable["name"]: variable.get("value", variable) for variable in container(recorded)["env"]}


@pytest.fixture
def recorded(deploy: Deploy) -> Recorded:
    return deployed(deploy)


def test_a_rollout_waits_until_the_edge_uses_a_new_connection(deploy: Deploy, recorded: Recorded) -> None:
    assert recorded.one("Deployment").inputs["spec"]["minReadySeconds"] == 15
    assert deployed(deploy, min_ready_seconds=0).one("Deployment").inputs["spec"]["minReadySeconds"] == 0


@pytest.mark.parametrize(
    ("arguments", "timeout"),
    [
        ({}, "390s"),
        ({"replicas": 25, "min_ready_seconds": 30}, "1800s"),
        ({"external_replicas": True}, "1425s"),
        ({"replicas": pulumi.Output.from_input(1)}, "1425s"),
    ],
)
def test_a_rollout_has_time_for_each_pod_and_no_more(deploy: Deploy, arguments: dict[str, Any], timeout: str) -> None:
    assert deployed(deploy, **arguments).one("Deployment").timeouts == (timeout, timeout)


def test_the_cluster_chooses_user_and_group_where_none_is_fixed(deploy: Deploy) -> None:
    assert pod(deployed(deploy, fixed_user=False))["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_pings_take_a_sysctl_of_the_pods(deploy: Deploy, recorded: Recorded) -> None:
    assert "sysctls" not in pod(recorded)["securityContext"]
    sysctls = pod(deployed(deploy, ping=True))["securityContext"]["sysctls"]
    assert sysctls == [{"name": "net.ipv4.ping_group_range", "value": "0 2147483647"}]


def test_the_resolver_and_the_hosts_file_are_those_of_the_arguments(deploy: Deploy, recorded: Recorded) -> None:
    assert not {"dnsConfig", "hostAliases"} & pod(recorded).keys()
    dns = {"nameservers": ["192.0.2.1"], "options": [{"name": "ndots", "value": "2"}]}
    aliases = [{"ip": "192.0.2.2", "hostnames": ["nas.example.net"]}]
    spec = pod(deployed(deploy, dns_config=dns, host_aliases=aliases))
    assert (spec["dnsConfig"], spec["hostAliases"]) == (dns, aliases)


def test_a_connector_has_a_secret_a_deployment_a_budget_and_a_service(recorded: Recorded) -> None:
    assert recorded.names == {
        "Secret culvert-dev-token",
        "Deployment culvert-dev-cloudflared",
        "PodDisruptionBudget culvert-dev-budget",
        "Service culvert-dev-metrics",
    }
    assert recorded.components == ["culvert:index:Connector culvert-dev"]
    assert recorded.outputs["culvert:index:Connector"] == {"deployment": "culvert-dev-cloudflared"}
    assert {resource.parent for resource in recorded.resources} == {"culvert:index:Connector"}
    assert {resource.inputs["metadata"]["namespace"] for resource in recorded.resources} == {"blog"}
    owners = [resource.inputs["metadata"]["annotations"]["culvert/owner"] for resource in recorded.resources]
    assert owners == ["culvert/dev"] * 4
    assert recorded.outputs["pulumi:pulumi:Stack"] == {"deployment": "culvert-dev-cloudflared"}


def test_the_token_is_marked_secret_even_if_the_input_is_not(recorded: Recorded) -> None:
    assert recorded.one("Secret").inputs["stringData"] == {"token": TOKEN}
    assert TOKEN not in recorded.shown


def test_only_the_secret_contains_the_token(recorded: Recorded) -> None:
    elsewhere = [resource for resource in recorded.resources if resource.type != "kubernetes:core/v1:Secret"]
    assert len(elsewhere) == 3
    assert TOKEN not in json.dumps([resource.inputs for resource in elsewhere])


def test_the_pods_mount_the_secret_by_its_generated_name(recorded: Recorded) -> None:
    assert "name" not in recorded.one("Secret").inputs["metadata"]
    assert not recorded.one("Secret").delete_before_replace
    (volume,) = pod(recorded)["volumes"]
    assert volume["secret"]["secretName"] == "culvert-dev-token-1a2b3c4d"
    assert "Secret culvert-dev-token" in recorded.one("Deployment").dependencies


def test_the_token_file_is_readable_by_the_group_alone(recorded: Recorded) -> None:
    (volume,) = pod(recorded)["volumes"]
    (mount,) = container(recorded)["volumeMounts"]
    assert volume["secret"]["defaultMode"] == 0o440
    assert mount == {"name": volume["name"], "mountPath": "/etc/culvert/token", "readOnly": True}
    assert pod(recorded)["securityContext"]["fsGroup"] == 65532


def test_the_arguments_are_tunnel_run_alone(recorded: Recorded) -> None:
    assert container(recorded)["args"] == ["tunnel", "run"]
    assert "command" not in container(recorded)


def test_the_environment_has_the_variables_that_cloudflared_reads(recorded: Recorded) -> None:
    assert env(recorded) == {
        "TUNNEL_TOKEN_FILE": "/etc/culvert/token/token",
        "TUNNEL_METRICS": "0.0.0.0:2000",
        "TUNNEL_TRANSPORT_PROTOCOL": "auto",
        "TUNNEL_GRACE_PERIOD": "30s",
        "TUNNEL_LOGLEVEL": "info",
        "TUNNEL_LOG_OUTPUT": "json",
        "TUNNEL_MANAGEMENT_DIAGNOSTICS": "false",
    }


def test_protocol_log_level_and_grace_period_reach_the_environment(deploy: Deploy) -> None:
    found = deployed(deploy, protocol="http2", log_level="warn", grace_period_seconds=90)
    variables = env(found)
    assert (variables["TUNNEL_TRANSPORT_PROTOCOL"], variables["TUNNEL_LOGLEVEL"]) == ("http2", "warn")
    assert variables["TUNNEL_GRACE_PERIOD"] == "90s"
    assert pod(found)["terminationGracePeriodSeconds"] == 105


def test_startup_and_readiness_probes_require_a_connection_and_liveness_only_a_process(recorded: Recorded) -> None:
    probes = {kind: container(recorded)[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
    assert {kind: probe["httpGet"]["path"] for kind, probe in probes.items()} == {
        "startup": "/ready",
        "readiness": "/ready",
        "liveness": "/healthcheck",
    }
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {"metrics"}
    assert container(recorded)["ports"] == [{"name": "metrics", "containerPort": 2000}]
    # A fallback from QUIC to HTTP/2 was measured at two minutes and eighteen seconds.
    assert probes["startup"]["periodSeconds"] * probes["startup"]["failureThreshold"] > 138


def test_a_rollout_never_has_fewer_ready_pods_than_replicas(recorded: Recorded) -> None:
    spec = recorded.one("Deployment").inputs["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    assert pod(recorded)["terminationGracePeriodSeconds"] == 45


def test_pods_meet_the_restricted_standard(recorded: Recorded) -> None:
    context = pod(recorded)["securityContext"]
    assert context["runAsNonRoot"] is True
    assert (context["runAsUser"], context["runAsGroup"]) == (65532, 65532)
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(recorded)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_pods_get_neither_service_account_token_nor_service_links(recorded: Recorded) -> None:
    assert pod(recorded)["automountServiceAccountToken"] is False
    assert pod(recorded)["enableServiceLinks"] is False


def test_pods_spread_over_the_available_nodes(recorded: Recorded) -> None:
    assert pod(recorded)["topologySpreadConstraints"] == [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": LABELS},
            "matchLabelKeys": ["pod-template-hash"],
        }
    ]


def test_scheduling_settings_have_the_names_of_kubernetes(deploy: Deploy) -> None:
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}
    given = {
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "edge", "operator": "Exists", "tolerationSeconds": 30}],
        "affinity": affinity,
        "priorityClassName": "high",
        "topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
    }
    spec = pod(deployed(deploy, scheduling=given))
    (spread,) = given.pop("topologySpreadConstraints")
    assert {key: spec[key] for key in given} == given
    # A constraint without a selector would count no pods.
    assert spec["topologySpreadConstraints"] == [{**spread, "labelSelector": {"matchLabels": LABELS}}]
    assert spec["securityContext"]["runAsNonRoot"] is True


def test_options_with_a_default_of_cloudflareds_own_are_passed_only_if_set(deploy: Deploy) -> None:
    asked = {"edge_ip_version": "6", "region": "us", "post_quantum": True, "log_format": "default"}
    variables = env(deployed(deploy, **asked))
    assert variables["TUNNEL_EDGE_IP_VERSION"] == "6"
    assert variables["TUNNEL_REGION"] == "us"
    assert variables["TUNNEL_POST_QUANTUM"] == "true"
    assert variables["TUNNEL_LOG_OUTPUT"] == "default"
    assert len(variables) == 10


def test_pods_have_the_configured_labels_and_annotations_and_still_match_the_selector(deploy: Deploy) -> None:
    own = {"team": "web", "app.kubernetes.io/name": "other"}
    found = deployed(deploy, pod_labels=own, pod_annotations={"a": "b"}, image_pull_secrets=["registry"])
    metadata = found.one("Deployment").inputs["spec"]["template"]["metadata"]
    assert metadata["annotations"] == {"a": "b"}
    assert {**LABELS, "team": "web"}.items() <= metadata["labels"].items()
    assert pod(found)["imagePullSecrets"] == [{"name": "registry"}]
    selectors = [
        found.one("Deployment").inputs["spec"]["selector"]["matchLabels"],
        found.one("Service").inputs["spec"]["selector"],
    ]
    assert selectors == [LABELS, LABELS]


def test_extra_variables_and_volumes_are_added_to_the_components_own(deploy: Deploy) -> None:
    variable = {"name": "HTTPS_PROXY", "valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url"}}}
    volume = {"name": "ca", "configMap": {"name": "ca", "defaultMode": 288}}
    mount = {"name": "ca", "mountPath": "/etc/ca", "readOnly": True, "subPath": "x"}
    found = deployed(deploy, extra_env=[variable], extra_volumes=[{"volume": volume, "mount": mount}])
    assert container(found)["env"][-1] == variable
    assert len(container(found)["env"]) == 8
    assert pod(found)["volumes"][1:] == [volume]
    assert container(found)["volumeMounts"][1:] == [mount]


def test_the_deployment_the_budget_and_the_service_share_one_selector(recorded: Recorded) -> None:
    assert pod_labels("culvert-dev") == LABELS
    deployment = recorded.one("Deployment").inputs["spec"]
    assert deployment["selector"] == {"matchLabels": LABELS}
    assert LABELS.items() <= deployment["template"]["metadata"]["labels"].items()
    assert recorded.one("PodDisruptionBudget").inputs["spec"]["selector"] == {"matchLabels": LABELS}
    assert recorded.one("Service").inputs["spec"]["selector"] == LABELS


def test_more_replicas_change_the_deployment_alone(deploy: Deploy) -> None:
    before, after = deployed(deploy), deployed(deploy, replicas=7)
    old = {str(resource): resource.inputs for resource in before.resources}
    changed = [str(resource) for resource in after.resources if resource.inputs != old[str(resource)]]
    assert changed == ["Deployment culvert-dev-cloudflared"]
    assert after.one("Deployment").inputs["spec"]["replicas"] == 7


def test_external_replicas_are_created_and_then_left_to_others(deploy: Deploy) -> None:
    assert deployed(deploy).one("Deployment").ignore_changes == set()
    deployment = deployed(deploy, external_replicas=True).one("Deployment")
    assert deployment.ignore_changes == {"spec.replicas"}
    assert deployment.inputs["spec"]["replicas"] == 2


def test_one_pod_at_a_time_may_be_evicted_and_an_unready_one_always(recorded: Recorded) -> None:
    budget = recorded.one("PodDisruptionBudget").inputs["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_one_service_finds_the_metrics_of_each_pod(recorded: Recorded) -> None:
    service = recorded.one("Service").inputs
    assert service["metadata"]["name"] == "culvert-dev-metrics"
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["ports"] == [{"name": "metrics", "port": 2000, "targetPort": "metrics"}]


def test_dependencies_and_replacement_apply_to_the_deployment_and_not_to_the_secret(deploy: Deploy) -> None:
    def program() -> None:
        first, tunnel = random.RandomPassword("first", length=8), random.RandomPassword("tunnel", length=8)
        Connector("culvert-dev", {**ARGS, "depends_on": [first], "replace_with": [tunnel]})

    recorded = deploy(program)
    deployment, secret = recorded.one("Deployment"), recorded.one("Secret")
    assert "RandomPassword first" in deployment.dependencies
    assert deployment.replace_with == {"RandomPassword tunnel"}
    assert secret.dependencies == secret.replace_with == set()
