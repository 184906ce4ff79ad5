"""Monitoring: a monitor, alert rules and a dashboard for the connector's metrics."""

from components.monitoring.monitoring import Monitoring

__all__ = ["Monitoring"]
