"""The resources of a culvert stack in a bare program: no settings, no checks, no components, and no SDK's classes.

What it takes is Pulumi's own: the engine, its language host, the plugins, and Pulumi's Python SDK. With
`BENCHMARK_TYPED=1` the resources are of the providers' SDKs, imported lazily as culvert does.
"""

import base64
import os
import re
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pulumi

TYPED = os.environ.get("BENCHMARK_TYPED") == "1"
if TYPED:
    sys.path.append(str(Path(__file__).parents[3]))
    from clients import lazy_sdk

    lazy_sdk.install()

config, stack = pulumi.Config("culvert"), pulumi.get_stack()
account, zone = config.require("accountId"), next(iter(config.require_object("zones").values()))
routes = config.require_object("routes")
labels = {"app": stack}


def resource(type: str, name: str, properties: dict[str, Any], *depends_on: pulumi.Resource) -> Any:
    package, module, kind = type.split(":")
    name, options = f"{stack}-{name}", pulumi.ResourceOptions(depends_on=[*depends_on])
    if TYPED:
        folder = f".{module.replace('.k8s.io', '').replace('/', '.')}" if package == "kubernetes" else ""
        arguments = {
            re.sub("[A-Z]", r"_\g<0>", key).lower(): value for key, value in properties.items() if value is not None
        }
        return getattr(import_module(f"pulumi_{package}{folder}"), kind)(name, opts=options, **arguments)
    if package == "kubernetes":
        properties = {"apiVersion": module.removeprefix("core/"), "kind": kind, **properties}
    options.version = version(f"pulumi-{package}")
    return pulumi.CustomResource(type, name, properties, options)


def output(of: pulumi.CustomResource, name: str) -> pulumi.Output[Any]:
    return getattr(of, name)


namespace = resource("kubernetes:core/v1:Namespace", "namespace", {"metadata": {"name": config.require("namespace")}})
metadata = {"namespace": config.require("namespace"), "name": stack, "labels": labels}
policy = resource(
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "policy",
    {
        "metadata": metadata,
        "spec": {
            "podSelector": {"matchLabels": labels},
            "policyTypes": ["Ingress", "Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}],
        },
    },
    namespace,
)
password = resource(
    "random:index/randomPassword:RandomPassword", "secret", {"length": 64, "special": False, "result": None}
)
tunnel = resource(
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
    "tunnel",
    {
        "accountId": account,
        "name": stack,
        "configSrc": "cloudflare",
        "tunnelSecret": pulumi.Output.secret(output(password, "result")).apply(
            lambda text: base64.b64encode(text.encode()).decode()
        ),
    },
    policy,
)
rules = [
    {"hostname": route.get("hostname"), "path": route.get("path"), "service": route["service"]} for route in routes
]
ingress = resource(
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
    "rules",
    {
        "accountId": account,
        "tunnelId": tunnel.id,
        "source": "cloudflare",
        "config": {"ingresses": [*rules, {"service": "http_status:404"}]},
    },
)
secret = resource(
    "kubernetes:core/v1:Secret",
    "token",
    {"metadata": metadata, "stringData": {"token": pulumi.Output.secret(tunnel.id)}},
    namespace,
)
container = {"name": "cloudflared", "image": "cloudflare/cloudflared", "args": ["tunnel", "run"]}
connector = resource(
    "kubernetes:apps/v1:Deployment",
    "cloudflared",
    {
        "metadata": metadata,
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    },
    secret,
    ingress,
)
resource(
    "kubernetes:policy/v1:PodDisruptionBudget",
    "budget",
    {"metadata": metadata, "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}}},
    namespace,
)
resource(
    "kubernetes:core/v1:Service",
    "metrics",
    {"metadata": metadata, "spec": {"clusterIP": "None", "selector": labels, "ports": [{"port": 2000}]}},
    namespace,
)
for hostname in dict.fromkeys(route["hostname"] for route in routes):
    resource(
        "cloudflare:index/dnsRecord:DnsRecord",
        hostname,
        {
            "zoneId": zone,
            "name": hostname,
            "type": "CNAME",
            "content": pulumi.Output.concat(tunnel.id, ".cfargotunnel.com"),
            "proxied": True,
            "ttl": 1,
        },
        connector,
    )
