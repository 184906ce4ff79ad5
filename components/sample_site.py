"""Sample site for the first route: nginx with one page."""

from typing import TYPE_CHECKING, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Service

from components.argument_check import check_arguments
from components.naming import common_labels_with, generated_name, owner_annotation
from components.sample_site_page import PAGE

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import PodSpecArgsDict
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

IMAGE = (
    "docker.io/nginxinc/nginx-unprivileged:1.28.0"
    "@sha256:cafbd84f76d7ccb0a2346f4c5209c3e494533d82ba3821f552c2e08a99111476"
)
PORT = 8080


class SampleSiteArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Namespace of everything that is created."""
    service: str
    """Name of the Service, as in a route: `blog` for `http://blog`."""
    image: NotRequired[str | None]
    """Image whose nginx listens on port 8080 and runs as any user; a pinned one by default."""


class SampleSite(pulumi.ComponentResource):
    """A small website to try a tunnel with.

    Creates a ConfigMap, a Deployment and a Service on port 80. Conforms to the restricted Pod Security Standard.
    """

    def __init__(self, name: str, args: SampleSiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, SampleSiteArgs)
        super().__init__("culvert:index:SampleSite", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        selector = sample_site_selector(name, args["service"])
        labels = common_labels_with(selector)
        metadata: ObjectMetaArgsDict = {
            "namespace": args["namespace"],
            "labels": labels,
            "annotations": owner_annotation(),
        }
        page = ConfigMap(f"{name}-site-page", metadata=metadata, data={"index.html": PAGE}, opts=child)
        Deployment(
            f"{name}-site",
            metadata={**metadata, "name": args["service"]},
            spec={
                "replicas": 1,
                "selector": {"match_labels": selector},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": _pod(args.get("image") or IMAGE, generated_name(page)),
                },
            },
            opts=child,
        )
        Service(
            f"{name}-site-service",
            # Pulumi waits for the Deployment already. For a Service, it would wait ten seconds more from the last
            # change of its endpoints.
            metadata={
                **metadata,
                "name": args["service"],
                "annotations": {**owner_annotation(), "pulumi.com/skipAwait": "true"},
            },
            spec={"selector": selector, "ports": [{"name": "http", "port": 80, "target_port": PORT}]},
            opts=child,
        )
        self.register_outputs({})


def sample_site_selector(name: str, service: str) -> dict[str, str]:
    """The labels by which the Service of an exposure's sample site selects its pods."""
    return {"app.kubernetes.io/name": service, "app.kubernetes.io/instance": name}


def _pod(image: str, page: pulumi.Input[str]) -> "PodSpecArgsDict":
    return {
        "containers": [
            {
                "name": "nginx",
                "image": image,
                "ports": [{"name": "http", "container_port": PORT}],
                "readiness_probe": {"http_get": {"path": "/", "port": "http"}, "period_seconds": 5},
                "resources": {
                    "requests": {"cpu": "10m", "memory": "16Mi"},
                    "limits": {"memory": "64Mi"},
                },
                "security_context": {
                    "allow_privilege_escalation": False,
                    "read_only_root_filesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volume_mounts": [
                    {"name": "page", "mount_path": "/usr/share/nginx/html", "read_only": True},
                    # nginx writes its process id and buffers there.
                    {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108
                ],
            }
        ],
        "volumes": [
            {"name": "page", "config_map": {"name": page}},
            {"name": "tmp", "empty_dir": {}},
        ],
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": 101,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "automount_service_account_token": False,
        "enable_service_links": False,
    }
