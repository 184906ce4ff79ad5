"""The namespace that the connector runs in."""

from pydantic import StrictBool, field_validator, model_validator

from settings import references, types
from settings.errors import reject
from settings.schema import Options, setting

NAMESPACE = "1 to 63 lower-case letters, digits and hyphens, not beginning with kube-"


class NamespaceOptions(Options):
    """The namespace that the connector runs in."""

    name: str = setting("Name of the namespace.", NAMESPACE, references.KUBERNETES_NAMESPACES, examples=["blog"])
    create: StrictBool = setting(
        "Whether culvert makes it; with false it is there already.",
        "true or false",
        references.KUBERNETES_NAMESPACES,
        examples=[True],
        default=True,
    )
    labels: dict[str, str] = setting(
        "Labels of the namespace that culvert makes, besides the restricted Pod Security one.",
        "labels other than pod-security.kubernetes.io/..., each a name and a text",
        references.KUBERNETES_LABELS,
        examples=[{"team": "web"}],
        default={},
    )

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name.startswith("kube-"):
            reject("kube- is Kubernetes' own", NAMESPACE, references.KUBERNETES_NAMESPACES)
        return types.namespace_name(name)

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: dict[str, str]) -> dict[str, str]:
        if any(key.startswith("pod-security.kubernetes.io/") for key in labels):
            reject("the namespace is restricted, always", "other labels", references.KUBERNETES_POD_SECURITY)
        return types.labels(labels)

    @model_validator(mode="after")
    def _makes_sense(self) -> "NamespaceOptions":
        if self.create and self.name == "default":
            why = "the namespace default is there already, in every cluster"
            reject(why, "another name, or create: false", references.KUBERNETES_NAMESPACES)
        if not self.create and self.labels:
            why = "culvert labels no namespace that it did not make"
            reject(why, "labels only without create: false", references.KUBERNETES_NAMESPACES)
        return self
