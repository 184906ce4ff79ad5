"""Alert rules for Prometheus."""

from typing import Any, NotRequired, TypedDict

from components.monitoring import metrics


class AlertsArgs(TypedDict):
    down_severity: NotRequired[str]
    """Label `severity` of the alert for a site that is down; `critical` by default."""
    severity: NotRequired[str]
    """Label `severity` of every other alert; `warning` by default."""
    error_percent: NotRequired[int]
    """Percentage of requests that may fail between connector and Services; 5 by default."""
    runbook_url: NotRequired[str | None]
    """URL of the page that has a section for each alert, named like it (`docs/monitoring.md`)."""


def alert_groups(instance: str, namespace: str, replicas: int | None, args: AlertsArgs) -> list[dict[str, Any]]:
    """The `groups` of a PrometheusRule for the exposure `instance`, whose connectors are `replicas` pods in
    `namespace`; None if their number is not known: then those that are scraped count.

    Every `for` is longer than a rollout, a reconnect to the edge, or the delivery of new ingress rules takes.
    """

    def series(metric: str) -> str:
        return metrics.of_stack(metric, instance, namespace)

    percent, page = args.get("error_percent", 5), args.get("runbook_url")
    down, other = args.get("down_severity", "critical"), args.get("severity", "warning")
    connections, versions = series(metrics.CONNECTIONS), series(metrics.CONFIG_VERSION)
    failed, requests = series(metrics.REQUEST_ERRORS), series(metrics.REQUESTS)
    if replicas is None:
        # Each pod has one series of this metric.
        expected, fewer = f"{metrics.CONNECTIONS_PER_CONNECTOR} * count({connections})", "four connections a connector"
    else:
        expected = str(replicas * metrics.CONNECTIONS_PER_CONNECTOR)
        fewer = f"{expected} connections"

    def rule(alert: str, expr: str, minutes: int, severity: str, summary: str, description: str) -> dict[str, Any]:
        runbook = {"runbook_url": f"{page}#{alert.lower()}"} if page else {}
        return {
            "alert": alert,
            "expr": expr,
            "for": f"{minutes}m",
            # An AlertmanagerConfig matches alerts of its own namespace only.
            "labels": {"severity": severity, "stack": instance, "namespace": namespace},
            "annotations": {"summary": f"{instance}: {summary}", "description": description, **runbook},
        }

    rules = [
        rule(
            "CulvertNoConnection",
            # Without a pod that is scraped there is no series that could be zero.
            f"(sum({connections}) or vector(0)) == 0",
            2,
            down,
            "no connector is connected to Cloudflare",
            "Visitors get error 1033. No connector runs, or none reaches Cloudflare on port 7844, or "
            "Prometheus no longer reaches the connectors.",
        ),
        rule(
            "CulvertFewerConnections",
            f"0 < sum({connections}) < {expected}",
            10,
            other,
            f"fewer than {fewer} to Cloudflare",
            f"There are {{{{ $value }}}}, and {'the' if replicas is None else replicas} connectors hold four each. "
            "Another failure may take the site down.",
        ),
        rule(
            "CulvertRegistrationsFailing",
            f"sum(rate({series(metrics.REGISTER_FAILED)}[5m])) > 0",
            10,
            other,
            "connectors fail to register with Cloudflare",
            "The connectors' logs show why. One reason is a token that was rotated.",
        ),
        rule(
            "CulvertRequestErrors",
            f"100 * sum(rate({failed}[5m])) / sum(rate({requests}[5m])) > {percent}",
            5,
            other,
            f"more than {percent}% of requests do not reach their Service",
            "It is {{ $value | humanize }}%. Visitors get error 502: the Service has no ready pod, it listens on "
            "another port, or the network policy blocks the connection.",
        ),
        rule(
            "CulvertConfigurationsDiffer",
            f"max({versions}) != min({versions})",
            5,
            other,
            "pods run different versions of the ingress rules",
            "A connector that rejects new ingress rules keeps the old ones: its log names the rule that it rejected.",
        ),
    ]
    return [{"name": instance, "rules": rules}]
