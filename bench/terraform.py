"""Many hostnames by Terraform with Cloudflare's provider."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.measured import Measured, measure
from bench.tools import Tool

_TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
_OPERATIONS = {"preview": ["plan"], "up": ["apply", "-auto-approve"], "destroy": ["destroy", "-auto-approve"]}


class Terraform(Tool):
    """Tunnel, rules and records alone: neither connector nor policy nor pods. It needs `terraform`, and the provider where
    `terraform init` finds it."""

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        super().__init__(env, folder / stack, stack)
        if not shutil.which("terraform"):
            raise RuntimeError("no terraform: put it on the PATH (https://developer.hashicorp.com/terraform/install)")
        self._folder.mkdir()

    def write(self, settings: dict[str, Any]) -> None:
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
        configuration = {
            "terraform": {
                "required_providers": {"cloudflare": {"source": "cloudflare/cloudflare", "version": "~> 5.0"}}
            },
            "resource": {
                _TUNNEL: {"this": {**account, "name": self._stack, "config_src": "cloudflare"}},
                f"{_TUNNEL}_config": {"this": {**account, "tunnel_id": f"${{{_TUNNEL}.this.id}}", "config": config}},
                "cloudflare_dns_record": {"this": record},
            },
        }
        (self._folder / "main.tf.json").write_text(json.dumps(configuration))
        if not (self._folder / ".terraform").exists():
            self._terraform("init")

    def run(self, operation: str) -> Measured:
        return self._terraform(*_OPERATIONS[operation])

    def _terraform(self, *arguments: str) -> Measured:
        return measure(self._env, ["terraform", *arguments, "-input=false", "-no-color"], self._folder)
