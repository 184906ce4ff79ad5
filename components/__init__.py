"""What is provisioned. Components read no configuration and create no provider."""

from components.access import Access
from components.connector.connector import Connector
from components.exposure.exposure import Exposure
from components.load_balancer import LoadBalancer
from components.monitoring.monitoring import Monitoring
from components.namespace import Namespace
from components.naming import pod_labels
from components.network_policy.network_policy import NetworkPolicy
from components.notification import Notification
from components.private_networks import PrivateNetworks
from components.records import Records
from components.sample_site import SampleSite
from components.tunnel import Tunnel
from components.waf.waf import WafRules

__all__ = [
    "Access",
    "Connector",
    "Exposure",
    "LoadBalancer",
    "Monitoring",
    "Namespace",
    "NetworkPolicy",
    "Notification",
    "PrivateNetworks",
    "Records",
    "SampleSite",
    "Tunnel",
    "WafRules",
    "pod_labels",
]
