"""Names and labels of Kubernetes objects."""

from collections.abc import Mapping
from typing import Any

import pulumi


def generated_name(resource: Any) -> pulumi.Output[str]:
    """The name of a Kubernetes resource whose name the provider generates.

    None during `destroy --run-program`, when the resource is gone already; nothing uses the name then.
    """
    return resource.metadata.apply(lambda metadata: metadata.get("name"))


OWNER = "culvert/owner"
"""Annotation of every object of an exposure, beside its labels: controllers copy labels, and the name in them may be
another stack's too."""


def owner() -> str:
    """The stack that runs, as it marks what it owns: `<project>/<stack>`."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def owner_annotation() -> dict[str, str]:
    return {OWNER: owner()}


def pod_labels(instance: str) -> dict[str, str]:
    """Labels that select the connector's pods of one exposure; `instance` is its name, `culvert-dev`.

    The selector of a Deployment is immutable, and the network policy is created before the Deployment. So both select
    by these labels alone, which no later version may change.
    """
    return {"app.kubernetes.io/name": "cloudflared", "app.kubernetes.io/instance": instance}


def common_labels(instance: str) -> dict[str, str]:
    """Labels of every object of an exposure."""
    return common_labels_with({"app.kubernetes.io/instance": instance})


def common_labels_with(selector: Mapping[str, str]) -> dict[str, str]:
    """Labels of every object of an exposure, for those that also have the labels of a selector of its pods.

    Names as in https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/.
    """
    return {**selector, "app.kubernetes.io/part-of": "culvert", "app.kubernetes.io/managed-by": "pulumi"}
