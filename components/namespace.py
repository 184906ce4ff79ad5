"""Where the connector lives in the cluster."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import Namespace as KubernetesNamespace

from components.naming import common_labels

# The API server then refuses every pod in it that is not run as ours are.
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


class NamespaceArgs(TypedDict):
    name: str
    """Name of the namespace, as people type it."""
    create: NotRequired[bool]
    """Make it (the default), or take it as it is: an existing one is neither labelled nor deleted."""
    labels: NotRequired[dict[str, pulumi.Input[str]]]
    """Further labels of a namespace that is made. They win, so that another Pod Security level can be named."""


class Namespace(pulumi.ComponentResource):
    """A namespace under the restricted Pod Security standard, or the name of one that others keep.

    Creates one Namespace, or nothing. One that exists already is not taken over: asked to make it, the API server
    refuses, and `create: False` uses it.
    """

    name: pulumi.Output[str]
    """The name. What is put into the namespace takes it from here, and so waits until it is there."""

    def __init__(self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:Namespace", name, {}, opts)
        self.name = pulumi.Output.from_input(args["name"])
        if args.get("create", True):
            namespace = KubernetesNamespace(
                f"{name}-namespace",
                metadata={
                    "name": args["name"],
                    "labels": {**common_labels(name), **RESTRICTED, **args.get("labels", {})},
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.name = namespace.metadata["name"]
        self.register_outputs({"name": self.name})
