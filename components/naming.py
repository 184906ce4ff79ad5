"""Names and labels of Kubernetes objects."""

from typing import Any

import pulumi


def generated_name(made: Any) -> pulumi.Output[str]:
    """The name of `made`, a Kubernetes resource without one of its own in the program.

    None where it is gone and everything is being taken down with the program running (`destroy --run-program`): then nothing
    asks for the name, and taking it as if it were there would be an error.
    """
    return made.metadata.apply(lambda metadata: metadata.get("name"))


def pod_labels(instance: str) -> dict[str, str]:
    """Labels that select the connector's pods of one stack; `instance` is its base name, `culvert-dev`.

    A Deployment's selector cannot change once made, and the network policy is made before the Deployment, so both
    take these and nothing that a later version may want to alter.
    """
    return {"app.kubernetes.io/name": "cloudflared", "app.kubernetes.io/instance": instance}


def common_labels(instance: str) -> dict[str, str]:
    """Labels of an object that belongs to the stack as a whole.

    Names as in https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/.
    """
    return {
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/part-of": "culvert",
        "app.kubernetes.io/managed-by": "pulumi",
    }
