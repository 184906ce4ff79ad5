"""Selectors of pods, namespaces and nodes by their labels."""

from typing import Literal

from pydantic import model_validator

from settings import references
from settings.errors import reject
from settings.pod_spec.fields import KubernetesFields, Operator
from settings.types.kubernetes import LabelKey, Labels, LabelText, ObjectName


def _require_values(operator: str, values: tuple[str, ...]) -> None:
    if operator in ("In", "NotIn") and not values:
        reject(f"has the operator {operator} without values", "one value or more")
    if operator in ("Exists", "DoesNotExist") and values:
        reject(f"has values, which the operator {operator} does not compare", "no values")
    if operator in ("Gt", "Lt") and len(values) != 1:
        reject(f"has {len(values)} values, but the operator {operator} compares one", "one whole number, in quotes")


class LabelRequirement(KubernetesFields):
    """A condition on one label."""

    SOURCE = references.KUBERNETES_LABELS

    key: LabelKey
    operator: Operator
    values: tuple[LabelText, ...] | None = None

    @model_validator(mode="after")
    def _values_for_operator(self) -> "LabelRequirement":
        _require_values(self.operator, self.values or ())
        return self


class LabelSelector(KubernetesFields):
    """Objects with these labels."""

    SOURCE = references.KUBERNETES_LABELS

    match_labels: Labels | None = None
    match_expressions: tuple[LabelRequirement, ...] | None = None

    @property
    def keys(self) -> set[str]:
        """The labels that it compares."""
        return {*(self.match_labels or {}), *(each.key for each in self.match_expressions or ())}


class NodeRequirement(KubernetesFields):
    """A condition on one label of a node."""

    SOURCE = references.KUBERNETES_SCHEDULING

    key: LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    values: tuple[LabelText, ...] | None = None

    @model_validator(mode="after")
    def _values_for_operator(self) -> "NodeRequirement":
        _require_values(self.operator, self.values or ())
        return self


class NodeFieldRequirement(KubernetesFields):
    """A condition on the name of a node, the only field that can be selected by."""

    SOURCE = references.KUBERNETES_SCHEDULING

    key: Literal["metadata.name"]
    operator: Literal["In", "NotIn"]
    values: tuple[ObjectName, ...]

    @model_validator(mode="after")
    def _one_name(self) -> "NodeFieldRequirement":
        if len(self.values) != 1:
            reject("must have one value: the name of a node", "one name")
        return self


class NodeTerm(KubernetesFields):
    """Nodes that meet all of these conditions."""

    SOURCE = references.KUBERNETES_SCHEDULING

    match_expressions: tuple[NodeRequirement, ...] | None = None
    match_fields: tuple[NodeFieldRequirement, ...] | None = None
