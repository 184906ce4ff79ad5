"""Terraform, with Cloudflare's and HashiCorp's providers."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from components import pod_labels
from components.connector.pod import DEFAULTS
from components.network_policy.flows import METRICS_PORT
from scripts.benchmark.measurement import Measurement, measure
from scripts.benchmark.tools import Tool

_TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
_OPERATIONS = {"preview": ["plan"], "up": ["apply", "-auto-approve"], "destroy": ["destroy", "-auto-approve"]}


class TerraformRecords(Tool):
    """Tunnel, ingress rules and records only: no connector, no network policy, no pods.

    Needs `terraform`, and the providers where `terraform init` finds them.
    """

    providers: ClassVar[dict[str, Any]] = {"cloudflare": {"source": "cloudflare/cloudflare", "version": "~> 5.0"}}

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        super().__init__(env, folder / stack, stack)
        if not shutil.which("terraform"):
            raise RuntimeError("terraform is not on the PATH (https://developer.hashicorp.com/terraform/install)")
        self._folder.mkdir()

    def write(self, settings: dict[str, Any]) -> None:
        content = {"terraform": {"required_providers": self.providers}, **self.configuration(settings)}
        (self._folder / "main.tf.json").write_text(json.dumps(content))
        if not (self._folder / ".terraform").exists():
            self._terraform("init")

    def configuration(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The configuration, in Terraform's JSON syntax."""
        account = {"account_id": settings["accountId"]}
        rules = [{"hostname": route["hostname"], "service": route["service"]} for route in settings["routes"]]
        record = {
            "for_each": f"${{toset({json.dumps([rule['hostname'] for rule in rules])})}}",
            "zone_id": next(iter(settings["zones"].values())),
            "name": "${each.value}",
            "type": "CNAME",
            "content": f"${{{_TUNNEL}.this.id}}.cfargotunnel.com",
            "proxied": True,
            "ttl": 1,
        }
        config = {"ingress": [*rules, {"service": "http_status:404"}]}
        return {
            "resource": {
                _TUNNEL: {"this": {**account, "name": self._stack, "config_src": "cloudflare"}},
                f"{_TUNNEL}_config": {"this": {**account, "tunnel_id": f"${{{_TUNNEL}.this.id}}", "config": config}},
                "cloudflare_dns_record": {"this": record},
            },
        }

    def run(self, operation: str) -> Measurement:
        return self._terraform(*_OPERATIONS[operation])

    def _terraform(self, *arguments: str) -> Measurement:
        return measure(self._env, ["terraform", *arguments, "-input=false", "-no-color"], self._folder)


class Terraform(TerraformRecords):
    """All that culvert makes, in its order: also namespace, Secret, connector, Service, budget and network policy."""

    providers: ClassVar[dict[str, Any]] = {
        **TerraformRecords.providers,
        "kubernetes": {"source": "hashicorp/kubernetes", "version": "~> 3.0"},
    }

    def configuration(self, settings: dict[str, Any]) -> dict[str, Any]:
        configuration = super().configuration(settings)
        token = {"account_id": settings["accountId"], "tunnel_id": f"${{{_TUNNEL}.this.id}}"}
        labels = pod_labels(self._stack)
        selector = {"match_labels": labels}
        namespace = "${kubernetes_namespace_v1.this.metadata[0].name}"
        named = {"metadata": {"name": "cloudflared", "namespace": namespace, "labels": labels}}
        internet = {"ip_block": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}}
        policy = {"pod_selector": selector, "policy_types": ["Ingress", "Egress"], "egress": {"to": internet}}
        metrics = {"name": "metrics", "port": METRICS_PORT}
        connector = {
            **named,
            "spec": {"replicas": 2, "selector": selector, "template": {"metadata": {"labels": labels}, "spec": _POD}},
            "depends_on": [f"{_TUNNEL}_config.this", "kubernetes_network_policy_v1.this"],
        }
        resources = {
            "kubernetes_namespace_v1": {"metadata": {"name": self._stack}},
            "kubernetes_secret_v1": {**named, "data": {"token": f"${{data.{_TUNNEL}_token.this.token}}"}},
            "kubernetes_deployment_v1": connector,
            "kubernetes_service_v1": {**named, "spec": {"selector": labels, "cluster_ip": "None", "port": metrics}},
            "kubernetes_pod_disruption_budget_v1": {**named, "spec": {"max_unavailable": 1, "selector": selector}},
            "kubernetes_network_policy_v1": {**named, "spec": policy},
        }
        configuration["resource"]["cloudflare_dns_record"]["this"]["depends_on"] = ["kubernetes_deployment_v1.this"]
        configuration["resource"] |= {kind: {"this": arguments} for kind, arguments in resources.items()}
        configuration["data"] = {f"{_TUNNEL}_token": {"this": token}}
        configuration["provider"] = {"kubernetes": {"config_path": self._env["KUBECONFIG"]}}
        return configuration


_POD: dict[str, Any] = {
    "container": {
        "name": "cloudflared",
        "image": DEFAULTS.image.reference,
        "args": [
            "tunnel",
            "--no-autoupdate",
            "--metrics",
            f"0.0.0.0:{METRICS_PORT}",
            "run",
            "--token-file",
            "/token/token",
        ],
        "port": {"name": "metrics", "container_port": METRICS_PORT},
        "readiness_probe": {"http_get": {"path": "/ready", "port": "metrics"}},
        "liveness_probe": {"http_get": {"path": "/healthcheck", "port": "metrics"}},
        "volume_mount": {"name": "token", "mount_path": "/token", "read_only": True},
    },
    "volume": {"name": "token", "secret": {"secret_name": "${kubernetes_secret_v1.this.metadata[0].name}"}},
}
