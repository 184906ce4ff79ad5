"""Monitoring of the connectors with the Prometheus operator and Grafana."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, BeforeValidator, StrictBool, StrictInt

from settings import references
from settings.errors import reject
from settings.options.shorthand import switch
from settings.schema import Accepts, Example, Options
from settings.types.kubernetes import LABEL_RULE, Labels, LabelValue, labels


def _page(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or "#" in text or re.search(r"\s", text):
        reject("is not the URL of a page")
    return text


RunbookUrl = Annotated[
    str,
    AfterValidator(_page),
    Accepts("the http:// or https:// URL of a page, without #", references.RUNBOOK_URL),
    Example("https://git.example.com/culvert/docs/monitoring.md"),
]


class AlertOptions(Options):
    """The alert rules. docs/monitoring.md has their conditions."""

    SOURCE = references.PROMETHEUS_RULES

    down_severity: Annotated[LabelValue, Example("critical", "page")] = "critical"
    """Label `severity` of the alert for a tunnel that is down for visitors."""
    severity: Annotated[LabelValue, Example("warning", "ticket")] = "warning"
    """Label `severity` of every other alert."""
    error_percent: Annotated[StrictInt, Ge(1), Le(99)] = 5
    """Percentage of failed requests between connector and Services that triggers an alert."""
    runbook_url: RunbookUrl | None = None
    """Where your copy of docs/monitoring.md is. Each alert then carries `runbook_url`, the address of its section."""


DashboardLabels = Annotated[
    dict[str, str],
    MinLen(1),
    AfterValidator(labels),
    Accepts(f"one or more labels, {LABEL_RULE}", references.GRAFANA_SIDECAR),
]


class DashboardOptions(Options):
    """The Grafana dashboard, as a ConfigMap that Grafana's sidecar finds by its labels."""

    SOURCE = references.GRAFANA_SIDECAR

    labels: DashboardLabels = {"grafana_dashboard": "1"}
    """Labels by which the sidecar finds dashboards."""


Alerts = Annotated[
    AlertOptions | None,
    BeforeValidator(switch, json_schema_input_type=AlertOptions | StrictBool | None),
    Accepts("true, false, or {downSeverity, severity, errorPercent, runbookUrl}"),
]
Dashboard = Annotated[
    DashboardOptions | None,
    BeforeValidator(switch, json_schema_input_type=DashboardOptions | StrictBool | None),
    Accepts("true, false, or {labels}"),
]


class MonitoringOptions(Options):
    """A monitor, alert rules and a dashboard."""

    SOURCE = references.PROMETHEUS_OPERATOR

    monitor: Literal["pod", "service", "none"] = "pod"
    """Kind of the monitor by which Prometheus scrapes the connectors: a PodMonitor or a ServiceMonitor. Requires
    networkPolicy.metricsFrom, the namespace that Prometheus runs in."""
    labels: Annotated[
        Labels, Accepts(source=references.PROMETHEUS_OPERATOR, examples=({"release": "kube-prometheus-stack"},))
    ] = {}
    """Labels of the monitor and of the alert rules, by which a Prometheus selects them."""
    alerts: Annotated[Alerts, Example(False, {"severity": "ticket"})] = AlertOptions.defaults()
    """Whether to create alert rules, and their severity."""
    dashboard: Annotated[Dashboard, Example(False, {"labels": {"grafana_dashboard": "1"}})] = (
        DashboardOptions.defaults()
    )
    """Whether to create a dashboard, and how Grafana's sidecar finds it."""
