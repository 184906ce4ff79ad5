"""What stands around the connector: its namespace, its network policy, a sample site."""

from typing import Annotated, Literal

from pydantic import AfterValidator, StrictBool, field_validator, model_validator

from settings import images, names, sources
from settings.fields import Options, setting
from settings.mistakes import refuse
from settings.openings import AllowOptions, ResolverOptions

NAMESPACE = "1 to 63 lower-case letters, digits and hyphens, not beginning with kube-"
SAMPLE_SITE_PORT = 80
"""Port of the sample site's Service."""
SAMPLE_SITE_TARGET_PORT = 8080
"""Port that the sample site's pods listen on."""


class NamespaceOptions(Options):
    """The namespace that the connector runs in."""

    name: str = setting("Name of the namespace.", NAMESPACE, sources.KUBERNETES_NAMESPACES, examples=["blog"])
    create: StrictBool = setting(
        "Whether culvert makes it; with false it is there already.",
        "true or false",
        sources.KUBERNETES_NAMESPACES,
        examples=[True],
        default=True,
    )
    labels: dict[str, str] = setting(
        "Labels of the namespace that culvert makes, besides the restricted Pod Security one.",
        "labels other than pod-security.kubernetes.io/..., each a name and a text",
        sources.KUBERNETES_LABELS,
        examples=[{"team": "web"}],
        default={},
    )

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name.startswith("kube-"):
            refuse("kube- is Kubernetes' own", NAMESPACE, sources.KUBERNETES_NAMESPACES)
        return names.namespace_name(name)

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: dict[str, str]) -> dict[str, str]:
        if any(key.startswith("pod-security.kubernetes.io/") for key in labels):
            refuse("the namespace is restricted, always", "other labels", sources.KUBERNETES_POD_SECURITY)
        return names.labels(labels)

    @model_validator(mode="after")
    def _makes_sense(self) -> "NamespaceOptions":
        if self.create and self.name == "default":
            why = "the namespace default is there already, in every cluster"
            refuse(why, "another name, or create: false", sources.KUBERNETES_NAMESPACES)
        if not self.create and self.labels:
            why = "culvert labels no namespace that it did not make"
            refuse(why, "labels only without create: false", sources.KUBERNETES_NAMESPACES)
        return self


class NetworkPolicyOptions(Options):
    """The fence around the connector's pods."""

    dialect: Literal["kubernetes", "calico", "calico-stored", "cilium"] = setting(
        "Kind of policy. kubernetes is understood by every network plugin that enforces policies; calico takes Calico's "
        "API server, calico-stored is for clusters without it; cilium knows DNS names.",
        "one of kubernetes, calico, calico-stored and cilium",
        sources.KUBERNETES_POLICIES,
        examples=["calico"],
        default="kubernetes",
    )
    preset: Literal["strict", "guide"] = setting(
        "strict opens Cloudflare's edge, cluster DNS and each route's backend on its port; guide opens the namespace, "
        "the internet and cluster DNS.",
        "one of strict and guide",
        sources.KUBERNETES_POLICIES,
        examples=["strict"],
        default="strict",
    )
    metrics_from: Annotated[str, AfterValidator(names.namespace_name)] | None = setting(
        "Namespace whose pods may read the connectors' metrics on port 2000; left out, none may.",
        "the name of a namespace",
        sources.KUBERNETES_POLICIES,
        examples=["monitoring"],
        default=None,
    )
    allow: tuple[AllowOptions, ...] = setting(
        "What the connector may reach besides the routes' backends.",
        "a list of {cidr or namespace with pods or name, ports, protocol}",
        sources.KUBERNETES_POLICIES,
        examples=[[{"namespace": "shop", "pods": {"app": "db"}, "ports": [5432]}]],
        default=(),
    )
    dns: tuple[ResolverOptions, ...] = setting(
        "The DNS servers that the cluster's pods ask, all of them. Left out: pods labelled k8s-app=kube-dns or node-local-dns "
        "in kube-system, and NodeLocal DNSCache at 169.254.20.10.",
        "a list of {cidr or namespace with pods, port}",
        sources.KUBERNETES_DNS,
        examples=[[{"namespace": "kube-system", "pods": {"app": "dns"}}, {"cidr": "169.254.25.10"}]],
        default=(),
    )


class SampleSiteOptions(Options):
    """A small nginx site to try the tunnel with."""

    name: Annotated[str, AfterValidator(names.service_name)] = setting(
        "Name of its Service, on port 80; its pods listen on 8080.",
        "the name of a Service",
        sources.KUBERNETES_SERVICES,
        examples=["blog"],
        default="blog",
    )
    image: Annotated[str, AfterValidator(images.pinned_reference)] | None = setting(
        "Image to run instead of the pinned nginx; it listens on 8080 and runs as any user.",
        "an image with a tag other than latest, or with a digest",
        sources.KUBERNETES_IMAGES,
        examples=["docker.io/nginxinc/nginx-unprivileged:1.28.0"],
        default=None,
    )
