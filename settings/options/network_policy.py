"""The network policy of the connector's pods."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from settings import references, types
from settings.options.network_policy_peers import AllowedPeer, DnsServer
from settings.schema import Options, setting


class NetworkPolicyOptions(Options):
    """The fence around the connector's pods."""

    engine: Literal["kubernetes", "calico", "calico-crd", "cilium"] = setting(
        "Kind of policy. kubernetes is understood by every network plugin that enforces policies; calico takes Calico's "
        "API server, calico-crd is for clusters without it; cilium knows DNS names.",
        "one of kubernetes, calico, calico-crd and cilium",
        references.KUBERNETES_POLICIES,
        examples=["calico"],
        default="kubernetes",
    )
    preset: Literal["strict", "guide"] = setting(
        "strict opens Cloudflare's edge, cluster DNS and each route's backend on its port; guide opens the namespace, "
        "the internet and cluster DNS.",
        "one of strict and guide",
        references.KUBERNETES_POLICIES,
        examples=["strict"],
        default="strict",
    )
    metrics_from: Annotated[str, AfterValidator(types.namespace_name)] | None = setting(
        "Namespace whose pods may read the connectors' metrics on port 2000; left out, none may.",
        "the name of a namespace",
        references.KUBERNETES_POLICIES,
        examples=["monitoring"],
        default=None,
    )
    allow: tuple[AllowedPeer, ...] = setting(
        "What the connector may reach besides the routes' backends.",
        "a list of {cidr or namespace with pods or name, ports, protocol}",
        references.KUBERNETES_POLICIES,
        examples=[[{"namespace": "shop", "pods": {"app": "db"}, "ports": [5432]}]],
        default=(),
    )
    dns: tuple[DnsServer, ...] = setting(
        "The DNS servers that the cluster's pods ask, all of them. Left out: pods labelled k8s-app=kube-dns or node-local-dns "
        "in kube-system, and NodeLocal DNSCache at 169.254.20.10.",
        "a list of {cidr or namespace with pods, port}",
        references.KUBERNETES_DNS,
        examples=[[{"namespace": "kube-system", "pods": {"app": "dns"}}, {"cidr": "169.254.25.10"}]],
        default=(),
    )
