"""Namespace of the connector."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import Namespace as KubernetesNamespace

from components.argument_check import check_arguments
from components.naming import common_labels, owner_annotation

# The API server rejects every pod in the namespace that does not meet the restricted Pod Security Standard.
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


class NamespaceArgs(TypedDict):
    name: str
    """Name of the namespace."""
    create: NotRequired[bool]
    """Whether to create the namespace (the default). With false it must exist, and is neither labelled nor deleted."""
    labels: NotRequired[dict[str, pulumi.Input[str]]]
    """Additional labels of a created namespace. They override the default ones, so another Pod Security level is
    possible."""


class Namespace(pulumi.ComponentResource):
    """A namespace under the restricted Pod Security Standard, or a reference to an existing one.

    Creates one Namespace, or nothing. It does not adopt an existing namespace: creating it fails, and `create: false`
    refers to it.
    """

    name: pulumi.Output[str]
    """Name of the namespace, known once it exists: resources that use this output wait for it."""

    def __init__(self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, NamespaceArgs)
        super().__init__("culvert:index:Namespace", name, opts=opts)
        self.name = pulumi.Output.from_input(args["name"])
        if args.get("create", True):
            namespace = KubernetesNamespace(
                f"{name}-namespace",
                metadata={
                    "name": args["name"],
                    "labels": {**common_labels(name), **RESTRICTED, **args.get("labels", {})},
                    "annotations": owner_annotation(),
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.name = namespace.metadata["name"]
        self.register_outputs({"name": self.name})
