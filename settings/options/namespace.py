"""The namespace that the connector runs in."""

from typing import Annotated

from pydantic import AfterValidator, StrictBool, model_validator

from settings import references
from settings.errors import reject
from settings.schema import Accepts, Example, Options
from settings.types.kubernetes import LABEL_RULE, labels, namespace_name

POD_SECURITY = "pod-security.kubernetes.io/"
NAME_LABEL = "kubernetes.io/metadata.name"


def _connector_namespace(name: str) -> str:
    if name.startswith("kube-"):
        reject("must not begin with kube-, which Kubernetes reserves")
    return namespace_name(name)


def _namespace_labels(values: dict[str, str]) -> dict[str, str]:
    if any(key.startswith(POD_SECURITY) for key in values):
        problem = "must not have Pod Security labels: the namespace is always restricted"
        reject(problem, "other labels", references.KUBERNETES_POD_SECURITY)
    if NAME_LABEL in values:
        reject(f"must not have {NAME_LABEL}, which the API server sets itself", "other labels")
    return labels(values)


ConnectorNamespace = Annotated[
    str,
    AfterValidator(_connector_namespace),
    Accepts(
        "the name of a namespace: 1 to 63 lower-case letters, digits and hyphens, not beginning with kube-",
        examples=("blog",),
    ),
]
NamespaceLabels = Annotated[
    dict[str, str],
    AfterValidator(_namespace_labels),
    Accepts(f"labels other than {POD_SECURITY}... and {NAME_LABEL}, {LABEL_RULE}", references.KUBERNETES_LABELS),
]


class NamespaceOptions(Options):
    """The namespace that the connector runs in."""

    SOURCE = references.KUBERNETES_NAMESPACES

    name: ConnectorNamespace
    """Name of the namespace."""
    create: StrictBool = True
    """Whether culvert creates the namespace; with false it must exist."""
    labels: Annotated[NamespaceLabels, Example({"team": "web"})] = {}
    """Labels of the namespace that culvert creates, besides the one for restricted Pod Security."""

    @model_validator(mode="after")
    def _creatable(self) -> "NamespaceOptions":
        if self.create and self.name == "default":
            reject("exists in every cluster, so it cannot be created", "another name, or create: false")
        if not self.create and self.labels:
            reject("has labels, but culvert labels only a namespace that it creates", "one of labels and create: false")
        return self
