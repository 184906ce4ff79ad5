"""Seeing the tunnel: what Prometheus and Grafana are given, and whom Cloudflare tells."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, StrictBool, StrictInt, field_validator, model_validator

from settings import references, types
from settings.errors import reject
from settings.schema import Options, setting

MAIL = "mail addresses, such as ops@example.com"
IDS = "ids of destinations as Cloudflare's dashboard and API show them: 32 hex digits, with or without hyphens"
STATUSES = ("healthy", "degraded", "down", "inactive")


def _switched(value: Any) -> Any:
    return ({} if value else None) if isinstance(value, bool) else value


class AlertOptions(Options):
    """The alert rules. What each says, and when, is in docs/monitoring.md."""

    down_severity: Annotated[str, AfterValidator(types.label_value)] = setting(
        "Label `severity` of the one alert that says that visitors are turned away.",
        "the value of a label",
        references.PROMETHEUS_RULES,
        examples=["critical", "page"],
        default="critical",
    )
    severity: Annotated[str, AfterValidator(types.label_value)] = setting(
        "Label `severity` of every other alert.",
        "the value of a label",
        references.PROMETHEUS_RULES,
        examples=["warning", "ticket"],
        default="warning",
    )
    error_percent: StrictInt = setting(
        "How many of a hundred requests may fail between the connector and the Services before that is an alert.",
        "a whole number from 1 to 99",
        references.PROMETHEUS_RULES,
        examples=[5],
        default=5,
        ge=1,
        le=99,
    )


class DashboardOptions(Options):
    """The Grafana dashboard, as a ConfigMap that Grafana's sidecar finds by its labels."""

    labels: Annotated[dict[str, str], AfterValidator(types.labels)] = setting(
        "Labels by which the sidecar finds dashboards.",
        "labels, each a name and a text",
        references.GRAFANA_SIDECAR,
        examples=[{"grafana_dashboard": "1"}],
        default={"grafana_dashboard": "1"},
        min_length=1,
    )


Alerts = Annotated[
    AlertOptions | None, BeforeValidator(_switched, json_schema_input_type=AlertOptions | StrictBool | None)
]
Dashboard = Annotated[
    DashboardOptions | None, BeforeValidator(_switched, json_schema_input_type=DashboardOptions | StrictBool | None)
]


class MonitoringOptions(Options):
    """What the Prometheus operator and Grafana are given."""

    monitor: Literal["pod", "service", "none"] = setting(
        "What tells Prometheus to scrape the connectors: a PodMonitor or a ServiceMonitor. Prometheus gets in from "
        "networkPolicy.metricsFrom.",
        "one of pod, service and none",
        references.PROMETHEUS_OPERATOR,
        examples=["pod"],
        default="pod",
    )
    labels: Annotated[dict[str, str], AfterValidator(types.labels)] = setting(
        "Labels of the monitor and of the alert rules, by which a Prometheus selects its own.",
        "labels, each a name and a text",
        references.PROMETHEUS_OPERATOR,
        examples=[{"release": "kube-prometheus-stack"}],
        default={},
    )
    alerts: Alerts = setting(
        "Whether to make alert rules, and how serious they are.",
        "true, false, or {downSeverity, severity, errorPercent}",
        references.PROMETHEUS_RULES,
        examples=[False, {"severity": "ticket"}],
        default=AlertOptions(),
    )
    dashboard: Dashboard = setting(
        "Whether to make a dashboard, and how Grafana's sidecar finds it.",
        "true, false, or {labels}",
        references.GRAFANA_SIDECAR,
        examples=[False, {"labels": {"grafana_dashboard": "1"}}],
        default=DashboardOptions(),
    )


def _address(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text):
        reject("it is no mail address", MAIL, references.CLOUDFLARE_NOTIFICATIONS)
    return text


def _identity(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text.replace("-", "").lower()):
        reject("it is no id of a destination", IDS, references.CLOUDFLARE_NOTIFICATIONS)
    return text


Ids = tuple[Annotated[str, AfterValidator(_identity)], ...]


class NotifyOptions(Options):
    """Whom Cloudflare tells about the tunnel's health, which works also where the cluster does not."""

    email: tuple[Annotated[str, AfterValidator(_address)], ...] = setting(
        "Mail addresses, of verified members of the account on the free plan.",
        MAIL,
        references.CLOUDFLARE_NOTIFICATIONS,
        examples=[["ops@example.com"]],
        default=(),
    )
    webhook: Ids = setting(
        "Webhooks that the account has, by id.",
        IDS,
        references.CLOUDFLARE_NOTIFICATIONS,
        examples=[["1860572c5d964d27aa0f379d13645940"]],
        default=(),
    )
    pagerduty: Ids = setting(
        "PagerDuty services that the account is connected to, by id.",
        IDS,
        references.CLOUDFLARE_NOTIFICATIONS,
        examples=[["850129d136459401860572c5d964d27d"]],
        default=(),
    )
    when: tuple[Literal["healthy", "degraded", "down", "inactive"], ...] = setting(
        "What the tunnel has become when they are told. Degraded is every rollout too.",
        f"one or more of {', '.join(STATUSES)}",
        references.CLOUDFLARE_STATUS,
        examples=[["down", "healthy"]],
        default=("down", "healthy"),
        min_length=1,
    )

    @field_validator("email", "webhook", "pagerduty", "when")
    @classmethod
    def _once(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(values)) < len(values):
            reject("something is there more than once", "each once", references.CLOUDFLARE_NOTIFICATIONS)
        return values

    @model_validator(mode="after")
    def _somebody(self) -> "NotifyOptions":
        if not (self.email or self.webhook or self.pagerduty):
            accepted = "at least one of email, webhook and pagerduty"
            reject("nobody would be told", accepted, references.CLOUDFLARE_NOTIFICATIONS)
        return self
