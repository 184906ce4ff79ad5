"""Grafana dashboard of the tunnel."""

import hashlib
from typing import Any, NotRequired, TypedDict

from components.monitoring import metrics


class DashboardArgs(TypedDict):
    labels: NotRequired[dict[str, str]]
    """Labels by which Grafana's sidecar finds dashboards; `grafana_dashboard: "1"` by default."""


def dashboard(instance: str, namespace: str) -> dict[str, Any]:
    """The dashboard of the exposure `instance`, whose connectors run in `namespace`, in Grafana's JSON model.

    https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
    """

    def series(metric: str) -> str:
        return metrics.of_stack(metric, instance, namespace)

    def rate(metric: str, by: str = "") -> str:
        return f"sum{by}(rate({series(metric)}[$__rate_interval]))"

    # Title, unit, and for each query its legend.
    panels: list[tuple[str, str, dict[str, str]]] = [
        ("Connections to Cloudflare", "none", {"{{pod}}": f"sum by (pod) ({series(metrics.CONNECTIONS)})"}),
        (
            "Edge locations",
            "none",
            {"{{edge_location}}": f"count by (edge_location) ({series(metrics.LOCATIONS)} > 0)"},
        ),
        (
            "Requests",
            "reqps",
            {"requests": rate(metrics.REQUESTS), "failed to reach their Service": rate(metrics.REQUEST_ERRORS)},
        ),
        ("Responses by status", "reqps", {"{{status_code}}": rate(metrics.RESPONSES, " by (status_code) ")}),
        ("Requests in flight", "none", {"{{pod}}": f"sum by (pod) ({series(metrics.CONCURRENT)})"}),
        (
            "Registrations",
            "reqps",
            {"succeeded": rate(metrics.REGISTERED), "failed": rate(metrics.REGISTER_FAILED)},
        ),
        ("Version of the ingress rules", "none", {"{{pod}}": f"max by (pod) ({series(metrics.CONFIG_VERSION)})"}),
        ("Version of cloudflared", "none", {"{{version}}": f"count by (version) ({series(metrics.BUILD)})"}),
    ]
    return {
        # At most 40 characters, and the same when the exposure is created again.
        "uid": f"culvert-{hashlib.sha256(f'{namespace}/{instance}'.encode()).hexdigest()[:16]}",
        "title": f"Cloudflare Tunnel {instance}",
        "tags": ["cloudflared", "culvert"],
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "templating": {
            "list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}],
        },
        "panels": [_panel(number, *panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, title: str, unit: str, queries: dict[str, str]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        # Two to a row of 24 columns.
        "gridPos": {"x": 12 * (number % 2), "y": 8 * (number // 2), "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": expr, "legendFormat": legend}
            for index, (legend, expr) in enumerate(queries.items())
        ],
    }
