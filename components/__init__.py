"""What is provisioned. Components read no configuration, do no I/O and make no provider."""

from components.connector import Connector
from components.labels import pod_labels
from components.namespace import Namespace
from components.network_policy import NetworkPolicy
from components.records import Records
from components.sample_site import SampleSite
from components.tunnel import Tunnel

__all__ = ["Connector", "Namespace", "NetworkPolicy", "Records", "SampleSite", "Tunnel", "pod_labels"]
