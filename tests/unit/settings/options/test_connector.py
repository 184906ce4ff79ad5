"""The connector: options that are rejected."""

import pytest

from tests.support.settings_examples import Case, assert_rejected, connector

CONNECTOR: dict[str, Case] = {
    "26 replicas": (
        connector(replicas=26),
        "connector.replicas",
        "must be at most 25. Accepted: a whole number from 1 to 25, the most",
    ),
    "no replicas": (connector(replicas=0), "connector.replicas", "must be at least 1"),
    "replicas as a text": (connector(replicas="2"), "connector.replicas", "must be a whole number"),
    "replicas as a switch": (connector(replicas=True), "connector.replicas", "must be a whole number"),
    "a grace period over three minutes": (
        connector(gracePeriod="3m1s"),
        "connector.gracePeriod",
        "must be from 1s to 3m: the connector does not start with a longer grace",
    ),
    "a grace period of nothing": (connector(gracePeriod="0s"), "connector.gracePeriod", "from 1s to 3m"),
    "a grace period in parts of seconds": (connector(gracePeriod="1.5s"), "connector.gracePeriod", "whole seconds"),
    "a grace period without a unit": (connector(gracePeriod="30"), "connector.gracePeriod", "must have a unit"),
    "a grace period as a number": (connector(gracePeriod=30.0), "connector.gracePeriod", "must be a string"),
    "an empty grace period": (connector(gracePeriod=""), "connector.gracePeriod", "is not a duration in whole seconds"),
    "an unknown protocol": (connector(protocol="h2mux"), "connector.protocol", "one of auto, quic and http2"),
    "an unknown log level": (connector(logLevel="trace"), "connector.logLevel", "one of debug, info, warn"),
    "post-quantum with protocol auto": (
        connector(postQuantum=True),
        "connector.postQuantum",
        "requires QUIC, but protocol is auto",
    ),
    "post-quantum over HTTP/2": (
        connector(postQuantum=True, protocol="http2"),
        "connector.postQuantum",
        "requires QUIC, but protocol is http2. Accepted: true with protocol: quic, or false",
    ),
    "addresses of no version": (connector(edgeIpVersion=5), "connector.edgeIpVersion", "one of auto, 4 and 6"),
    "an unknown region": (connector(region="eu"), "connector.region", "must be us, or omitted"),
    "an unknown log format": (connector(logFormat="text"), "connector.logFormat", "one of json and default"),
    "a label that the pods are found by": (
        connector(podLabels={"app.kubernetes.io/instance": "x"}),
        "connector.podLabels",
        "must not have the label app.kubernetes.io/instance, by which culvert",
    ),
    "a pod's label with a space": (
        connector(podLabels={"team": "the web"}),
        "connector.podLabels",
        "has an invalid label, team: the web",
    ),
    "an annotation of no name": (
        connector(podAnnotations={"a b": "c"}),
        "connector.podAnnotations",
        "has an invalid annotation key, a b",
    ),
    "a pull secret of no name": (
        connector(imagePullSecrets=["My Registry"]),
        "connector.imagePullSecrets[0]",
        "is not a valid name of a Kubernetes object",
    ),
    "pull secrets as a text": (connector(imagePullSecrets="registry"), "connector.imagePullSecrets", "must be a list"),
    "the tag latest": (
        connector(image={"tag": "latest", "digest": ""}),
        "connector.image.tag",
        "is not a fixed version: the image behind it changes",
    ),
    "a tag with a space": (
        connector(image={"tag": "a b", "digest": ""}),
        "connector.image.tag",
        "is not a valid image tag",
    ),
    "a tag without its digest": (
        connector(image={"tag": "2026.8.0"}),
        "connector.image.digest",
        "is missing: the default is the digest of tag 2026.10.0, not of 2026.8.0",
    ),
    "a digest without its tag": (
        connector(image={"digest": "sha256:" + "0" * 64}),
        "connector.image.digest",
        "is not the digest of tag 2026.10.0",
    ),
    "neither tag nor digest": (
        connector(image={"tag": "", "digest": ""}),
        "connector.image.digest",
        "must be a digest where the tag is empty, or no version would be",
    ),
    "a short digest": (
        connector(image={"tag": "1", "digest": "sha256:0"}),
        "connector.image.digest",
        "is not a valid digest",
    ),
    "a repository with a tag": (
        connector(image={"repository": "a/b:1"}),
        "connector.image.repository",
        "is not the name of an image repository",
    ),
    "a quantity of no unit": (
        connector(resources={"limits": {"cpu": "1core"}}),
        "connector.resources",
        "has an invalid quantity, cpu: 1core",
    ),
    "thousandths of a byte": (
        connector(resources={"limits": {"memory": "128m"}}),
        "connector.resources",
        "has an invalid quantity, memory: 128m",
    ),
    "more asked for than the limit": (
        connector(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}),
        "connector.resources",
        "more memory than its limit",
    ),
    "an unknown resource": (
        connector(resources={"limits": {"gpu": "1"}}),
        "connector.resources.limits.gpu",
        "must be one of cpu, memory and ephemeral-storage",
    ),
    "priority by number": (
        connector(scheduling={"priorityClassName": 1}),
        "connector.scheduling.priorityClassName",
        "the name of a PriorityClass",
    ),
    "a node selector with a switch": (
        connector(scheduling={"nodeSelector": {"edge": True}}),
        "connector.scheduling.nodeSelector.edge",
        "must be a string",
    ),
}


@pytest.mark.parametrize("case", CONNECTOR.values(), ids=CONNECTOR)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)
