"""Parts of a pod spec that the API server would reject, each with its key, and parts that are sent as they are."""

from typing import Any

import pytest

from settings import Settings
from tests.support.settings_examples import Case, assert_rejected, connector, values, variable, volume

SCHEDULING, ENV, VOLUME = "connector.scheduling", "connector.extraEnv[0]", "connector.extraVolumes[0]"
TERMS = "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
PREFERRED = "podAffinity.preferredDuringSchedulingIgnoredDuringExecution"


def tolerating(**toleration: Any) -> dict[str, Any]:
    return connector(scheduling={"tolerations": [toleration]})


def nodes(**requirement: Any) -> dict[str, Any]:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}
    return affine(nodeAffinity={"requiredDuringSchedulingIgnoredDuringExecution": terms})


def affine(**affinity: Any) -> dict[str, Any]:
    return connector(scheduling={"affinity": affinity})


def pods(weight: int = 1, **term: Any) -> dict[str, Any]:
    preferred = [{"weight": weight, "podAffinityTerm": {"topologyKey": "zone", **term}}]
    return affine(podAffinity={"preferredDuringSchedulingIgnoredDuringExecution": preferred})


def spread(**changes: Any) -> dict[str, Any]:
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", **changes}
    return connector(scheduling={"topologySpreadConstraints": [constraint]})


def source(**value_from: Any) -> dict[str, Any]:
    return variable(name="A", valueFrom=value_from)


def projected(*sources: Any) -> dict[str, Any]:
    return volume(secret=None, projected={"sources": [*sources]})


SPREAD = f"{SCHEDULING}.topologySpreadConstraints[0]"
REJECTED: dict[str, Case] = {
    # Tolerations.
    "an operator in small letters": (
        tolerating(key="edge", operator="exists"),
        f"{SCHEDULING}.tolerations[0].operator",
        "must be one of Exists and Equal",
    ),
    "an unknown effect": (
        tolerating(key="edge", effect="NoRun"),
        f"{SCHEDULING}.tolerations[0].effect",
        "one of NoSchedule, PreferNoSchedule and NoExecute",
    ),
    "an unknown field": (
        tolerating(name="edge", operator="Exists"),
        f"{SCHEDULING}.tolerations[0].name",
        'is an unknown setting, set to "edge". Accepted: one of key, operator, value, effect, tolerationSeconds.',
    ),
    "no key": (tolerating(value="a"), f"{SCHEDULING}.tolerations[0]", "a key, or operator: Exists for every taint"),
    "a value beside Exists": (
        tolerating(key="a", operator="Exists", value="b"),
        f"{SCHEDULING}.tolerations[0]",
        "has a value, which the operator Exists does not compare",
    ),
    "seconds of another effect": (
        tolerating(key="a", operator="Exists", tolerationSeconds=5, effect="NoSchedule"),
        f"{SCHEDULING}.tolerations[0]",
        "effect: NoExecute",
    ),
    # Affinity.
    "a kind of affinity that there is not": (affine(zoneAffinity={}), f"{SCHEDULING}.affinity.zoneAffinity", "unknown"),
    "no terms": (
        affine(nodeAffinity={"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}),
        f"{SCHEDULING}.affinity.{TERMS}",
        "must not be empty",
    ),
    "an operator without values": (
        nodes(key="arch", operator="In"),
        f"{SCHEDULING}.affinity.{TERMS}[0].matchExpressions[0]",
        "has the operator In without values",
    ),
    "a number that is compared": (
        nodes(key="cores", operator="Gt", values=[4]),
        f"{SCHEDULING}.affinity.{TERMS}[0].matchExpressions[0].values[0]",
        "must be a string",
    ),
    "a weight beyond the last": (
        pods(101),
        f"{SCHEDULING}.affinity.{PREFERRED}[0].weight",
        "must be at most 100. Accepted: a whole number from 1 to 100.",
    ),
    "no topology": (
        affine(podAntiAffinity={"requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": {}}]}),
        f"{SCHEDULING}.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey",
        "is missing",
    ),
    "label keys without a selector": (
        pods(matchLabelKeys=["pod-template-hash"]),
        f"{SCHEDULING}.affinity.{PREFERRED}[0].podAffinityTerm",
        "without labelSelector",
    ),
    # The spread over a topology.
    "no skew": (spread(maxSkew=0), f"{SPREAD}.maxSkew", "must be at least 1"),
    "a skew beyond 32 bits": (spread(maxSkew=1 << 31), f"{SPREAD}.maxSkew", "must be at most 2147483647"),
    "domains of a preference": (spread(minDomains=2), SPREAD, "belongs to whenUnsatisfiable: DoNotSchedule"),
    "a label that is selected twice": (
        spread(matchLabelKeys=["app.kubernetes.io/instance"]),
        SPREAD,
        "compares the label app.kubernetes.io/instance twice",
    ),
    "a topology twice": (
        connector(
            scheduling={
                "topologySpreadConstraints": [
                    {"maxSkew": skew, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"} for skew in (1, 2)
                ]
            }
        ),
        f"{SCHEDULING}.topologySpreadConstraints",
        "repeated: zone and ScheduleAnyway",
    ),
    "a priority class in capitals": (
        connector(scheduling={"priorityClassName": "High Priority"}),
        f"{SCHEDULING}.priorityClassName",
        "is not a valid name of a Kubernetes object. Accepted: the name of a PriorityClass",
    ),
    # Variables.
    "a Secret without a key": (
        source(secretKeyRef={"name": "a"}),
        f"{ENV}.valueFrom.secretKeyRef.key",
        "is missing. Accepted: a key of letters",
    ),
    "a Secret by another field": (
        source(secretKeyRef={"secretName": "a", "name": "a", "key": "b"}),
        f"{ENV}.valueFrom.secretKeyRef.secretName",
        "Accepted: one of name, key, optional.",
    ),
    "a field that no variable has": (
        source(fieldRef={"fieldPath": "metadata.labels"}),
        f"{ENV}.valueFrom.fieldRef.fieldPath",
        "is not a field of a pod that a variable may have. Accepted: one of metadata.name,",
    ),
    "a resource that there is not": (
        source(resourceFieldRef={"resource": "limits.gpu"}),
        f"{ENV}.valueFrom.resourceFieldRef.resource",
        "one of limits.cpu, limits.memory",
    ),
    "a divisor of another unit": (
        source(resourceFieldRef={"resource": "limits.cpu", "divisor": "1Mi"}),
        f"{ENV}.valueFrom.resourceFieldRef",
        "has a divisor of 1Mi",
    ),
    "a control character in a variable": (variable(name="A", value="a\x7f"), f"{ENV}.value", "a control character"),
    # Volumes.
    "a Secret without its name": (volume(secret={}), f"{VOLUME}.secret.secretName", "is missing"),
    "a mode beyond the permissions": (
        volume(secret={"secretName": "a", "defaultMode": 1000}),
        f"{VOLUME}.secret.defaultMode",
        "must be at most 511. Accepted: a file mode from 0 to 0777",
    ),
    "a file outside the volume": (
        volume(secret={"secretName": "a", "items": [{"key": "b", "path": "../b"}]}),
        f"{VOLUME}.secret.items[0].path",
        "is not a relative path without ..",
    ),
    "a size below nothing": (
        volume(secret=None, emptyDir={"sizeLimit": "-1Mi"}),
        f"{VOLUME}.emptyDir.sizeLimit",
        "16Mi",
    ),
    "an unknown medium": (volume(secret=None, emptyDir={"medium": "Disk"}), f"{VOLUME}.emptyDir.medium", "a medium"),
    "a driver without a name": (volume(secret=None, csi={"readOnly": True}), f"{VOLUME}.csi.driver", "is missing"),
    "a claim in capitals": (
        volume(secret=None, persistentVolumeClaim={"claimName": "Data"}),
        f"{VOLUME}.persistentVolumeClaim.claimName",
        "is not a valid name of a Kubernetes object",
    ),
    "a projection of two sources": (
        projected({"secret": {"name": "a"}, "configMap": {"name": "b"}}),
        f"{VOLUME}.projected.sources[0]",
        "must have exactly one of secret, configMap, downwardAPI, serviceAccountToken",
    ),
    "a file twice": (
        projected(
            {"secret": {"name": "a", "items": [{"key": "x", "path": "x"}]}},
            {"serviceAccountToken": {"path": "x"}},
        ),
        f"{VOLUME}.projected",
        "has the path x twice",
    ),
    # Names, labels and annotations.
    "a pull secret twice": (
        connector(imagePullSecrets=["a", "a"]),
        "connector.imagePullSecrets",
        "must have each name once; repeated: a",
    ),
    "an annotation that is a field": (
        connector(podAnnotations={"container.apparmor.security.beta.kubernetes.io/cloudflared": "unconfined"}),
        "connector.podAnnotations",
        "the API server reads it as a field of the pod",
    ),
    "too many annotations": (
        connector(podAnnotations={"a": "x" * 300_000}),
        "connector.podAnnotations",
        "has 300001 bytes of annotations. Accepted: at most 204800 bytes",
    ),
    "a control character in an annotation": (
        connector(podAnnotations={"a": "\x00"}),
        "connector.podAnnotations",
        "has a control character in the annotation a",
    ),
    "a domain with an empty label": (
        connector(podAnnotations={"a..b/c": "x"}),
        "connector.podAnnotations",
        "has an invalid annotation key, a..b/c",
    ),
    "a namespace's own name as a label": (
        values(namespace={"name": "web", "labels": {"kubernetes.io/metadata.name": "web"}}),
        "namespace.labels",
        "which the API server sets itself",
    ),
    "an image with a space": (
        values(sampleSite={"image": "nginx:1 "}),
        "sampleSite.image",
        "is not a valid image tag",
    ),
    "an image without a name": (values(sampleSite={"image": ":1"}), "sampleSite.image", "not the name of an image"),
}


@pytest.mark.parametrize("case", REJECTED.values(), ids=REJECTED)
def test_what_the_api_server_would_reject_is_rejected(case: Case) -> None:
    assert_rejected(case)


SCHEDULED: dict[str, Any] = {
    "tolerations": [{"operator": "Exists"}, {"key": "edge", "effect": "NoExecute", "tolerationSeconds": 30}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]},
                    {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["node-1"]}]},
                ]
            }
        },
        "podAntiAffinity": None,
    },
    "topologySpreadConstraints": [
        {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 2}
    ],
    "priorityClassName": "system-cluster-critical",
}


def test_a_valid_part_is_kept_as_it_is_written() -> None:
    scheduling = Settings.parse(connector(scheduling=SCHEDULED)).connector.scheduling
    assert scheduling.model_dump(by_alias=True, exclude_defaults=True, mode="json") == SCHEDULED
