"""Tolerations of taints, and the spread of pods over a topology."""

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import AfterValidator, StrictInt, model_validator

from settings import references
from settings.errors import reject
from settings.pod_spec.affinity import check_label_keys
from settings.pod_spec.fields import Count, Keys, KubernetesFields
from settings.pod_spec.selectors import LabelSelector
from settings.schema import Accepts, accepts
from settings.types.kubernetes import LabelKey, LabelText, is_label_key


def _key(text: str) -> str:
    if text and not is_label_key(text):
        reject("is not a valid key of a taint")
    return text


class Toleration(KubernetesFields):
    """Taints that are tolerated."""

    SOURCE = references.KUBERNETES_TOLERATIONS

    key: Annotated[str, AfterValidator(_key), Accepts(accepts(LabelKey).accepted)] | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: LabelText | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Annotated[StrictInt, Ge(-(1 << 63)), Le((1 << 63) - 1)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Toleration":
        if not self.key and self.operator != "Exists":
            reject("has no key, which means every taint", "a key, or operator: Exists for every taint")
        if self.operator == "Exists" and self.value:
            reject("has a value, which the operator Exists does not compare", "operator: Equal, or no value")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            reject("has tolerationSeconds, which belong to the effect NoExecute", "effect: NoExecute, or none of them")
        return self


class TopologySpread(KubernetesFields):
    """The spread of pods over a topology."""

    SOURCE = references.KUBERNETES_SPREAD

    max_skew: Count
    topology_key: LabelKey
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    label_selector: LabelSelector | None = None
    min_domains: Count | None = None
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    match_label_keys: Keys | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "TopologySpread":
        if self.min_domains is not None and self.when_unsatisfiable != "DoNotSchedule":
            reject("has minDomains, which belongs to whenUnsatisfiable: DoNotSchedule", "one without the other")
        # Without a selector, the connector's own labels are selected.
        own = LabelSelector.model_construct(match_labels=dict.fromkeys(CONNECTOR_LABELS, ""))
        check_label_keys(self.label_selector or own, self.match_label_keys or (), "matchLabelKeys")
        return self


CONNECTOR_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
"""Labels by which a spread selects the connector's pods where it has no selector."""
