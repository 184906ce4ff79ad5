"""What the Prometheus operator and Grafana are given, to see the tunnel by."""

import json
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap

from components.connector.pod import DEFAULTS
from components.monitoring.alerts import AlertsArgs, alert_groups
from components.monitoring.dashboard import DashboardArgs, dashboard
from components.naming import common_labels, pod_labels

API = "monitoring.coreos.com/v1"


class MonitoringArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Namespace of the connector's pods; everything below is made there."""
    monitor: NotRequired[str]
    """`pod` (the default) makes a PodMonitor, `service` a ServiceMonitor, `none` neither."""
    labels: NotRequired[dict[str, str]]
    """Labels of monitor and alert rules, by which a Prometheus selects its own."""
    alerts: NotRequired[AlertsArgs | None]
    """Alert rules, and how serious they are; none without it."""
    dashboard: NotRequired[DashboardArgs | None]
    """A dashboard, and how Grafana finds it; none without it."""
    replicas: NotRequired[pulumi.Input[int]]
    """Connectors that should run; two by default, as of the Connector."""


class Monitoring(pulumi.ComponentResource):
    """The Connector of the same name, seen by Prometheus and in Grafana.

    Creates a PodMonitor or a ServiceMonitor and a PrometheusRule, whose kinds come with the Prometheus operator, and a
    ConfigMap with a dashboard. It opens no door: the NetworkPolicy's `metrics_from` lets Prometheus in.
    """

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:Monitoring", name, {}, opts)
        namespace = pulumi.Output.from_input(args["namespace"])
        labels = {**common_labels(name), **args.get("labels", {})}
        kind, spec = _monitor(args.get("monitor", "pod"), name)
        if kind:
            self._custom(kind, f"{name}-monitor", namespace, labels, spec)
        alerts = args.get("alerts")
        if alerts is not None:
            groups = pulumi.Output.all(namespace, args.get("replicas", DEFAULTS.replicas)).apply(
                lambda known: alert_groups(name, known[0], int(known[1]), alerts)
            )
            self._custom("PrometheusRule", f"{name}-alerts", namespace, labels, {"groups": groups})
        shown = args.get("dashboard")
        if shown is not None:
            ConfigMap(
                f"{name}-dashboard",
                metadata={
                    # A given name: the sidecar keeps dashboards as files by their key, and with two ConfigMaps for a moment
                    # the end of the old one would take the new one's file along.
                    "name": f"{name}-dashboard",
                    "namespace": namespace,
                    "labels": {**common_labels(name), **shown.get("labels", {"grafana_dashboard": "1"})},
                },
                data={f"{name}.json": namespace.apply(lambda known: json.dumps(dashboard(name, known), indent=1))},
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})

    def _custom(
        self, kind: str, name: str, namespace: pulumi.Output[str], labels: dict[str, str], spec: dict[str, Any]
    ) -> None:
        CustomResource(
            name,
            api_version=API,
            kind=kind,
            metadata={"namespace": namespace, "labels": labels},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _monitor(monitor: str, instance: str) -> tuple[str, dict[str, Any]]:
    """Kind and spec of what points Prometheus at the pods, or at the Service that has the same labels."""
    selector = {"matchLabels": pod_labels(instance)}
    if monitor == "pod":
        return "PodMonitor", {"selector": selector, "podMetricsEndpoints": [{"port": "metrics"}]}
    if monitor == "service":
        return "ServiceMonitor", {"selector": selector, "endpoints": [{"port": "metrics"}]}
    if monitor == "none":
        return "", {}
    raise ValueError(f"monitor is {monitor!r}; known are pod, service and none")
