"""One mistake at a time: each is found, alone, at its key, and said in words."""

from typing import Any

import pytest

from settings import OWN_VARIABLES, Settings, SettingsError
from tests.support.sealed_secrets import certificate
from tests.support.settings_examples import (
    ACCOUNT,
    TOKEN,
    ZONE,
    a_backend,
    a_route,
    connector,
    the_mistake,
    values,
    variable,
    volume,
)

Case = tuple[dict[str, Any], str, str]


def token(**parts: Any) -> dict[str, Any]:
    return values(token=parts)


DELIVERY: dict[str, Case] = {
    "a delivery that is none": (
        token(delivery="vault"),
        "token.delivery",
        "one of secret, sealed, existing and external",
    ),
    "an epoch below nothing": (token(epoch=-1), "token.epoch", "it is too small; accepted: a whole number, 0 or more"),
    "an epoch as a text": (token(epoch="1"), "token.epoch", "it is no whole number"),
    "sealed for nobody": (token(delivery="sealed"), "token.certificate", "delivery: sealed needs it"),
    "sealed for a word": (token(delivery="sealed", certificate="abc"), "token.certificate", "it is no certificate"),
    "sealed for a broken certificate": (
        token(delivery="sealed", certificate="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        "token.certificate",
        "cannot be read as a certificate with an RSA key",
    ),
    "sealed for a key of another kind": (
        token(delivery="sealed", certificate=certificate(elliptic=True)),
        "token.certificate",
        "cannot be read as a certificate with an RSA key",
    ),
    "sealed for a short key": (
        token(delivery="sealed", certificate=certificate("short", bits=1024)),
        "token.certificate",
        "its key has 1024 bits",
    ),
    "sealed for a private key": (
        token(delivery="sealed", certificate="-----BEGIN PRIVATE KEY-----\nAAAA"),
        "token.certificate",
        '"[hidden]": it is a private key',
    ),
    "a certificate for nothing": (
        token(certificate=certificate()),
        "token.certificate",
        "it belongs to delivery: sealed; accepted: nothing with delivery: secret",
    ),
    "existing, but which": (token(delivery="existing"), "token.secret", "is missing: delivery: existing needs it"),
    "an existing Secret without a name": (
        token(delivery="existing", secret={"key": "token"}),
        "token.secret.name",
        "is missing",
    ),
    "an existing Secret of no name": (
        token(delivery="existing", secret={"name": "Token"}),
        "token.secret.name",
        "Kubernetes takes no such name",
    ),
    "an existing Secret with a path for a key": (
        token(delivery="existing", secret={"name": "token", "key": "a/b"}),
        "token.secret.key",
        "no Secret has such a key",
    ),
    "external to nowhere": (token(delivery="external"), "token.store", "is missing: delivery: external needs it"),
    "a store of no kind": (
        token(delivery="external", store={"name": "vault", "kind": "Vault"}),
        "token.store.kind",
        "one of SecretStore and ClusterSecretStore",
    ),
    "a store for a sealed one": (
        token(delivery="sealed", certificate=certificate(), store={"name": "vault"}),
        "token.store",
        "it belongs to delivery: external",
    ),
}

TOP: dict[str, Case] = {
    "no account": (values(accountId=None), "accountId", "is missing; accepted: 32 hex digits"),
    "an account id of 31 digits": (values(accountId=ACCOUNT[1:]), "accountId", "no id of Cloudflare's"),
    "an account id with a letter beyond f": (values(accountId="g" * 32), "accountId", "no id of Cloudflare's"),
    "an account id read as a number": (values(accountId=12345678901234567890123456789012), "accountId", "in quotes"),
    "an unknown key": (values(zone="example.com"), "zone", "did you mean zones?"),
    "a key in another style": (values(sample_site=True), "sample_site", "did you mean sampleSite?"),
    "a token where none belongs": (values(tunnelToken="x"), "tunnelToken", '"[hidden]": there is no such setting'),
    "no zones": (values(zones=None), "zones", "is missing"),
    "empty zones": (values(zones={}), "zones", "it is empty"),
    "zones as a list": (values(zones=["example.com"]), "zones", "it is no object; accepted: one zone or more"),
    "a zone id of 33 digits": (values(zones={"example.com": ZONE + "0"}), 'zones["example.com"]', "32 hex digits"),
    "a zone that is no domain": (values(zones={"example.com": ZONE, "com": None}), "zones.com", "no domain name"),
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
    "a tunnel to take over, by its name": (values(tunnel={"adopt": "homelab"}), "tunnel.adopt", "no id of a tunnel"),
    "no routes": (values(routes=None), "routes", "is missing; accepted: one route or more"),
    "empty routes": (values(routes=[]), "routes", "it is empty"),
    "routes as an object": (values(routes={"blog.example.com": "http://blog"}), "routes", "it is no list"),
    "a route as a number": (values(7), "routes[0]", "an object with hostname, service, backend"),
    "a namespace in upper case": (values(namespace="Web"), "namespace", '"Web": Kubernetes takes no such name'),
    "a namespace of 64 characters": (values(namespace="a" * 64), "namespace", "1 to 63 lower-case letters"),
    "a namespace of Kubernetes' own": (values(namespace="kube-system"), "namespace", "kube- is Kubernetes' own"),
    "the default namespace made": (values(namespace="default"), "namespace", "there already, in every cluster"),
    "a namespace without a name": (values(namespace={"create": False}), "namespace.name", "is missing"),
    "a namespace by number": (values(namespace=7), "namespace", "the name of a namespace, or {name, create, labels}"),
    "a switch as a text": (values(namespace={"name": "web", "create": "no"}), "namespace.create", "true nor false"),
    "labels for a namespace of others": (
        values(namespace={"name": "web", "create": False, "labels": {"team": "web"}}),
        "namespace",
        "labels no namespace that it did not make",
    ),
    "a label with a space": (
        values(namespace={"name": "web", "labels": {"team": "the web"}}),
        "namespace.labels",
        "no Kubernetes label",
    ),
    "a looser Pod Security": (
        values(namespace={"name": "web", "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}),
        "namespace.labels",
        "restricted, always",
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
        "it is no digest",
    ),
    "a sample site by a word": (values(sampleSite="yes"), "sampleSite", "true, false, or {name, image}"),
}

LONG = ".".join(["a" * 60] * 4 + ["example.com"])
HOSTNAMES: dict[str, Case] = {
    name: (values(a_route(hostname=hostname)), "routes[0].hostname", words)
    for name, hostname, words in (
        ("a hostname with a port", "blog.example.com:8080", "a hostname has no port"),
        ("a hostname with a scheme", "https://blog.example.com", "no scheme and no path"),
        ("a hostname with a path", "blog.example.com/v1", "no scheme and no path"),
        ("the catch-all", "*", "added for you and answers 404"),
        ("a wildcard in the middle", "blog.*.example.com", "the whole first label and nowhere else"),
        ("a wildcard as part of a label", "blog-*.example.com", "the whole first label and nowhere else"),
        ("two wildcards", "*.*.example.com", "the whole first label and nowhere else"),
        ("a label of 64 characters", "a" * 64 + ".example.com", "at most 63 characters"),
        ("a hostname of 255 characters", LONG, "at most 253 characters"),
        (
            "a wildcard of 254 characters",
            "*." + ("a" * 8 + ".") + LONG.removeprefix("a" * 12),
            "at most 253 characters",
        ),
        ("a hostname with an underscore", "my_blog.example.com", "an underscore"),
        ("a hostname with an empty label", "blog..example.com", "no domain name"),
        ("a hostname with a dot at its end", "blog.example.com.", "no domain name"),
        ("a label that ends with a hyphen", "blog-.example.com", "no domain name"),
        ("an address for a hostname", "192.0.2.1", "no domain name"),
        ("an empty hostname", "", "no domain name"),
        ("an international name with a forbidden sign", "b☃︎‍.example.com", "no international domain name"),
        ("a label that pretends to be punycode", "xn--a.example.com", "xn--a is no punycode"),
        ("a hostname outside every zone", "blog.example.org", "in none of the zones"),
        ("a hostname that only looks like the zone's", "myexample.com", "in none of the zones"),
        ("a hostname two labels below its zone", "a.blog.example.com", "advancedCertificate: true"),
        ("a wildcard two labels below its zone", "*.blog.example.com", "Universal SSL covers example.com"),
    )
}

SERVICES: dict[str, Case] = {
    name: (values(a_route(service=service)), "routes[0].service", words)
    for name, service, words in (
        ("a service without a scheme", "blog:80", "it has no scheme"),
        ("a service with an unknown scheme", "ftp://blog", "knows no scheme ftp"),
        ("a service with a path", "http://blog/v1", "the visitor's own path"),
        ("a service with a slash at its end", "http://blog/", "the visitor's own path"),
        ("a service with a query", "http://blog?v=1", "the visitor's own query"),
        ("a service with a fragment", "http://blog#top", "the visitor's own query"),
        ("a service with a password", "http://me:secret@blog", '"[hidden]": its password would be readable'),
        ("a service without a host", "http://:80", "it has no host"),
        ("a service with a space", "http://my blog", "characters that no address has"),
        ("tcp without a port", "tcp://postgres", "tcp has no usual port"),
        ("a port beyond the last", "http://blog:65536", "a port from 1 to 65535"),
        ("port 0", "http://blog:0", "a port from 1 to 65535"),
        ("a colon without a port", "http://blog:", "a port from 1 to 65535"),
        ("a port by name", "http://blog:http", "a port from 1 to 65535"),
        ("a Service's name that begins with a digit", "http://1blog", "no name of a Service"),
        ("a Service's namespace with an underscore", "http://blog.my_web.svc", "Kubernetes takes no such name"),
        ("the connector itself by name", "http://localhost:2000", "that is the connector itself"),
        ("the connector itself by address", "http://127.0.0.1:2000", "that is the connector itself"),
        ("the connector itself by IPv6", "http://[::1]:2000", "that is the connector itself"),
        ("the connector itself in disguise", "http://[::ffff:127.0.0.1]:2000", "an IPv4 address in disguise"),
        ("a cloud's metadata", "http://169.254.169.254", "link-local, multicast and reserved"),
        ("half an address", "http://10.0.0", "no domain name"),
        ("half an IPv6 address", "http://[fd00::1", "it is no address"),
        ("an external name under strict", "https://origin.example.org", "cannot open a DNS name outside the cluster"),
        ("a bastion", "bastion", "the visitor chooses the destination"),
        ("a SOCKS proxy", "socks-proxy", "the visitor chooses the destination"),
        ("a status below 100", "http_status:99", "a number from 100 to 999"),
        ("a status above 999", "http_status:1000", "a number from 100 to 999"),
        ("a status that is no number", "http_status:gone", "a number from 100 to 999"),
        ("a socket by a relative path", "unix:app.sock", "unix:/run/app.sock"),
        ("a socket of nothing", "unix+tls:", "unix+tls:/run/app.sock"),
        ("an empty service", "", "it has no scheme"),
    )
}

ROUTES: dict[str, Case] = {
    "a record to take over, by its name": (
        values(a_route(adopt="blog.example.com")),
        "routes[0].adopt",
        "no id of a DNS record",
    ),
    "two records for a hostname": (
        values(a_route(adopt="1" * 32), a_route(path="/v1", adopt="2" * 32)),
        "routes[1].adopt",
        "routes[0] takes another record over for the same hostname",
    ),
    "a record to take over and none to have": (
        values(a_route(adopt="1" * 32, dns="none")),
        "routes[0].adopt",
        "with dns: none the stack has no record",
    ),
    "a record for two hostnames": (
        values(a_route(adopt="1" * 32), a_route(hostname="log.example.com", adopt="1" * 32)),
        "routes[1].adopt",
        "routes[0] takes that record over for blog.example.com",
    ),
    "a route without a hostname": (values(a_route(hostname=None)), "routes[0].hostname", "is missing"),
    "a route to nowhere": (values(a_route(service=None)), "routes[0]", "this one names none"),
    "a route to two places": (values({**a_route(), **a_backend()}), "routes[0]", "this one names two"),
    "a service by number": (values(a_route(service=80)), "routes[0].service", "it is no text"),
    "an unknown key of a route": (values(a_route(servise="x")), "routes[0].servise", "did you mean service?"),
    "a certificate by word": (
        values(a_route(advancedCertificate="yes")),
        "routes[0].advancedCertificate",
        "it is neither true nor false",
    ),
    "a backend without a port": (values(a_backend(port=None)), "routes[0].backend.port", "is missing"),
    "a backend's port as a text": (values(a_backend(port="80")), "routes[0].backend.port", "no whole number"),
    "a backend's port beyond the last": (values(a_backend(port=65536)), "routes[0].backend.port", "too large"),
    "a target port by name": (values(a_backend(targetPort="http")), "routes[0].backend.targetPort", "its number"),
    "target port 0": (values(a_backend(targetPort=0)), "routes[0].backend.targetPort", "too small"),
    "a backend by its full name": (
        values(a_backend(service="api.shop.svc.cluster.local")),
        "routes[0].backend.service",
        "no name of a Service",
    ),
    "a backend in a namespace of no name": (
        values(a_backend(namespace="the shop")),
        "routes[0].backend.namespace",
        "Kubernetes takes no such name",
    ),
    "a selector with a number": (
        values(a_backend(podSelector={"version": 2})),
        "routes[0].backend.podSelector.version",
        "it is no text; accepted: labels",
    ),
    "a selector with a bad key": (
        values(a_backend(podSelector={"app kubernetes": "api"})),
        "routes[0].backend.podSelector",
        "no Kubernetes label",
    ),
    "a backend with a scheme of no host": (values(a_backend(scheme="unix")), "routes[0].backend.scheme", "one of http"),
}

PATHS: dict[str, Case] = {
    name: (values(a_route(path=path)), f"routes[0].path{key}", words)
    for name, path, key, words in (
        ("a path without a slash", "v1", "", '"v1": every path begins with /'),
        ("a path with a query", {"exact": "/v1?x=1"}, ".exact", "without query and fragment"),
        ("a path with an escape", "/a%20b", "", "compares paths decoded"),
        ("a path of two kinds", {"prefix": "/v1", "exact": "/v1"}, "", "exactly one of prefix, exact and regex"),
        ("a path of no kind", {}, "", "exactly one of prefix, exact and regex"),
        ("a path of an unknown kind", {"glob": "/v*"}, ".glob", "one of prefix, exact, regex"),
        ("a path by number", 1, "", "a path such as /v1"),
        ("an empty expression", {"regex": ""}, ".regex", "it is empty"),
        ("an expression that looks ahead", {"regex": "^/(?!admin)"}, ".regex", "without lookaround"),
        ("an expression that refers back", {"regex": r"^/(a)\1"}, ".regex", "invalid escape sequence"),
        ("an expression that does not end", {"regex": "^/[a-z"}, ".regex", "missing ]"),
        ("an expression of bytes", {"regex": r"^/\C"}, ".regex", r"no \C"),
        ("an expression that no path begins with", {"regex": "^v1/"}, ".regex", "it never matches"),
    )
}

HIDDEN: dict[str, Case] = {
    "the same hostname twice": (
        values(a_route(), a_route(service="http://b")),
        "routes[1]",
        "routes[0] takes the same",
    ),
    "the same hostname in another case": (values(a_route(), a_route(hostname="BLOG.example.com")), "routes[1]", "same"),
    "the same path twice": (values(a_route(path="/v1"), a_route(path="/v1")), "routes[1]", "^/v1(/|$)"),
    "the same path in another form": (values(a_route(path="/v1"), a_route(path="/v1/")), "routes[1]", "same requests"),
    "every path twice": (values(a_route(path="/"), a_route()), "routes[1]", "each hostname and path once"),
    "a prefix as an expression": (
        values(a_route(path="/v1"), a_route(path={"regex": "^/v1(/|$)"})),
        "routes[1]",
        "same requests",
    ),
    "a prefix behind an expression": (
        values(a_route(path="/v1"), a_route(path={"regex": "^/v1"})),
        "routes[0].path",
        "no request reaches it, for the rules of routes[1] come first and take them all",
    ),
    "a prefix behind an exact path and an expression": (
        values(a_route(path={"exact": "/v1"}), a_route(path="/v1"), a_route(path={"regex": "^/v1/"})),
        "routes[1].path",
        "accepted: a path that routes[0] and routes[2] leave over",
    ),
    "an expression behind another": (
        values(a_route(path={"regex": "^/v1"}), a_route(path={"regex": "^/v1[0-9]"})),
        "routes[1].path",
        "accepted: a path that routes[0] leaves over",
    ),
    "an exact path behind an expression": (
        values(a_route(path={"exact": "/"}), a_route(path={"regex": "^/$"}), a_route(path={"regex": "^/v1"})),
        "routes[1]",
        "same requests",
    ),
    "every path behind an expression for all": (
        values(a_route(), a_route(path={"regex": ".*"})),
        "routes[0].path",
        "is missing: no request reaches it",
    ),
    "every path behind an expression with both ends": (
        values(a_route(), a_route(path={"regex": "^/.*$"})),
        "routes[0].path",
        "routes[1] come first",
    ),
    "an expression behind one for all": (
        values(a_route(path={"regex": "/"}), a_route(path={"regex": r"[.]php$"})),
        "routes[1].path",
        "routes[0] come first",
    ),
    "an expression behind a wider one": (
        values(a_route(path={"regex": "^/v[1]/"}), a_route(path={"regex": "^/v1/"}), a_route(path={"prefix": "/v1"})),
        "routes[1].path",
        "routes[0] come first",
    ),
}

CONNECTOR: dict[str, Case] = {
    "26 replicas": (
        connector(replicas=26),
        "connector.replicas",
        "26: it is too large; accepted: a whole number from 1",
    ),
    "no replicas": (connector(replicas=0), "connector.replicas", "too small"),
    "replicas as a text": (connector(replicas="2"), "connector.replicas", "no whole number"),
    "replicas as a switch": (connector(replicas=True), "connector.replicas", "no whole number"),
    "a grace period over three minutes": (connector(gracePeriod="3m1s"), "connector.gracePeriod", "three minutes"),
    "a grace period of nothing": (connector(gracePeriod="0s"), "connector.gracePeriod", "from 1s to 3m"),
    "a grace period in parts of seconds": (connector(gracePeriod="1.5s"), "connector.gracePeriod", "whole seconds"),
    "a grace period without a unit": (connector(gracePeriod="30"), "connector.gracePeriod", "such as 30s"),
    "a grace period as a number": (connector(gracePeriod=30), "connector.gracePeriod", "it is no text"),
    "an empty grace period": (connector(gracePeriod=""), "connector.gracePeriod", "no duration in whole seconds"),
    "an unknown protocol": (connector(protocol="h2mux"), "connector.protocol", "one of auto, quic and http2"),
    "an unknown log level": (connector(logLevel="trace"), "connector.logLevel", "one of debug, info, warn"),
    "post-quantum over whatever there is": (
        connector(postQuantum=True),
        "connector.postQuantum",
        "it needs quic, and protocol is auto",
    ),
    "post-quantum over HTTP/2": (
        connector(postQuantum=True, protocol="http2"),
        "connector.postQuantum",
        "accepted: postQuantum: true with protocol: quic",
    ),
    "addresses of no version": (connector(edgeIpVersion=5), "connector.edgeIpVersion", "one of auto, 4 and 6"),
    "an unknown region": (connector(region="eu"), "connector.region", "none of those known; accepted: us, or nothing"),
    "an unknown log format": (connector(logFormat="text"), "connector.logFormat", "one of json and default"),
    "a label that the pods are found by": (
        connector(podLabels={"app.kubernetes.io/instance": "x"}),
        "connector.podLabels",
        "is what the connector's pods are found by",
    ),
    "a pod's label with a space": (
        connector(podLabels={"team": "the web"}),
        "connector.podLabels",
        "no Kubernetes label",
    ),
    "an annotation of no name": (
        connector(podAnnotations={"a b": "c"}),
        "connector.podAnnotations",
        "no key of an annot",
    ),
    "a pull secret of no name": (
        connector(imagePullSecrets=["My Registry"]),
        "connector.imagePullSecrets[0]",
        "Kubernetes takes no such name",
    ),
    "pull secrets as a text": (connector(imagePullSecrets="registry"), "connector.imagePullSecrets", "it is no list"),
    "the tag latest": (
        connector(image={"tag": "latest", "digest": ""}),
        "connector.image.tag",
        "another image tomorrow",
    ),
    "a tag with a space": (connector(image={"tag": "a b", "digest": ""}), "connector.image.tag", "it is no tag"),
    "a tag without its digest": (connector(image={"tag": "2026.8.0"}), "connector.image.digest", "of 2026.7.3, not of"),
    "a digest without its tag": (
        connector(image={"digest": "sha256:" + "0" * 64}),
        "connector.image.digest",
        "not the digest of 2026.7.3",
    ),
    "neither tag nor digest": (connector(image={"tag": "", "digest": ""}), "connector.image.digest", "which version"),
    "a short digest": (
        connector(image={"tag": "1", "digest": "sha256:0"}),
        "connector.image.digest",
        "it is no digest",
    ),
    "a repository with a tag": (
        connector(image={"repository": "a/b:1"}),
        "connector.image.repository",
        "no repository",
    ),
    "a quantity of no unit": (connector(resources={"limits": {"cpu": "1core"}}), "connector.resources", "no quantity"),
    "thousandths of a byte": (
        connector(resources={"limits": {"memory": "128m"}}),
        "connector.resources",
        "memory: 128m is no quantity",
    ),
    "more asked for than the limit": (
        connector(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}),
        "connector.resources",
        "more memory than its limit",
    ),
    "an unknown resource": (
        connector(resources={"limits": {"gpu": "1"}}),
        "connector.resources.limits.gpu",
        "none of those known",
    ),
    "priority by number": (
        connector(scheduling={"priorityClassName": 1}),
        "connector.scheduling.priorityClassName",
        "the name of a PriorityClass",
    ),
    "a node selector with a switch": (
        connector(scheduling={"nodeSelector": {"edge": True}}),
        "connector.scheduling.nodeSelector.edge",
        "it is no text",
    ),
}

VARIABLE, VOLUME = "connector.extraEnv[0]", "connector.extraVolumes[0]"
EXTRAS: dict[str, Case] = {
    "a variable of no name": (variable(name="a b", value="1"), f"{VARIABLE}.name", "no name of a variable"),
    "the token's variable": (variable(name="TUNNEL_TOKEN", value="1"), f"{VARIABLE}.name", "the stack's own Secret"),
    "credentials of another tunnel": (variable(name="TUNNEL_CRED_FILE", value="/c"), f"{VARIABLE}.name", "own Secret"),
    "a bastion by variable": (variable(name="TUNNEL_BASTION", value="true"), f"{VARIABLE}.name", "the visitor chooses"),
    "a variable of culvert's": (variable(name="TUNNEL_METRICS", value=":1"), f"{VARIABLE}.name", "culvert sets it"),
    **{
        f"a variable for {key}": (
            variable(name=name, value="x"),
            f"{VARIABLE}.name",
            f'"{name}": connector.{key} is what sets it; accepted: connector.{key}, or another name',
        )
        for name, key in OWN_VARIABLES.items()
        if key
    },
    "a variable without a value": (variable(name="A"), VARIABLE, "this one has none"),
    "a variable with two values": (
        variable(name="A", value="1", valueFrom={"fieldRef": {"fieldPath": "spec.nodeName"}}),
        VARIABLE,
        "this one has two",
    ),
    "a variable by number": (variable(name="A", value=4), f"{VARIABLE}.value", "in quotes"),
    "a variable from an unknown place": (
        variable(name="A", valueFrom={"vault": {}}),
        f"{VARIABLE}.valueFrom",
        "exactly one of secretKeyRef",
    ),
    "a variable from two places": (
        variable(name="A", valueFrom={"secretKeyRef": {}, "configMapKeyRef": {}}),
        f"{VARIABLE}.valueFrom",
        "comes from one place",
    ),
    "a token in a variable": (variable(name="A", value=TOKEN), f"{VARIABLE}.value", '"[hidden]": it is a connector'),
    "a variable twice": (
        connector(extraEnv=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        "connector.extraEnv",
        "A is there more than once",
    ),
    "a volume of the host": (volume(secret=None, hostPath={"path": "/"}), VOLUME, "refuses hostPath"),
    "a volume of nothing": (volume(secret=None), VOLUME, "exactly one of secret, configMap"),
    "a volume of two things": (volume(emptyDir={}), VOLUME, "a volume comes from one place"),
    "a volume of another kind": (volume(nfs={"server": "a"}), f"{VOLUME}.nfs", "there is no such setting"),
    "a volume with culvert's name": (volume(name="culvert-token"), f"{VOLUME}.name", "does not begin with culvert-"),
    "a volume of no name": (volume(name="Origin CA"), f"{VOLUME}.name", "a DNS label"),
    "a relative mount": (volume(mountPath="etc/ca"), f"{VOLUME}.mountPath", "mounted at an absolute path"),
    "a mount over everything": (volume(mountPath="/"), f"{VOLUME}.mountPath", "mounted at an absolute path"),
    "a mount that climbs": (volume(mountPath="/srv/../etc/culvert"), f"{VOLUME}.mountPath", "an absolute path"),
    "a mount over the token": (volume(mountPath="/etc/culvert/token"), f"{VOLUME}.mountPath", "hide the connector's"),
    "a mount around the token": (volume(mountPath="//etc/"), f"{VOLUME}.mountPath", "hide the connector's token"),
    "a volume twice": (
        connector(extraVolumes=[{"name": "a", "mountPath": path, "emptyDir": {}} for path in ("/a", "/b")]),
        "connector.extraVolumes",
        "each name once",
    ),
    "two volumes in one place": (
        connector(extraVolumes=[{"name": name, "mountPath": "/a", "emptyDir": {}} for name in ("a", "b")]),
        "connector.extraVolumes",
        "each mountPath once",
    ),
}


def an_origin(service: str = "https://nas", **options: Any) -> dict[str, Any]:
    return values(a_route(service=service, origin=options))


ORIGIN = "routes[0].origin"
ORIGINS: dict[str, Case] = {
    "milliseconds": (an_origin(connectTimeout=30000), f"{ORIGIN}.connectTimeout", "too large; accepted: whole seconds"),
    "no time at all": (an_origin(tlsTimeout=0), f"{ORIGIN}.tlsTimeout", "too small"),
    "a duration in words": (an_origin(keepAliveTimeout="90s"), f"{ORIGIN}.keepAliveTimeout", "no whole number"),
    "keep-alive switched off by number": (
        an_origin(keepAliveConnections=-1),
        f"{ORIGIN}.keepAliveConnections",
        "to keep none, balance: true",
    ),
    "a Host header with a path": (an_origin(httpHostHeader="a.b/c"), f"{ORIGIN}.httpHostHeader", "no Host header"),
    "a Host header of two lines": (an_origin(httpHostHeader="a\r\nb"), f"{ORIGIN}.httpHostHeader", "no Host header"),
    "a certificate's name with a port": (
        an_origin(originServerName="nas:5001"),
        f"{ORIGIN}.originServerName",
        "no certificate is issued for it",
    ),
    "Cloudflare's spelling": (an_origin(noTLSVerify=True), f"{ORIGIN}.noTLSVerify", "did you mean noTlsVerify?"),
    "unverified without a reason": (an_origin(noTlsVerify=True), ORIGIN, "needs a reason beside it"),
    "a reason that is none": (an_origin(noTlsVerify=True, reason=" "), f"{ORIGIN}.reason", "it is empty"),
    "a reason for nothing": (an_origin(reason="because"), ORIGIN, "nothing to give a reason for"),
    "unverified by default": (
        values(originDefaults={"noTlsVerify": True}),
        "originDefaults",
        "said for each route, with its reason",
    ),
    "a SOCKS proxy": (an_origin("tcp://nas:22", proxyType="socks"), ORIGIN, "the visitor chooses the destination"),
    "a SOCKS proxy by default": (
        values(originDefaults={"proxyType": "socks"}),
        "originDefaults",
        "the visitor chooses",
    ),
    "balance and kept connections": (an_origin(balance=True, keepAliveConnections=9), ORIGIN, "keeps no connections"),
    "balance and idle connections": (an_origin(balance=True, keepAliveTimeout=9), ORIGIN, "none grows old"),
    "two names for one certificate": (
        an_origin(matchSNItoHost=True, originServerName="nas"),
        ORIGIN,
        "accepted: one of matchSNItoHost and originServerName",
    ),
    "HTTP/2 by a way that has none": (
        an_origin(matchSNItoHost=True, http2Origin=True),
        ORIGIN,
        "never agrees on HTTP/2",
    ),
    "an authority that nobody asks": (
        an_origin(noTlsVerify=True, reason="because", caPool={"secret": "ca"}),
        ORIGIN,
        "so no authority is asked",
    ),
    "an authority by path": (an_origin(caPool="/etc/ca.crt"), f"{ORIGIN}.caPool", "{secret, key} or {configMap, key}"),
    "an authority of nowhere": (an_origin(caPool={"key": "ca"}), f"{ORIGIN}.caPool", "exactly one of secret and"),
    "an authority in two places": (
        an_origin(caPool={"secret": "a", "configMap": "b"}),
        f"{ORIGIN}.caPool",
        "in one place",
    ),
    "an authority of no name": (an_origin(caPool={"secret": "CA"}), f"{ORIGIN}.caPool.secret", "takes no such name"),
    "an authority under no key": (
        an_origin(caPool={"secret": "a", "key": "../x"}),
        f"{ORIGIN}.caPool.key",
        "such a key",
    ),
    "a private key": (an_origin(caPool={"secret": "a", "key": "tls.key"}), f"{ORIGIN}.caPool.key", "a private key"),
    "TLS without TLS": (
        an_origin("http://nas", tlsTimeout=5),
        f"{ORIGIN}.tlsTimeout",
        "5: the connector has no use for it with http; accepted: tlsTimeout with https, wss, unix+tls",
    ),
    "an authority without TLS": (
        an_origin("http://nas", caPool={"secret": "ca"}),
        f"{ORIGIN}.caPool",
        '{"secret": "ca", "key": "ca.crt"}: the connector has no use for it with http',
    ),
    "unverified without TLS": (
        an_origin("http://nas", noTlsVerify=True, reason="x"),
        f"{ORIGIN}.noTlsVerify",
        "with http",
    ),
    "an option for a status": (
        an_origin("http_status:404", connectTimeout=5),
        f"{ORIGIN}.connectTimeout",
        "http_status",
    ),
    "an option for nobody": (
        an_origin("hello_world", noHappyEyeballs=True),
        f"{ORIGIN}.noHappyEyeballs",
        "hello_world",
    ),
    "HTTP's over TCP": (an_origin("ssh://nas", httpHostHeader="nas"), f"{ORIGIN}.httpHostHeader", "with ssh"),
    "a host of a socket": (
        an_origin("unix:/run/app.sock", httpHostHeader="a"),
        f"{ORIGIN}.httpHostHeader",
        "with unix",
    ),
    "HTTP/2 for WebSockets": (an_origin("wss://nas", http2Origin=True), f"{ORIGIN}.http2Origin", "with wss"),
    "a backend's scheme counts": (
        values({**a_backend(), "origin": {"originServerName": "a"}}),
        f"{ORIGIN}.originServerName",
        "with http",
    ),
    "half a record": (
        values(a_route(dns="none"), a_route(path="/v1")),
        "routes[1].dns",
        "routes[0] says none for the same hostname",
    ),
    "a record by switch": (values(a_route(dns=False)), "routes[0].dns", "one of record and none"),
    "a record in no zone": (
        values(a_route(hostname="a.example.org", dns="record")),
        "routes[0].hostname",
        "in none of the zones",
    ),
}


def policy(**options: Any) -> dict[str, Any]:
    return values(networkPolicy=options)


def allow(**opening: Any) -> dict[str, Any]:
    """A stack that opens one destination more, on a port of its own."""
    return policy(allow=[{"ports": [5432], **opening}])


ALLOW, DNS = "networkPolicy.allow[0]", "networkPolicy.dns[0]"
POLICY: dict[str, Case] = {
    "an unknown engine": (policy(engine="antrea"), "networkPolicy.engine", "one of kubernetes, calico"),
    "an opening to nobody": (allow(), ALLOW, "it names none"),
    "an opening to two": (
        allow(cidr="10.0.0.1", namespace="shop"),
        ALLOW,
        "more than one; accepted: exactly one of cidr",
    ),
    "pods without a namespace": (allow(cidr="10.0.0.1", pods={"app": "db"}), ALLOW, "pods are those of a namespace"),
    "no ports": (policy(allow=[{"cidr": "10.0.0.1"}]), f"{ALLOW}.ports", "is missing"),
    "an empty list of ports": (allow(cidr="10.0.0.1", ports=[]), f"{ALLOW}.ports", "it is empty"),
    "a port beyond the last": (allow(cidr="10.0.0.1", ports=[65536]), f"{ALLOW}.ports[0]", "it is too large"),
    "a protocol without ports": (allow(cidr="10.0.0.1", protocol="ICMP"), f"{ALLOW}.protocol", "TCP or UDP"),
    "a range that is none": (allow(cidr="10.0.0.0/33"), f"{ALLOW}.cidr", "no range of addresses"),
    "a range beginning within itself": (allow(cidr="10.0.0.1/8"), f"{ALLOW}.cidr", "accepted: 10.0.0.0/8."),
    "everything": (allow(cidr="0.0.0.0/0"), f"{ALLOW}.cidr", "a part of the internet"),
    "everything of IPv6": (allow(cidr="::/0"), f"{ALLOW}.cidr", "a part of the internet"),
    "half of everything": (allow(cidr="128.0.0.0/1"), f"{ALLOW}.cidr", "a part of the internet"),
    "cloud metadata": (allow(cidr="169.254.169.254"), f"{ALLOW}.cidr", "a cloud's metadata is at one of them"),
    "a range with cloud metadata in it": (allow(cidr="169.0.0.0/8"), f"{ALLOW}.cidr", "a cloud's metadata"),
    "IPv4 in IPv6": (allow(cidr="::ffff:10.0.0.0/104"), f"{ALLOW}.cidr", "loopback, link-local"),
    "a namespace of no name to open": (allow(namespace="*"), f"{ALLOW}.namespace", "1 to 63 lower-case letters"),
    "a name under Kubernetes' engine": (allow(name="db.example.net"), f"{ALLOW}.name", "{engine: cilium}"),
    "a name under Calico's": (
        policy(engine="calico", preset="guide", allow=[{"name": "db.example.net", "ports": [1]}]),
        f"{ALLOW}.name",
        "only in its paid editions",
    ),
    "an origin by name under Calico's strict": (
        {**policy(engine="calico-crd"), "routes": [a_route(service="https://origin.example.org")]},
        "routes[0].service",
        "only in its paid editions",
    ),
    "a Service by name": (
        policy(engine="cilium", allow=[{"name": "db.shop.svc.cluster.local", "ports": [1]}]),
        f"{ALLOW}.name",
        "namespace and pods in its place",
    ),
    "DNS servers nowhere": (policy(dns=[{"port": 5353}]), DNS, "exactly one of cidr and namespace"),
    "a network of DNS servers": (policy(dns=[{"cidr": "10.0.0.0/8"}]), f"{DNS}.cidr", "so many DNS servers"),
    "no port for DNS": (policy(dns=[{"cidr": "10.0.0.1", "port": 0}]), f"{DNS}.port", "it is too small"),
}

CASES = {
    **TOP,
    **DELIVERY,
    **HOSTNAMES,
    **SERVICES,
    **ROUTES,
    **ORIGINS,
    **PATHS,
    **HIDDEN,
    **CONNECTOR,
    **EXTRAS,
    **POLICY,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_bad_setting_is_refused_in_words(case: Case) -> None:
    given, key, words = case
    mistake = the_mistake(given)
    assert mistake.key == f"culvert:{key}"
    assert words in mistake.message
    assert mistake.message.startswith(mistake.key)
    assert mistake.message.endswith(f"accepted: {mistake.accepted}.")
    assert mistake.source.startswith("https://")


def test_no_message_repeats_a_token() -> None:
    for given in (variable(name="A", value=TOKEN), values(whatever={"deep": [TOKEN]}), values(accountId=TOKEN)):
        with pytest.raises(SettingsError, match="hidden") as refusal:
            Settings.parse(given)
        assert TOKEN not in str(refusal.value)
        assert TOKEN not in str(refusal.value.mistakes)
