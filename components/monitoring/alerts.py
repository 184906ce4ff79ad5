"""When somebody should look: alert rules for Prometheus."""

from typing import Any, NotRequired, TypedDict

from components.monitoring import metrics


class AlertsArgs(TypedDict):
    down_severity: NotRequired[str]
    """Label `severity` of the alert that says that visitors are turned away; `critical` by default."""
    severity: NotRequired[str]
    """Label `severity` of every other alert; `warning` by default."""
    error_percent: NotRequired[int]
    """Percent of requests that may fail between connector and Services; 5 by default."""


def alert_groups(instance: str, namespace: str, replicas: int, args: AlertsArgs) -> list[dict[str, Any]]:
    """The `groups` of a PrometheusRule about the stack `instance`, whose connectors are `replicas` pods of `namespace`.

    Every `for` outlasts what passes by itself: a rollout, an edge that reconnects, rules on their way to the pods.
    """

    def series(metric: str) -> str:
        return metrics.of_stack(metric, instance, namespace)

    expected = replicas * metrics.CONNECTIONS_EACH
    percent = args.get("error_percent", 5)
    down, other = args.get("down_severity", "critical"), args.get("severity", "warning")
    connections, versions = series(metrics.CONNECTIONS), series(metrics.CONFIG_VERSION)
    failed, requests = series(metrics.REQUEST_ERRORS), series(metrics.REQUESTS)

    def rule(alert: str, expr: str, minutes: int, severity: str, summary: str, description: str) -> dict[str, Any]:
        return {
            "alert": alert,
            "expr": expr,
            "for": f"{minutes}m",
            # An AlertmanagerConfig speaks of the alerts of its own namespace alone.
            "labels": {"severity": severity, "stack": instance, "namespace": namespace},
            "annotations": {"summary": f"{instance}: {summary}", "description": description},
        }

    rules = [
        rule(
            "CulvertNoConnection",
            # Without pods, or with none that is scraped, there is no series to be zero.
            f"(sum({connections}) or vector(0)) == 0",
            2,
            down,
            "no connector is connected to Cloudflare",
            "Visitors get error 1033. Either no connector runs, or none gets through to Cloudflare on port 7844, or "
            "Prometheus no longer reaches them.",
        ),
        rule(
            "CulvertFewerConnections",
            f"0 < sum({connections}) < {expected}",
            10,
            other,
            f"fewer than {expected} connections to Cloudflare",
            f"There are {{{{ $value }}}}, and {replicas} connectors hold four each. The next failure may be the last one.",
        ),
        rule(
            "CulvertRegistrationsFailing",
            f"sum(rate({series(metrics.REGISTER_FAILED)}[5m])) > 0",
            10,
            other,
            "connectors fail to register with Cloudflare",
            "The connectors' logs say why; a tunnel's token that was replaced is one reason.",
        ),
        rule(
            "CulvertRequestErrors",
            f"100 * sum(rate({failed}[5m])) / sum(rate({requests}[5m])) > {percent}",
            5,
            other,
            f"more than {percent}% of requests do not reach their Service",
            "It is {{ $value | humanize }}%. Visitors get error 502: the Service has no ready pod, listens on another port, or "
            "the network policy is in between.",
        ),
        rule(
            "CulvertConfigurationsDiffer",
            f"max({versions}) != min({versions})",
            5,
            other,
            "pods run different versions of the rules",
            "A connector that refuses rules keeps its old ones and goes on serving: its log says which rule it refused.",
        ),
    ]
    return [{"name": instance, "rules": rules}]
