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
    "replicas as another word": (connector(replicas="auto"), "connector.replicas", "tunnel supports, or external"),
    "replicas as nothing": (connector(replicas=None), "connector.replicas", "must be a whole number"),
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
    "a pod that is ready for too long": (
        connector(minReadySeconds=301),
        "connector.minReadySeconds",
        "must be at most 300. Accepted: a whole number of seconds from 0 to 300",
    ),
    "a pod that is never ready": (connector(minReadySeconds=-1), "connector.minReadySeconds", "must be at least 0"),
    "another pod security": (
        connector(podSecurity="baseline"),
        "connector.podSecurity",
        "must be one of restricted and openshift",
    ),
    "a name server's name": (
        connector(dnsConfig={"nameservers": ["dns.example.com"]}),
        "connector.dnsConfig.nameservers[0]",
        "is not an IP address",
    ),
    "four name servers": (
        connector(dnsConfig={"nameservers": [f"192.0.2.{last}" for last in range(4)]}),
        "connector.dnsConfig.nameservers",
        "must have at most 3 items",
    ),
    "a name server of the cloud": (
        connector(dnsConfig={"nameservers": ["169.254.169.254"]}),
        "connector.dnsConfig.nameservers[0]",
        "is the metadata service of most clouds",
    ),
    "a search domain with a star": (
        connector(dnsConfig={"searches": ["*.example.com"]}),
        "connector.dnsConfig.searches[0]",
        "is not a DNS domain",
    ),
    "too many characters of search domains": (
        connector(dnsConfig={"searches": [".".join(["a" * 60] * 4)] * 9}),
        "connector.dnsConfig.searches",
        "must have at most 2048 characters together",
    ),
    "a resolver option without a name": (
        connector(dnsConfig={"options": [{"value": "2"}]}),
        "connector.dnsConfig.options[0].name",
        "is missing",
    ),
    "an alias of the cloud's metadata service": (
        connector(hostAliases=[{"ip": "169.254.169.254", "hostnames": ["other"]}]),
        "connector.hostAliases[0].ip",
        "is the metadata service of most clouds",
    ),
    "an address of two aliases": (
        connector(hostAliases=[{"ip": "192.0.2.1", "hostnames": [name]} for name in ("nas", "files")]),
        "connector.hostAliases",
        "must have each ip once; repeated: 192.0.2.1",
    ),
    "a search domain that ends with an underscore": (
        connector(dnsConfig={"searches": ["_tcp.a", "a_"]}),
        "connector.dnsConfig.searches[1]",
        "is not a DNS domain in lower case",
    ),
    "an alias with a port": (
        connector(hostAliases=[{"ip": "192.0.2.1:80", "hostnames": ["other"]}]),
        "connector.hostAliases[0].ip",
        "is not an IP address",
    ),
    "an alias of no name": (
        connector(hostAliases=[{"ip": "192.0.2.1", "hostnames": ["a_b"]}]),
        "connector.hostAliases[0].hostnames[0]",
        "must not have an underscore",
    ),
    "two addresses of one alias": (
        connector(hostAliases=[{"ip": f"192.0.2.{last}", "hostnames": ["nas"]} for last in (1, 2)]),
        "connector.hostAliases",
        "must have each hostname once; repeated: nas",
    ),
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
