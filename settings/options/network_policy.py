"""The network policy of the connector's pods."""

from typing import Annotated, Literal

from pydantic import StrictBool

from settings import references
from settings.options.network_policy_peers import AllowedPeer, DnsServer
from settings.schema import Accepts, Example, Options
from settings.types.kubernetes import NamespaceName

Engine = Literal["kubernetes", "calico", "calico-crd", "cilium"]
Preset = Literal["strict", "guide"]
DEFAULT_ENGINE: Engine = "kubernetes"
DEFAULT_PRESET: Preset = "strict"


class NetworkPolicyOptions(Options):
    """Network policy of the connector's pods: all traffic that it does not allow is denied."""

    SOURCE = references.KUBERNETES_POLICIES

    engine: Annotated[Engine, Example("calico")] = DEFAULT_ENGINE
    """Kind of policy. kubernetes works with every network plugin that enforces policies; calico requires Calico's API
    server, calico-crd is for clusters without it; cilium supports DNS names."""
    preset: Preset = DEFAULT_PRESET
    """strict allows Cloudflare's edge, cluster DNS and each route's backend on its port; guide allows the namespace,
    the internet and cluster DNS."""
    metrics_from: Annotated[NamespaceName | None, Example("monitoring")] = None
    """Namespace whose pods may scrape the connectors' metrics on port 2000; omitted, none."""
    allow: Annotated[
        tuple[AllowedPeer, ...],
        Accepts(
            "a list of {cidr or namespace with pods or name or entity, ports, protocol}",
            examples=([{"namespace": "shop", "pods": {"app": "db"}, "ports": [5432]}],),
        ),
    ] = ()
    """Egress besides the routes' backends."""
    dns: Annotated[
        tuple[DnsServer, ...],
        Accepts(
            "a list of {cidr or namespace with pods, port}",
            references.KUBERNETES_DNS,
            ([{"namespace": "kube-system", "pods": {"app": "dns"}}, {"cidr": "169.254.25.10"}],),
        ),
    ] = ()
    """All DNS servers of the cluster's pods. Omitted: pods labelled k8s-app=kube-dns or node-local-dns in kube-system,
    and NodeLocal DNSCache at 169.254.20.10."""
    allow_cloud_metadata: Annotated[StrictBool, Accepts(source=references.CLOUD_METADATA)] = False
    """Confirms that a route, `allow`, `dns` or a private network names the metadata service of a cloud, which gives the
    machine's credentials to everyone who reaches it. Without it, such an address or name is an error. Addresses that
    are not named stay closed."""
