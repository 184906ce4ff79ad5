"""Values of Cloudflare's Helm charts `cloudflare-tunnel` and `cloudflare-tunnel-remote`.

Source: https://github.com/cloudflare/helm-charts
"""

from typing import Any

from ops.migrate import chart_values
from ops.migrate.config_file import add_tunnel, add_warp_routing, read_rule
from ops.migrate.existing_setup import ExistingSetup, IngressRule
from ops.migrate.input_object import InputObject, Option

_CLOUDFLARE = ("account", "tunnelName", "tunnelId", "secret", "secretName", "enableWarp", "ingress", "tunnel_token")
_KNOWN: dict[str, Any] = {
    "cloudflare": dict.fromkeys(_CLOUDFLARE),
    "image": {"repository": "cloudflare/cloudflared", "pullPolicy": "IfNotPresent", "tag": ""},
    "replicaCount": None,
    "imagePullSecrets": None,
    # Names of objects of the chart's own.
    "nameOverride": None,
    "fullnameOverride": None,
    "serviceAccount": {"annotations": {}, "name": None, "create": None},
    "podSecurityContext": {"runAsNonRoot": True, "runAsUser": 65532},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    },
    **dict.fromkeys(chart_values.PATHS),
}


def is_values(document: InputObject) -> bool:
    """Whether a document has values of one of the charts."""
    details = document.values.get("cloudflare")
    # Charts of tunnel controllers have a key of this name too, with the tunnel's name and credentials.
    own = {"account", "tunnelId", "enableWarp", "ingress", "tunnel_token"}
    return isinstance(details, dict) and bool(details.keys() & own)


def read(values: InputObject, namespace: str) -> ExistingSetup:
    """The setup; `namespace` is that of the release, empty where it is not known."""
    details = values.object("cloudflare")
    setup = ExistingSetup(f"the chart's values {values.place}", details.text("tunnelName") or details.text("tunnelId"))
    setup.account_id = details.text("account") or None
    setup.rules += [read_rule(rule, setup, namespace) for rule in details.objects("ingress")]
    setup.remote = "tunnel_token" in details
    if not setup.remote:
        # As the chart's template adds it.
        setup.rules.append(IngressRule("", "http_status:404", place=details.at("ingress")))
        if setup.name:
            add_tunnel(details.option("tunnelName" if details.text("tunnelName") else "tunnelId"), setup)
    add_warp_routing(details.option("enableWarp"), details.get("enableWarp") is True, setup)
    if "replicaCount" in values:
        setup.settings.append(Option("connector.replicas", values.get("replicaCount"), values.at("replicaCount")))
    chart_values.read_pod(values, setup)
    chart_values.report_others(values, _KNOWN, setup)
    return setup
