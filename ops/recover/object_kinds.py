"""Kinds of objects in the cluster that the program creates."""

from dataclasses import dataclass

from components.monitoring.monitoring import API as PROMETHEUS_OPERATOR
from components.network_policy.engines import ENGINES


@dataclass(frozen=True)
class ObjectKind:
    """A kind of object. Whose an object is shows in its labels, the owner's annotation and its field manager."""

    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def type(self) -> str:
        """The engine's type of it."""
        group_version = self.version if "/" in self.version else f"core/{self.version}"
        return f"kubernetes:{group_version}:{self.kind}"

    @property
    def root(self) -> str:
        """Path of its API version."""
        return f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Path of one object, of the objects of a namespace, or of all in the cluster."""
        within = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{self.root}{within}/{self.plural}" + (f"/{name}" if name else "")


NAMESPACE = ObjectKind("v1", "Namespace", "namespaces", namespaced=False)
SECRET = ObjectKind("v1", "Secret", "secrets")

OBJECT_KINDS = (
    ObjectKind(PROMETHEUS_OPERATOR, "PodMonitor", "podmonitors"),
    ObjectKind(PROMETHEUS_OPERATOR, "ServiceMonitor", "servicemonitors"),
    ObjectKind(PROMETHEUS_OPERATOR, "PrometheusRule", "prometheusrules"),
    ObjectKind("v1", "Service", "services"),
    ObjectKind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    ObjectKind("apps/v1", "Deployment", "deployments"),
    ObjectKind("bitnami.com/v1alpha1", "SealedSecret", "sealedsecrets"),
    ObjectKind("external-secrets.io/v1", "ExternalSecret", "externalsecrets"),
    ObjectKind("external-secrets.io/v1alpha1", "PushSecret", "pushsecrets"),
    SECRET,
    ObjectKind("v1", "ConfigMap", "configmaps"),
    *(
        ObjectKind(engine.api_version, engine.kind, f"{engine.kind.lower().removesuffix('y')}ies")
        for engine in ENGINES.values()
    ),
    NAMESPACE,
)
"""In the order in which they are deleted."""
