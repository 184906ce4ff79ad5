"""Top-level keys: values that are rejected."""

import pytest

from tests.support.settings_examples import ACCOUNT, ZONE, Case, assert_rejected, values

TOP: dict[str, Case] = {
    "no account": (values(accountId=None), "accountId", "is missing. Accepted: 32 hex digits, in quotes"),
    "an account id of 31 digits": (values(accountId=ACCOUNT[1:]), "accountId", "is not an id of 32 hex digits"),
    "an account id with a letter beyond f": (values(accountId="g" * 32), "accountId", "is not an id of 32 hex digits"),
    "an account id read as a number": (values(accountId=12345678901234567890123456789012), "accountId", "in quotes"),
    "an unknown key": (values(zone="example.com"), "zone", "did you mean zones?"),
    "a key in another style": (values(sample_site=True), "sample_site", "did you mean sampleSite?"),
    "a token at the top level": (
        values(tunnelToken="x"),
        "tunnelToken",
        'is an unknown setting (did you mean tunnel?), set to "[hidden]". Accepted: one of accountId',
    ),
    "no zones": (values(zones=None), "zones", "is missing"),
    "empty zones": (values(zones={}), "zones", "must not be empty"),
    "zones as an empty list": (values(zones=[]), "zones", "must be an object"),
    "routes as an empty object": ({**values(), "routes": {}}, "routes", "must be a list"),
    "zones as a list": (
        values(zones=["example.com"]),
        "zones",
        "must be an object: write example.com: … without a hyphen. Accepted: one zone or more, each with its id (32",
    ),
    "a zone id of 33 digits": (values(zones={"example.com": ZONE + "0"}), 'zones["example.com"]', "32 hex digits"),
    "a zone that is no domain": (values(zones={"example.com": ZONE, "com": None}), "zones.com", "is not a domain name"),
    "a zone twice": (
        values(zones={"example.com": ZONE, "Example.com": None}),
        'zones["Example.com"]',
        "the same zone as example.com",
    ),
    "a zone's id for another": (
        values(zones={"example.com": ZONE, "example.org": ZONE}),
        'zones["example.org"]',
        "the id of example.com",
    ),
    "the account's id for a zone": (
        values(zones={"example.com": ACCOUNT}),
        'zones["example.com"]',
        "the id of the account",
    ),
    "an adopted tunnel by its name": (values(tunnel={"adopt": "homelab"}), "tunnel.adopt", "is not a UUID"),
    "routes without zones": (
        values(zones=None, privateNetworks={"routes": [{"network": "10.43.0.0/16"}]}),
        "zones",
        "is missing. Accepted: one zone or more",
    ),
    "no routes": (values(routes=None), "routes", "is missing. Accepted: one route or more, or privateNetworks"),
    "empty routes": (values(routes=[]), "routes", "must not be empty"),
    "routes as an object": (values(routes={"blog.example.com": "http://blog"}), "routes", "must be a list"),
    "a route as a number": (values(7), "routes[0]", "must be an object"),
    "a namespace in upper case": (values(namespace="Web"), "namespace", '"Web" is not a valid name of a namespace'),
    "a namespace of 64 characters": (values(namespace="a" * 64), "namespace", "1 to 63 lower-case letters"),
    "a namespace of Kubernetes' own": (
        values(namespace="kube-system"),
        "namespace",
        "must not begin with kube-, which Kubernetes reserves",
    ),
    "the default namespace made": (
        values(namespace="default"),
        "namespace",
        "exists in every cluster, so it cannot be created",
    ),
    "a namespace without a name": (values(namespace={"create": False}), "namespace.name", "is missing"),
    "a namespace by number": (values(namespace=7), "namespace", "the name of a namespace, or {name, create, labels}"),
    "a switch as a text": (
        values(namespace={"name": "web", "create": "no"}),
        "namespace.create",
        "must be true or false",
    ),
    "labels for a namespace of others": (
        values(namespace={"name": "web", "create": False, "labels": {"team": "web"}}),
        "namespace",
        "has labels, but culvert labels only a namespace that it creates",
    ),
    "a label with a space": (
        values(namespace={"name": "web", "labels": {"team": "the web"}}),
        "namespace.labels",
        "has an invalid label, team: the web",
    ),
    "a looser Pod Security": (
        values(namespace={"name": "web", "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}),
        "namespace.labels",
        "must not have Pod Security labels: the namespace is always restricted",
    ),
    "an unknown preset": (values(networkPolicy={"preset": "open"}), "networkPolicy.preset", "one of strict and guide"),
    "metrics for a namespace of no name": (
        values(networkPolicy={"metricsFrom": "*"}),
        "networkPolicy.metricsFrom",
        "1 to 63 lower-case letters",
    ),
    "a sample site of a bad name": (values(sampleSite={"name": "1st"}), "sampleSite.name", "beginning with a letter"),
    "a sample site of any image": (
        values(sampleSite={"image": "nginx"}),
        "sampleSite.image",
        "a tag other than latest",
    ),
    "a sample site by half a digest": (
        values(sampleSite={"image": "nginx@sha256:0"}),
        "sampleSite.image",
        "has an invalid digest",
    ),
    "a sample site by a word": (values(sampleSite="yes"), "sampleSite", "true, false, or {name, image}"),
}


@pytest.mark.parametrize("case", TOP.values(), ids=TOP)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)
