"""Origin options that are rejected."""

from typing import Any

import pytest

from tests.support.settings_examples import Case, a_backend, a_route, assert_rejected, values


def an_origin(service: str = "https://nas", **options: Any) -> dict[str, Any]:
    return values(a_route(service=service, origin=options))


ORIGIN = "routes[0].origin"
ORIGINS: dict[str, Case] = {
    "milliseconds": (
        an_origin(connectTimeout=30000),
        f"{ORIGIN}.connectTimeout",
        "must be at most 3600. Accepted: whole seconds from 1 to 3600 (not",
    ),
    "no time at all": (an_origin(tlsTimeout=0), f"{ORIGIN}.tlsTimeout", "must be at least 1"),
    "a duration in words": (an_origin(keepAliveTimeout="90s"), f"{ORIGIN}.keepAliveTimeout", "must be a whole number"),
    "keep-alive switched off by number": (
        an_origin(keepAliveConnections=-1),
        f"{ORIGIN}.keepAliveConnections",
        "to keep none, balance: true",
    ),
    "a Host header with a path": (
        an_origin(httpHostHeader="a.b/c"),
        f"{ORIGIN}.httpHostHeader",
        "is not a valid Host header",
    ),
    "a Host header of two lines": (
        an_origin(httpHostHeader="a\r\nb"),
        f"{ORIGIN}.httpHostHeader",
        "is not a valid Host header",
    ),
    "a certificate's name with a port": (
        an_origin(originServerName="nas:5001"),
        f"{ORIGIN}.originServerName",
        "is not a name that a certificate can be issued for",
    ),
    "Cloudflare's spelling": (
        an_origin(noTLSVerify=True, reason="a printer"),
        f"{ORIGIN}.noTLSVerify",
        "did you mean noTlsVerify?",
    ),
    "unverified without a reason": (an_origin(noTlsVerify=True), ORIGIN, "has noTlsVerify without a reason"),
    "an empty reason": (an_origin(noTlsVerify=True, reason=" "), f"{ORIGIN}.reason", "must not be empty"),
    "a reason without noTlsVerify": (an_origin(reason="because"), ORIGIN, "has a reason without noTlsVerify"),
    "unverified by default": (
        values(originDefaults={"noTlsVerify": True}),
        "originDefaults",
        "must not have noTlsVerify: each route states it, with a reason",
    ),
    "a SOCKS proxy": (an_origin("tcp://nas:22", proxyType="socks"), ORIGIN, "the visitor chooses the destination"),
    "a SOCKS proxy by default": (
        values(originDefaults={"proxyType": "socks"}),
        "originDefaults",
        "the visitor chooses",
    ),
    "balance and kept connections": (
        an_origin(balance=True, keepAliveConnections=9),
        ORIGIN,
        "has options that conflict: balance keeps no idle connections, so there",
    ),
    "balance and idle connections": (
        an_origin(balance=True, keepAliveTimeout=9),
        ORIGIN,
        "has options that conflict: balance keeps no idle connections, so none",
    ),
    "two names for one certificate": (
        an_origin(matchSNItoHost=True, originServerName="nas"),
        ORIGIN,
        "has options that conflict: matchSNItoHost takes the name from each request instead. "
        "Accepted: one of matchSNItoHost and originServerName",
    ),
    "HTTP/2 with matchSNItoHost": (
        an_origin(matchSNItoHost=True, http2Origin=True),
        ORIGIN,
        "has options that conflict: with matchSNItoHost the connector never",
    ),
    "an authority with noTlsVerify": (
        an_origin(noTlsVerify=True, reason="because", caPool={"secret": "ca"}),
        ORIGIN,
        "has options that conflict: noTlsVerify accepts any certificate, so no",
    ),
    "an authority by path": (an_origin(caPool="/etc/ca.crt"), f"{ORIGIN}.caPool", "{secret, key} or {configMap, key}"),
    "an authority without an object": (
        an_origin(caPool={"key": "ca"}),
        f"{ORIGIN}.caPool",
        "exactly one of secret and",
    ),
    "an authority in two objects": (
        an_origin(caPool={"secret": "a", "configMap": "b"}),
        f"{ORIGIN}.caPool",
        "must have exactly one of secret and configMap, but has secret and",
    ),
    "an authority of no name": (
        an_origin(caPool={"secret": "CA"}),
        f"{ORIGIN}.caPool.secret",
        "is not a valid name of a Kubernetes object",
    ),
    "an authority under no key": (
        an_origin(caPool={"secret": "a", "key": "../x"}),
        f"{ORIGIN}.caPool.key",
        "is not a valid key of a Secret or a ConfigMap",
    ),
    "a private key": (an_origin(caPool={"secret": "a", "key": "tls.key"}), f"{ORIGIN}.caPool.key", "a private key"),
    "TLS without TLS": (
        an_origin("http://nas", tlsTimeout=5),
        f"{ORIGIN}.tlsTimeout",
        "has no effect with the scheme http. Accepted: tlsTimeout with https, wss, unix+tls",
    ),
    "an authority without TLS": (
        an_origin("http://nas", caPool={"secret": "ca"}),
        f"{ORIGIN}.caPool",
        "has no effect with the scheme http",
    ),
    "an authority in a ConfigMap without TLS": (
        an_origin("http://nas", caPool={"configMap": "ca"}),
        f"{ORIGIN}.caPool",
        '{"configMap": "ca", "key": "ca.crt"} has no effect with the scheme http',
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
    "an option for hello_world": (
        an_origin("hello_world", noHappyEyeballs=True),
        f"{ORIGIN}.noHappyEyeballs",
        "hello_world",
    ),
    "HTTP's over TCP": (
        an_origin("ssh://nas", httpHostHeader="nas"),
        f"{ORIGIN}.httpHostHeader",
        "has no effect with the scheme ssh",
    ),
    "a host of a socket": (
        an_origin("unix:/run/app.sock", httpHostHeader="a"),
        f"{ORIGIN}.httpHostHeader",
        "has no effect with the scheme unix",
    ),
    "HTTP/2 for WebSockets": (
        an_origin("wss://nas", http2Origin=True),
        f"{ORIGIN}.http2Origin",
        "has no effect with the scheme wss",
    ),
    "a backend's scheme counts": (
        values({**a_backend(), "origin": {"originServerName": "a"}}),
        f"{ORIGIN}.originServerName",
        "with http",
    ),
    "a hostname with and without a record": (
        values(a_route(dns="none"), a_route(path="/v1")),
        "routes[1].dns",
        "contradicts routes[0], which has none for the same hostname",
    ),
    "a record by switch": (values(a_route(dns=False)), "routes[0].dns", "one of record and none"),
    "a record in no zone": (
        values(a_route(hostname="a.example.org", dns="record")),
        "routes[0].hostname",
        "in none of the zones",
    ),
}


@pytest.mark.parametrize("case", ORIGINS.values(), ids=ORIGINS)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)
