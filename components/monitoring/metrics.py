"""The connector's metrics, and how one stack's are told from another's.

Names as cloudflared exports them: `connection/metrics.go`, `supervisor/metrics.go`, `proxy/metrics.go`,
`orchestration/metrics.go` and `metrics/metrics.go` of https://github.com/cloudflare/cloudflared. None is per hostname.
"""

CONNECTIONS = "cloudflared_tunnel_ha_connections"
LOCATIONS = "cloudflared_tunnel_server_locations"
REGISTERED = "cloudflared_tunnel_tunnel_register_success"
REGISTER_FAILED = "cloudflared_tunnel_tunnel_register_fail"
REQUESTS = "cloudflared_tunnel_total_requests"
REQUEST_ERRORS = "cloudflared_tunnel_request_errors"
RESPONSES = "cloudflared_tunnel_response_by_code"
CONCURRENT = "cloudflared_tunnel_concurrent_requests_per_tunnel"
CONFIG_VERSION = "cloudflared_orchestration_config_version"
BUILD = "build_info"

CONNECTIONS_EACH = 4
"""Connections that one connector holds."""


def of_stack(metric: str, instance: str, namespace: str) -> str:
    """A selector of one stack's series.

    By namespace and pod, which every way of scraping sets (a PodMonitor, a ServiceMonitor, a scrape configuration of
    one's own), while `job` is called differently by each.
    """
    return f'{metric}{{namespace="{namespace}",pod=~"{instance}-cloudflared-.+"}}'
