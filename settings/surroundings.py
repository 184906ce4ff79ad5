"""What stands around the connector: its namespace, its network policy, a sample site."""

from typing import Annotated, Literal

from pydantic import AfterValidator, StrictBool, field_validator

from settings import names, sources
from settings.fields import Options, setting
from settings.mistakes import refuse

NAMESPACE = "1 to 63 lower-case letters, digits and hyphens, not beginning with kube-"
SAMPLE_SITE_PORT = 80
"""Port of the sample site's Service."""
SAMPLE_SITE_TARGET_PORT = 8080
"""Port its pods listen on."""


class NamespaceOptions(Options):
    """The namespace that holds the connector."""

    name: str = setting("Name of the namespace.", NAMESPACE, sources.KUBERNETES_NAMESPACES, examples=["blog"])
    create: StrictBool = setting(
        "Whether culvert makes it; false uses one that exists.",
        "true or false",
        sources.KUBERNETES_NAMESPACES,
        examples=[True],
        default=True,
    )
    labels: dict[str, str] = setting(
        "Labels put on a namespace that culvert makes, besides the restricted Pod Security one.",
        "labels other than pod-security.kubernetes.io/...",
        sources.KUBERNETES_LABELS,
        examples=[{"team": "web"}],
        default={},
    )

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name.startswith("kube-"):
            refuse("kube- is Kubernetes' own", NAMESPACE, sources.KUBERNETES_NAMESPACES)
        return names.dns_label(name)

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: dict[str, str]) -> dict[str, str]:
        for key in labels:
            if key.startswith("pod-security.kubernetes.io/"):
                refuse("the namespace is restricted, always", "other labels", sources.KUBERNETES_POD_SECURITY)
        return names.labels(labels)


class NetworkPolicyOptions(Options):
    """What the connector's pods may reach, and who may reach them."""

    preset: Literal["strict", "guide"] = setting(
        "strict: Cloudflare's edge, cluster DNS and each route's backend on its port. guide: the namespace, the internet and cluster DNS.",
        "one of strict and guide",
        sources.KUBERNETES_POLICIES,
        examples=["strict"],
        default="strict",
    )
    metrics_from: Annotated[str, AfterValidator(names.dns_label)] | None = setting(
        "Namespace whose pods may read the connector's metrics on port 2000; nobody may when left out.",
        "the name of a namespace",
        sources.KUBERNETES_POLICIES,
        examples=["monitoring"],
        default=None,
    )


class SampleSiteOptions(Options):
    """A small nginx site to try the tunnel with."""

    name: Annotated[str, AfterValidator(names.service_name)] = setting(
        "Name of its Service, which listens on port 80 and has pods on 8080.",
        "the name of a Service",
        sources.KUBERNETES_SERVICES,
        examples=["blog"],
        default="blog",
    )
    image: str | None = setting(
        "Image to run instead of the pinned nginx; it listens on 8080 and runs as any user.",
        "an image with a tag other than latest, or a digest",
        sources.KUBERNETES_IMAGES,
        examples=["docker.io/nginxinc/nginx-unprivileged:1.28.0"],
        default=None,
    )

    @field_validator("image")
    @classmethod
    def _pinned(cls, image: str | None) -> str | None:
        last = (image or "").rsplit("/", 1)[-1]
        if image is not None and "@sha256:" not in last and (":" not in last or last.endswith(":latest")):
            refuse("it is not pinned", "an image with a tag other than latest, or a digest", sources.KUBERNETES_IMAGES)
        return image
