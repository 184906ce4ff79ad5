"""Affinity of pods to nodes and to other pods."""

from collections.abc import Iterable
from typing import Annotated

from annotated_types import MinLen
from pydantic import model_validator

from settings import references
from settings.errors import reject
from settings.pod_spec.fields import Keys, KubernetesFields, Weight
from settings.pod_spec.selectors import LabelSelector, NodeTerm
from settings.types.kubernetes import LabelKey, NamespaceName


def check_label_keys(selector: LabelSelector | None, keys: Iterable[str], field: str) -> None:
    """Reject keys of labels whose values are taken from the pod, where the selector does not allow them."""
    keys = list(keys)
    if keys and selector is None:
        reject(f"has {field} without labelSelector, which they would be added to", f"{field} with labelSelector")
    known = selector.keys if selector else set()
    if twice := [key for key in keys if key in known or keys.count(key) > 1]:
        reject(f"compares the label {twice[0]} twice", f"each label in {field} or in labelSelector once")


class NodeSelector(KubernetesFields):
    """Nodes that meet any of these terms."""

    SOURCE = references.KUBERNETES_SCHEDULING

    node_selector_terms: Annotated[tuple[NodeTerm, ...], MinLen(1)]


class PreferredNodes(KubernetesFields):
    """Nodes that are preferred."""

    SOURCE = references.KUBERNETES_SCHEDULING

    weight: Weight
    preference: NodeTerm


class NodeAffinity(KubernetesFields):
    """Affinity to nodes."""

    SOURCE = references.KUBERNETES_SCHEDULING

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredNodes, ...] | None = None


class PodTerm(KubernetesFields):
    """Nodes of a topology that run selected pods."""

    SOURCE = references.KUBERNETES_SCHEDULING

    label_selector: LabelSelector | None = None
    namespaces: tuple[NamespaceName, ...] | None = None
    namespace_selector: LabelSelector | None = None
    topology_key: LabelKey
    match_label_keys: Keys | None = None
    mismatch_label_keys: Keys | None = None

    @model_validator(mode="after")
    def _each_label_once(self) -> "PodTerm":
        keys = (*(self.match_label_keys or ()), *(self.mismatch_label_keys or ()))
        check_label_keys(self.label_selector, keys, "matchLabelKeys and mismatchLabelKeys")
        return self


class PreferredPods(KubernetesFields):
    """Pods that are preferred."""

    SOURCE = references.KUBERNETES_SCHEDULING

    weight: Weight
    pod_affinity_term: PodTerm


class PodAffinity(KubernetesFields):
    """Affinity to pods, or anti-affinity."""

    SOURCE = references.KUBERNETES_SCHEDULING

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] | None = None
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredPods, ...] | None = None


class Affinity(KubernetesFields):
    """Affinity to nodes and to other pods."""

    SOURCE = references.KUBERNETES_SCHEDULING

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None
