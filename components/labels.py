"""The labels everything in the cluster carries, and the two by which the connector's pods are found."""


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
