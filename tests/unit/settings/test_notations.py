"""Notations of other tools: each is understood, or rejected with the right one in the message."""

from collections.abc import Callable
from typing import Any

import pytest

from settings import Settings
from tests.support.settings_examples import (
    Case,
    a_backend,
    a_route,
    assert_rejected,
    connector,
    values,
    variable,
    volume,
)

Understood = tuple[dict[str, Any], Callable[[Settings], Any], Any]
"""Settings in another notation, what to read of them, and its value."""


def service(text: str) -> dict[str, Any]:
    return values(a_route(service=text))


def path(value: Any) -> dict[str, Any]:
    return values(a_route(path=value))


def hostname(text: str) -> dict[str, Any]:
    return values(a_route(hostname=text))


def origin(**options: Any) -> dict[str, Any]:
    return values(a_route(service="https://nas", origin=options))


def allow(**peer: Any) -> dict[str, Any]:
    return values(networkPolicy={"engine": "cilium", "allow": [{"ports": [5432], **peer}]})


def resources(**limits: Any) -> dict[str, Any]:
    return connector(resources={"limits": limits})


def access(**options: Any) -> dict[str, Any]:
    return values(a_route(access={"allow": {"emails": ["ann@example.com"]}, **options}), accessTeam="acme")


def people(**options: Any) -> dict[str, Any]:
    return access(allow=options)


def waf(**condition: Any) -> dict[str, Any]:
    return values(waf={"rules": [{"name": "a", **condition}]})


def sent(settings: Settings) -> str:
    return settings.ingress_rules("web")[0]["service"]


def sent_path(settings: Settings) -> str:
    return settings.ingress_rules("web")[0]["path"]


def network(settings: Settings) -> str | None:
    return settings.network_policy.allow[0].cidr


BLOG = "http://blog.web.svc.cluster.local:80"
UNDERSTOOD: dict[str, Understood] = {
    "hello-world with a hyphen": (service("hello-world"), sent, "hello_world"),
    "HELLO_WORLD in capitals": (service("HELLO_WORLD"), sent, "hello_world"),
    "a scheme in capitals": (service("HTTP://blog"), sent, BLOG),
    "a slash after a service": (service("http://blog/"), sent, BLOG),
    "a slash after a service's port": (service("https://10.0.0.5:8443/"), sent, "https://10.0.0.5:8443"),
    "an IPv6 address in full": (service("http://[FD00:0:0:0:0:0:0:5]"), sent, "http://[fd00::5]"),
    "a slash after a prefix": (path("/v1/"), sent_path, "^/v1(/|$)"),
    "a space in a path": (path({"exact": "/My Documents"}), sent_path, "^/My Documents$"),
    "OData's dollar": (path({"prefix": "/odata/$metadata"}), sent_path, r"^/odata/\$metadata(/|$)"),
    "a final dot after a hostname": (
        hostname("blog.example.com."),
        lambda all_: all_.routes[0].hostname,
        "blog.example.com",
    ),
    "a final dot after a wildcard": (
        hostname("*.example.com."),
        lambda all_: all_.routes[0].hostname,
        "*.example.com",
    ),
    "a final dot after a zone": (
        values(zones={"Example.com.": None}),
        lambda all_: [*all_.zones],
        ["example.com"],
    ),
    "the name of a wildcard certificate": (
        origin(originServerName="*.example.com"),
        lambda all_: all_.ingress_rules("web")[0]["origin_request"]["origin_server_name"],
        "*.example.com",
    ),
    "a range by its netmask": (allow(cidr="10.20.0.0/255.255.0.0"), network, "10.20.0.0/16"),
    "an address without a length": (allow(cidr="10.20.0.7"), network, "10.20.0.7/32"),
    "an IPv6 range in capitals": (allow(cidr="FD00:1::/64"), network, "fd00:1::/64"),
    "a final dot after an allowed name": (
        allow(name="DB.example.net."),
        lambda all_: all_.network_policy.allow[0].name,
        "db.example.net",
    ),
    "a grace period in minutes": (
        connector(gracePeriod="1m30s"),
        lambda all_: all_.connector.grace_period_seconds,
        90,
    ),
    "a decimal unit of memory": (
        resources(memory="128M"),
        lambda all_: all_.connector.resources["limits"]["memory"],
        "128M",
    ),
    "cores as a number": (resources(cpu=0.5), lambda all_: all_.connector.resources["limits"]["cpu"], "0.5"),
    "an IP version as a number": (connector(edgeIpVersion=6), lambda all_: all_.connector.edge_ip_version, "6"),
    "a slash after a mount path": (
        volume(mountPath="/etc/origin-ca/"),
        lambda all_: all_.connector.extra_volumes[0].mount_path,
        "/etc/origin-ca",
    ),
    "an e-mail address in capitals": (
        people(emails=["Ann@Example.com"]),
        lambda all_: all_.routes[0].access.allow.emails,  # pyright: ignore[reportOptionalMemberAccess]
        ("ann@example.com",),
    ),
    "an id in capitals": (
        values(accountId="0123456789ABCDEF0123456789ABCDEF"),
        lambda all_: all_.account_id,
        "0123456789abcdef0123456789abcdef",
    ),
}


@pytest.mark.parametrize("case", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_a_notation_is_understood(case: Understood) -> None:
    config, read, expected = case
    assert read(Settings.parse(config)) == expected


ROUTE, PEER = "routes[0]", "networkPolicy.allow[0]"
SERVICE, PATH, HOST, ORIGIN = f"{ROUTE}.service", f"{ROUTE}.path", f"{ROUTE}.hostname", f"{ROUTE}.origin"
REJECTED: dict[str, Case] = {
    # Paths of Ingress controllers, proxies and web frameworks.
    "a glob below a path": (
        path("/api/*"),
        PATH,
        "so * does not stand for other paths. Accepted: {prefix: /api} for everything below, or "
        "{regex: '^/api/[^/]*$'}.",
    ),
    "a deep glob below a path": (path("/api/**"), PATH, "{prefix: /api} for everything below, or {regex: '^/api/.*$'}"),
    "a glob below the root": (path({"prefix": "/*"}), f"{PATH}.prefix", "{prefix: /} for everything below"),
    "a glob in an exact path": (path({"exact": "/a*c"}), f"{PATH}.exact", "Accepted: {regex: '^/a[^/]*c$'}."),
    "a glob before an extension": (path("/img/*.png"), PATH, r"Accepted: {regex: '^/img/[^/]*\.png$'}."),
    "a placeholder in braces": (path({"exact": "/users/{id}"}), f"{PATH}.exact", "{regex: '^/users/[^/]+$'}"),
    "a placeholder and a glob": (path("/users/{id}/*"), PATH, "Accepted: {regex: '^/users/[^/]+/[^/]*$'}."),
    "a placeholder in angle brackets": (path("/users/<int:id>"), PATH, "{regex: '^/users/[^/]+$'}"),
    "a placeholder after a colon": (path("/users/:id/edit"), PATH, "{regex: '^/users/[^/]+/edit$'}"),
    "an expression of an Ingress": (path("/api(/|$)(.*)"), PATH, "so | does not stand for other paths"),
    "an end of an expression": (path({"exact": "/api$"}), f"{PATH}.exact", "so $ does not stand for other paths"),
    "an expression as a path": (path("^/api"), PATH, "Accepted: {regex: ^/api} for a regular expression."),
    "an expression of nginx": (path("~* ^/api"), PATH, "Accepted: {regex: ^/api} for a regular expression."),
    "an escaped path": (path("/a%20b"), PATH, "Accepted: /a b."),
    "a path with a query": (path("/a?b=c"), PATH, "Accepted: /a."),
    "a glob in a health check's path": (
        values(
            loadBalancer={
                "hostname": "blog.example.com",
                "pools": [{"name": "a", "tunnels": ["own"]}],
                "health": {"path": "/health*"},
            }
        ),
        "loadBalancer.health.path",
        "Accepted: /health.",
    ),
    # Services.
    "a service without a scheme": (service("blog:8080"), SERVICE, "Accepted: http://blog:8080."),
    "a service without host": (service("http:///"), SERVICE, "has no host"),
    "a service with a path": (service("http://blog:80/v1"), SERVICE, "Accepted: http://blog:80 and nothing more."),
    "an IPv6 address without brackets": (service("http://fd00::5"), SERVICE, "Accepted: http://[fd00::5]."),
    "a socket of a URL": (service("unix:///run/app.sock"), SERVICE, "Accepted: unix:/run/app.sock."),
    "a status with a space": (service("http_status: 404"), SERVICE, "such as http_status:404"),
    "a status with a hyphen": (service("http-status:404"), SERVICE, "such as http_status:404"),
    "a status in capitals": (service("HTTP_STATUS:404"), SERVICE, "such as http_status:404"),
    "HTTP/2 as a scheme": (service("h2c://blog"), SERVICE, "https://host:port with origin: {http2Origin: true}"),
    "a database's scheme": (service("postgres://db:5432"), SERVICE, "Accepted: tcp://host:port."),
    # Hostnames.
    "a hostname with a scheme": (hostname("https://blog.example.com/"), HOST, "Accepted: blog.example.com."),
    "a hostname with a port": (hostname("blog.example.com:443"), HOST, "Accepted: blog.example.com."),
    "a hostname with a path": (hostname("blog.example.com/v1"), HOST, "Accepted: blog.example.com."),
    "a wildcard as a dot": (hostname(".example.com"), HOST, "Accepted: *.example.com for every name below"),
    "a wildcard of every depth": (hostname("**.example.com"), HOST, "*.example.com, which matches every depth"),
    "two wildcards": (hostname("*.*.example.com"), HOST, "*.example.com, which matches every depth"),
    "the zone's own name in a zone file": (hostname("@"), HOST, "the zone's own name, such as example.com"),
    "the site of a team": (
        {**access(), "accessTeam": "https://acme.cloudflareaccess.com"},
        "accessTeam",
        "Accepted: acme.",
    ),
    # Durations and quantities.
    "seconds with a unit": (origin(connectTimeout="30s"), f"{ORIGIN}.connectTimeout", "without a unit: 30"),
    "minutes for seconds": (origin(tlsTimeout="1m30s"), f"{ORIGIN}.tlsTimeout", "without a unit: 90"),
    "seconds as a text": (
        origin(tlsTimeout="30"),
        f"{ORIGIN}.tlsTimeout",
        "must be a whole number: 30, without quotes",
    ),
    "a grace period without a unit": (connector(gracePeriod="30"), "connector.gracePeriod", "Accepted: 30s."),
    "a grace period as a number": (connector(gracePeriod=30), "connector.gracePeriod", "Accepted: 30s."),
    "a session of Go's": (access(sessionDuration="24h0m0s"), f"{ROUTE}.access.sessionDuration", "Accepted: 24h."),
    "memory of Docker": (
        resources(memory="128MB"),
        "connector.resources",
        "Accepted: memory: 128M, or 128Mi for units of 1024.",
    ),
    "memory in small letters": (resources(memory="1gib"), "connector.resources", "Accepted: memory: 1Gi."),
    "memory in thousandths": (resources(memory="128m"), "connector.resources", "memory: 128M, or 128Mi for units"),
    "memory with a space": (resources(memory="64 KiB"), "connector.resources", "Accepted: memory: 64Ki."),
    "memory without a unit": (
        resources(memory=128),
        "connector.resources",
        "Accepted: memory: 128Mi, or a number with",
    ),
    # Addresses.
    "a range without its length": (
        allow(cidr="10.20.0.0"),
        f"{PEER}.cidr",
        "Accepted: 10.20.0.0/16 for a range, 10.20.0.0/32 for this one address.",
    ),
    "an IPv6 range without its length": (allow(cidr="fd00:1::"), f"{PEER}.cidr", "Accepted: fd00:1::/32 for a range"),
    "a private network without its length": (
        values(privateNetworks={"routes": [{"network": "192.168.1.0"}]}),
        "privateNetworks.routes[0].network",
        "Accepted: 192.168.1.0/24 for a range",
    ),
    "a network of a rule without its length": (
        waf(networks=["203.0.113.0"]),
        "waf.rules[0].networks[0]",
        "203.0.113.0/24 for a range",
    ),
    "a host's address with a length": (allow(cidr="10.20.0.7/16"), f"{PEER}.cidr", "Accepted: 10.20.0.0/16."),
    "an address in brackets": (allow(cidr="[fd00::5]"), f"{PEER}.cidr", "Accepted: fd00::5."),
    "an IPv4-mapped address": (allow(cidr="::ffff:10.0.0.5"), f"{PEER}.cidr", "Accepted: 10.0.0.5/32."),
    "a wildcard of names": (allow(name="*.example.net"), f"{PEER}.name", "must not have *"),
    # Numbers, switches and lists.
    "a port as a text": (values(a_backend(port="80")), f"{ROUTE}.backend.port", "must be a whole number: 80, without"),
    "ports as one text": (allow(cidr="10.0.0.5", ports="80,443"), f"{PEER}.ports", "must be a list: [80, 443]"),
    "a single port": (allow(cidr="10.0.0.5", ports=80), f"{PEER}.ports", "must be a list: [80]"),
    "a port with its protocol": (
        allow(cidr="10.0.0.5", ports=["443/TCP"]),
        f"{PEER}.ports[0]",
        "a whole number from 1 to 65535",
    ),
    "replicas as a text": (connector(replicas="2"), "connector.replicas", "must be a whole number: 2, without quotes"),
    "a switch in words": (values(a_route(public="yes")), f"{ROUTE}.public", "must be true or false: true"),
    "a switch of the dashboard": (
        origin(http2Origin="Enabled"),
        f"{ORIGIN}.http2Origin",
        "must be true or false: true",
    ),
    "a switch as a text": (values(tunnel={"protect": "false"}), "tunnel.protect", "false, without quotes"),
    "a switch as a number": (values(tunnel={"protect": 1}), "tunnel.protect", "must be true or false: true"),
    "a protocol in small letters": (allow(cidr="10.0.0.5", protocol="tcp"), f"{PEER}.protocol", "TCP or UDP"),
    "a country in small letters": (access(countries=["de"]), f"{ROUTE}.access.countries[0]", "Accepted: DE."),
    "a rule's country in small letters": (waf(countries=["kp"]), "waf.rules[0].countries[0]", "Accepted: KP."),
    "a variable as a number": (variable(name="A", value=4), "connector.extraEnv[0].value", "in quotes"),
    # E-mail addresses.
    "every address of a domain": (
        people(emails=["*@example.com"]),
        f"{ROUTE}.access.allow.emails[0]",
        "Accepted: emailDomains: [example.com] for every address of the domain.",
    ),
    "a domain with its @": (
        people(emailDomains=["@example.com"]),
        f"{ROUTE}.access.allow.emailDomains[0]",
        "Accepted: example.com.",
    ),
    "an address with a name": (
        people(emails=["Ann <ann@example.com>"]),
        f"{ROUTE}.access.allow.emails[0]",
        "Accepted: ann@example.com.",
    ),
    "an address as a link": (
        values(notify={"email": ["mailto:ops@example.com"]}),
        "notify.email[0]",
        "Accepted: ops@example.com.",
    ),
}


@pytest.mark.parametrize("case", REJECTED.values(), ids=REJECTED)
def test_a_notation_is_rejected_with_the_right_one(case: Case) -> None:
    assert_rejected(case)
