"""The connector's network policy, written for the policy engine of the cluster."""

from components.network_policy.network_policy import NetworkPolicy

__all__ = ["NetworkPolicy"]
