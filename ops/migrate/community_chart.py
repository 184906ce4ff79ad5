"""Values of the Helm chart `cloudflared` of the community.

Source: https://github.com/community-charts/helm-charts/tree/main/charts/cloudflared
"""

from typing import Any

from ops.migrate import chart_values, given_options
from ops.migrate.config_file import add_tunnel, add_warp_routing, read_rule
from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import InputObject, Option

_OPTIONS = {
    "metricsUpdateFrequency": "metrics-update-freq",
    "gracePeriod": "grace-period",
    "retries": "retries",
    "protocol": "protocol",
    "logLevel": "loglevel",
    "transportLogLevel": "transport-loglevel",
}
_PROBE = {"httpGet": {"path": "/ready", "port": 2000}, "initialDelaySeconds": 10, "periodSeconds": 10}
_KNOWN: dict[str, Any] = {
    "replica": {"allNodes": None, "count": None},
    "terminationGracePeriodSeconds": 30,
    "image": {"repository": "cloudflare/cloudflared", "pullPolicy": "IfNotPresent", "tag": ""},
    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
    "imagePullSecrets": None,
    # Names of objects of the chart's own.
    "nameOverride": None,
    "fullnameOverride": None,
    "serviceAccount": {"create": None, "automount": None, "annotations": {}, "name": None},
    "podSecurityContext": {
        "fsGroup": 65532,
        "fsGroupChangePolicy": "OnRootMismatch",
        "sysctls": [{"name": "net.ipv4.ping_group_range", "value": "0 2147483647"}],
    },
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": []},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "privileged": False,
        "runAsUser": 65532,
        "runAsGroup": 65532,
    },
    # Of the old tunnel, whose credentials the stack does not need.
    "tunnelSecrets": None,
    "tunnelConfig": {
        **dict.fromkeys(_OPTIONS),
        **dict.fromkeys(("name", "connectTimeout", "warpRouting", "autoUpdateFrequency", "noAutoUpdate")),
    },
    "ingress": None,
    "livenessProbe": {**_PROBE, "failureThreshold": 1},
    "readinessProbe": _PROBE,
    **dict.fromkeys(chart_values.PATHS),
}


def is_values(document: InputObject) -> bool:
    """Whether a document has values of the chart."""
    return bool(document.values.keys() & {"tunnelConfig", "tunnelSecrets"})


def read(values: InputObject, namespace: str) -> ExistingSetup:
    """The setup; `namespace` is that of the release, empty where it is not known."""
    details, replica = values.object("tunnelConfig"), values.object("replica")
    setup = ExistingSetup(f"the chart's values {values.place}", details.text("name"))
    setup.rules += [read_rule(rule, setup, namespace) for rule in values.objects("ingress")]
    if "connectTimeout" in details:
        setup.defaults.append(details.option("connectTimeout"))
    if setup.name:
        add_tunnel(details.option("name"), setup)
    add_warp_routing(details.option("warpRouting"), details.get("warpRouting") is True, setup)
    options = [Option(name, details.get(key), details.at(key)) for key, name in _OPTIONS.items() if key in details]
    given_options.apply(options, setup, namespace)
    if replica.get("allNodes") is not False:
        reason = "the chart runs a connector on every node" + ("" if "allNodes" in replica else ", as it is not false")
        remedy = "set connector.replicas to the number that is needed"
        setup.skipped.append(SkippedItem("replica.allNodes", reason, remedy, replica.at("allNodes")))
    elif "count" in replica:
        setup.settings.append(Option("connector.replicas", replica.get("count"), replica.at("count")))
    chart_values.read_pod(values, setup)
    chart_values.report_others(values, _KNOWN, setup)
    return setup
