"""The same by Terraform: the records alone, or with a connector and a network policy as culvert makes them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from bench.measured import Measured, measure
from bench.tools import Tool

_TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
_OPERATIONS = {"preview": ["plan"], "up": ["apply", "-auto-approve"], "destroy": ["destroy", "-auto-approve"]}


class Terraform(Tool):
    """Tunnel, rules and records alone: neither connector nor policy nor pods. It needs `terraform`, and the providers where
    `terraform init` finds them."""

    providers: ClassVar[dict[str, Any]] = {"cloudflare": {"source": "cloudflare/cloudflare", "version": "~> 5.0"}}

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        super().__init__({**env, "KUBE_CONFIG_PATH": env["KUBECONFIG"]}, folder / stack, stack)
        if not shutil.which("terraform"):
            raise RuntimeError("no terraform: put it on the PATH (https://developer.hashicorp.com/terraform/install)")
        self._folder.mkdir()
        self._ready = False

    def write(self, settings: dict[str, Any]) -> None:
        configuration = {"terraform": {"required_providers": self.providers}, **self._declared(settings)}
        (self._folder / "main.tf.json").write_text(json.dumps(configuration))
        if not self._ready:
            self._terraform("init")
            self._ready = True

    def run(self, operation: str) -> Measured:
        return self._terraform(*_OPERATIONS[operation])

    def _declared(self, settings: dict[str, Any]) -> dict[str, Any]:
        """What is made, by the top-level keys of a configuration."""
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
            }
        }

    def _terraform(self, *arguments: str) -> Measured:
        home = Path(self._env["CULVERT_SANDBOX_HOME"])
        return measure(home, self._env, ["terraform", *arguments, "-input=false", "-no-color"], self._folder)


class TerraformWithCluster(Terraform):
    """With namespace, Secret, connector, Service, disruption budget and network policy; the records wait for the connector."""

    providers: ClassVar[dict[str, Any]] = {
        **Terraform.providers,
        "kubernetes": {"source": "hashicorp/kubernetes", "version": "~> 3.0"},
    }

    def _declared(self, settings: dict[str, Any]) -> dict[str, Any]:
        declared = super()._declared(settings)
        declared["resource"]["cloudflare_dns_record"]["this"]["depends_on"] = ["kubernetes_deployment_v1.this"]
        token = {"account_id": settings["accountId"], "tunnel_id": f"${{{_TUNNEL}.this.id}}"}
        labels = {"app": "cloudflared"}
        named = {
            "metadata": {
                "name": "cloudflared",
                "namespace": "${kubernetes_namespace_v1.this.metadata[0].name}",
                "labels": labels,
            }
        }
        container = {
            "name": "cloudflared",
            "image": "cloudflare/cloudflared:2026.8.2",
            "args": ["tunnel", "--no-autoupdate", "--metrics", "0.0.0.0:2000", "run", "--token-file", "/token/token"],
            "readiness_probe": {"http_get": {"path": "/ready", "port": 2000}},
            "volume_mount": {"name": "token", "mount_path": "/token"},
        }
        volume = {"name": "token", "secret": {"secret_name": "${kubernetes_secret_v1.this.metadata[0].name}"}}
        pods = {"metadata": {"labels": labels}, "spec": {"container": container, "volume": volume}}
        anywhere = {"ip_block": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}}
        selected = {"match_labels": labels}
        fence = {"pod_selector": selected, "policy_types": ["Ingress", "Egress"], "egress": {"to": anywhere}}
        declared["data"] = {f"{_TUNNEL}_token": {"this": token}}
        declared["resource"] |= {
            "kubernetes_namespace_v1": {"this": {"metadata": {"name": self._stack}}},
            "kubernetes_secret_v1": {"this": {**named, "data": {"token": f"${{data.{_TUNNEL}_token.this.token}}"}}},
            "kubernetes_deployment_v1": {
                "this": {**named, "spec": {"replicas": 2, "selector": selected, "template": pods}}
            },
            "kubernetes_service_v1": {"this": {**named, "spec": {"selector": labels, "port": {"port": 2000}}}},
            "kubernetes_pod_disruption_budget_v1": {
                "this": {**named, "spec": {"min_available": 1, "selector": selected}}
            },
            "kubernetes_network_policy_v1": {"this": {**named, "spec": fence}},
        }
        return declared
