"""Metrics of cloudflared, and the selector of one exposure's series.

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

CONNECTIONS_PER_CONNECTOR = 4
"""Two to each of two data centers."""


def of_stack(metric: str, instance: str, namespace: str) -> str:
    """Selector of one exposure's series.

    By namespace and pod, the labels that every kind of scraping sets (PodMonitor, ServiceMonitor, a scrape
    configuration). The values of `job` differ.
    """
    return f'{metric}{{namespace="{namespace}",pod=~"{instance}-cloudflared-.+"}}'
