"""Monitoring of the connector: a monitor and alert rules for the Prometheus operator, a Grafana dashboard."""

import json
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap

from components.argument_check import ArgumentError, check_arguments
from components.connector.pod import DEFAULTS
from components.monitoring.alerts import AlertsArgs, alert_groups
from components.monitoring.dashboard import DashboardArgs, dashboard
from components.naming import common_labels, owner_annotation, pod_labels

API = "monitoring.coreos.com/v1"


class MonitoringArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Namespace of the connector's pods and of everything that is created."""
    monitor: NotRequired[str]
    """`pod` (the default) creates a PodMonitor, `service` a ServiceMonitor, `none` neither."""
    labels: NotRequired[dict[str, str]]
    """Labels of the monitor and the alert rules, by which a Prometheus selects them."""
    alerts: NotRequired[AlertsArgs | None]
    """Alert rules and their severities; without it, none are created."""
    dashboard: NotRequired[DashboardArgs | None]
    """The dashboard and its labels; without it, none is created."""
    replicas: NotRequired[pulumi.Input[int]]
    """Number of pods that should run; 2 by default, as for the Connector."""
    external_replicas: NotRequired[bool]
    """Whether `replicas` is not known here, since others decide it: alerts then count the pods that are scraped."""


class Monitoring(pulumi.ComponentResource):
    """Monitoring of the Connector of the same name, by Prometheus and Grafana.

    Creates a PodMonitor or a ServiceMonitor and a PrometheusRule, whose kinds come with the Prometheus operator, and a
    ConfigMap with a dashboard. It changes no network policy: the NetworkPolicy's `metrics_from` admits Prometheus.
    """

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, MonitoringArgs)
        super().__init__("culvert:index:Monitoring", name, opts=opts)
        namespace = pulumi.Output.from_input(args["namespace"])
        labels = {**common_labels(name), **args.get("labels", {})}
        kind, spec = _monitor(args.get("monitor", "pod"), name)
        if kind:
            self._custom(kind, f"{name}-monitor", namespace, labels, spec)
        alerts = args.get("alerts")
        if alerts is not None:
            replicas = None if args.get("external_replicas") else args.get("replicas", DEFAULTS.initial_replicas)
            groups = pulumi.Output.all(namespace, replicas).apply(
                lambda known: alert_groups(name, known[0], known[1] and int(known[1]), alerts)
            )
            self._custom("PrometheusRule", f"{name}-alerts", namespace, labels, {"groups": groups})
        dashboard_args = args.get("dashboard")
        if dashboard_args is not None:
            ConfigMap(
                f"{name}-dashboard",
                metadata={
                    # A fixed name: Grafana's sidecar keeps dashboards as files named after their key. With a second
                    # ConfigMap for a moment, deleting the old one would delete the file of the new one.
                    "name": f"{name}-dashboard",
                    "namespace": namespace,
                    "labels": {**common_labels(name), **dashboard_args.get("labels", {"grafana_dashboard": "1"})},
                    "annotations": owner_annotation(),
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
            metadata={"namespace": namespace, "labels": labels, "annotations": owner_annotation()},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _monitor(monitor: str, instance: str) -> tuple[str, dict[str, Any]]:
    """Kind and spec of the monitor of the pods, or of the Service, which has the same labels."""
    selector = {"matchLabels": pod_labels(instance)}
    if monitor == "pod":
        return "PodMonitor", {"selector": selector, "podMetricsEndpoints": [{"port": "metrics"}]}
    if monitor == "service":
        return "ServiceMonitor", {"selector": selector, "endpoints": [{"port": "metrics"}]}
    if monitor == "none":
        return "", {}
    raise ArgumentError("Monitoring", [("monitor", f"is {monitor!r}; accepted: one of pod, service and none")])
